"""S33: what people do to connectors, credentials and links stands in the account's audit log, without the secret."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from integrations.sync import schedule
from tests import factories
from tests.integrations.pages.stage import NARROW_TOKEN, TOKEN, Setup, Tracker
from tests.integrations.pages.test_runs import address
from tests.integrations.pages.test_status import make_run

SignedIn = Callable[[Membership], Client]
KIND = "pivotal_tracker"


def lines() -> list[tuple[str, str, str]]:
    found = AuditEvent.objects.select_related("member__user").order_by("id")
    return [(str(event.member), event.area, event.what) for event in found]


def test_connectors(alice: Membership, tracker: Tracker, signed_in: SignedIn) -> None:
    admin = signed_in(alice)
    admin.post(reverse("integrations:integration-add", args=["acme", KIND]), {"name": "Ours"})
    admin.post(reverse("integrations:integration-add", args=["acme", KIND]), {"name": "OURS"})
    place = admin.get(reverse("integrations:integrations", args=["acme"])).context["rows"][0]["integration"].pk
    admin.post(reverse("integrations:integration-edit", args=["acme", place]), {"name": "Ours"})
    admin.post(reverse("integrations:integration-edit", args=["acme", place]), {"name": "The tracker"})
    admin.post(reverse("integrations:integration-delete", args=["acme", place]))
    assert lines() == [
        ("Alice Acker", "integrations", "Added the connector “Ours” (Pivotal Tracker)."),
        ("Alice Acker", "integrations", "Renamed the connector “Ours” to “The tracker”."),
        ("Alice Acker", "integrations", "Deleted the connector “The tracker”."),
    ]


def test_credentials_without_their_secrets(
    alice: Membership, olga: Membership, tracker: Tracker, signed_in: SignedIn
) -> None:
    """W4."""
    owner, admin = signed_in(olga), signed_in(alice)
    owner.post(reverse("integrations:credential-add", args=["acme", KIND]), {"label": "Robin", "secret": TOKEN})
    saved = owner.get(reverse("integrations:credentials", args=["acme"])).context["page"][0].pk
    owner.post(reverse("integrations:credential-rename", args=["acme", saved]), {"label": "Sam"})
    owner.post(reverse("integrations:credential-replace", args=["acme", saved]), {"secret": NARROW_TOKEN})
    admin.post(reverse("integrations:credential-delete", args=["acme", saved]))
    assert lines() == [
        ("Olga Olsen", "credentials", "Saved the credential “Robin” for Pivotal Tracker."),
        ("Olga Olsen", "credentials", "Renamed the credential “Robin” to “Sam”."),
        ("Olga Olsen", "credentials", "Replaced the secret of the credential “Sam”."),
        ("Alice Acker", "credentials", "Deleted the credential “Sam” of Olga Olsen."),
    ]
    assert not any(secret in str(lines()) for secret in (TOKEN, NARROW_TOKEN))


def test_links(setup: Setup) -> None:
    setup.walk()
    setup.post("filter", states=["accepted"])
    setup.confirm(state="version-1")
    assert lines() == [
        ("Olga Olsen", "links", "Linked “Alpha” for good to the project “Rider app” by “Tracker” and “Robin's token”."),
        ("Olga Olsen", "links", "Changed the setup of “Alpha”; it syncs by “Tracker” and “Robin's token”."),
    ]


def test_a_long_project_name_does_not_push_connector_and_credential_out_of_the_line(setup: Setup) -> None:
    setup.tracker.rider.name = "\u202eRider\n" + "x" * 600
    setup.walk()
    ((_, _, what),) = lines()
    assert what == f"Linked “Alpha” for good to the project “Rider {'x' * 73}…” by “Tracker” and “Robin's token”."


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("run-apply", "Let the held sync of “Alpha” go on, which may stop 60 items."),
        ("run-keep", "Turned down the held sync of “Alpha”, which pauses its syncing."),
    ],
)
def test_the_answer_to_a_held_sync_once(
    olga: Membership, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch, name: str, what: str
) -> None:
    monkeypatch.setattr(schedule, "send", lambda run_id, queue: None)
    link = factories.make_link(factories.make_roadmap(olga))
    run = make_run(link, "held", plan={"flagged": 60, "stopped": [], "reasons": {"deleted": 60}})
    browser = signed_in(olga)
    for _ in range(2):
        browser.post(address(name, link, run.pk))
    assert lines() == [("Olga Olsen", "links", what)]

"""S33: what people do to connectors, credentials and links stands in the account's audit log, without the secret."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from tests.integrations.pages.stage import NARROW_TOKEN, TOKEN, Setup, Tracker

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

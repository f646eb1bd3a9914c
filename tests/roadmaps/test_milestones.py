"""Milestones: made, changed and deleted by hand, and back to where one was (D24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from roadmaps import services
from roadmaps.models import Milestone, Roadmap
from roadmaps.services import milestones
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


@pytest.fixture
def client(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


def address(roadmap: Roadmap, name: str, *args: int) -> str:
    return reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, *args])


def test_a_milestone_is_made_and_leads_back(client: Client, roadmap: Roadmap) -> None:
    values = {"name": " Public beta ", "date": "2026-06-01", "colour": "4", "back": "?scale=months&from=2026-01-01"}
    response = client.post(address(roadmap, "milestone-new"), values)
    assert response["Location"] == address(roadmap, "timeline") + "?scale=months&from=2026-01-01"
    made = Milestone.objects.get()
    assert (made.name, made.date, made.colour) == ("Public beta", date(2026, 6, 1), 4)


def test_a_milestone_is_changed(client: Client, roadmap: Roadmap) -> None:
    made = factories.make_milestone(roadmap, "Beta", "2026-06-01")
    where = address(roadmap, "milestone", made.pk)
    assert 'value="Beta"' in client.get(where).content.decode()
    assert client.post(where, {"name": "Gamma", "date": "2026-07-01", "colour": "99"}).status_code == 302
    made.refresh_from_db()
    assert (made.name, made.date, made.colour) == ("Gamma", date(2026, 7, 1), 1)


def test_a_milestone_is_deleted_only_after_a_question(client: Client, roadmap: Roadmap) -> None:
    made = factories.make_milestone(roadmap, "Beta", "2026-06-01")
    where = address(roadmap, "milestone-delete", made.pk)
    assert "Delete this milestone?" in client.get(where).content.decode()
    assert Milestone.objects.exists()
    assert client.post(where).status_code == 302
    assert not Milestone.objects.exists()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"name": "", "date": "2026-06-01"}, "Enter a name."),
        ({"name": "Beta", "date": ""}, "Enter a date as year-month-day"),
        ({"name": "Beta", "date": "1066-10-14"}, "Enter a date between 1900 and 2200."),
        ({"name": "B" * 121, "date": "2026-06-01"}, "at most 120 characters"),
    ],
)
def test_what_is_missing_is_said_beside_what_was_typed(
    client: Client, roadmap: Roadmap, values: dict[str, str], reason: str
) -> None:
    page = client.post(address(roadmap, "milestone-new"), values).content.decode()
    assert reason in page
    assert f'value="{values["name"]}"' in page or not values["name"]
    assert not Milestone.objects.exists()


@pytest.mark.parametrize(
    "back", ["https://evil.test/", "//evil.test", "?next=//evil.test", "javascript:alert(1)", "?a"]
)
def test_the_way_back_never_leads_elsewhere(client: Client, roadmap: Roadmap, back: str) -> None:
    values = {"name": "Beta", "date": "2026-06-01", "back": back}
    assert client.post(address(roadmap, "milestone-new"), values)["Location"].startswith(address(roadmap, "timeline"))


def test_a_roadmap_has_a_bounded_number_of_milestones(roadmap: Roadmap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milestones, "MAX_MILESTONES", 1)
    services.create_milestone(roadmap=roadmap, texts={"name": "Beta", "date": "2026-06-01"})
    with pytest.raises(ValidationError, match="which is the most"):
        services.create_milestone(roadmap=roadmap, texts={"name": "Gamma", "date": "2026-06-01"})


def test_in_the_dialog_only_the_form_comes(client: Client, roadmap: Roadmap) -> None:
    page = client.get(address(roadmap, "milestone-new"), headers={"HX-Request": "true"}).content.decode()
    assert "dialog__head" in page
    assert "<html" not in page

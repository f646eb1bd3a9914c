"""Dates that people drag, or move by keyboard, on the Timeline; synced ones stay (D10, D30)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from roadmaps.models import Item, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(
        olga, "Apollo", source_label="Pivotal Tracker", synced_columns=["name", "start_date", "end_date"]
    )


@pytest.fixture
def client(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


def make(roadmap: Roadmap, **columns: object) -> Item:
    return factories.make_item(roadmap, "Pay", start_date="2026-03-02", end_date="2026-03-31", **columns)


def send(client: Client, item: Item, **values: str) -> HttpResponse:
    where = reverse("roadmaps:item-dates", args=[item.roadmap.account.slug, item.roadmap_id, item.pk])
    response: HttpResponse = client.post(where, values)
    item.refresh_from_db()
    return response


@pytest.mark.parametrize(
    ("values", "start", "end"),
    [
        ({"start_date": "2026-04-02", "end_date": "2026-05-01"}, date(2026, 4, 2), date(2026, 5, 1)),
        ({"end_date": "2026-05-01"}, date(2026, 3, 2), date(2026, 5, 1)),
        ({"by": "1", "unit": "week"}, date(2026, 3, 9), date(2026, 4, 7)),
        ({"by": "-1", "unit": "month", "edge": ""}, date(2026, 2, 2), date(2026, 2, 28)),
        ({"by": "1", "unit": "quarter", "edge": "end"}, date(2026, 3, 2), date(2026, 6, 30)),
        ({"by": "-3", "unit": "year", "edge": "start"}, date(2023, 3, 2), date(2026, 3, 31)),
        ({"by": "nonsense", "unit": "eon", "edge": "both"}, date(2026, 3, 2), date(2026, 3, 31)),
        ({"by": "--5"}, date(2026, 3, 2), date(2026, 3, 31)),
        ({"by": "١"}, date(2026, 3, 2), date(2026, 3, 31)),
    ],
)
def test_own_items_move(client: Client, roadmap: Roadmap, values: dict[str, str], start: date, end: date) -> None:
    item = make(roadmap)
    assert send(client, item, **values).status_code == 204
    assert (item.start_date, item.end_date) == (start, end)


def test_a_point_stays_a_point(client: Client, roadmap: Roadmap) -> None:
    item = factories.make_item(roadmap, "Press day", start_date="2026-03-02")
    assert send(client, item, by="1", unit="week").status_code == 204
    assert (item.start_date, item.end_date) == (date(2026, 3, 9), None)


@pytest.mark.parametrize("values", [{"by": "1", "unit": "week"}, {"start_date": "2026-04-01"}])
def test_dates_from_the_source_stay_and_say_so(client: Client, roadmap: Roadmap, values: dict[str, str]) -> None:
    item = make(roadmap, external_id="1")
    refused = send(client, item, **values)
    assert refused.status_code == 422
    assert refused.content.decode() == "Start and End come from Pivotal Tracker, and can only be changed there."
    assert (item.start_date, item.end_date) == (date(2026, 3, 2), date(2026, 3, 31))


def test_the_end_moves_where_only_the_start_is_synced(client: Client, roadmap: Roadmap) -> None:
    roadmap.synced_columns = ["start_date"]
    roadmap.save()
    item = make(roadmap, external_id="1")
    assert send(client, item, end_date="2026-06-01").status_code == 204
    refused = send(client, item, by="1", unit="week")
    assert refused.content.decode() == "Start comes from Pivotal Tracker, and can only be changed there."
    assert (item.start_date, item.end_date) == (date(2026, 3, 2), date(2026, 6, 1))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"end_date": "2026-01-01"}, "The end can't be before the start."),
        ({"by": "-9", "unit": "week", "edge": "end"}, "The end can't be before the start."),
        ({"start_date": "tomorrow"}, "Enter a date as year-month-day, such as 2026-03-31."),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(
    client: Client, roadmap: Roadmap, values: dict[str, str], reason: str
) -> None:
    item = make(roadmap)
    refused = send(client, item, **values)
    assert (refused.status_code, refused.content.decode()) == (422, reason)
    assert (item.start_date, item.end_date) == (date(2026, 3, 2), date(2026, 3, 31))


def test_an_archived_roadmap_stays_as_it_is(client: Client, roadmap: Roadmap) -> None:
    item = make(roadmap)
    Roadmap.objects.update(archived_at=timezone.now())
    assert send(client, item, by="1", unit="week").status_code == 403

"""The forms for many items: what they offer, what they refuse, and the way back (D10, D25)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps.models import Item, ItemEdit, Roadmap
from roadmaps.services import bulk
from tests import factories

SignIn = Callable[[Membership], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker", synced_columns=["name", "start_date"])


@pytest.fixture
def client(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


def address(roadmap: Roadmap, name: str) -> str:
    return reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk])


def post(client: Client, roadmap: Roadmap, name: str, **data: object) -> str:
    response = client.post(address(roadmap, name), data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_a_column_is_chosen_and_then_its_value(roadmap: Roadmap, client: Client) -> None:
    """Two plain pages; what a source writes is announced before it is tried."""
    own, synced = factories.make_item(roadmap, "A"), factories.make_item(roadmap, "B", external_id="1")
    chosen = {"item": [own.pk, synced.pk]}
    page = post(client, roadmap, "bulk-edit", **chosen)
    assert "Edit 2 items" in page
    assert "External ID" not in page
    assert "Change 2 items" not in page

    page = post(client, roadmap, "bulk-edit", **chosen, column="start_date")
    assert "1 of these items has this field synced from Pivotal Tracker" in page
    assert 'type="date"' in page

    page = post(client, roadmap, "bulk-edit", **chosen, column="start_date", way="set", start_date="x", apply="1")
    assert "Nothing was changed yet. Enter a date as year-month-day" in page
    page = post(
        client, roadmap, "bulk-edit", **chosen, column="start_date", way="set", start_date="2026-01-31", apply="1"
    )
    assert "1 item changed, 1 is synced from Pivotal Tracker and stayed as it is." in page
    assert list(Item.objects.exclude(start_date=None)) == [own]


def test_everything_that_the_view_shows_is_chosen_by_its_question(roadmap: Roadmap, client: Client) -> None:
    """All pages of it, and nothing that its filters leave out."""
    for number in range(60):
        factories.make_item(roadmap, f"Story {number}")
    factories.make_item(roadmap, "Other")
    question = "?q=story&sort=-name&page=2"
    response = client.post(
        address(roadmap, "bulk-edit"),
        {"all": "1", "question": question, "column": "notes", "way": "set", "notes": "Hi", "apply": "1"},
        headers=HTMX,
    )
    assert response["HX-Redirect"] == address(roadmap, "items-table") + "?q=story&sort=-name&page=2"
    assert Item.objects.filter(notes="Hi").count() == 60
    assert Item.objects.get(name="Other").notes == ""


def test_more_than_the_limit_is_refused_before_anything_is_asked(
    roadmap: Roadmap, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MAX_ITEMS", 1)
    factories.make_item(roadmap)
    factories.make_item(roadmap)
    for name in ("bulk-edit", "bulk-delete"):
        assert "Nothing was changed; narrow the view" in post(client, roadmap, name, all="1", question="?view=all")
    assert Item.objects.count() == 2


@pytest.mark.parametrize("item", ["", "x", "٣", "9" * 30, "-1", "0"])
def test_nothing_chosen_says_how_to_choose(roadmap: Roadmap, client: Client, item: str) -> None:
    factories.make_item(roadmap)
    assert "No item is chosen." in post(client, roadmap, "bulk-delete", item=item)
    assert "No item is chosen." in post(client, roadmap, "bulk-edit", item=item)


def test_a_forged_form_sets_neither_locked_nor_unknown_columns(roadmap: Roadmap, client: Client) -> None:
    """D10, W13."""
    item = factories.make_item(roadmap, "Pay", external_id="1")
    for column in ("name", "external_id", "source", "source_state", "origin", "account", "f999", "values"):
        client.post(
            address(roadmap, "bulk-edit"),
            {"item": item.pk, "column": column, "way": "set", column: "Evil", "apply": "1"},
        )
    item.refresh_from_db()
    assert (item.name, item.external_id, item.source_state, item.values) == ("Pay", "1", "", {})
    assert not ItemEdit.objects.exists()


def test_items_of_another_roadmap_are_not_chosen(
    roadmap: Roadmap, client: Client, olga: Membership, mallory: Membership
) -> None:
    """S33."""
    theirs = [factories.make_item(factories.make_roadmap(who, "Other")) for who in (olga, mallory)]
    ids = [item.pk for item in theirs]
    assert "No item is chosen." in post(client, roadmap, "bulk-delete", item=ids, confirmed="2")
    assert Item.objects.count() == 2


def test_deleting_asks_first_and_names_how_many(roadmap: Roadmap, client: Client) -> None:
    own = [factories.make_item(roadmap).pk for _ in range(2)]
    synced = factories.make_item(roadmap, external_id="1")
    chosen = {"item": [*own, synced.pk], "question": "?q="}
    page = post(client, roadmap, "bulk-delete", **chosen)
    assert "<strong>2 items</strong>" in page
    assert "1 comes from Pivotal Tracker and stays" in page
    assert Item.objects.count() == 3

    # Somebody made another one meanwhile: the number that was agreed to no longer holds.
    page = post(client, roadmap, "bulk-delete", all="1", question="?view=all", confirmed="1")
    assert "The items changed meanwhile, so nothing was deleted yet." in page
    page = post(client, roadmap, "bulk-delete", **chosen, confirmed="2")
    assert "2 items deleted." in page
    assert Item.objects.get() == synced


def test_items_of_a_source_alone_are_refused_with_a_sentence(roadmap: Roadmap, client: Client) -> None:
    item = factories.make_item(roadmap, external_id="1")
    for confirmed in ("", "0", "1"):
        page = post(client, roadmap, "bulk-delete", item=item.pk, confirmed=confirmed)
        assert "the next sync would bring it back" in page
    assert Item.objects.exists()


def test_the_forms_cost_a_fixed_number_of_queries(
    roadmap: Roadmap, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, member, roadmap, views, fields, counts."""
    ids = [factories.make_item(roadmap).pk for _ in range(40)]
    with django_assert_num_queries(7):
        client.post(address(roadmap, "bulk-edit"), {"item": ids, "column": "notes"})
    with django_assert_num_queries(7):
        client.post(address(roadmap, "bulk-edit"), {"item": ids[:1], "column": "notes"})


def test_only_editors_see_boxes_and_the_bar(
    roadmap: Roadmap, olga: Membership, vera: Membership, signed_in: SignIn
) -> None:
    factories.make_item(roadmap)
    factories.make_share(roadmap, vera)
    for who, seen in ((olga, True), (vera, False)):
        page = signed_in(who).get(address(roadmap, "items-table")).content.decode()
        assert ('name="item"' in page, 'id="bulk"' in page, "data-cell=" in page) == (seen, seen, seen)
        assert "Export" in page

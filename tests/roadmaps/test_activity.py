"""What people changed on an item, in words, beside what syncs did (S30, B4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import activity, changes
from roadmaps.changes import Difference, Names
from roadmaps.models import Item, ItemEdit, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]
IN_CARD = {"HX-Request": "true"}


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


@pytest.fixture
def item(roadmap: Roadmap) -> Item:
    return factories.make_item(roadmap, "Pay by card")


def at(item: Item, name: str = "item") -> str:
    return reverse(f"roadmaps:{name}", args=[item.roadmap.account.slug, item.roadmap_id, item.pk])


def test_options_and_fields_have_their_names(item: Item, olga: Membership) -> None:
    theme = factories.make_field(item.account, "Theme", "choices", options=["Blue", "Red"])
    blue, red = (option.pk for option in theme.options.all())
    factories.make_edit(item, olga, start_date=[None, "2026-03-01"], **{theme.column: [[blue], [blue, red]]})
    (edit,) = activity.of_item(item).rows
    assert (edit.who, edit.made) == ("Olga Olsen", False)
    assert edit.differences == (
        Difference("Start Date", "", "1 Mar 2026"),
        Difference("Theme", "Blue", "Blue, Red"),
    )


def test_a_field_that_is_gone_still_has_its_line(item: Item, olga: Membership) -> None:
    factories.make_edit(item, olga, f999999=["x", "y"])
    assert activity.of_item(item).rows[0].differences == (Difference("A field that is gone", "x", "y"),)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (20260131, 7, ("20260131", "7")),
        ("20260131", "2026-01-31", ("20260131", "31 Jan 2026")),
        (True, None, ("Yes", "")),
        ("x" * 200, "", ("x" * 119 + "…", "")),
    ],
)
def test_values_are_shown_as_people_write_them(old: object, new: object, shown: tuple[str, str]) -> None:
    """A number that ISO would call a date stays the number that it is."""
    found = changes.describe("name", [old, new], Names({}, {}))  # type: ignore[list-item]  # as JSON has them
    assert (found.old, found.new) == shown


def test_who_made_the_item_is_told_without_all_its_first_values(
    item: Item, olga: Membership, signed_in: SignIn
) -> None:
    factories.make_edit(item, olga, kind=ItemEdit.Kind.MADE, name=[None, "Pay by card"])
    page = signed_in(olga).get(at(item)).content.decode()
    assert "Added this item" in page
    assert "<ins>" not in page


def test_an_own_item_has_no_sync_history_and_a_synced_one_has_both(
    item: Item, olga: Membership, signed_in: SignIn
) -> None:
    own = signed_in(olga).get(at(item)).content.decode()
    assert "Changes by people" in own
    assert "Nobody has changed this item yet." in own
    assert "Sync history" not in own
    story = factories.make_item(item.roadmap, external_id="1")
    synced = signed_in(olga).get(at(story)).content.decode()
    assert "Nobody has changed this item here yet." in synced
    assert "No sync has changed this item yet." in synced


def test_earlier_changes_come_page_by_page(item: Item, olga: Membership, signed_in: SignIn) -> None:
    for number in range(45):
        factories.make_edit(item, olga, name=[f"Name {number}.", f"Name {number + 1}."])
    client = signed_in(olga)
    page = client.get(at(item)).content.decode()
    assert page.index("Name 45.") < page.index("Name 26.")
    assert "Name 24." not in page
    before = activity.of_item(item).earlier
    assert f"{at(item, 'item-history')}?before={before}" in page
    rows = client.get(f"{at(item, 'item-history')}?before={before}", headers=IN_CARD).content.decode()
    assert ("<!doctype html>" in rows, "Name 24." in rows, "Name 5." in rows, "Name 4." in rows) == (
        False,
        True,
        True,
        False,
    )
    whole = client.get(at(item, "item-history")).content.decode()
    assert "Name 45." in whole


def test_a_full_card_costs_no_more_than_an_empty_one(
    item: Item, olga: Membership, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, membership, roadmap, item; fields, their options; comments, their number; links, their items;
    edits, the names of their fields and options; and what the toolbar asks."""
    theme = factories.make_field(item.account, "Theme", "choice", options=["Blue", "Red"])
    blue, red = (option.pk for option in theme.options.all())
    for number in range(50):
        factories.make_comment(item, olga, f"Word {number}")
    for number in range(20):
        elsewhere = factories.make_roadmap(olga, f"Roadmap {number}")
        factories.make_item_link(item, factories.make_item(elsewhere, f"Other {number}"))
    for _ in range(40):
        factories.make_edit(item, olga, **{theme.column: [blue, red]})
    client = signed_in(olga)
    with django_assert_num_queries(13):
        fragment = client.get(at(item), headers=IN_CARD).content.decode()
    assert "Word 49" in fragment
    assert "Other 19" in fragment
    with django_assert_num_queries(15):
        client.get(at(item))

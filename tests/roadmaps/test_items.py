"""Item Cards and the forms of items (S30, D10, D11, D18, D24, D30)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps.models import Field, Item, Roadmap
from tests import factories
from tests.roadmaps.test_items_table import ATTACKS, synced_field

SignIn = Callable[[Membership], Client]
FROM_DIALOG = {"HX-Request": "true"}


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(
        olga, "Apollo", source_label="Pivotal Tracker", synced_columns=["name", "description"]
    )


@pytest.fixture
def story(roadmap: Roadmap) -> Item:
    """An item that Tracker keeps."""
    return factories.make_item(
        roadmap,
        "Pay by card",
        external_id="4711",
        external_url="https://tracker.test/story/show/4711",
        description="As a *customer*",
        start_date="2026-01-31",
    )


def at(item: Item, name: str = "item") -> str:
    return reverse(f"roadmaps:{name}", args=[item.roadmap.account.slug, item.roadmap_id, item.pk])


def new(roadmap: Roadmap) -> str:
    return reverse("roadmaps:item-new", args=[roadmap.account.slug, roadmap.pk])


def test_a_card_shows_all_of_an_item(story: Item, olga: Membership, signed_in: SignIn) -> None:
    """S24, S30."""
    page = signed_in(olga).get(at(story)).content.decode()
    assert "<p>As a <em>customer</em></p>" in page
    assert "31 Jan 2026" in page
    assert '<a href="https://tracker.test/story/show/4711" target="_blank" rel="noopener noreferrer nofollow">' in page
    assert "Synced from Pivotal Tracker" in page


def test_a_card_is_a_page_and_a_fragment_for_the_dialog(story: Item, olga: Membership, signed_in: SignIn) -> None:
    """D30: the address works by itself, and caches keep the two apart."""
    page = signed_in(olga).get(at(story))
    fragment = signed_in(olga).get(at(story), headers=FROM_DIALOG)
    assert "<!doctype html>" in page.content.decode()
    assert "<!doctype html>" not in fragment.content.decode()
    assert "Pay by card" in fragment.content.decode()
    assert "HX-Request" in page["Vary"]
    assert "HX-Request" in fragment["Vary"]


def test_a_lost_item_says_why_it_stopped(story: Item, olga: Membership, signed_in: SignIn) -> None:
    """D11."""
    Item.objects.update(source_state="out_of_filter")
    page = signed_in(olga).get(at(story)).content.decode()
    assert "No longer matches the filter." in page
    assert "nothing on it was removed" in page


@pytest.mark.parametrize("attack", ATTACKS)
def test_remote_text_is_inert_on_the_card(roadmap: Roadmap, olga: Membership, signed_in: SignIn, attack: str) -> None:
    """D18, W9."""
    labels = synced_field(roadmap, attack[:80], "choices", [attack[:255]])
    values = {labels.column: [labels.options.get().pk]}
    item = factories.make_item(roadmap, attack, external_id="1", values=values, description=attack, notes=attack)
    for address in (at(item), at(item, "item-edit"), at(item, "item-delete")):
        page = signed_in(olga).get(address).content.decode()
        for harm in ("<script>alert", "<img src=x", "<svg onload"):
            assert harm not in page


def test_a_viewer_sees_the_card_and_no_way_to_change_it(story: Item, vera: Membership, signed_in: SignIn) -> None:
    factories.make_share(story.roadmap, vera)
    page = signed_in(vera).get(at(story)).content.decode()
    assert "Pay by card" in page
    assert at(story, "item-edit") not in page


def test_an_item_is_added_by_hand(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """D24: beside synced ones; what a form must not set is not set (W13)."""
    typed = {
        "name": "Board meeting",
        "start_date": "2026-05-01",
        "origin": "pivotal_tracker",
        "external_id": "1",
        "external_url": "https://evil.test/",
        "source_state": "deleted",
        "account": "1",
        "archived_at": "2026-01-01",
    }
    response = signed_in(olga).post(new(roadmap), typed)
    made = Item.objects.get()
    assert response["Location"] == at(made)
    assert (made.name, made.origin, made.external_id, made.external_url) == ("Board meeting", "", None, "")
    assert (made.source_state, made.archived_at, made.account) == ("", None, roadmap.account)


def test_mistakes_are_told_at_their_fields_and_what_was_typed_stays(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    page = signed_in(olga).post(new(roadmap), {"name": "", "start_date": "1832-05-01"}).content.decode()
    assert "Enter a name." in page
    assert "Enter a date between 1900 and 2200." in page
    assert 'value="1832-05-01"' in page
    assert not Item.objects.exists()


def test_in_the_dialog_mistakes_come_back_as_a_fragment(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    refused = signed_in(olga).post(new(roadmap), {"name": ""}, headers=FROM_DIALOG)
    assert refused.status_code == 422
    assert "Enter a name." in refused.content.decode()
    made = signed_in(olga).post(new(roadmap), {"name": "Pay"}, headers=FROM_DIALOG)
    assert made.status_code == 200
    assert made["HX-Trigger"] == "items-changed"
    assert "Pay" in made.content.decode()


def test_a_form_shows_synced_values_locked_and_their_origin(story: Item, olga: Membership, signed_in: SignIn) -> None:
    """D10."""
    page = signed_in(olga).get(at(story, "item-edit")).content.decode()
    assert "Synced from Pivotal Tracker; these values can only be changed there." in page
    assert 'name="name"' not in page
    assert 'name="notes"' in page


def test_a_forged_post_to_a_locked_cell_saves_nothing(story: Item, olga: Membership, signed_in: SignIn) -> None:
    typed = {"name": "Mine now", "notes": "Hello"}
    page = signed_in(olga).post(at(story, "item-edit"), typed).content.decode()
    assert "Synced from Pivotal Tracker; it can only be changed there." in page
    story.refresh_from_db()
    assert (story.name, story.notes) == ("Pay by card", "")


def test_own_fields_of_a_synced_item_are_edited(story: Item, olga: Membership, signed_in: SignIn) -> None:
    theme = factories.make_field(story.account, "Theme", "choices", roadmap=story.roadmap, options=["Blue", "Red"])
    blue = theme.options.get(label="Blue").pk
    client = signed_in(olga)
    client.post(at(story, "item-edit"), {"notes": "Ask Vera", theme.column: [blue]})
    story.refresh_from_db()
    assert (story.notes, story.values) == ("Ask Vera", {theme.column: [blue]})
    assert "checked" in client.get(at(story, "item-edit")).content.decode()
    client.post(at(story, "item-edit"), {"notes": "Ask Vera"})
    story.refresh_from_db()
    assert story.values == {}


def test_an_option_of_another_account_is_refused_at_its_field(
    story: Item, olga: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    theme = factories.make_field(story.account, "Theme", "choice", roadmap=story.roadmap, options=["Blue"])
    theirs = factories.make_field(mallory.account, "Theme", "choice", options=["Plan B"]).options.get()
    page = signed_in(olga).post(at(story, "item-edit"), {theme.column: str(theirs.pk)}).content.decode()
    assert "Choose from the list; one of the values is no longer there." in page
    assert "Plan B" not in page
    story.refresh_from_db()
    assert story.values == {}


def test_every_type_of_field_has_its_control(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    values: dict[Field, str] = {}
    for type_, value in (
        ("text", "Blue"),
        ("number", "2.5"),
        ("date", "2026-05-01"),
        ("checkbox", "no"),
        ("link", "https://example.test/"),
    ):
        values[factories.make_field(roadmap.account, f"A {type_}", type_)] = value
    many = factories.make_field(roadmap.account, "Many", "choices", options=[f"Value {n}" for n in range(20)])
    client = signed_in(olga)
    typed = {field.column: value for field, value in values.items()} | {many.column: str(many.options.first().pk)}
    client.post(new(roadmap), {"name": "All", **typed})
    made = Item.objects.get()
    assert made.values == {
        **{field.column: value for field, value in values.items() if field.type in ("text", "date", "link")},
        **{
            field.column: {"number": 2.5, "checkbox": False}[field.type]
            for field in values
            if field.type in ("number", "checkbox")
        },
        many.column: [many.options.first().pk],
    }
    page = client.get(at(made, "item-edit")).content.decode()
    assert '<option value="no" selected>' in page
    assert 'type="date"' in page
    assert 'value="2.5"' in page


def test_an_own_item_is_deleted_after_a_question(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    item = factories.make_item(roadmap, "Pay")
    client = signed_in(olga)
    assert "will be gone for good" in client.get(at(item, "item-delete")).content.decode()
    client.post(at(item, "item-delete"))
    assert not Item.objects.exists()


def test_a_synced_item_can_not_be_deleted_by_hand(story: Item, olga: Membership, signed_in: SignIn) -> None:
    client = signed_in(olga)
    assert "can’t be deleted here" in client.get(at(story, "item-delete")).content.decode()
    client.post(at(story, "item-delete"))
    assert Item.objects.exists()


def test_a_card_costs_the_same_for_one_field_and_for_twelve(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, membership, roadmap, item, fields, list values, talk, links, edits, sync state, history, age."""
    fields = [synced_field(roadmap, f"Field {number}", "choices", ["Blue"]) for number in range(12)]
    values = {field.column: [field.options.get().pk] for field in fields}
    item = factories.make_item(roadmap, "Pay", external_id="1", values=values)
    client = signed_in(olga)
    with django_assert_max_num_queries(14):
        client.get(at(item))

"""One value edited where it stands: the endpoint behind the table's cells and the card's facts (D10, D30)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps.models import Item, ItemEdit, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]
HTMX = {"HX-Request": "true"}
LOCKED = "Synced from Pivotal Tracker; it can only be changed there."


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker", synced_columns=["name"])


@pytest.fixture
def client(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


def address(item: Item, column: str) -> str:
    return reverse("roadmaps:cell", args=[item.roadmap.account.slug, item.roadmap_id, item.pk, column])


def save(client: Client, item: Item, column: str, *texts: str, place: str = "table") -> str:
    response = client.post(address(item, column), {column: texts, "in": place}, headers=HTMX)
    assert response.status_code == 200
    return response.content.decode()


def test_a_value_is_saved_and_answered_as_the_table_shows_it(
    roadmap: Roadmap, client: Client, olga: Membership
) -> None:
    theme = factories.make_field(roadmap.account, "Theme", "choice", options=["Blue <b>"])
    blue = theme.options.get().pk
    item = factories.make_item(roadmap, "Pay")
    form = client.get(address(item, theme.column), headers=HTMX).content.decode()
    assert f'for="cell-{item.pk}-{theme.column}"><bdi>Theme</bdi> of <bdi>Pay</bdi></label>' in form
    assert "<html" not in form
    answered = save(client, item, theme.column, str(blue))
    assert answered.strip() == (
        '<span class="chips"><span class="chip chip--c1"><bdi>Blue &lt;b&gt;</bdi></span></span>'
    )
    assert Item.objects.get().values == {theme.column: blue}
    edit = ItemEdit.objects.get()
    assert (edit.member, edit.changes) == (olga, {theme.column: [None, blue]})
    assert save(client, item, theme.column, "").strip() == ""
    assert Item.objects.get().values == {}


def test_a_name_comes_back_as_the_link_that_it_is(roadmap: Roadmap, client: Client) -> None:
    item = factories.make_item(roadmap, "Pay")
    where = reverse("roadmaps:item", args=["acme", roadmap.pk, item.pk])
    answered = save(client, item, "name", "Pay later")
    assert f'href="{where}"' in answered
    assert "<bdi>Pay later</bdi>" in answered


def test_a_mistake_is_told_in_the_form_and_nothing_is_saved(roadmap: Roadmap, client: Client) -> None:
    item = factories.make_item(roadmap, "Pay", start_date="2026-02-01")
    for column, text, sentence in (
        ("name", " ", "Enter a name."),
        ("end_date", "2026-01-31", "The end can&#x27;t be before the start."),
        ("start_date", "soon", "Enter a date as year-month-day"),
    ):
        response = client.post(address(item, column), {column: text}, headers=HTMX)
        assert response.status_code == 422
        assert sentence in response.content.decode()
        assert f'value="{text}"' in response.content.decode()
    item.refresh_from_db()
    assert (item.name, str(item.start_date), item.end_date) == ("Pay", "2026-02-01", None)


def test_only_the_column_of_the_address_is_written(roadmap: Roadmap, client: Client) -> None:
    """W13: whatever else was sent, by mistake or on purpose."""
    item = factories.make_item(roadmap, "Pay", notes="Ask")
    client.post(
        address(item, "notes"),
        {"notes": "Asked", "name": "Evil", "external_id": "1", "account": "7", "archived_at": "2026-01-01"},
        headers=HTMX,
    )
    item.refresh_from_db()
    assert (item.name, item.notes, item.external_id, item.archived_at) == ("Pay", "Asked", None, None)


@pytest.mark.parametrize("state", ["", "deleted"])
def test_a_forged_post_to_a_locked_cell_is_refused_with_the_sentence(
    roadmap: Roadmap, client: Client, state: str
) -> None:
    """D10: by htmx and by a plain form."""
    item = factories.make_item(roadmap, "Pay", external_id="1", source_state=state)
    for headers in (HTMX, {}):
        response = client.post(address(item, "name"), {"name": "Evil"}, headers=headers)
        assert response.status_code == 422
        assert LOCKED in response.content.decode()
        page = client.get(address(item, "name"), headers=headers)
        assert LOCKED in page.content.decode()
        assert 'name="name"' not in page.content.decode()
    assert Item.objects.get().name == "Pay"


@pytest.mark.parametrize("column", ["external_id", "source", "f999", "origin", "archived_at", "nonsense"])
def test_what_is_no_cell_is_not_found(roadmap: Roadmap, client: Client, column: str) -> None:
    item = factories.make_item(roadmap, "Pay")
    assert client.get(address(item, column)).status_code == 404
    assert client.post(address(item, column), {column: "x"}).status_code == 404


def test_another_roadmaps_field_is_no_cell_here(roadmap: Roadmap, client: Client, olga: Membership) -> None:
    other = factories.make_roadmap(olga, "Other")
    field = factories.make_field(roadmap.account, "Theirs", roadmap=other)
    assert client.get(address(factories.make_item(roadmap), field.column)).status_code == 404


def test_without_htmx_it_is_a_page_with_that_one_form(roadmap: Roadmap, client: Client) -> None:
    item = factories.make_item(roadmap, "Pay")
    page = client.get(address(item, "notes")).content.decode()
    assert "<html" in page
    assert 'name="notes"' in page
    assert 'name="end_date"' not in page
    response = client.post(address(item, "end_date"), {"end_date": "soon"})
    assert "Enter a date as year-month-day" in response.content.decode()
    response = client.post(address(item, "end_date"), {"end_date": "2026-01-31"}, follow=True)
    assert response.redirect_chain[-1][0] == reverse("roadmaps:item", args=["acme", roadmap.pk, item.pk])
    assert "“End Date” is saved." in response.content.decode()


def test_behind_a_card_the_table_is_asked_to_look_again(roadmap: Roadmap, client: Client) -> None:
    """In the table the cell itself is the answer, and the rest of the page stays as it is."""
    item = factories.make_item(roadmap, "Pay")
    data = {"end_date": "2026-01-31"}
    assert client.post(address(item, "end_date"), {**data, "in": "card"}, headers=HTMX)["HX-Trigger"] == "items-changed"
    assert "HX-Trigger" not in client.post(address(item, "end_date"), {**data, "in": "table"}, headers=HTMX)
    card = save(client, item, "end_date", "", place="card")
    assert "Edit End Date" in card
    assert "No value" in card


def test_several_values_none_of_which_is_sent_are_none(roadmap: Roadmap, client: Client) -> None:
    """As browsers send checkboxes."""
    teams = factories.make_field(roadmap.account, "Teams", "choices", options=["Blue", "Red"])
    item = factories.make_item(roadmap, values={teams.column: [teams.options.first().pk]})
    save(client, item, teams.column)
    assert Item.objects.get().values == {}


def test_the_last_write_of_a_column_wins_and_others_stay(roadmap: Roadmap, client: Client) -> None:
    """Whatever a sync or another person wrote between opening the form and saving it."""
    theme = factories.make_field(roadmap.account, "Theme")
    cost = factories.make_field(roadmap.account, "Cost", "number")
    item = factories.make_item(roadmap, "Pay", values={theme.column: "Blue"})
    client.get(address(item, theme.column), headers=HTMX)
    Item.objects.update(name="Paid", values={theme.column: "Red", cost.column: 3})
    save(client, item, theme.column, "Green")
    item.refresh_from_db()
    assert (item.name, item.values) == ("Paid", {theme.column: "Green", cost.column: 3})


def test_saving_a_cell_costs_a_fixed_number_of_queries(
    roadmap: Roadmap, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, member, roadmap, item, fields; then savepoint, lock, write, trail, release."""
    item = factories.make_item(roadmap, "Pay")
    with django_assert_num_queries(11):
        save(client, item, "notes", "Hello")

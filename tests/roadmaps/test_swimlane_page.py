"""The Swimlane's page: what it shows, what its address asks for, and what it costs (S31, D10, D11, D27)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import swimlane_page
from roadmaps.models import Field, Item, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")


def address(roadmap: Roadmap) -> str:
    return reverse("roadmaps:swimlane", args=[roadmap.account.slug, roadmap.pk])


def show(client: Client, roadmap: Roadmap, query: str = "") -> str:
    response = client.get(address(roadmap) + query)
    assert response.status_code == 200
    return response.content.decode()


def options(field: Field) -> dict[str, int]:
    return {option.label: option.pk for option in field.options.all()}


def state_of(roadmap: Roadmap, *, synced: bool = False) -> Field:
    values = {"source_kind": "pivotal_tracker", "source_key": "state"} if synced else {"roadmap": roadmap}
    made = factories.make_field(roadmap.account, "State", "choice", options=["Started", "Finished"], **values)
    if synced:
        roadmap.synced_columns = [*roadmap.synced_columns, made.column]
        roadmap.save()
    return made


def heads(page: str) -> list[str]:
    """The columns, each with its number of items."""
    return _titles(page, "lanes__head")


def rows(page: str) -> list[str]:
    return _titles(page, "lanes__row")


def _titles(page: str, kind: str) -> list[str]:
    found = re.findall(rf'<th class="{kind}.*?<bdi[^>]*>(.*?)</bdi>.*?lanes__count">(\d+)<', page, re.S)
    return [f"{label} {count}" for label, count in found]


def cell(page: str, lane: str, row: str = "") -> list[str]:
    """The names on the cards of a cell."""
    inside = re.search(rf'<td [^>]*data-lane="{lane}" data-row="{row}">(.*?)</td>', page, re.S)
    assert inside is not None
    return re.findall(r'lane-card__name"[^>]*><bdi>(.*?)</bdi>', inside[1])


# --- What it begins with


def test_without_a_word_it_shows_quarters_where_most_items_have_dates(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    state = state_of(roadmap)
    for number, day in enumerate(["2026-01-10", "2026-02-10", "2026-08-01", None]):
        values = {state.column: options(state)["Started"]}
        factories.make_item(roadmap, f"Item {number}", end_date=day, values=values)
    page = show(signed_in(olga), roadmap)
    assert heads(page) == ["Q1 2026 2", "Q2 2026 0", "Q3 2026 1", "No date 1"]
    assert cell(page, "2026-01-01") == ["Item 0", "Item 1"]
    assert cell(page, "none") == ["Item 3"]
    assert "lane-card--tinted" in page, "coloured by State"
    assert "Until 10 Jan 2026" in page


def test_without_dates_it_shows_states(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    state = state_of(roadmap)
    factories.make_item(roadmap, "Pay", values={state.column: options(state)["Finished"]})
    factories.make_item(roadmap, "Ride")
    assert heads(show(signed_in(olga), roadmap)) == ["Finished 1", "No value 1"]


def test_an_empty_roadmap_says_what_to_do(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    assert "No items yet" in show(signed_in(olga), roadmap)
    Roadmap.objects.update(source_label="")
    assert "This roadmap is empty" in show(signed_in(olga), roadmap)
    assert "No item fits" in show(signed_in(olga), roadmap, "?q=nothing")


# --- What its address asks for


@pytest.fixture
def filled(roadmap: Roadmap) -> dict[str, Any]:
    state = state_of(roadmap)
    labels = factories.make_field(roadmap.account, "Labels", "choices", roadmap=roadmap, options=["Wallet", "Risk"])
    blocked = factories.make_field(roadmap.account, "Blocked", "checkbox", roadmap=roadmap)
    s, t = options(state), options(labels)
    rows = [
        ("Pay", {state.column: s["Started"], labels.column: [t["Wallet"], t["Risk"]], blocked.column: True}),
        ("Ride", {state.column: s["Finished"], labels.column: [t["Risk"]], blocked.column: False}),
        ("Walk", {state.column: s["Started"]}),
    ]
    for name, values in rows:
        factories.make_item(roadmap, name, values=values, start_date=date(2026, 1, 5), end_date=date(2026, 4, 6))
    return {"state": state.column, "labels": labels.column, "blocked": blocked.column, **s, **t}


def test_columns_and_rows_can_be_any_list_or_checkbox(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    """D27; an item with several values lies under the first one."""
    page = show(signed_in(olga), roadmap, "?lanes={state}&rows={labels}".format(**filled))
    assert heads(page) == ["Started 2", "Finished 1"]
    assert rows(page) == ["Wallet 1", "Risk 1", "No value 1"]
    assert cell(page, filled["Started"], filled["Wallet"]) == ["Pay"]
    assert cell(page, filled["Finished"], filled["Risk"]) == ["Ride"]
    assert cell(page, filled["Started"], "none") == ["Walk"]
    assert cell(page, filled["Finished"], "none") == []
    page = show(signed_in(olga), roadmap, "?lanes={blocked}&rows=start_date:month".format(**filled))
    assert heads(page) == ["Yes 1", "No 1", "No value 1"]
    assert rows(page) == ["Jan 2026 3"]


def test_empty_columns_are_shown_when_asked_for(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    page = show(signed_in(olga), roadmap, "?lanes={state}&q=Ride".format(**filled))
    assert heads(page) == ["Finished 1"]
    page = show(signed_in(olga), roadmap, "?lanes={state}:all&q=Ride".format(**filled))
    assert heads(page) == ["Started 0", "Finished 1", "No value 0"]


def test_cards_show_the_chosen_fields(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    client = signed_in(olga)
    page = show(client, roadmap, "?lanes={state}&card=name,{labels},start_date".format(**filled))
    assert "From 5 Jan 2026" in page
    assert "chip--c" in page
    page = show(client, roadmap, "?lanes={state}&card=name".format(**filled))
    assert "chip--c" not in page
    assert "2026" not in page.split("<tbody>")[1].split("</table>")[0]


def test_a_form_that_repeats_its_fields_comes_back_as_a_short_address(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    response = signed_in(olga).get(address(roadmap) + "?lanes={state}&card=name&card={labels}".format(**filled))
    assert response["Location"] == address(roadmap) + "?lanes={state}&card=name,{labels}".format(**filled)


def test_cards_are_coloured_by_the_chosen_field_and_a_legend_says_so(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    client = signed_in(olga)
    page = show(client, roadmap, "?lanes=end_date&colour={labels}".format(**filled))
    assert 'aria-label="Colours by Labels"' in page
    assert page.count("lane-card--tinted") == 2
    page = show(client, roadmap, "?lanes=end_date&colour=none")
    assert "lane-card--tinted" not in page
    assert "legend" not in page


def test_filters_and_search_mean_what_they_mean_in_the_table(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    client = signed_in(olga)
    page = show(client, roadmap, "?lanes={state}&{labels}__is={Risk}".format(**filled))
    assert heads(page) == ["Started 1", "Finished 1"]
    assert "Remove the filter on Labels" in page
    assert heads(show(client, roadmap, "?lanes={state}&q=walk".format(**filled))) == ["Started 1"]
    response = client.get(address(roadmap) + "?lanes={state}&filter={labels}&op=is&value={Risk}".format(**filled))
    assert response["Location"] == address(roadmap) + "?{labels}__is={Risk}&lanes={state}".format(**filled)


def test_every_control_keeps_the_rest_of_the_address(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    asked = "?q=a&{labels}__filled=1&sort=-name&colour={state}&lanes={state}&rows=end_date:month&card=name"
    page = show(signed_in(olga), roadmap, asked.format(**filled))
    links = [unquote(link).replace("&amp;", "&") for link in re.findall(r'menu__item" href="(\?[^"]*)"', page)]
    assert len(links) > 20
    for link in links:
        assert "q=a" in link
        assert "card=name" in link
        assert "{labels}__filled=1".format(**filled) in link


def test_a_saved_view_lays_out_the_swimlane(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    view = factories.make_view(roadmap, "By label", "lanes={labels}&rows={state}".format(**filled))
    page = show(signed_in(olga), roadmap, f"?view={view.pk}")
    assert heads(page) == ["Wallet 1", "Risk 1", "No value 1"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?lanes=f999999", "The columns that were asked for"),
        ("?lanes=name", "The columns that were asked for"),
        ("?rows=f999999", "The rows that were asked for"),
        ("?lanes=end_date:month&rows=end_date:year", "End Date is in the columns already"),
        ("?rows=none", ""),
        ("?lanes=end_date:month:9999-99-99", ""),
        ("?lanes=end_date:month:%00&rows=start_date:x:y:z&card=,,,&colour=,", ""),
    ],
)
def test_an_address_that_makes_no_sense_is_a_board_with_a_sentence(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, query: str, sentence: str
) -> None:
    factories.make_item(roadmap, "Pay", end_date="2026-01-10")
    page = show(signed_in(olga), roadmap, query)
    assert sentence in page
    assert ("banner--warn" in page) == bool(sentence)


# --- What is not shown is counted


@time_machine.travel("2026-05-20")
def test_items_outside_of_the_window_are_counted_and_a_click_away(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    for day in ("2019-03-01", "2019-04-01", "2026-04-01", "2031-12-01"):
        factories.make_item(roadmap, f"On {day}", end_date=day)
    client = signed_in(olga)
    page = show(client, roadmap, "?lanes=end_date:month")
    assert len(heads(page)) == 24
    assert "4 items, 3 outside of what is shown" in page
    assert "2 items before" in page
    assert "1 item after" in page
    seen, more = (
        set(re.findall(r"<bdi>(On [-\d]+)</bdi>", page)),
        re.findall(r'rel="(?:prev|next)" href="([^"]+)"', page),
    )
    visited = set(more)
    while more:
        page = show(client, roadmap, more.pop().replace("&amp;", "&"))
        seen |= set(re.findall(r"<bdi>(On [-\d]+)</bdi>", page))
        found = set(re.findall(r'rel="(?:prev|next)" href="([^"]+)"', page)) - visited
        visited |= found
        more += found
    assert seen == {"On 2019-03-01", "On 2019-04-01", "On 2026-04-01", "On 2031-12-01"}


def test_a_full_cell_links_to_the_table_which_shows_all_of_it(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    for number in range(40):
        values = {filled["state"]: filled["Started"]}
        factories.make_item(roadmap, f"Story {number:02}", values=values, end_date="2026-08-01")
    client = signed_in(olga)
    page = show(client, roadmap, "?lanes=end_date:quarter&rows={state}&q=story&sort=-name".format(**filled))
    assert cell(page, "2026-07-01", filled["Started"])[:2] == ["Story 39", "Story 38"]
    assert len(cell(page, "2026-07-01", filled["Started"])) == swimlane_page.MAX_CARDS
    link = re.search(r'lane__more" href="([^"]+)">and 10 more<', page)
    assert link is not None
    table = client.get(link[1].replace("&amp;", "&")).content.decode()
    assert "1–40 of 40 items" in table
    assert "is between" in table


def test_a_cell_of_several_rows_says_how_many_items_it_has(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, filled: dict[str, Any]
) -> None:
    page = show(signed_in(olga), roadmap, "?lanes=end_date&rows={state}".format(**filled))
    assert re.findall(r'lane__count">(\d+)<', page) == ["2", "1"]


# --- Where items come from


def test_a_card_opens_the_item_and_a_lost_item_says_why(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """D11, S30."""
    item = factories.make_item(roadmap, "Pay", external_id="1", source_state="out_of_filter", end_date="2026-01-01")
    page = show(signed_in(olga), roadmap)
    where = reverse("roadmaps:item", args=["acme", roadmap.pk, item.pk])
    assert f'href="{where}" data-card' in page
    assert "Out of filter" in page
    assert "No longer matches the filter" in page
    assert "lane-card--lost" in page


def test_synced_cards_are_locked_and_own_ones_can_be_moved_by_editors(
    roadmap: Roadmap, olga: Membership, vera: Membership, signed_in: SignIn
) -> None:
    """D10."""
    state = state_of(roadmap, synced=True)
    started = {state.column: options(state)["Started"]}
    synced = factories.make_item(roadmap, "Synced", external_id="1", values=started)
    own = factories.make_item(roadmap, "Own", values=started)
    page = show(signed_in(olga), roadmap)
    cards = {
        name: page.split(f'id="lane-card-{item.pk}"')[1].split("</li>")[0]
        for name, item in (("synced", synced), ("own", own))
    }
    assert "State comes from Pivotal Tracker and can only be changed there." in cards["synced"]
    assert 'draggable="true"' not in cards["synced"]
    assert "data-move" not in cards["synced"]
    assert 'draggable="true" data-free="lane"' in cards["own"]
    assert "comes from" not in cards["own"]
    # Along another axis the same card is free.
    blocked = factories.make_field(roadmap.account, "Blocked", "checkbox", roadmap=roadmap)
    page = show(signed_in(olga), roadmap, f"?lanes={state.column}&rows={blocked.column}")
    assert 'data-free="row"' in page
    assert 'data-free="lane row"' in page

    factories.make_share(roadmap, vera)
    page = show(signed_in(vera), roadmap)
    assert "data-free" not in page
    assert "data-move" not in page


def test_names_are_never_markup(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """D18."""
    evil = "<script>alert(1)</script>"
    field = factories.make_field(roadmap.account, evil, "choice", roadmap=roadmap, options=[evil])
    factories.make_item(roadmap, evil, values={field.column: options(field)[evil]})
    page = show(signed_in(olga), roadmap, f"?lanes={field.column}&colour={field.column}&card={field.column}")
    assert "alert(1)" in page
    assert "<script>alert" not in page


def test_archived_items_are_shown_when_asked_for(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    factories.make_item(roadmap, "Old", archived_at=timezone.now(), end_date="2026-01-01")
    assert "No items yet" in show(signed_in(olga), roadmap)
    assert cell(show(signed_in(olga), roadmap, "?archived=1&lanes=end_date:year"), "2026-01-01") == ["Old"]


def test_items_of_other_roadmaps_are_not_on_it(
    roadmap: Roadmap, olga: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    """S33."""
    for owner in (olga, mallory):
        factories.make_item(factories.make_roadmap(owner, "Other"), "Elsewhere", end_date="2026-01-01")
    factories.make_item(roadmap, "Here", end_date="2026-01-01")
    page = show(signed_in(olga), roadmap)
    assert "Here" in page
    assert "Elsewhere" not in page


@pytest.mark.parametrize("count", [20, 2000])
def test_it_takes_the_same_queries_for_twenty_and_for_two_thousand_items(
    roadmap: Roadmap,
    olga: Membership,
    signed_in: SignIn,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    state = state_of(roadmap, synced=True)
    ids = list(options(state).values())
    Item.objects.bulk_create(
        Item(
            account=roadmap.account,
            roadmap=roadmap,
            name=f"Item {number}",
            external_id=str(number) if number % 2 else None,
            origin="pivotal_tracker" if number % 2 else "",
            values={state.column: ids[number % 2]},
            end_date=date(2026, number % 12 + 1, 3),
        )
        for number in range(count)
    )
    client = signed_in(olga)
    show(client, roadmap)
    with django_assert_num_queries(13):
        show(client, roadmap)
    with django_assert_num_queries(12):
        page = show(client, roadmap, f"?lanes=end_date:month&rows={state.column}")
    assert page.count("lane-card__name") == min(count, 12 * swimlane_page.MAX_CARDS)

"""Moving items between the cells of a Swimlane (S31, D10, D27, D30)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from roadmaps import services
from roadmaps.models import Field, FieldOption, Item, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")


@pytest.fixture
def state(roadmap: Roadmap) -> Field:
    return factories.make_field(roadmap.account, "State", "choice", roadmap=roadmap, options=["Started", "Finished"])


@pytest.fixture
def labels(roadmap: Roadmap) -> Field:
    return factories.make_field(roadmap.account, "Labels", "choices", roadmap=roadmap, options=["A", "B", "C"])


@pytest.fixture
def client(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


def option(field: Field, label: str) -> int:
    return field.options.get(label=label).pk


def address(item: Item, query: str) -> str:
    return reverse("roadmaps:item-move", args=[item.roadmap.account.slug, item.roadmap_id, item.pk]) + query


def move(
    client: Client, item: Item, query: str, data: Mapping[str, object], *, fragment: bool = False
) -> tuple[HttpResponse, Item]:
    """Post the form, and read the item anew."""
    response = client.post(address(item, query), data, headers={"HX-Request": "true"} if fragment else None)
    return response, Item.objects.get(pk=item.pk)


def said(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]  # type: ignore[attr-defined]


# --- What moving writes


def test_a_list_value_becomes_that_of_the_column(roadmap: Roadmap, state: Field, client: Client) -> None:
    item = factories.make_item(roadmap, "Pay", values={state.column: option(state, "Started")})
    response, after = move(client, item, f"?lanes={state.column}", {"lane": option(state, "Finished")})
    assert after.values == {state.column: option(state, "Finished")}
    assert said(response) == ["“Pay” is moved. State: Started → Finished."]
    board = reverse("roadmaps:swimlane", args=["acme", roadmap.pk])
    assert response["Location"] == f"{board}?lanes={state.column}#lane-card-{item.pk}"


def test_after_a_move_the_address_is_what_it_was(roadmap: Roadmap, client: Client) -> None:
    """The board chose its columns by itself; that does not make the view another one."""
    item = factories.make_item(roadmap, "Pay", end_date="2026-05-14")
    board = reverse("roadmaps:swimlane", args=["acme", roadmap.pk])
    link = re.search(r'href="([^"]+/move/[^"]+)"', client.get(f"{board}?q=pay").content.decode())
    assert link is not None
    response = client.post(link[1].replace("&amp;", "&"), {"lane": "2026-07-01"})
    assert response["Location"] == f"{board}?q=pay#lane-card-{item.pk}"
    item.refresh_from_db()
    assert item.end_date == date(2026, 8, 14)


def test_no_value_takes_the_value_away(roadmap: Roadmap, state: Field, client: Client) -> None:
    item = factories.make_item(roadmap, "Pay", values={state.column: option(state, "Started")})
    response, after = move(client, item, f"?lanes={state.column}", {"lane": "none"})
    assert after.values == {}
    assert said(response) == ["“Pay” is moved. State: Started → no value."]


@pytest.mark.parametrize(
    ("before", "target", "after"),
    [("AB", "C", "CB"), ("BC", "C", "C"), ("AC", "B", "BC"), ("", "B", "B"), ("AB", "", ""), ("CA", "B", "BA")],
)
def test_of_several_values_the_first_gives_way(
    roadmap: Roadmap, labels: Field, client: Client, before: str, target: str, after: str
) -> None:
    """So that the item lies where it was put, although the list has an order of its own."""
    ids = {label: option(labels, label) for label in "ABC"}
    item = factories.make_item(roadmap, values={labels.column: [ids[label] for label in before]} if before else {})
    _, moved = move(client, item, f"?lanes={labels.column}", {"lane": ids.get(target, "none")})
    assert moved.values.get(labels.column, []) == [ids[label] for label in after]


def test_saving_a_form_keeps_the_order_of_values(roadmap: Roadmap, labels: Field) -> None:
    """A form knows no order; an item must not change its lane because somebody corrected its name."""
    ids = [option(labels, label) for label in "CA"]
    item = factories.make_item(roadmap, values={labels.column: ids})
    sent = {"name": ["New"], labels.column: [str(pk) for pk in sorted(ids)]}
    assert services.update_item(item=item, texts=sent, by=roadmap.owner).values == {labels.column: ids}
    more = [*sent[labels.column], str(option(labels, "B"))]
    assert services.update_item(item=item, texts={labels.column: more}, by=roadmap.owner).values[labels.column] != ids


@pytest.mark.parametrize(("key", "expected"), [("true", True), ("false", False), ("none", None)])
def test_a_checkbox(roadmap: Roadmap, client: Client, key: str, expected: bool | None) -> None:
    field = factories.make_field(roadmap.account, "Blocked", "checkbox", roadmap=roadmap)
    item = factories.make_item(roadmap, values={field.column: not expected})
    _, after = move(client, item, f"?lanes={field.column}", {"lane": key})
    assert after.values.get(field.column) == expected


@pytest.mark.parametrize(
    ("axis", "start", "end", "key", "expected"),
    [
        ("end_date:quarter", "2026-05-01", "2026-05-14", "2026-07-01", ("2026-08-01", "2026-08-14")),
        ("end_date:month", "2026-01-01", "2026-01-31", "2026-02-01", ("2026-01-29", "2026-02-28")),
        ("start_date:year", "2026-05-01", "2026-05-14", "2027-01-01", ("2027-05-01", "2027-05-14")),
        ("end_date:quarter", None, "2026-05-14", "2026-07-01", (None, "2026-08-14")),
        ("end_date:quarter", None, None, "2026-07-01", (None, "2026-09-30")),
        ("start_date:quarter", None, None, "2026-07-01", ("2026-07-01", None)),
        ("end_date:quarter", "2026-05-01", "2026-05-14", "none", ("2026-05-01", None)),
    ],
)
def test_dates_move_to_the_period_and_the_length_stays(
    roadmap: Roadmap,
    client: Client,
    axis: str,
    start: str | None,
    end: str | None,
    key: str,
    expected: tuple[str | None, str | None],
) -> None:
    item = factories.make_item(roadmap, "Pay", start_date=start, end_date=end)
    _, after = move(client, item, f"?lanes={axis}", {"lane": key})
    assert (after.start_date, after.end_date) == tuple(day and date.fromisoformat(day) for day in expected)


def test_the_message_says_which_dates_moved(roadmap: Roadmap, client: Client) -> None:
    item = factories.make_item(roadmap, "Pay", start_date="2026-05-01", end_date="2026-05-14")
    response, _ = move(client, item, "?lanes=end_date:quarter", {"lane": "2026-07-01"})
    assert said(response) == [
        "“Pay” is moved. Start Date: 1 May 2026 → 1 Aug 2026, End Date: 14 May 2026 → 14 Aug 2026."
    ]


def test_column_and_row_change_in_one_step(roadmap: Roadmap, state: Field, client: Client) -> None:
    item = factories.make_item(roadmap, end_date="2026-05-14")
    data = {"lane": "2026-10-01", "row": option(state, "Finished")}
    _, after = move(client, item, f"?lanes=end_date&rows={state.column}", data)
    assert after.end_date == date(2026, 11, 14)
    assert after.values == {state.column: option(state, "Finished")}


def test_with_a_date_on_each_axis_each_moves_by_itself(roadmap: Roadmap, client: Client) -> None:
    item = factories.make_item(roadmap, start_date="2026-01-10", end_date="2026-05-14")
    data = {"lane": "2026-10-01", "row": "2026-04-01"}
    _, after = move(client, item, "?lanes=end_date:quarter&rows=start_date:quarter", data)
    assert (after.start_date, after.end_date) == (date(2026, 4, 10), date(2026, 11, 14))


def test_an_end_before_the_start_is_refused(roadmap: Roadmap, client: Client) -> None:
    item = factories.make_item(roadmap, start_date="2026-05-10")
    response, after = move(client, item, "?lanes=end_date:month", {"lane": "2026-01-01"})
    assert "The end can&#x27;t be before the start." in response.content.decode()
    assert after.end_date is None


def test_nothing_happens_where_the_item_lies_already(roadmap: Roadmap, state: Field, client: Client) -> None:
    item = factories.make_item(roadmap, "Pay", values={state.column: option(state, "Started")})
    response, after = move(client, item, f"?lanes={state.column}", {"lane": option(state, "Started")})
    assert said(response) == ["“Pay” is there already; nothing changed."]
    assert after.updated_at == item.updated_at


# --- What is refused


@pytest.fixture
def synced(roadmap: Roadmap, olga: Membership) -> Field:
    """A field that the roadmap's source fills."""
    made = factories.make_field(
        roadmap.account,
        "Story State",
        "choice",
        options=["Open", "Done"],
        source_kind="pivotal_tracker",
        source_key="state",
    )
    roadmap.synced_columns = [made.column, "end_date"]
    roadmap.save()
    return made


@pytest.mark.parametrize("fragment", [False, True])
def test_a_forged_move_of_a_synced_value_is_refused_with_a_sentence(
    roadmap: Roadmap, synced: Field, client: Client, fragment: bool
) -> None:
    """D10."""
    item = factories.make_item(roadmap, "Pay", external_id="1", values={synced.column: option(synced, "Open")})
    for query, key, label in (
        (f"?lanes={synced.column}", option(synced, "Done"), "Story State"),
        (f"?lanes={synced.column}", "none", "Story State"),
        ("?lanes=end_date:quarter", "2026-01-01", "End Date"),
        (f"?lanes=start_date&rows={synced.column}", "2026-01-01", ""),
    ):
        data = {"lane": key, "row": option(synced, "Done")}
        response, after = move(client, item, query, data, fragment=fragment)
        expected = f"{label or 'Story State'} comes from Pivotal Tracker and can only be changed there."
        assert expected in response.content.decode()
        assert response.status_code == (422 if fragment else 200)
        if fragment:
            assert json.loads(response["HX-Trigger"]) == {"item-refused": {"text": expected}}
        assert (after.values, after.start_date, after.end_date) == (item.values, None, None)


def test_of_a_synced_item_only_what_is_free_moves(roadmap: Roadmap, synced: Field, client: Client) -> None:
    """The end stays where the source put it, although items usually keep their length."""
    item = factories.make_item(roadmap, external_id="1", start_date="2026-01-10", end_date="2026-12-31")
    _, after = move(client, item, "?lanes=start_date:month", {"lane": "2026-03-01"})
    assert (after.start_date, after.end_date) == (date(2026, 3, 10), date(2026, 12, 31))


@pytest.mark.parametrize("key", ["", "x", "99999999", "2026-01-01", "true", "-1", "9" * 50, "\x00", "²"])
@pytest.mark.parametrize("axis", ["state", "end_date:quarter"])
def test_a_place_that_there_is_not_is_refused(
    roadmap: Roadmap, state: Field, client: Client, axis: str, key: str
) -> None:
    if axis == "end_date:quarter" and key == "2026-01-01":
        key = "2026-01-02"
    item = factories.make_item(roadmap, end_date="2025-05-05")
    query = f"?lanes={state.column if axis == 'state' else axis}"
    response, after = move(client, item, query, {"lane": key})
    assert "Choose where to from the list." in response.content.decode()
    assert (after.values, after.end_date) == ({}, date(2025, 5, 5))


def test_an_archived_value_takes_no_more_items(roadmap: Roadmap, state: Field, client: Client) -> None:
    FieldOption.objects.filter(field=state, label="Finished").update(archived_at=timezone.now())
    item = factories.make_item(roadmap)
    response, after = move(client, item, f"?lanes={state.column}", {"lane": option(state, "Finished")})
    assert "Choose from the list" in response.content.decode()
    assert after.values == {}


def test_a_date_beyond_the_calendar_is_refused(roadmap: Roadmap, client: Client) -> None:
    item = factories.make_item(roadmap, start_date="1950-01-01", end_date="2026-01-01")
    for key in ("9999-01-01", "1900-01-01", "0001-01-01"):
        response, after = move(client, item, "?lanes=end_date:year", {"lane": key})
        assert response.status_code == 200
        assert after.end_date == date(2026, 1, 1)


@pytest.mark.parametrize("who", ["viewer", "reviewer", "stranger"])
def test_who_only_looks_moves_nothing(
    roadmap: Roadmap,
    state: Field,
    vera: Membership,
    mallory: Membership,
    signed_in: SignIn,
    who: str,
) -> None:
    viewer = factories.make_member(roadmap.account, name="Vito Viewer")
    factories.make_share(roadmap, viewer)
    factories.make_share(roadmap, vera, "editor")
    client = signed_in({"viewer": viewer, "reviewer": vera, "stranger": mallory}[who])
    item = factories.make_item(roadmap)
    response, after = move(client, item, f"?lanes={state.column}", {"lane": option(state, "Started")})
    assert response.status_code == (404 if who == "stranger" else 403)
    assert after.values == {}


# --- The form, and what a drag gets


def test_the_form_offers_every_column_and_row(roadmap: Roadmap, state: Field, client: Client) -> None:
    """D30: the way without a mouse and without JavaScript."""
    item = factories.make_item(roadmap, "Pay", end_date="2026-05-14")
    page = client.get(address(item, f"?lanes={state.column}&rows=end_date:quarter&q=pay")).content.decode()
    assert f'<option value="{option(state, "Finished")}">Finished</option>' in page
    assert '<option value="none" selected>No value</option>' in page
    assert '<option value="2026-04-01" selected>Q2 2026</option>' in page
    assert '<option value="2029-04-01">Q2 2029</option>' in page
    assert 'href="/a/acme/roadmaps/' in page
    assert "?q=pay&amp;lanes=" in page
    assert 'id="main"' in page
    fragment = client.get(address(item, f"?lanes={state.column}"), headers={"HX-Request": "true"}).content.decode()
    assert "dialog__head" in fragment
    assert 'id="main"' not in fragment


def test_the_form_says_what_is_locked(roadmap: Roadmap, synced: Field, client: Client) -> None:
    item = factories.make_item(roadmap, "Pay", external_id="1")
    page = client.get(address(item, f"?lanes={synced.column}&rows=start_date:month")).content.decode()
    assert "Story State comes from Pivotal Tracker and can only be changed there." in page
    assert page.count("disabled") == 1


def test_a_drag_is_answered_with_what_changed_and_the_board_renews_itself(
    roadmap: Roadmap, state: Field, client: Client
) -> None:
    item = factories.make_item(roadmap, "Größe → <b>", values={})
    data = {"lane": option(state, "Started")}
    response, after = move(client, item, f"?lanes={state.column}", data, fragment=True)
    assert response.status_code == 204
    assert json.loads(response["HX-Trigger"]) == {
        "items-changed": {},
        "item-moved": {"text": "“Größe → <b>” is moved. State: no value → Started.", "item": item.pk},
    }
    assert after.values == {state.column: option(state, "Started")}

"""What SQL counts and fetches for a Swimlane is what the rules say of each item (S31, D27)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from urllib.parse import parse_qs

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import columns, query, query_sql, swimlane, swimlane_cards, swimlane_sql
from roadmaps.columns import Column
from roadmaps.models import Field, FieldOption, Item, Roadmap
from roadmaps.swimlane import Axis, read_axis
from tests import factories

TODAY = date(2026, 5, 20)


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    """Sixty items of which every third lacks each of the values, in a different rhythm."""
    made = factories.make_roadmap(olga)
    state = factories.make_field(made.account, "State", "choice", roadmap=made, options=["Started", "Finished"])
    labels = factories.make_field(made.account, "Labels", "choices", roadmap=made, options=["A", "B", "C"])
    blocked = factories.make_field(made.account, "Blocked", "checkbox", roadmap=made)
    one, two = ids(state)
    for number in range(60):
        values = {
            state.column: [one, two, None][number % 3],
            labels.column: [*ids(labels)[number % 4 :], *ids(labels)[: number % 2]] or None,
            blocked.column: [True, None, False][number // 2 % 3],
        }
        factories.make_item(
            made,
            f"Item {number:02}",
            values={name: value for name, value in values.items() if value is not None},
            start_date=TODAY + timedelta(days=31 * (number - 30)) if number % 5 else None,
            end_date=TODAY + timedelta(days=31 * (number - 28)) if number % 7 else None,
        )
    return made


def ids(field: Field) -> list[int]:
    return list(FieldOption.objects.filter(field=field).values_list("pk", flat=True))


def axis(text: str, known: list[Column]) -> Axis:
    """`text` with the label of a field instead of its name."""
    name, _, rest = text.partition(":")
    column = next(column for column in known if column.label == name)
    found = read_axis(f"{column.name}:{rest}" if rest else column.name, known)
    assert found is not None
    return found


AXES = ["State", "Labels", "Blocked", "End Date:month", "Start Date:quarter", "End Date:year"]


@pytest.mark.parametrize("down", [None, *AXES])
@pytest.mark.parametrize("across", AXES)
def test_sql_puts_each_item_where_the_rules_put_it(roadmap: Roadmap, across: str, down: str | None) -> None:
    known = columns.load(roadmap)
    lanes, rows = axis(across, known), axis(down, known) if down else None
    counts = swimlane_sql.count(roadmap.items.all(), lanes, rows)
    assert counts == Counter(swimlane_cards.place(item, lanes, rows) for item in roadmap.items.all())

    board = swimlane.arrange(lanes, rows, counts, today=TODAY)
    asked = query.parse({"sort": ["-name"]}, known)
    found = swimlane_sql.first_of_each(roadmap.items.all(), board, asked, known, limit=3)
    by_cell: dict[tuple[str, str], list[str]] = {}
    for item in roadmap.items.order_by("-name"):
        by_cell.setdefault(swimlane_cards.place(item, lanes, rows), []).append(item.name)
    expected = [name for place in board.cells for name in by_cell[place][:3]]
    assert [item.name for item in found] == sorted(expected, reverse=True)


def test_it_counts_what_the_question_asks_for(roadmap: Roadmap) -> None:
    known = columns.load(roadmap)
    Item.objects.filter(name="Item 01").update(archived_at=timezone.now())
    asked = query.parse(parse_qs("q=Item 0"), known)
    items = query_sql.apply(asked, Item.objects.filter(roadmap=roadmap), known)
    counts = swimlane_sql.count(items, axis("State", known), None)
    assert sum(counts.values()) == 9
    board = swimlane.arrange(axis("State", known), None, counts, today=TODAY)
    assert len(swimlane_sql.first_of_each(items, board, asked, known, limit=30)) == 9


def test_it_takes_one_query_each_and_leaves_long_texts_where_they_are(
    roadmap: Roadmap, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    known = columns.load(roadmap)
    state, time = axis("State", known), axis("End Date:quarter", known)
    with django_assert_num_queries(3):
        assert swimlane_sql.count_dated(roadmap.items.all()) == (51, 60)
        board = swimlane.arrange(state, time, swimlane_sql.count(roadmap.items.all(), state, time), today=TODAY)
        found = swimlane_sql.first_of_each(roadmap.items.all(), board, query.Query(), known, limit=2)
    assert {"description", "notes"} <= found[0].get_deferred_fields()


def test_a_value_that_the_list_no_longer_has_is_none(roadmap: Roadmap) -> None:
    known = columns.load(roadmap)
    state = axis("State", known)
    Item.objects.filter(name="Item 00").update(values={state.column.name: 10**9})
    counts = swimlane_sql.count(roadmap.items.all(), state, None)
    assert counts[swimlane.NONE, swimlane.ALL] == 21

"""How items fall into the columns and rows of a Swimlane: each into exactly one cell, or counted outside (S31, D27)."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmaps import swimlane
from roadmaps import swimlane_time as times
from roadmaps.columns import Column, Option
from roadmaps.swimlane import ALL, MAX_LANES, NONE, Axis, Counts, Held, Lanes, arrange, key_of, read_axis

TODAY = date(2026, 5, 20)
STATES = {3: Option("Started", 1), 4: Option("Finished", 2), 5: Option("Dropped", 3, archived=True)}
LABELS = {number: Option(f"Label {number}", 1) for number in range(1, 61)}
COLUMNS = [
    Column("name", "Name", "text"),
    Column("start_date", "Start Date", "date"),
    Column("end_date", "End Date", "date"),
    Column("f1", "Estimate", "number"),
    Column("f2", "State", "choice", options=STATES),
    Column("f3", "Labels", "choices", options=LABELS),
    Column("f4", "Blocked", "checkbox"),
    Column("f5", "Deadline", "date"),
]


def axis(text: str) -> Axis:
    found = read_axis(text, COLUMNS)
    assert found is not None
    return found


def keys(lanes: Lanes) -> list[str]:
    return [lane.key for lane in lanes.shown]


def labels(lanes: Lanes) -> list[str]:
    return [lane.label for lane in lanes.shown]


# --- What an address names


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("f2", "f2"),
        ("f2:all", "f2:all"),
        ("f3:all:17", "f3:all:17"),
        ("f4", "f4"),
        ("end_date", "end_date:quarter"),
        ("start_date:month", "start_date:month"),
        ("end_date:year:2026-01-01", "end_date:year:2026-01-01"),
        ("end_date:all:month", "end_date:month"),
        ("f2:quarter", "f2"),
    ],
)
def test_an_address_names_an_axis_and_the_axis_writes_it_back(text: str, written: str) -> None:
    assert str(axis(text)) == written
    assert axis(written) == axis(text)


@pytest.mark.parametrize("text", ["", "f1", "f5", "name", "f99", "none", ":", "quarter", "\x00" * 50, "f2" * 200])
def test_what_is_no_axis_names_none(text: str) -> None:
    assert read_axis(text, COLUMNS) is None


def test_dates_by_each_period_lists_and_checkboxes_are_offered() -> None:
    assert [str(each) for each in swimlane.offered(COLUMNS)] == [
        "end_date:month",
        "end_date:quarter",
        "end_date:year",
        "start_date:month",
        "start_date:quarter",
        "start_date:year",
        "f2",
        "f3",
        "f4",
    ]


@pytest.mark.parametrize(
    ("dated", "total", "expected"),
    [(5, 10, "end_date:quarter"), (4, 10, "f2"), (0, 0, "f2")],
)
def test_time_is_suggested_where_most_items_have_dates_and_else_the_state(
    dated: int, total: int, expected: str
) -> None:
    assert str(swimlane.suggest_columns(COLUMNS, dated=dated, total=total)) == expected


def test_without_lists_time_is_suggested() -> None:
    assert str(swimlane.suggest_columns(COLUMNS[:3], dated=0, total=9)) == "end_date:quarter"


# --- Where an item lies


@pytest.mark.parametrize(
    ("by", "value", "expected"),
    [
        ("f2", 4, "4"),
        ("f2", 5, "5"),
        ("f2", 99, NONE),
        ("f2", None, NONE),
        ("f3", [7, 2], "7"),
        ("f3", [], NONE),
        ("f3", None, NONE),
        ("f4", True, "true"),
        ("f4", False, "false"),
        ("f4", None, NONE),
        ("end_date:month", date(2026, 5, 20), "2026-05-01"),
        ("end_date:quarter", date(2026, 5, 20), "2026-04-01"),
        ("end_date:quarter", date(2026, 12, 31), "2026-10-01"),
        ("end_date:year", date(2026, 12, 31), "2026-01-01"),
        ("end_date:year", None, NONE),
    ],
)
def test_a_value_decides_the_lane(by: str, value: Held, expected: str) -> None:
    assert key_of(axis(by), value) == expected


def test_without_an_axis_there_is_one_lane() -> None:
    assert key_of(None, 4) == ALL


# --- Which lanes are shown


def test_lists_stand_in_their_own_order_without_empty_values_and_no_value_comes_last() -> None:
    board = arrange(axis("f2"), None, {(NONE, ALL): 1, ("4", ALL): 2, ("3", ALL): 3}, today=TODAY)
    assert labels(board.columns) == ["Started", "Finished", "No value"]
    assert labels(arrange(axis("f2"), None, {("4", ALL): 2}, today=TODAY).columns) == ["Finished"]


def test_empty_values_are_shown_when_asked_for_but_not_archived_ones() -> None:
    assert labels(arrange(axis("f2:all"), None, {("4", ALL): 2}, today=TODAY).columns) == [
        "Started",
        "Finished",
        "No value",
    ]
    with_archived = arrange(axis("f2:all"), None, {("5", ALL): 2}, today=TODAY)
    assert labels(with_archived.columns) == ["Started", "Finished", "Dropped", "No value"]


def test_time_has_no_gaps() -> None:
    counts = {("2025-10-01", ALL): 1, ("2026-07-01", ALL): 2, (NONE, ALL): 5}
    board = arrange(axis("end_date:quarter"), None, counts, today=TODAY)
    assert labels(board.columns) == ["Q4 2025", "Q1 2026", "Q2 2026", "Q3 2026", "No date"]
    assert (board.total, board.outside) == (8, 0)


def test_without_any_item_there_is_one_lane_to_say_so() -> None:
    assert labels(arrange(axis("end_date"), axis("f2"), {}, today=TODAY).columns) == ["No date"]


def test_an_outlier_does_not_make_a_hundred_columns_and_is_counted() -> None:
    counts = {("2026-03-01", ALL): 4, ("2026-06-01", ALL): 6, ("2031-12-01", ALL): 1, ("2019-01-01", ALL): 2}
    board = arrange(axis("end_date:month"), None, counts, today=TODAY)
    assert len(board.columns.shown) == MAX_LANES
    assert board.in_column("2026-03-01") == 4
    assert (board.columns.before, board.columns.after, board.outside) == (2, 1, 3)


def test_the_window_holds_today_where_that_shows_any_item_and_else_the_most_items() -> None:
    past = {("2001-01-01", ALL): 90, ("2026-04-01", ALL): 1}
    assert "2026-04-01" in keys(arrange(axis("end_date"), None, past, today=TODAY).columns)
    gap = {("2001-01-01", ALL): 2, ("2010-01-01", ALL): 3, ("2050-01-01", ALL): 1}
    assert "2010-01-01" in keys(arrange(axis("end_date"), None, gap, today=TODAY).columns)


def test_the_window_moves_by_its_own_width_to_both_ends() -> None:
    counts = {("1990-01-01", ALL): 1, ("2060-01-01", ALL): 1}
    asked = axis("end_date:year")
    seen: list[str] = []
    lanes = arrange(asked.starting("1900-01-01"), None, counts, today=TODAY).columns
    while True:
        seen += keys(lanes)
        if not lanes.later:
            break
        lanes = arrange(asked.starting(lanes.later), None, counts, today=TODAY).columns
    assert set(seen) == {f"{year}-01-01" for year in range(1990, 2061)}
    while lanes.earlier:
        lanes = arrange(asked.starting(lanes.earlier), None, counts, today=TODAY).columns
    assert keys(lanes)[0] == "1990-01-01"


def test_long_lists_are_shown_in_parts() -> None:
    counts = {(str(number), ALL): 1 for number in LABELS} | {(NONE, ALL): 7}
    board = arrange(axis("f3:40"), None, counts, today=TODAY)
    assert keys(board.columns) == [*(str(number) for number in range(37, 61)), NONE]
    assert (board.columns.before, board.columns.after, board.columns.later) == (36, 0, "")
    assert board.columns.earlier == "13"


def test_a_start_that_a_list_does_not_have_is_its_first_value() -> None:
    counts = {(str(number), ALL): 1 for number in LABELS}
    assert keys(arrange(axis("f3:999"), None, counts, today=TODAY).columns)[0] == "1"


# --- Every item is in exactly one cell, or outside

days = st.dates(date(1900, 1, 1), date(2200, 12, 31)) | st.dates(date(2025, 1, 1), date(2027, 1, 1)) | st.none()
items = st.lists(
    st.tuples(
        st.sampled_from([3, 4, 5, 99, None]),
        st.lists(st.integers(1, 70), max_size=3, unique=True),
        st.booleans() | st.none(),
        days,
        days,
    ),
    max_size=60,
)
axes = st.sampled_from(
    ["f2", "f2:all", "f3", "f3:all", "f3:all:30", "f4", "f4:all"]
    + [f"{name}:{unit}" for name in swimlane.DATES for unit in times.UNITS]
    + ["end_date:month:2026-01-01", "start_date:quarter:2100-01-01", "end_date:year:x"]
)


@given(items=items, across=axes, down=axes | st.none(), today=st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_every_item_is_in_exactly_one_cell_or_outside(
    items: list[tuple[Held, Held, Held, Held, Held]], across: str, down: str | None, today: date
) -> None:
    columns, rows = axis(across), axis(down) if down else None
    named = [dict(zip(("f2", "f3", "f4", "start_date", "end_date"), item, strict=True)) for item in items]
    places = [
        (key_of(columns, item[columns.column.name]), key_of(rows, item[rows.column.name] if rows else None))
        for item in named
    ]
    counts: Counts = Counter(places)
    board = arrange(columns, rows, counts, today=today)

    shown = {(column.key, row.key) for row in board.rows.shown for column in board.columns.shown}
    assert len(shown) == len(board.rows.shown) * len(board.columns.shown), "no lane stands twice"
    assert board.cells == Counter(place for place in places if place in shown)
    assert board.outside == sum(place not in shown for place in places)
    assert sum(board.cells.values()) + board.outside == board.total == len(items)
    assert sum(board.in_column(lane.key) for lane in board.columns.shown) == sum(board.cells.values())
    assert sum(board.in_row(lane.key) for lane in board.rows.shown) == sum(board.cells.values())
    for lanes in (board.columns, board.rows):
        assert len([lane for lane in lanes.shown if lane.key != NONE]) <= MAX_LANES
        assert (lanes.before == 0) or lanes.earlier
        assert (lanes.after == 0) or lanes.later
        assert lanes.before + lanes.after <= board.outside


# --- Periods


@pytest.mark.parametrize(
    ("day", "unit", "first", "last", "label"),
    [
        ("2026-02-14", "month", "2026-02-01", "2026-02-28", "Feb 2026"),
        ("2028-02-29", "month", "2028-02-01", "2028-02-29", "Feb 2028"),
        ("2026-01-01", "quarter", "2026-01-01", "2026-03-31", "Q1 2026"),
        ("2026-12-31", "quarter", "2026-10-01", "2026-12-31", "Q4 2026"),
        ("2026-06-30", "year", "2026-01-01", "2026-12-31", "2026"),
    ],
)
def test_a_day_lies_in_its_period(day: str, unit: str, first: str, last: str, label: str) -> None:
    begins = times.first_day(date.fromisoformat(day), unit)
    assert begins == date.fromisoformat(first)
    assert times.last_day(begins, unit) == date.fromisoformat(last)
    assert times.label(begins, unit) == label


@pytest.mark.parametrize(
    ("day", "unit", "target", "expected"),
    [
        ("2026-01-31", "month", "2026-02-01", "2026-02-28"),
        ("2026-05-14", "quarter", "2026-07-01", "2026-08-14"),
        ("2028-02-29", "year", "2027-01-01", "2027-02-28"),
    ],
)
def test_a_moved_day_keeps_its_place_in_the_period(day: str, unit: str, target: str, expected: str) -> None:
    assert times.move(date.fromisoformat(day), unit, date.fromisoformat(target)) == date.fromisoformat(expected)


@given(
    day=st.dates(date(1900, 1, 1), date(2200, 12, 31)),
    other=st.dates(date(1900, 1, 1), date(2200, 12, 31)),
    unit=st.sampled_from(list(times.UNITS)),
)
def test_periods_follow_each_other_and_hold_what_is_moved_into_them(day: date, other: date, unit: str) -> None:
    first, target = times.first_day(day, unit), times.first_day(other, unit)
    assert first <= day <= times.last_day(first, unit)
    assert times.first_day(times.move(day, unit, target), unit) == target
    between = times.periods(min(first, target), max(first, target), unit)
    assert (between[0], between[-1]) == (min(first, target), max(first, target))
    assert all((b - times.last_day(a, unit)).days == 1 for a, b in itertools.pairwise(between))


def test_the_periods_around_one_end_with_the_calendar() -> None:
    near = times.around(date(2026, 4, 1), "quarter", 2)
    assert [times.label(day, "quarter") for day in near] == ["Q4 2025", "Q1 2026", "Q2 2026", "Q3 2026", "Q4 2026"]
    assert times.around(date(9999, 1, 1), "year", 1) == [date(9998, 1, 1), date(9999, 1, 1)]
    assert times.around(date(1, 1, 1), "year", 1) == [date(1, 1, 1), date(2, 1, 1)]

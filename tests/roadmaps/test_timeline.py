"""How the Timeline packs bars and names into streams, lanes and tracks (S31, D26)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmaps.timeline import GAP, Entry, Group, Lane, Layout, Mark, lay_out, place_mark
from roadmaps.timeline_axis import Window
from roadmaps.timeline_days import MILESTONE_ROWS, Day

WIDTH = 760.0
YEAR = Window(date(2026, 1, 1), date(2027, 1, 1))
STREAMS = [Group(1, "Wallet", 3), Group(2, "Unlock", 5), Group(None, "No value")]
NEAR = st.none() | st.dates(date(2025, 6, 1), date(2027, 6, 30))


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    made = []
    for number in range(draw(st.integers(0, 40))):
        days = draw(st.tuples(NEAR, NEAR))
        start, end = sorted(filter(None, days)) if all(days) else days
        text = draw(st.text("abc ", max_size=60))
        keys = [draw(st.sampled_from([1, 2, 3, None])) for _ in range(3)]
        made.append(Entry(number, text, start, end, *keys))
    return made


def entry(number: int, start: str = "", end: str = "", text: str = "Pay", **keys: object) -> Entry:
    days = [date.fromisoformat(f"2026-{each}") if each else None for each in (start, end)]
    return Entry(number, text, *days, **keys)  # type: ignore[arg-type]  # keys of groups


def draw(found: Iterable[Entry], **options: object) -> Layout:
    options.setdefault("streams", STREAMS)
    return lay_out(found, YEAR, width=WIDTH, **options)  # type: ignore[arg-type]  # as lay_out takes them


def lanes(layout: Layout) -> list[Lane]:
    return [lane for stream in layout.streams for lane in stream.lanes]


def marks(layout: Layout) -> list[Mark]:
    return [mark for lane in lanes(layout) for mark in lane.marks]


@given(entries())
def test_every_item_is_drawn_once_or_counted(found: list[Entry]) -> None:
    layout = draw(found, lanes=STREAMS, colours=STREAMS)
    drawn = [mark.entry.id for mark in marks(layout)]
    assert len(drawn) == len(set(drawn)) == layout.drawn
    assert layout.drawn + layout.without_dates + layout.outside == len(found)
    inside = {
        each.id
        for each in found
        if each.first is not None and each.last is not None and each.first < YEAR.end and each.last >= YEAR.start
    }
    assert set(drawn) == inside


@given(entries())
def test_nothing_in_a_track_overlaps_and_all_of_it_is_in_the_window(found: list[Entry]) -> None:
    """Names included, also where they reach further than was promised."""
    for lane in lanes(draw(found)):
        for one, other in combinations(lane.marks, 2):
            if one.track == other.track:
                assert one.to + GAP <= other.from_ + 0.001 or other.to + GAP <= one.from_ + 0.001
        for mark in lane.marks:
            assert -0.001 <= mark.from_ <= mark.left < mark.right <= mark.to <= WIDTH + 0.001


@given(entries())
def test_no_packing_needs_fewer_tracks(found: list[Entry]) -> None:
    """Somewhere, as many things stand above each other as there are tracks, before names took their spare room."""
    for lane in lanes(draw(found)):
        placed = [place_mark(mark.entry, YEAR, WIDTH) for mark in lane.marks]
        deepest = max(sum(one.from_ - GAP < other.from_ + 0.001 < one.to + GAP for one in placed) for other in placed)
        assert lane.tracks <= deepest


@given(entries(), st.randoms())
def test_the_order_of_the_rows_changes_nothing(found: list[Entry], chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' own Random
    assert draw(found).streams == draw(shuffled).streams


@given(entries())
def test_links_come_in_the_order_of_time(found: list[Entry]) -> None:
    for lane in lanes(draw(found)):
        days = [mark.entry.first for mark in lane.marks]
        assert days == sorted(days)  # type: ignore[type-var]  # drawn entries have a date


def test_streams_and_lanes_stand_in_the_order_of_their_values() -> None:
    found = [
        entry(1, "02-01", "03-01", stream=2, lane=2),
        entry(2, "02-01", "03-01", stream=1),
        entry(3, "02-01", "03-01", stream=2, lane=1),
        entry(4, "02-01", "03-01", stream=99),
    ]
    layout = draw(found, lanes=STREAMS)
    assert [(stream.group.label, stream.count) for stream in layout.streams] == [
        ("Wallet", 1),
        ("Unlock", 2),
        ("No value", 1),
    ]
    assert [lane.group.label for lane in layout.streams[1].lanes] == ["Wallet", "Unlock"]


def test_without_a_header_there_is_one_stream() -> None:
    layout = lay_out([entry(1, "02-01", "03-01"), entry(2, "04-01")], YEAR, width=WIDTH)
    assert [(stream.group.label, stream.count) for stream in layout.streams] == [("", 2)]


@pytest.mark.parametrize(
    ("start", "end", "is_point", "goes_before", "goes_on"),
    [
        ("2026-02-01", "2026-03-01", False, False, False),
        ("2026-02-01", "", True, False, False),
        ("", "2026-03-01", True, False, False),
        ("2025-11-01", "2026-03-01", False, True, False),
        ("2026-11-01", "2027-03-01", False, False, True),
        ("2025-11-01", "2027-03-01", False, True, True),
        ("2026-01-01", "2026-01-01", False, False, False),
        ("2026-12-31", "2026-12-31", False, False, False),
        ("2026-12-31", "", True, False, False),
    ],
)
def test_bars_points_and_what_goes_on(start: str, end: str, is_point: bool, goes_before: bool, goes_on: bool) -> None:
    days = [date.fromisoformat(day) if day else None for day in (start, end)]
    mark = place_mark(Entry(1, "Pay", *days), YEAR, WIDTH)
    assert (mark.is_point, mark.goes_before, mark.goes_on) == (is_point, goes_before, goes_on)
    assert 0 <= mark.left < mark.right <= WIDTH


@pytest.mark.parametrize(
    ("text", "start", "end", "place"),
    [
        ("Pay", "02-01", "06-01", "in"),
        ("Pay by card, by phone, by watch and by wishing for it very much", "02-01", "06-01", "in"),
        ("Pay by card", "02-01", "02-10", "out"),
        ("Pay by card", "12-20", "12-28", "before"),
    ],
)
def test_a_name_stands_where_it_has_room(text: str, start: str, end: str, place: str) -> None:
    mark = place_mark(entry(1, start, end, text), YEAR, WIDTH)
    assert mark.place == place
    if place != "in":
        assert mark.text == text


def test_a_long_name_takes_the_room_that_its_track_leaves() -> None:
    name = "Explain the deposit in one sentence, not in a dialog that nobody reads"
    alone = marks(draw([entry(1, "02-01", "02-10", name)]))[0]
    crowded = marks(draw([entry(1, "02-01", "02-10", name), entry(2, "06-20", "06-28")]))[0]
    assert alone.text == name
    assert crowded.text.endswith("…")
    assert crowded.text != alone.text


def test_colours_and_the_legend_are_of_what_is_drawn() -> None:
    layout = draw([entry(1, "02-01", "03-01", colour=2), entry(2, "02-01", colour=None)], colours=STREAMS)
    assert {mark.entry.id: mark.colour for mark in marks(layout)} == {1: 5, 2: 0}
    assert [group.label for group in layout.legend] == ["Unlock", "No value"]


def test_today_has_a_place_only_inside_of_the_window() -> None:
    assert lay_out([], YEAR, width=365, today=date(2026, 1, 1)).today == 0.5
    assert lay_out([], YEAR, width=365, today=date(2027, 1, 1)).today is None


@given(st.lists(st.tuples(st.dates(date(2025, 6, 1), date(2027, 6, 1)), st.text("ab ", min_size=1, max_size=30))))
def test_names_of_milestones_never_overlap(found: list[tuple[date, str]]) -> None:
    days = [Day(number, name, day, 1) for number, (day, name) in enumerate(found)]
    layout = lay_out([], YEAR, width=WIDTH, milestones=days, today=date(2026, 6, 1))
    assert {day.id for day in layout.milestones} == {
        number for number, (day, _) in enumerate(found) if YEAR.start <= day < YEAR.end
    }
    assert layout.milestone_rows <= MILESTONE_ROWS
    for one, other in combinations([day for day in layout.milestones if day.text], 2):
        if one.row == other.row:
            assert abs(one.x - other.x) > 14


def test_a_bar_of_one_day_can_be_seen_on_a_scale_of_years() -> None:
    window = Window(date(2020, 1, 1), date(2030, 1, 1))
    mark = place_mark(Entry(1, "Pay", date(2025, 1, 1), date(2025, 1, 1)), window, WIDTH)
    assert mark.width >= 5


def test_two_thousand_bars_are_laid_out_in_a_moment() -> None:
    """As many as are ever drawn, all in one stream: no time grows with the square of them."""
    found = [Entry(n, "Pay by card", YEAR.start + timedelta(days=n % 360), YEAR.last) for n in range(2000)]
    assert draw(found).drawn == 2000

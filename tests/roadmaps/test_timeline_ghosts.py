"""Where a bar stood before: its outline, the way from there, and the room that both take (B12)."""

from __future__ import annotations

from datetime import date

import pytest

from roadmaps.timeline import Entry, Mark, lay_out
from roadmaps.timeline_axis import Window
from roadmaps.timeline_ghosts import LEAST, OVERHANG, Was

#: A day is ten pixels wide.
WINDOW, WIDTH = Window(date(2026, 1, 1), date(2026, 4, 11)), 1000.0


def day(number: int) -> date:
    return date(2026, 1, number)


def marks(*entries: Entry) -> list[Mark]:
    layout = lay_out(entries, WINDOW, width=WIDTH)
    return [mark for stream in layout.streams for lane in stream.lanes for mark in lane.marks]


def test_a_ghost_lies_on_its_days_and_the_way_goes_from_end_to_end() -> None:
    [mark] = marks(Entry(1, "Pay", day(1), day(20), was=Was(day(1), day(10))))
    assert mark.ghost is not None
    assert (mark.ghost.left, mark.ghost.right) == (0, 100)
    assert (mark.ghost.way_from, mark.ghost.way_to) == (100, 200)


def test_without_an_end_the_way_goes_from_start_to_start() -> None:
    [mark] = marks(Entry(1, "Pay", day(20), day(25), was=Was(day(10), None)))
    assert mark.ghost is not None
    assert (mark.ghost.way_from, mark.ghost.way_to) == (90, mark.left)


@pytest.mark.parametrize("was", [None, Was(is_new=True), Was()])
def test_what_is_new_had_no_dates_or_did_not_move_has_no_ghost(was: Was | None) -> None:
    [mark] = marks(Entry(1, "Pay", day(1), day(20), was=was))
    assert mark.ghost is None


def test_a_ghost_outside_of_the_window_ends_just_beyond_its_edge() -> None:
    [mark] = marks(Entry(1, "Pay", day(1), day(20), was=Was(date(2027, 1, 1), date(2027, 2, 1))))
    assert mark.ghost is not None
    assert (mark.ghost.left, mark.ghost.right) == (WIDTH + OVERHANG, WIDTH + OVERHANG)
    [mark] = marks(Entry(1, "Pay", day(1), day(20), was=Was(None, date(2020, 1, 1))))
    assert mark.ghost is not None
    assert mark.ghost.left == mark.ghost.right == -OVERHANG


def test_a_ghost_of_a_day_can_be_seen_in_a_window_of_years() -> None:
    wide = Window(date(2000, 1, 1), date(2050, 1, 1))
    entry = Entry(1, "Pay", date(2026, 1, 1), date(2027, 1, 1), was=Was(date(2025, 1, 1), date(2025, 1, 1)))
    [stream] = lay_out([entry], wide, width=WIDTH).streams
    ghost = stream.lanes[0].marks[0].ghost
    assert ghost is not None
    assert ghost.width >= LEAST


def test_no_other_bar_lies_over_a_ghost() -> None:
    slipped = Entry(1, "A", date(2026, 3, 1), date(2026, 4, 9), was=Was(day(1), day(31)))
    other = Entry(2, "B", day(5), day(25))
    one, two = sorted(marks(slipped, other), key=lambda mark: mark.entry.id)
    assert one.track != two.track
    still = Entry(1, "A", date(2026, 3, 1), date(2026, 4, 9))
    one, two = sorted(marks(still, other), key=lambda mark: mark.entry.id)
    assert one.track == two.track

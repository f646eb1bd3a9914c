"""Windows and ticks of the Timeline (D26): weeks to years, and everything fitted in."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmaps.timeline_axis import SCALES, Window, add_months, axis, fit, middle_of, shift, start_around, window_from
from roadmaps.timeline_text import shorten, text_width

DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))
WIDTH = 760.0


@pytest.mark.parametrize(
    ("scale", "start", "expected"),
    [
        ("weeks", date(2026, 11, 25), (date(2026, 11, 23), date(2027, 2, 22))),
        ("months", date(2026, 11, 1), (date(2026, 11, 1), date(2027, 11, 1))),
        ("months", date(2026, 11, 25), (date(2026, 12, 1), date(2027, 12, 1))),
        ("quarters", date(2026, 2, 3), (date(2026, 2, 1), date(2028, 2, 1))),
        ("years", date(2026, 1, 1), (date(2026, 1, 1), date(2031, 1, 1))),
        ("years", date(1900, 1, 1), (date(1900, 1, 1), date(1905, 1, 1))),
    ],
)
def test_a_window_begins_at_a_week_or_a_month(scale: str, start: date, expected: tuple[date, date]) -> None:
    window = window_from(SCALES[scale], start)
    assert (window.start, window.end) == expected


@given(st.sampled_from(sorted(SCALES)), st.sampled_from(sorted(SCALES)), DAYS)
def test_the_middle_stays_when_the_scale_changes_there_and_back(one: str, other: str, day: date) -> None:
    """To the day in the address; what is shown begins at the next week or month."""
    middle = middle_of(SCALES[one], start_around(SCALES[one], day))
    there = start_around(SCALES[other], middle)
    if there > date(1900, 1, 1):
        assert middle_of(SCALES[other], there) == middle
    shown = window_from(SCALES[other], there)
    if date(1910, 1, 1) < day < date(2190, 1, 1):
        assert abs((shown.start + (shown.end - shown.start) / 2 - middle).days) <= 17


@pytest.mark.parametrize(
    ("first", "last", "majors", "minors"),
    [
        ((2026, 11, 2), (2027, 1, 31), ["November 2026", "December 2026", "January 2027"], ["2", "9", "16"]),
        ((2026, 1, 5), (2026, 12, 20), ["Q1 2026", "Q2 2026", "Q3 2026", "Q4 2026"], ["Jan", "Feb", "Mar"]),
        ((2025, 2, 1), (2028, 3, 1), ["2025", "2026", "2027", "2028"], ["Q1", "Q2", "Q3"]),
        ((2020, 1, 1), (2032, 3, 1), ["2020–2029", "2030–2039"], ["2020", "2021", "2022"]),
        ((1950, 1, 1), (2190, 3, 1), ["1950–1999", "2000–2049"], []),
    ],
)
def test_ticks_name_the_calendar_in_two_rows(
    first: tuple[int, int, int], last: tuple[int, int, int], majors: list[str], minors: list[str]
) -> None:
    drawn = axis(fit(date(*first), date(*last), WIDTH), WIDTH)
    assert [tick.label for tick in drawn.majors][: len(majors)] == majors
    assert [tick.label for tick in drawn.minors][: len(minors)] == minors


@given(DAYS, st.integers(0, 110_000), st.floats(300, 2000))
def test_ticks_fill_the_window_without_gaps_and_names_fit(first: date, days: int, width: float) -> None:
    last = min(date(2200, 12, 31), first + timedelta(days=min(days, (date(2200, 12, 31) - first).days)))
    window = fit(first, last, width)
    assert window.start <= first <= last < window.end
    drawn = axis(window, width)
    for row in (drawn.majors, drawn.minors):
        assert row[0].x == 0
        assert row[-1].x + row[-1].width == pytest.approx(width)
        assert all(one.x + one.width == pytest.approx(other.x) for one, other in pairwise(row))
        assert all(text_width(tick.label, 12) <= tick.width for tick in row)
    assert len(drawn.minors) < 400


@given(DAYS, st.integers(-500, 500), st.sampled_from(["week", "month", "quarter", "year", "years5", "nonsense"]))
def test_a_day_moves_by_units_and_never_off_the_calendar(day: date, count: int, unit: str) -> None:
    moved = shift(day, unit, count)
    assert date(1900, 1, 1) <= moved <= date(2200, 12, 31)
    if count > 0:
        assert moved >= day
    if unit == "week" and moved not in (date(1900, 1, 1), date(2200, 12, 31)):
        assert (moved - day).days == 7 * count


def test_months_end_when_they_end() -> None:
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2027, 12, 31), 2) == date(2028, 2, 29)
    assert add_months(date(2026, 3, 31), -13) == date(2025, 2, 28)


def test_a_day_in_a_window_is_a_share_of_its_width() -> None:
    window = Window(date(2026, 1, 1), date(2026, 1, 11))
    assert window.x(date(2026, 1, 6), 100) == 50
    assert window.last == date(2026, 1, 10)


@given(st.text(max_size=80), st.floats(0, 400))
def test_a_shortened_text_fits(text: str, room: float) -> None:
    assert text_width(shorten(text, 12.5, room), 12.5) <= max(room, 0)


def test_a_text_that_fits_is_whole() -> None:
    assert shorten("Pay by card", 12, 500) == "Pay by card"
    assert shorten("Pay by card", 12, 48) == "Pay b…"
    assert shorten("支払い", 12, 30) == "支…"

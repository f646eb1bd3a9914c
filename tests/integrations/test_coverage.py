"""B3: what is counted for a choice of dates is what the sync then writes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from integrations.coverage import Tally, coverage, with_date
from integrations.records import Record
from integrations.sync.mapping import Rules, map_record

KEYS = ("created", "started", "accepted", "deadline")
ZONE = ZoneInfo("Europe/Prague")

days = st.integers(0, 6).map(lambda number: date(2026, 3, 28) + timedelta(days=number))
moments = st.integers(0, 150).map(lambda hours: datetime(2026, 3, 28, tzinfo=UTC) + timedelta(hours=hours))
stories = st.lists(st.dictionaries(st.sampled_from(KEYS), days | moments), max_size=30)
choices = st.lists(st.sampled_from(KEYS), unique=True, max_size=4)


def record(number: int, dates: dict[str, date | datetime]) -> Record:
    return Record(id=str(number), url="", name="", description="", state="started", dates=dates)


@given(stories, choices, choices)
def test_the_count_agrees_with_the_mapping(
    found: list[dict[str, date | datetime]], start: list[str], end: list[str]
) -> None:
    rules = Rules(zone=ZONE, start=tuple(start) or None, end=tuple(end) or None, fields=())
    tally = Tally(ZONE)
    records = [record(number, dates) for number, dates in enumerate(found)]
    for one in records:
        tally.add(one)
    rows = [map_record(one, rules)[0] for one in records]
    counted = coverage(tally.as_json(), start, end)
    assert (counted.total, counted.starts, counted.ends) == (
        len(rows),
        sum(row.start is not None for row in rows),
        sum(row.end is not None for row in rows),
    )
    assert counted.both == sum(row.start is not None and row.end is not None for row in rows)
    assert counted.neither == sum(row.start is None and row.end is None for row in rows)


@given(stories, st.sampled_from(KEYS))
def test_each_date_is_counted_by_itself(found: list[dict[str, date | datetime]], key: str) -> None:
    tally = Tally(ZONE)
    for number, dates in enumerate(found):
        tally.add(record(number, dates))
    assert with_date(tally.as_json(), key) == sum(key in dates for dates in found)


def test_many_stories_that_are_alike_take_the_room_of_one() -> None:
    tally = Tally(ZONE)
    for number in range(10_000):
        day = date(2020, 1, 1) + timedelta(days=number % 900)
        tally.add(record(number, {"created": day, "accepted": day + timedelta(days=3)}))
    assert tally.as_json() == {"stories": [[{"accepted": 1, "created": 0}, 10_000]]}

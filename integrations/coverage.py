"""How many stories get a Start, an End, or both, for any choice of dates (B3). Pure.

Counted from an extract of the project: for each story which of its dates come before which others. Many stories are
alike in that, so a project of any size is a short list, and each choice is answered at once and exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import msgspec

from integrations.records import Record
from integrations.shapes import prepare
from integrations.sync.mapping import as_day, span

#: The dates of a story by key, each with its place among them; the same day, the same place.
Order = tuple[tuple[str, int], ...]


class Tally:
    """Counts stories by the order of their dates."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._stories: Counter[Order] = Counter()

    def add(self, record: Record) -> None:
        """Count one story."""
        days = {key: as_day(moment, self._zone) for key, moment in record.dates.items()}
        places = {day: place for place, day in enumerate(sorted(set(days.values())))}
        self._stories[tuple(sorted((key, places[day]) for key, day in days.items()))] += 1

    def as_json(self) -> dict[str, object]:
        """As it is stored."""
        return {"stories": [[dict(order), count] for order, count in self._stories.most_common()]}


class _Stored(msgspec.Struct):
    stories: list[tuple[dict[str, int], int]]


prepare(_Stored)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of `total` stories get a start, an end, both, or neither."""

    total: int
    starts: int
    ends: int
    both: int

    @property
    def neither(self) -> int:
        """Stories that stay off the timeline."""
        return self.total - self.starts - self.ends + self.both


def coverage(stored: object, start: Sequence[str], end: Sequence[str]) -> Coverage:
    """What those ordered lists give, by the rule of the sync itself; `stored` is what a Tally kept."""
    total = starts = ends = both = 0
    for places, count in msgspec.convert(stored, _Stored).stories:
        first, last, _ = span(places, start, end)
        total += count
        starts += count * (first is not None)
        ends += count * (last is not None)
        both += count * (first is not None and last is not None)
    return Coverage(total, starts, ends, both)


def with_date(stored: object, key: str) -> int:
    """How many stories have that date."""
    return sum(count for places, count in msgspec.convert(stored, _Stored).stories if key in places)

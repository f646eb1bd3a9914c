"""Where dates stood on an earlier day, and how far they moved since (B12). Pure.

A date stood where the first change after that day found it; without one, where it is now. Items made since are new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from django.utils import timezone

from roadmaps import fields
from roadmaps.query import Query
from roadmaps.timeline_axis import shift

Kind = Literal["later", "earlier", "other", "lost", "gained", "new"]
#: Each with the words that people read behind a number.
KINDS: Mapping[Kind, str] = {
    "later": "later",
    "earlier": "earlier",
    "other": "moved otherwise",
    "lost": "lost their dates",
    "gained": "got dates",
    "new": "new",
}
#: How far back, by the word in an address: a saved view then compares with a week ago on each day that one opens it.
AGO: Mapping[str, str] = {"week": "A week ago", "month": "A month ago", "quarter": "A quarter ago"}


@dataclass(frozen=True, slots=True)
class Since:
    """The day that is compared with, as it was when it ended; `text` is how the address says it."""

    text: str
    day: date

    @property
    def at(self) -> datetime:
        """The end of the day, where the account is."""
        return timezone.make_aware(datetime.combine(self.day + timedelta(days=1), time.min))


@dataclass(frozen=True, slots=True)
class Known:
    """From when on changes are known: since the (oldest) roadmap began.

    Or since later, as far back as those of syncs are kept: then `is_kept`.
    """

    at: datetime
    is_kept: bool

    def lacks(self, since: Since) -> bool:
        """Whether the day lies before."""
        return since.at <= self.at


@dataclass(frozen=True, slots=True)
class Slip:
    """An item whose dates moved since, or that is new.

    `days` later or, below zero, earlier: by the end, else the start; None where neither was there both times.
    `who` moved it last, at `at`; both are None for what is new, and where all that moved it was taken back.
    """

    item_id: int
    name: str
    roadmap_id: int
    start_was: date | None
    end_was: date | None
    start: date | None
    end: date | None
    days: int | None
    kind: Kind
    who: str | None
    at: datetime | None

    @property
    def was(self) -> str:
        """The dates then, in words; "" without any."""
        return span(self.start_was, self.end_was)

    @property
    def now(self) -> str:
        """The dates now, in words; "" without any."""
        return span(self.start, self.end)

    @property
    def shift(self) -> str:
        """How far it moved, or how else; a whole phrase."""
        if self.kind in ("later", "earlier"):
            count = abs(self.days or 0)
            return f"{count:,} day{'' if count == 1 else 's'} {self.kind}"
        return {"lost": "lost its dates", "gained": "had no dates", "new": "new"}.get(self.kind, "moved otherwise")

    def words(self, since: Since) -> str:
        """What the bar says."""
        if self.kind == "new":
            return f"New since {show_day(since.day)}"
        if self.kind == "gained":
            return f"Had no dates on {show_day(since.day)}"
        ends = self.kind in ("later", "earlier") and self.end_was and self.end
        if ends and self.end_was and self.end:
            said = f"ended {show_day(self.end_was)}, then {show_day(self.end)}"
        elif self.kind in ("later", "earlier") and self.start_was and self.start:
            said = f"started {show_day(self.start_was)}, then {show_day(self.start)}"
        else:
            return f"On {show_day(since.day)}: {self.was}"
        return f"On {show_day(since.day)} {said}: {self.shift}"


def read(query: Query, today: date) -> Since | None:
    """The earlier day that the address asks for; None where it says none, or none that is before today."""
    text = query.laid_out("since")
    if text in AGO:
        return ago(text, today)
    try:
        day = fields.parse_date(text) if text else today
    except fields.InvalidValue:
        return None
    return Since(day.isoformat(), day) if day < today else None


def ago(text: str, today: date) -> Since:
    """One of AGO."""
    return Since(text, shift(today, text, -1))


def day_before(day: date) -> date:
    """The latest day that a day can be compared with."""
    return day - timedelta(days=1)


def kind_called(name: str) -> Kind:
    """The kind that an address names; those that slipped where it names none."""
    return next((kind for kind in KINDS if kind == name), "later")


def counted(found: Iterable[Slip]) -> dict[Kind, int]:
    """How many there are of each kind, without those that there are none of."""
    kinds = [each.kind for each in found]
    return {kind: kinds.count(kind) for kind in KINDS if kind in kinds}


def in_words(counts: Mapping[Kind, int]) -> str:
    """The counts in one line."""
    return " · ".join(f"{number:,} {KINDS[kind]}" for kind, number in counts.items())


def span(start: date | None, end: date | None) -> str:
    """Days in words; "" without any."""
    if start and end:
        return show_day(start) if start == end else f"{show_day(start)} – {show_day(end)}"
    if start:
        return f"from {show_day(start)}"
    return f"until {show_day(end)}" if end else ""


def show_day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"

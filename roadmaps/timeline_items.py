"""A roadmap's items on the Timeline: fetched for the window alone, counted for all that the question asks for."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from roadmaps import cells, columns, item_rows, query_sql, slips, slips_sql, timeline_settings, timeline_zoom
from roadmaps.cells import Cell
from roadmaps.columns import Column
from roadmaps.item_rows import ItemRow, Shown, why_lost
from roadmaps.models import Item, Milestone, Roadmap
from roadmaps.query import Filter, Query
from roadmaps.query_sql import FIRST_DAY, LAST_DAY
from roadmaps.scope import Scope
from roadmaps.services.items import chosen_options
from roadmaps.slips import Kind, Since, Slip
from roadmaps.slips_sql import Question
from roadmaps.timeline import Entry, Group, Layout, lay_out
from roadmaps.timeline_axis import Window, fit
from roadmaps.timeline_days import Day
from roadmaps.timeline_ghosts import Was
from roadmaps.timeline_settings import Settings

#: More bars than this are drawn nowhere.
MAX_BARS = 1_000
MAX_MILESTONES = 200
#: Slips that stand below the chart; a page of their own has all.
LARGEST = 10
#: Characters of a text on a bar; what shows of it is decided by its room.
MAX_TEXT = 160
NO_VALUE = "No value"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items the question has: all, without a date, and in the window; and their first and last day."""

    total: int
    without_dates: int
    inside: int
    first: date | None
    last: date | None

    @property
    def outside(self) -> int:
        return self.total - self.without_dates - self.inside


class Drawn(NamedTuple):
    """What a bar's link says: who the item is, its dates in words, and why it can't be moved."""

    item: Shown
    dates: str
    facts: str
    reason: str
    #: Of "start" and "end", those that the item's source keeps, with a blank between them.
    locked: str
    #: How its dates moved since the day that is compared with.
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The bars as they stood on an earlier day (B12): the slips of those that moved or are new, the largest first."""

    since: Since
    slips: tuple[Slip, ...]
    #: Of all items that were asked for: how many had a bar then, and have no dates now.
    lost: int

    @property
    def counts(self) -> dict[Kind, int]:
        return slips.counted(self.slips)

    @property
    def words(self) -> str:
        """What moved, in a line."""
        return slips.in_words(self.counts) or "nothing moved"

    @property
    def largest(self) -> tuple[Slip, ...]:
        """Those that moved later by most."""
        return tuple(each for each in self.slips if each.kind == "later")[:LARGEST]


@dataclass(frozen=True, slots=True)
class Timeline:
    """One window of a roadmap's Timeline."""

    query: Query
    settings: Settings
    layout: Layout
    counts: Counts
    items: dict[int, Drawn]
    milestones: tuple[Milestone, ...]
    comparison: Comparison | None = None

    @property
    def hidden(self) -> int:
        """How many items of the window were too many to draw."""
        return self.counts.inside - self.layout.drawn

    @property
    def summary(self) -> str:
        """How many bars there are, beside the window's days."""
        return f"{self.layout.drawn} item{'' if self.layout.drawn == 1 else 's'}"

    @property
    def drawn_words(self) -> str:
        return f"{self.layout.drawn:,}"

    @property
    def inside_words(self) -> str:
        return f"{self.counts.inside:,}"


def build(scope: Scope, query: Query, *, today: date, width: float) -> Timeline:
    """Fetch and lay out the window that the address asks for, in three queries; two more compare it."""
    roadmap, known = scope.roadmap, scope.columns
    settings = timeline_settings.read(query, known)
    asked = query_sql.apply(query, scope.items(), known)
    window = timeline_zoom.window_of(settings.zoom, today)
    counts = count(asked, window)
    if window is None:
        window = fit(counts.first or today, counts.last or today, width)
    found = _fetch(asked, window) if counts.inside else []
    since = slips.read(query, today)
    comparison = _compare(found, Question(asked, [*scope.homes], since, roadmap.account_id)) if since else None
    by_id = {each.item_id: each for each in comparison.slips} if comparison else {}
    milestones = milestones_of(roadmap)
    layout = lay_out(
        [_entry(item, settings, by_id.get(item.pk)) for item in found],
        window,
        width=width,
        streams=groups_of(settings.head),
        lanes=groups_of(settings.sub),
        colours=groups_of(settings.colour),
        milestones=days_of(milestones),
        today=today,
    )
    layout = replace(layout, without_dates=counts.without_dates, outside=counts.outside)
    drawn = _draw(found, settings, known)
    if comparison:
        drawn |= {pk: drawn[pk]._replace(moved=each.words(comparison.since)) for pk, each in by_id.items()}
    return Timeline(query, settings, layout, counts, drawn, milestones, comparison)


def _compare(found: Sequence[Shown], question: Question) -> Comparison:
    since, ids = question.since, [item.pk for item in found]
    moved = slips_sql.of_items(ids, since, account_id=question.account_id) if ids else []
    return Comparison(since, tuple(moved), question.count_lost())


def milestones_of(roadmap: Roadmap) -> tuple[Milestone, ...]:
    """The roadmap's named days, in one query."""
    return tuple(Milestone.objects.filter(roadmap=roadmap, account_id=roadmap.account_id)[:MAX_MILESTONES])


def days_of(milestones: Sequence[Milestone]) -> list[Day]:
    """The same, to be drawn."""
    return [Day(each.pk, each.name, each.date, each.colour) for each in milestones]


def without_dates(query: Query) -> Query:
    """The same question, for the table, to those items alone that have no dates."""
    narrowed = (*query.filters, Filter("start_date", "empty"), Filter("end_date", "empty"))
    return replace(query, filters=tuple(dict.fromkeys(narrowed)), page=1)


def count(asked: QuerySet[Item], window: Window | None = None) -> Counts:
    """The counts of these items, in one query; without a window all that has a date is inside."""
    found = asked.order_by().aggregate(
        total=Count("pk"),
        dated=Count(FIRST_DAY),
        inside=Count("pk", filter=_inside(window)) if window else Count(FIRST_DAY),
        first=Min(FIRST_DAY),
        last=Max(LAST_DAY),
    )
    without = found["total"] - found["dated"]
    return Counts(found["total"], without, found["inside"], found["first"], found["last"])


def _inside(window: Window) -> Q:
    return Q(LessThan(FIRST_DAY, window.end), GreaterThanOrEqual(LAST_DAY, window.start))


def _fetch(asked: QuerySet[Item], window: Window) -> list[ItemRow]:
    """The items of the window, the latest where there are too many."""
    return item_rows.read(asked.filter(_inside(window)).order_by(LAST_DAY.desc(), "pk")[:MAX_BARS])


def groups_of(column: Column | None) -> list[Group]:
    """The values of the column in order, and that there is none."""
    if column is None:
        return []
    if column.type == "checkbox":
        return [Group(True, "Yes", 2), Group(False, "No", 12), Group(None, NO_VALUE)]
    return [*(Group(pk, each.label, each.colour) for pk, each in column.options.items()), Group(None, NO_VALUE)]


def _entry(item: Shown, settings: Settings, slip: Slip | None) -> Entry:
    return Entry(
        id=item.pk,
        text=_text(item, settings.labels),
        start=item.start_date,
        end=item.end_date,
        stream=key_of(item, settings.head),
        lane=key_of(item, settings.sub),
        colour=key_of(item, settings.colour),
        was=Was(slip.start_was, slip.end_was, slip.kind == "new") if slip else None,
    )


def key_of(item: Shown, column: Column | None) -> Hashable:
    """Where the item stands in that field: with its first value, where it has several, so that it is drawn once."""
    if column is None:
        return None
    if column.type == "checkbox":
        value = item.values.get(column.name)
        return value if isinstance(value, bool) else None
    for pk in chosen_options(item, column):
        if pk in column.options:
            return pk
    return None


def _text(item: Shown, labels: Sequence[Column]) -> str:
    texts = [_word(item, column) for column in labels]
    return " · ".join(filter(None, texts))[:MAX_TEXT] or item.name[:MAX_TEXT]


def _word(item: Shown, column: Column) -> str:
    """What most bars say, the name, is one without the way over a cell."""
    if column.name == "name":
        return " ".join(cells.cut(item.name).split())
    return words(cells.make_cell(item, column, brief=True))


def words(cell: Cell) -> str:
    """A value in one line of text."""
    if cell.kind == "chips":
        return ", ".join(chip.label for chip in cell.chips)
    if cell.kind == "check":
        return f"{cell.column.label}: {cell.text}"
    return show_day(cell.day) if cell.day else " ".join(cell.text.split())


@lru_cache(maxsize=4096)
def show_day(day: date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else ""


def _draw(found: Iterable[Shown], settings: Settings, known: Sequence[Column]) -> dict[int, Drawn]:
    groups = {each.name: each for each in (settings.head, settings.sub, settings.colour) if each}
    dates = [(each.name.removesuffix("_date"), each) for each in known if each.name in ("start_date", "end_date")]
    told: dict[tuple[object, ...], str] = {}
    return {item.pk: _drawn(item, [*groups.values()], dates, told) for item in found}


def _drawn(
    item: Shown, groups: Sequence[Column], dates: Sequence[tuple[str, Column]], told: dict[tuple[object, ...], str]
) -> Drawn:
    """`told` remembers what values are in words, and which dates a source keeps of whose items."""
    facts = "\n".join(filter(None, [_fact(item, column, told) for column in groups]))
    who = (item.roadmap_id, item.origin)
    if who not in told:
        told[who] = " ".join(name for name, column in dates if columns.is_locked(item, column))
    return Drawn(item, dates_of(item), facts, why_lost(item), told[who])


def _fact(item: Shown, column: Column, told: dict[tuple[object, ...], str]) -> str:
    value = columns.stored(item, column)
    key = (column.name, tuple(value) if isinstance(value, list) else value)
    if key not in told:
        text = words(cells.make_cell(item, column))
        told[key] = f"{column.label}: {text}" if text else ""
    return told[key]


def dates_of(item: Shown) -> str:
    """The item's days in words; it has at least one."""
    start, end = show_day(item.start_date), show_day(item.end_date)
    if start and end:
        return start if start == end else f"{start} – {end}"
    return f"Starts {start}, no end yet" if start else f"Ends {end}, no start known"

"""How the items of a roadmap fall into the columns and rows of a Swimlane (D27).

Pure: no ORM, no clock, no network. An address names an axis by its column, and what else there is to say about it:

    f12            a list field or a checkbox          f12:all   with the values that no item has
    end_date:quarter   a date by month, quarter or year   end_date:month:2026-03-01   beginning with that lane
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from roadmaps import swimlane_time as times
from roadmaps.columns import DATES, Column
from roadmaps.query import Filter

#: So many columns, and so many rows, are shown at once; the others are a click away.
MAX_LANES = 24
#: The lane of items without a value, and the only lane where there is no axis.
NONE, ALL = "none", ""
_CHECKED: Mapping[str, str] = {"true": "Yes", "false": "No"}

#: How many items there are by the keys of their column and row.
Counts = Mapping[tuple[str, str], int]
#: A value as `Item` holds it.
Held = date | str | int | float | bool | list[int] | None


@dataclass(frozen=True, slots=True)
class Axis:
    """What decides the column, or the row, of an item."""

    column: Column
    #: For dates, one of `times.UNITS`.
    unit: str = ""
    #: The key of the first lane to show; "" leaves it to `arrange`.
    start: str = ""
    #: Show list values that no item has.
    with_empty: bool = False

    def __str__(self) -> str:
        return ":".join(filter(None, (self.column.name, self.unit, "all" if self.with_empty else "", self.start)))

    @property
    def label(self) -> str:
        return f"{self.column.label} by {self.unit}" if self.unit else self.column.label

    @property
    def none_label(self) -> str:
        return "No date" if self.unit else "No value"

    def starting(self, key: str) -> Axis:
        """The same axis, shown from another lane on."""
        return replace(self, start=key)

    def is_same(self, other: Axis | None) -> bool:
        """Whether it means the same, wherever it begins."""
        return other is not None and (self.column.name, self.unit) == (other.column.name, other.unit)


@dataclass(frozen=True, slots=True)
class Lane:
    """A column or a row. Of a period, `key` is the first day; of a list value, its id."""

    key: str
    label: str
    colour: int = 0


@dataclass(frozen=True, slots=True)
class Lanes:
    """The lanes of an axis that are shown, and how many items lie in those before and after them."""

    axis: Axis | None
    shown: tuple[Lane, ...]
    before: int = 0
    after: int = 0
    #: The keys to begin with for what comes before and after; "" where nothing does.
    earlier: str = ""
    later: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Columns, rows, and the number of items in each cell; `outside` are in none of those that are shown."""

    columns: Lanes
    rows: Lanes
    cells: Counts
    total: int
    outside: int

    def in_column(self, key: str) -> int:
        """How many items that column shows."""
        return sum(self.cells.get((key, row.key), 0) for row in self.rows.shown)

    def in_row(self, key: str) -> int:
        """How many items that row shows."""
        return sum(self.cells.get((column.key, key), 0) for column in self.columns.shown)


def offered(known: Sequence[Column]) -> list[Axis]:
    """Everything that items can be laid out by: dates first, then lists and checkboxes."""
    lists = [Axis(column) for column in known if column.is_list or column.type == "checkbox"]
    dates = [column for name in reversed(DATES) for column in known if column.name == name]
    return [*(Axis(column, unit=unit) for column in dates for unit in times.UNITS), *lists]


def read_axis(text: str, known: Sequence[Column]) -> Axis | None:
    """The axis that an address names; None where it names none that there is."""
    name, *rest = text.split(":", maxsplit=5)
    column = next((column for column in known if column.name == name), None)
    if column is None or not (column.is_list or column.type == "checkbox" or column.name in DATES):
        return None
    words = [word for word in rest if word in times.UNITS or word == "all"]
    unit = next((word for word in words if word in times.UNITS), "quarter") if column.name in DATES else ""
    start = next((word for word in rest if word not in words), "")
    return Axis(column, unit=unit, start=start, with_empty="all" in words and not unit)


def suggest_columns(known: Sequence[Column], *, dated: int, total: int) -> Axis:
    """What to begin with: time where most items have an End Date, else the state, else whatever list there is."""
    by_time = next(axis for axis in offered(known) if axis.column.name == "end_date" and axis.unit == "quarter")
    listed = [axis for axis in offered(known) if axis.column.options]
    if (total and dated * 2 >= total) or not listed:
        return by_time
    return next((axis for axis in listed if is_about(axis.column, "state", "status")), listed[0])


def is_about(column: Column, *words: str) -> bool:
    """Whether the column's name says that it is about one of these."""
    return not set(words).isdisjoint(column.label.casefold().split())


def key_of(axis: Axis | None, value: Held) -> str:
    """The key of the lane that an item with that value lies in; of several values the first one decides."""
    if axis is None:
        return ALL
    first = next(iter(value), None) if isinstance(value, list) else value
    if isinstance(first, bool):
        text = "true" if first else "false"
    elif isinstance(first, date):
        text = times.first_day(first, axis.unit).isoformat()
    else:
        text = "" if first is None else str(first)
    return settle(axis, text)


def settle(axis: Axis | None, text: str | None) -> str:
    """A key of that axis; NONE for what is no lane of it."""
    if axis is None:
        return ALL
    if not text:
        return NONE
    if axis.unit:
        return text if _is_period(axis, text) else NONE
    if axis.column.is_list:
        return text if text.isascii() and text.isdigit() and int(text) in axis.column.options else NONE
    return text if text in _CHECKED else NONE


def name_lane(axis: Axis | None, key: str) -> Lane:
    """The lane of that key, which `settle` has seen."""
    if axis is None:
        return Lane(ALL, "")
    if key == NONE:
        return Lane(NONE, axis.none_label)
    if axis.unit:
        return Lane(key, times.label(date.fromisoformat(key), axis.unit))
    if axis.column.is_list:
        option = axis.column.options[int(key)]
        return Lane(key, option.label, option.colour)
    return Lane(key, _CHECKED[key])


def filters_of(axis: Axis | None, key: str) -> tuple[Filter, ...]:
    """What the Items Table asks for to show that lane; of several values, a filter can't say which is the first."""
    if axis is None:
        return ()
    name = axis.column.name
    if key == NONE:
        return (Filter(name, "empty"),)
    if axis.unit:
        first = date.fromisoformat(key)
        return (Filter(name, "between", (key, times.last_day(first, axis.unit).isoformat())),)
    return (Filter(name, "is", (int(key) if axis.column.is_list else key == "true",)),)


def arrange(columns: Axis, rows: Axis | None, counts: Counts, *, today: date) -> Board:
    """Choose the lanes to show for items that were counted by `key_of`. Every item is in a cell, or outside."""
    by_column: Counter[str] = Counter()
    by_row: Counter[str] = Counter()
    for (column, row), number in counts.items():
        by_column[column] += number
        by_row[row] += number
    across, down = _choose(columns, by_column, today), _choose(rows, by_row, today)
    places = [(column.key, row.key) for row in down.shown for column in across.shown]
    cells = {place: counts[place] for place in places if counts.get(place)}
    total = sum(counts.values())
    return Board(across, down, cells, total, total - sum(cells.values()))


def _choose(axis: Axis | None, counts: Mapping[str, int], today: date) -> Lanes:
    """At most MAX_LANES lanes in their order, and the one for items without a value."""
    if axis is None:
        return Lanes(None, (Lane(ALL, ""),))
    keys = _keys(axis, {key for key, number in counts.items() if number and key != NONE})
    last = max(0, len(keys) - MAX_LANES)
    begin = min(_begin(axis, keys, counts, today), last)
    end = begin + MAX_LANES
    without = [NONE] if counts.get(NONE) or (axis.with_empty and keys) or not keys else []
    return Lanes(
        axis,
        tuple(name_lane(axis, key) for key in [*keys[begin:end], *without]),
        before=sum(counts.get(key, 0) for key in keys[:begin]),
        after=sum(counts.get(key, 0) for key in keys[end:]),
        earlier=keys[max(0, begin - MAX_LANES)] if begin else "",
        later=keys[min(last, end)] if begin < last else "",
    )


def _keys(axis: Axis, used: Collection[str]) -> list[str]:
    """All lanes with a value, in order: time without gaps, lists as they stand."""
    if axis.unit:
        days = sorted(map(date.fromisoformat, used))
        return [day.isoformat() for day in times.periods(days[0], days[-1], axis.unit)] if days else []
    if not axis.column.is_list:
        return [key for key in _CHECKED if key in used or axis.with_empty]
    options = axis.column.options.items()
    return [str(pk) for pk, each in options if str(pk) in used or (axis.with_empty and not each.archived)]


def _begin(axis: Axis, keys: Sequence[str], counts: Mapping[str, int], today: date) -> int:
    """Where to begin: where it was asked for; else where most can be seen, with today among it if that shows any."""
    if axis.start and axis.unit:
        return sum(key < axis.start for key in keys)
    if axis.start in keys:
        return keys.index(axis.start)
    if not axis.unit or len(keys) <= MAX_LANES:
        return 0
    now = times.first_day(today, axis.unit).isoformat()
    sums = [sum(counts.get(key, 0) for key in keys[:MAX_LANES])]
    for gone, come in zip(keys, keys[MAX_LANES:], strict=False):
        sums.append(sums[-1] - counts.get(gone, 0) + counts.get(come, 0))
    holds_today = [keys[at] <= now <= keys[at + MAX_LANES - 1] and number > 0 for at, number in enumerate(sums)]
    return max(range(len(sums)), key=lambda at: (holds_today[at], sums[at], -at))


def _is_period(axis: Axis, text: str) -> bool:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return False
    return text == day.isoformat() and times.first_day(day, axis.unit) == day

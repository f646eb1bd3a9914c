"""What a Swimlane shows of an item: the card, and what decides its place and its colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from roadmaps import cells, columns, swimlane
from roadmaps.cells import Cell, Chip
from roadmaps.columns import DATES, Column
from roadmaps.models import Item
from roadmaps.rows import BADGES
from roadmaps.services.items import chosen_options
from roadmaps.swimlane import Axis

#: A card shows so many fields, and so many values of one.
MAX_FACTS = 8
MAX_CHIPS = 3


@dataclass(frozen=True, slots=True)
class Fact:
    """A value on a card; of a list, `more` values have no room."""

    label: str
    cell: Cell
    chips: tuple[Chip, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """An item on the board.

    `free` names the directions that it can be moved in: "lane", "row", both, or ""; `locked` says why not in all.
    """

    item: Item
    name: str
    dates: str
    lists: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    #: The option that colours it, and its colour; 0: none.
    tint: int
    colour: int
    reason: str
    badge: str
    free: str
    locked: str


@dataclass(frozen=True, slots=True)
class Look:
    """What cards show, and which list field colours them."""

    fields: tuple[Column, ...]
    colour: Column | None


def place(item: Item, lanes: Axis | None, rows: Axis | None) -> tuple[str, str]:
    """The keys of the item's column and row."""
    return swimlane.key_of(lanes, _held(item, lanes)), swimlane.key_of(rows, _held(item, rows))


def choose_look(fields: str, colour: str, known: Sequence[Column], axes: Iterable[Axis | None]) -> Look:
    """What the address asks for; where it says nothing, a field that tells something, and not what the axes say."""
    laid_out = {axis.column.name for axis in axes if axis}
    free = [column for column in known if column.is_list and column.name not in laid_out]
    telling = [column for word in ("state", "type") for column in free if swimlane.is_about(column, word)]
    if colour:
        tint = next((column for column in known if column.is_list and column.name == colour), None)
    else:
        tint = next(iter(telling), None)
    wanted = fields.split(",") if fields else _usual_fields(free, telling)
    chosen = [column for column in known if column.name in wanted and column.in_table and column.name != "name"]
    return Look(tuple(chosen[:MAX_FACTS]), tint)


def _usual_fields(free: Sequence[Column], telling: Sequence[Column]) -> list[str]:
    """Both dates, one list that tells what the item is, and one of several values."""
    several = [column for column in free if column.type == "choices"]
    return [*DATES, *(column.name for column in [*telling[:1], *several[:1]])]


def make_card(item: Item, look: Look, lanes: Axis | None, rows: Axis | None) -> Card:
    """The item as the board shows it."""
    shown = [cells.make_cell(item, column, brief=True) for column in look.fields if column.name not in DATES]
    facts = [_fact(cell) for cell in shown if cell.kind]
    tint = _tint(item, look.colour)
    axes = [(name, axis.column) for name, axis in (("lane", lanes), ("row", rows)) if axis]
    locked = [column for _, column in axes if is_fixed(item, column)]
    return Card(
        item=item,
        name=item.name if len(item.name) <= cells.BRIEF else f"{item.name[: cells.BRIEF].rstrip()}…",
        dates=_dates(item, {column.name for column in look.fields}),
        lists=tuple(fact for fact in facts if fact.chips),
        facts=tuple(fact for fact in facts if not fact.chips),
        tint=tint,
        colour=look.colour.options[tint].colour if look.colour and tint else 0,
        reason=item.get_source_state_display() if item.source_state else "",
        badge=BADGES.get(item.source_state, ""),
        free=" ".join(name for name, column in axes if column not in locked),
        # That items stay on their roadmap is the same for all, so no card says it.
        locked=" ".join(refusal(item, column) for column in locked if column.name != columns.ROADMAP),
    )


def is_fixed(item: Item, column: Column) -> bool:
    """Whether moving can't change that column of the item."""
    return columns.is_locked(item, column) or columns.is_absent(item, column) or not column.editable


def refusal(item: Item, column: Column) -> str:
    """Why a column of that item can't be changed by moving."""
    if not columns.is_locked(item, column):
        what = "An item stays on its roadmap" if column.name == columns.ROADMAP else f"There is no {column.label} there"
        return f"{what}: this one is on {item.roadmap}."
    return f"{column.label} comes from {item.roadmap.source_label or 'its source'} and can only be changed there."


def write_day(day: date) -> str:
    """A date as people read it."""
    return f"{day.day} {day:%b %Y}"


def _held(item: Item, axis: Axis | None) -> swimlane.Held:
    if axis is None:
        return None
    if not axis.unit:
        return columns.stored(item, axis.column)
    held: swimlane.Held = getattr(item, axis.column.name)
    return held


def _fact(cell: Cell) -> Fact:
    return Fact(cell.column.label, cell, cell.chips[:MAX_CHIPS], max(0, len(cell.chips) - MAX_CHIPS))


def _tint(item: Item, column: Column | None) -> int:
    if column is None:
        return 0
    return next((pk for pk in chosen_options(item, column) if pk in column.options), 0)


def _dates(item: Item, wanted: set[str]) -> str:
    start = item.start_date if "start_date" in wanted else None
    end = item.end_date if "end_date" in wanted else None
    if start and end:
        if start == end:
            return write_day(end)
        begins = write_day(start) if start.year != end.year else f"{start.day} {start:%b}"
        return f"{begins} – {write_day(end)}"
    if start:
        return f"From {write_day(start)}"
    return f"Until {write_day(end)}" if end else ""

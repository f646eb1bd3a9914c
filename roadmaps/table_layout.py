"""What the table reads from an address for itself, and what its buttons ask: grouping, widths, order of columns, sorts.

Pure: no ORM, no clock, no network. What makes no sense means nothing here too: it groups by nothing and sets no width.

    group=f12  widths=name:320,f12:180  and, from buttons: earlier=f12  later=f12  then=f12  flip=f12  unsort=f12
    resize=name:320,f12:180
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from roadmaps.columns import Column
from roadmaps.query import MAX_LAYOUT_TEXT, MAX_SORTS, Params, Query, Sort

MIN_WIDTH = 60
MAX_WIDTH = 900
#: Pixels of a column whose width nobody set, in a table where some are set.
_WIDTHS: Mapping[str, int] = {"date": 130, "number": 120, "checkbox": 110, "choices": 200}
_NAME_WIDTH, _OTHER_WIDTH = 320, 160


def can_group(column: Column) -> bool:
    """Whether items can stand in groups of that column's values: not where nearly each has one of its own."""
    return column.in_table and not column.long and column.name not in ("name", "external_id") and column.type != "link"


def group_of(query: Query, known: Sequence[Column]) -> Column | None:
    """The column that the table is grouped by."""
    name = query.laid_out("group")
    return next((column for column in known if column.name == name and can_group(column)), None)


def read_widths(query: Query, shown: Sequence[Column]) -> dict[str, int]:
    """Pixels of each column that is shown, in order; empty where no width is set, and the table decides."""
    told: dict[str, int] = {}
    names = {column.name for column in shown}
    for part in query.laid_out("widths").split(","):
        name, _, text = part.partition(":")
        if name in names and text.isascii() and text.isdigit():
            told.setdefault(name, min(max(int(text[:5]), MIN_WIDTH), MAX_WIDTH))
    return {column.name: told.get(column.name) or default_width(column) for column in shown} if told else {}


def write_widths(widths: Mapping[str, int]) -> str:
    """Widths as they stand in an address."""
    return ",".join(f"{name}:{pixels}" for name, pixels in widths.items())


def default_width(column: Column) -> int:
    """Pixels of a column whose width nobody set."""
    return _NAME_WIDTH if column.name == "name" else _WIDTHS.get(column.type, _OTHER_WIDTH)


def press(params: Params, query: Query, shown: Sequence[Column], known: Sequence[Column]) -> Query | None:
    """What a button of the menus "Columns" and "Sort", or a column's edge, asks for; None where none was pressed."""
    if "resize" in params:
        told = read_widths(query.laying_out(widths=next(iter(params["resize"]), "")[:MAX_LAYOUT_TEXT]), shown)
        return query.laying_out(widths=write_widths(told))
    button = next((name for name in _BUTTONS if name in params), None)
    if button is None:
        return None
    pressed = next(iter(params[button]), "")
    if not any(column.name == pressed and column.in_table for column in known):
        return query
    return _BUTTONS[button](query, pressed, [column.name for column in shown])


def _move(step: int) -> Callable[[Query, str, list[str]], Query]:
    """A column goes to the left or to the right; the name stays the first."""

    def act(query: Query, name: str, names: list[str]) -> Query:
        if name not in names[1:]:
            return query
        rest = [each for each in names if each != name]
        place = min(max(names.index(name) + step, 1), len(rest))
        return replace(query, columns=(*rest[:place], name, *rest[place:]))

    return act


def _then(query: Query, name: str, names: list[str]) -> Query:
    """Sort by this too, after what sorts already."""
    if name in {each.column for each in query.sorts} or len(query.sorts) >= MAX_SORTS:
        return query
    return replace(query, sorts=(*query.sorts, Sort(name)), page=1)


def _flip(query: Query, name: str, names: list[str]) -> Query:
    turned = (replace(each, descending=each.descending ^ (each.column == name)) for each in query.sorts)
    return replace(query, sorts=tuple(turned), page=1)


def _unsort(query: Query, name: str, names: list[str]) -> Query:
    return replace(query, sorts=tuple(each for each in query.sorts if each.column != name), page=1)


_BUTTONS: Mapping[str, Callable[[Query, str, list[str]], Query]] = {
    "earlier": _move(-1),
    "later": _move(1),
    "then": _then,
    "flip": _flip,
    "unsort": _unsort,
}

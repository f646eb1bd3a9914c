"""The Swimlane as its template needs it: headings, cells with cards, menus, and the addresses behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.db.models import QuerySet

from roadmaps import query_sql, swimlane, swimlane_sql, table
from roadmaps.cells import Chip
from roadmaps.columns import Column
from roadmaps.models import Item
from roadmaps.query import Query
from roadmaps.scope import Scope
from roadmaps.swimlane import Axis, Board, Lane, Lanes
from roadmaps.swimlane_cards import Card, Look, choose_look, make_card, place

#: A cell shows so many cards, and the whole board about so many; no cell less than LEAST.
MAX_CARDS = 30
MAX_BOARD = 900
LEAST = 3
NO_ROWS = "none"
#: Names columns and rows for a move, beside an address that may leave them to the view, or to what suits the items.
ONTO = "onto"


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a menu."""

    label: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column or of a row; `now` where it holds today."""

    lane: Lane
    count: int
    now: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a column and a row meet; `more` items are there than cards, and `address` asks the table for all."""

    column: Lane
    cards: tuple[Card, ...]
    count: int
    more: int
    address: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the board."""

    heading: Heading
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Outside:
    """Items of lanes that are not shown, and the way to them: `before` and `after` say how many."""

    what: str
    first: str
    last: str
    before: int
    after: int
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class Swimlane:
    """The page. `query` is what was asked; `move_query` the same for the form that moves items, with the axes named."""

    query: Query
    move_query: str
    axis: Axis
    row_axis: Axis | None
    board: Board
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    outside: tuple[Outside, ...]
    look: Look
    legend: tuple[Chip, ...]
    filters: tuple[table.Chosen, ...]
    cleared: str
    notes: tuple[str, ...]


def build(scope: Scope, asked: Query, *, today: date) -> Swimlane:
    """Lay out the roadmap's items as the address asks, in two queries; three where it names no columns."""
    known = scope.columns
    items = query_sql.apply(asked, scope.items(), known)
    axis, row_axis, notes = choose_axes(asked, known, items)
    board = swimlane.arrange(axis, row_axis, swimlane_sql.count(items, axis, row_axis), today=today)
    look = choose_look(asked.laid_out("card"), asked.laid_out("colour"), known, (axis, row_axis))
    limit = max(LEAST, min(MAX_CARDS, MAX_BOARD // (len(board.columns.shown) * len(board.rows.shown))))
    found = swimlane_sql.first_of_each(items, board, asked, known, limit=limit) if board.total else []
    cards = _sort_out(found, look, axis, row_axis, scope)
    onto = [(ONTO, str(axis)), (ONTO, str(row_axis or NO_ROWS))]
    return Swimlane(
        query=asked,
        move_query=f"{asked.address()}&{urlencode(onto, safe=':')}",
        axis=axis,
        row_axis=row_axis,
        board=board,
        headings=tuple(_heading(axis, lane, board.in_column(lane.key), today) for lane in board.columns.shown),
        rows=tuple(_row(board, lane, cards, asked, today) for lane in board.rows.shown),
        outside=tuple(_outside(asked, *cut) for cut in _cut(board)),
        look=look,
        legend=_legend(look, cards),
        filters=table.chosen_filters(asked, known),
        cleared=replace(asked, filters=(), search="", page=1).address(),
        notes=(*asked.notes, *notes),
    )


def choose_axes(asked: Query, known: Sequence[Column], items: QuerySet[Item]) -> tuple[Axis, Axis | None, list[str]]:
    """Columns and rows as the address names them, and sentences about what it names in vain."""
    names = {name: asked.laid_out(name) for name in ("lanes", "rows")}
    axis, rows = (swimlane.read_axis(text, known) for text in names.values())
    notes = []
    if axis is None:
        notes += ["The columns that were asked for are not on this roadmap, so others are shown."] * bool(
            names["lanes"]
        )
        dated, total = swimlane_sql.count_dated(items)
        axis = swimlane.suggest_columns(known, dated=dated, total=total)
    if rows is None and names["rows"] not in ("", NO_ROWS):
        notes.append("The rows that were asked for are not on this roadmap.")
    if rows is not None and rows.column == axis.column:
        notes.append(f"{axis.column.label} is in the columns already, so there are no rows.")
        rows = None
    return axis, rows, notes


def column_choices(page: Swimlane, known: Sequence[Column]) -> list[Choice]:
    """What else the columns could be; rows that would say the same go away."""
    return [
        Choice(
            each.label, _laying_out(page, lanes=each, rows=_unless_same(page.row_axis, each)), each.is_same(page.axis)
        )
        for each in swimlane.offered(known)
    ]


def row_choices(page: Swimlane, known: Sequence[Column]) -> list[Choice]:
    """What else the rows could be."""
    offered = [each for each in swimlane.offered(known) if each.column != page.axis.column]
    none = Choice("No rows", page.query.laying_out(rows="").address(), page.row_axis is None)
    return [none, *(Choice(each.label, _laying_out(page, rows=each), each.is_same(page.row_axis)) for each in offered)]


def empty_choice(page: Swimlane, name: str, axis: Axis | None) -> Choice | None:
    """Whether list values that no item has are shown as well; `name` is "lanes" or "rows"."""
    if axis is None or axis.unit:
        return None
    what = "columns" if name == "lanes" else "rows"
    other = replace(axis, with_empty=not axis.with_empty, start="")
    return Choice(f"Show empty {what}", page.query.laying_out(**{name: str(other)}).address(), axis.with_empty)


def colour_choices(page: Swimlane, known: Sequence[Column]) -> list[Choice]:
    """The list fields that can colour the cards."""
    listed = [column for column in known if column.is_list]
    none = Choice("No colour", page.query.laying_out(colour="none").address(), page.look.colour is None)
    return [
        none,
        *(
            Choice(each.label, page.query.laying_out(colour=each.name).address(), each == page.look.colour)
            for each in listed
        ),
    ]


def _laying_out(page: Swimlane, **axes: Axis | None) -> str:
    return page.query.laying_out(**{name: str(axis) if axis else "" for name, axis in axes.items()}).address()


def _unless_same(rows: Axis | None, columns: Axis) -> Axis | None:
    return rows if rows and rows.column != columns.column else None


def _sort_out(
    found: Sequence[Item], look: Look, axis: Axis, row_axis: Axis | None, scope: Scope
) -> Mapping[tuple[str, str], list[Card]]:
    cards: dict[tuple[str, str], list[Card]] = {}
    for item in found:
        scope.bring_home(item)
        cards.setdefault(place(item, axis, row_axis), []).append(make_card(item, look, axis, row_axis))
    return cards


def _heading(axis: Axis | None, lane: Lane, count: int, today: date) -> Heading:
    now = bool(axis and axis.unit) and lane.key == swimlane.key_of(axis, today)
    return Heading(lane, count, now)


def _row(board: Board, row: Lane, cards: Mapping[tuple[str, str], list[Card]], asked: Query, today: date) -> Row:
    cells = tuple(
        _cell(board, column, row, cards.get((column.key, row.key), []), asked) for column in board.columns.shown
    )
    return Row(_heading(board.rows.axis, row, board.in_row(row.key), today), cells)


def _cell(board: Board, column: Lane, row: Lane, cards: Sequence[Card], asked: Query) -> Cell:
    count = board.cells.get((column.key, row.key), 0)
    here = (
        *swimlane.filters_of(board.columns.axis, column.key),
        *swimlane.filters_of(board.rows.axis, row.key),
    )
    address = replace(asked, filters=(*asked.filters, *here), page=1).address() if count > len(cards) else ""
    return Cell(column, tuple(cards), count, count - len(cards), address)


def _cut(board: Board) -> list[tuple[str, Axis, Lanes]]:
    lanes = [("lanes", board.columns), ("rows", board.rows)]
    return [(name, each.axis, each) for name, each in lanes if each.axis and (each.earlier or each.later)]


def _outside(asked: Query, name: str, axis: Axis, lanes: Lanes) -> Outside:
    with_value = [lane.label for lane in lanes.shown if lane.key != swimlane.NONE]
    earlier, later = (
        asked.laying_out(**{name: str(axis.starting(key))}).address() if key else ""
        for key in (lanes.earlier, lanes.later)
    )
    what = "columns" if name == "lanes" else "rows"
    return Outside(what, with_value[0], with_value[-1], lanes.before, lanes.after, earlier, later)


def _legend(look: Look, cards: Mapping[tuple[str, str], list[Card]]) -> tuple[Chip, ...]:
    """The values whose colours are on the board, in their order."""
    if look.colour is None:
        return ()
    used = {card.tint for several in cards.values() for card in several}
    return tuple(Chip(each.label, each.colour) for pk, each in look.colour.options.items() if pk in used)

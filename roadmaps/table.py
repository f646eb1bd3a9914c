"""The Items Table as its template needs it: heads that sort, rows of cells, and what can be filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.paginator import Page, Paginator

from roadmaps import cells, query_sql
from roadmaps.cells import Cell
from roadmaps.columns import Column
from roadmaps.models import Item, Roadmap
from roadmaps.query import OPERATORS, SOURCE_STATES, Filter, Query

PAGE_SIZE = 50
#: What became of an item that its source lost, so short that it fits beside its name.
BADGES = {"deleted": "Deleted", "moved": "Moved", "out_of_filter": "Out of filter", "hidden": "Not visible"}


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column. `direction` is what aria-sort says; `rank` its place where several columns sort."""

    column: Column
    address: str
    direction: str
    rank: int


@dataclass(frozen=True, slots=True)
class Row:
    """An item in the table; `reason` says why its source no longer updates it, `badge` the same in brief."""

    item: Item
    name: Cell
    cells: tuple[Cell, ...]
    reason: str
    badge: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """A filter that is on: what it says, and the addresses that change it and take it away."""

    label: str
    operator: str
    values: str
    change: str
    remove: str


@dataclass(frozen=True, slots=True)
class Table:
    """One page of a roadmap's items."""

    query: Query
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    page: Page[Item]
    filters: tuple[Chosen, ...]
    unsorted: str
    cleared: str


def build(roadmap: Roadmap, query: Query, known: Sequence[Column]) -> Table:
    """Ask for one page of items, in two queries, and lay them out. A page behind the last one is the last one."""
    columns = visible(query, known)
    asked = query_sql.apply(query, Item.objects.filter(roadmap=roadmap), known)
    page = Paginator(asked, PAGE_SIZE).get_page(query.page)
    return Table(
        query=query,
        headings=tuple(_heading(query, column) for column in columns),
        rows=tuple(_row(item, columns) for item in page),
        page=page,
        filters=chosen_filters(query, known),
        unsorted=replace(query, sorts=(), page=1).address(),
        cleared=replace(query, filters=(), search="", page=1).address(),
    )


def visible(query: Query, known: Sequence[Column]) -> list[Column]:
    """The columns to show, in the order that was asked for; the name is the first."""
    if not query.columns:
        return [column for column in known if column.shown]
    by_name = {column.name: column for column in known}
    return [by_name[name] for name in query.columns]


def chosen_filters(query: Query, known: Sequence[Column]) -> tuple[Chosen, ...]:
    """The filters that are on, as every layout shows them."""
    return tuple(_chosen(query, index, known) for index in range(len(query.filters)))


def _heading(query: Query, column: Column) -> Heading:
    place = next((place for place, each in enumerate(query.sorts, 1) if each.column == column.name), 0)
    direction = ""
    if place:
        direction = "descending" if query.sorts[place - 1].descending else "ascending"
    rank = place if len(query.sorts) > 1 else 0
    return Heading(column, query.sorted_by(column.name).address(), direction, rank)


def _row(item: Item, columns: Sequence[Column]) -> Row:
    name, *rest = (cells.make_cell(item, column, brief=True) for column in columns)
    reason = item.get_source_state_display() if item.source_state else ""
    return Row(item, name, tuple(rest), reason, BADGES.get(item.source_state, ""))


def _chosen(query: Query, index: int, known: Sequence[Column]) -> Chosen:
    asked = query.filters[index]
    column = next(column for column in known if column.name == asked.column)
    return Chosen(
        label=column.label,
        operator=OPERATORS[column.type][asked.operator],
        values=_show_values(column, asked),
        change=f"{query.address()}&filter={column.name}&change={index}",
        remove=query.without_filter(index).address(),
    )


def _show_values(column: Column, asked: Filter) -> str:
    if column.is_list:
        labels = [column.options[int(value)].label for value in asked.values]
    elif column.type == "source":
        labels = [SOURCE_STATES[str(value)] for value in asked.values]
    elif column.type == "checkbox":
        labels = ["Yes" if value else "No" for value in asked.values]
    else:
        labels = [str(value) for value in asked.values]
    return (" and " if asked.operator == "between" else ", ").join(labels)

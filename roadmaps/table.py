"""The Items Table as its template needs it: heads that sort, rows of cells, and what can be filtered."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString

from roadmaps import groups, heads, item_counts, query_sql, table_layout
from roadmaps.cells import join
from roadmaps.columns import Column
from roadmaps.groups import Group
from roadmaps.item_rows import ItemRow
from roadmaps.models import Item
from roadmaps.query import OPERATORS, SOURCE_STATES, Filter, Query
from roadmaps.rows import Place, write_row
from roadmaps.scope import Scope

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column. `direction` is what aria-sort says; `rank` its place where several columns sort.

    `width` is in pixels, or 0 where the table decides.
    """

    column: Column
    address: str
    direction: str
    rank: int
    width: int


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of one group, as far as they are on this page."""

    group: Group | None
    #: Their `<tr>`s.
    rows: SafeString


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
    """One page of a roadmap's items. Without grouping, all rows are in one section that has no group."""

    query: Query
    headings: tuple[Heading, ...]
    sections: tuple[Section, ...]
    page: Page[Item]
    grouped_by: Column | None
    filters: tuple[Chosen, ...]
    #: What sorts, in order, and whether it goes down.
    sorts: tuple[tuple[Column, bool], ...]
    unsorted: str
    cleared: str
    #: With the usual columns in their usual widths.
    plain: str

    @property
    def heads(self) -> SafeString:
        """The columns' `<th>`s."""
        return join(*(heads.write_head(each.column, each.address, each.direction, each.rank) for each in self.headings))

    @property
    def cols(self) -> SafeString:
        """Their `<col>`s, with the widths that somebody set."""
        return join(*(heads.write_col(heading.width) for heading in self.headings))

    @property
    def is_sized(self) -> bool:
        """Whether somebody set widths."""
        return any(heading.width for heading in self.headings)


def build(scope: Scope, query: Query, *, editable: Collection[int] = ()) -> Table:
    """Ask for one page of items and lay them out: in two queries, or three far down, and one more for groups.

    `editable` are the roadmaps whose items the person may write. A page behind the last one is the last one.
    """
    roadmap, known = scope.roadmap, scope.columns
    columns = visible(query, known)
    group = table_layout.group_of(query, known)
    asked = query_sql.apply(query, scope.items(), known, group=group)
    page = _paginate(scope, query, asked).get_page(query.page)
    first = (page.number - 1) * PAGE_SIZE
    long = [column.name for column in columns if column.long]
    found = query_sql.fetch(asked[first : first + PAGE_SIZE], long=long)
    items_url = reverse("roadmaps:item", args=[roadmap.account.slug, roadmap.pk, 0]).removesuffix("0/")
    place = Place(items_url, editable, grows=bool(editable) and not roadmap.is_portfolio)
    widths = table_layout.read_widths(query, columns)
    return Table(
        query=query,
        headings=tuple(_heading(query, column, widths.get(column.name, 0)) for column in columns),
        sections=tuple(_sections(found, groups.load(asked, group, {key for _, key in found}), columns, place)),
        page=page,
        grouped_by=group,
        filters=chosen_filters(query, known),
        sorts=tuple((_find(known, each.column), each.descending) for each in query.sorts),
        unsorted=replace(query, sorts=(), page=1).address(),
        cleared=replace(query, filters=(), search="", page=1).address(),
        plain=replace(query, columns=()).laying_out(widths="").address(),
    )


def _paginate(scope: Scope, query: Query, asked: QuerySet[Item]) -> Paginator[Item]:
    paginator = Paginator(asked, PAGE_SIZE)
    if not (scope.roadmap.is_portfolio or query.is_narrowed):
        paginator.count = item_counts.of(scope.roadmap, archived=query.archived)
    return paginator


def _sections(
    found: Sequence[tuple[ItemRow, str | None]],
    known: Mapping[str | None, Group],
    columns: Sequence[Column],
    place: Place,
) -> Iterator[Section]:
    for key, members in groupby(found, key=lambda each: each[1]):
        yield Section(known.get(key), join(*(write_row(item, columns, place) for item, _ in members)))


def visible(query: Query, known: Sequence[Column]) -> list[Column]:
    """The columns to show, in the order that was asked for; the name is the first."""
    if not query.columns:
        return [column for column in known if column.shown]
    by_name = {column.name: column for column in known}
    return [by_name[name] for name in query.columns]


def chosen_filters(query: Query, known: Sequence[Column]) -> tuple[Chosen, ...]:
    """The filters that are on, as every layout shows them."""
    return tuple(_chosen(query, index, known) for index in range(len(query.filters)))


def _heading(query: Query, column: Column, width: int) -> Heading:
    place = next((place for place, each in enumerate(query.sorts, 1) if each.column == column.name), 0)
    direction = ""
    if place:
        direction = "descending" if query.sorts[place - 1].descending else "ascending"
    rank = place if len(query.sorts) > 1 else 0
    return Heading(column, query.sorted_by(column.name).address(), direction, rank, width)


def _chosen(query: Query, index: int, known: Sequence[Column]) -> Chosen:
    asked = query.filters[index]
    column = _find(known, asked.column)
    return Chosen(
        label=column.label,
        operator=OPERATORS[column.type][asked.operator],
        values=_show_values(column, asked),
        change=f"{query.address()}&filter={column.name}&change={index}",
        remove=query.without_filter(index).address(),
    )


def _find(known: Sequence[Column], name: str) -> Column:
    return next(column for column in known if column.name == name)


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

"""The items of a Swimlane in SQL: how many there are in each cell, and the first few of each.

`swimlane.key_of` says the same of one item; a test holds the two together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db.models import Count, F, Func, Q, QuerySet, TextField, Value, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import RowNumber, Trunc

from roadmaps import query_sql, swimlane
from roadmaps.columns import Column
from roadmaps.models import Item
from roadmaps.query import Query
from roadmaps.swimlane import Axis, Board, Counts, Lanes

#: Texts of any length, which no card shows.
_LONG = ("description", "notes")


def count(items: QuerySet[Item], columns: Axis, rows: Axis | None) -> Counts:
    """How many of the items lie in each cell, in one query."""
    placed = items.order_by().annotate(lane=_key(columns), row=_key(rows))
    asked = placed.values_list("lane", "row").annotate(number=Count("pk"))
    found: Counter[tuple[str, str]] = Counter()
    for lane, row, number in asked:
        found[swimlane.settle(columns, lane), swimlane.settle(rows, row)] += number
    return found


def count_dated(items: QuerySet[Item]) -> tuple[int, int]:
    """How many of the items have an End Date, and how many there are."""
    found = items.order_by().aggregate(dated=Count("end_date"), total=Count("pk"))
    return found["dated"], found["total"]


def first_of_each(
    items: QuerySet[Item], board: Board, asked: Query, known: Sequence[Column], *, limit: int
) -> list[Item]:
    """The first `limit` items of each cell of the board, in the order that was asked for; one query."""
    order = query_sql.order(asked, known)
    placed = items.order_by().annotate(lane=_key(board.columns.axis), row=_key(board.rows.axis))
    shown = placed.filter(_shown("lane", board.columns), _shown("row", board.rows))
    place = Window(RowNumber(), partition_by=[F("lane"), F("row")], order_by=order)
    first = shown.annotate(place=place).filter(place__lte=limit).values("pk")
    return list(items.filter(pk__in=first).order_by(*order).defer(*_LONG))


def _key(axis: Axis | None) -> Combinable:
    """What `swimlane.settle` takes: NULL where there is no value."""
    if axis is None:
        return Value("", output_field=TextField())
    name = axis.column.name
    if axis.unit:
        begins = Trunc(name, axis.unit)
        return Func(begins, Value("YYYY-MM-DD"), function="TO_CHAR", output_field=TextField())
    return query_sql.option_key(axis.column)


def _shown(name: str, lanes: Lanes) -> Q:
    keys = [lane.key for lane in lanes.shown]
    found = Q(**{f"{name}__in": keys})
    return found | Q(**{f"{name}__isnull": True}) if swimlane.NONE in keys else found

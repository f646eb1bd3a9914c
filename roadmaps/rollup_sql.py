"""The bars of a Roll-up in SQL: one statement adds up all of them, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, FloatField, Q, QuerySet, Value

from roadmaps import query_sql
from roadmaps.columns import Column
from roadmaps.item_rows import LONG
from roadmaps.models import Item
from roadmaps.query import Filter, Query
from roadmaps.query_sql import FIRST_DAY, LAST_DAY
from roadmaps.rollup import Bar, Part
from roadmaps.rollup_settings import Settings
from roadmaps.timeline import NO_COLOUR

#: Of items one by one. So PostgreSQL forgets their wide rows before it groups, which takes a third of the time that the
#: ORM's own way needs: that one carries them along, and sorts them.
_ADD_UP = """
SELECT place, count(*), count(*) FILTER (WHERE is_done),
    coalesce(sum(points), 0), coalesce(sum(points) FILTER (WHERE is_done), 0), count(points),
    count(*) FILTER (WHERE first IS NULL), min(first), max(last)
FROM ({} OFFSET 0) AS item GROUP BY place ORDER BY place NULLS LAST
"""


def add_up(items: QuerySet[Item], settings: Settings, known: Sequence[Column]) -> list[Bar]:
    """A bar for each value of the list that any item has, in the list's order; last, the items without a value."""
    told = items.order_by().values(
        place=query_sql.each_option_position(settings.by),
        points=query_sql.number(settings.points) if settings.points else Value(0.0, output_field=FloatField()),
        is_done=_is_done(settings, known),
        first=FIRST_DAY,
        last=LAST_DAY,
    )
    try:
        one_by_one, params = told.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP.format(one_by_one), params)
        found = cursor.fetchall()
    keys = [*settings.by.options]
    return [_bar(settings.by, None if place is None else keys[place], *sums) for place, *sums in found]


def items_of(
    items: QuerySet[Item], bar: Bar, settings: Settings, asked: Query, known: Sequence[Column], *, limit: int
) -> list[tuple[Item, bool]]:
    """The first items of that bar, in the order that was asked for, else by their days; and whether each is done."""
    order = query_sql.order(asked, known) if asked.sorts else [FIRST_DAY.asc(nulls_last=True), "pk"]
    mine = query_sql.condition(Query(filters=(filter_of(bar, settings.by),)), known)
    found = items.filter(mine).annotate(is_done=_is_done(settings, known)).defer(*LONG).order_by(*order)[:limit]
    return [(item, getattr(item, "is_done", False)) for item in found]


def filter_of(bar: Bar, by: Column) -> Filter:
    """What asks the table for the items of that bar alone."""
    return Filter(by.name, "empty") if bar.key is None else Filter(by.name, "is", (bar.key,))


def _bar(
    by: Column,
    key: int | None,
    number: int,
    done: int,
    whole: float,
    whole_done: float,
    sized: int,
    without_dates: int,
    first: date | None,
    last: date | None,
) -> Bar:
    """A row of the statement."""
    option = None if key is None else by.options[key]
    return Bar(
        key=key,
        label=option.label if option else f"No {by.label}",
        colour=option.colour if option else NO_COLOUR,
        items=Part(done, number),
        points=Part(whole_done, whole),
        without_dates=without_dates,
        unsized=number - sized,
        first=first,
        last=last,
    )


def _is_done(settings: Settings, known: Sequence[Column]) -> Q | Value:
    if settings.is_done is None:
        return Value(False, output_field=BooleanField())
    return query_sql.condition(Query(filters=(settings.is_done,)), known)

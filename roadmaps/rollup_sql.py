"""The bars of a Roll-up in SQL: one statement adds up all of them, however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import BooleanField, Count, DateField, F, FloatField, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from roadmaps import query_sql
from roadmaps.columns import Column
from roadmaps.models import Item
from roadmaps.query import Filter, Query
from roadmaps.rollup import Bar, Part
from roadmaps.rollup_settings import Settings
from roadmaps.timeline import NO_COLOUR
from roadmaps.timeline_items import DRAWN

_FIRST_DAY = Coalesce("start_date", "end_date", output_field=DateField())
_LAST_DAY = Coalesce("end_date", "start_date", output_field=DateField())


def add_up(items: QuerySet[Item], settings: Settings, known: Sequence[Column]) -> list[Bar]:
    """A bar for each value of the list that any item has, in the list's order; last, the items without a value."""
    by, done = settings.by, _is_done(settings, known)
    points = query_sql.number(settings.points) if settings.points else Value(0.0, output_field=FloatField())
    grouped = items.order_by().annotate(place=query_sql.each_option_position(by)).values("place")
    found = grouped.annotate(
        number=Count("pk"),
        done=Count("pk", filter=done),
        whole=Coalesce(Sum(points), 0.0),
        whole_done=Coalesce(Sum(points, filter=done), 0.0),
        sized=Count(points),
        without=Count("pk", filter=Q(start_date=None, end_date=None)),
        first=Min(_FIRST_DAY),
        last=Max(_LAST_DAY),
    )
    keys = [*by.options]
    return [
        _bar(by, None if row["place"] is None else keys[row["place"]], row)
        for row in found.order_by(F("place").asc(nulls_last=True))
    ]


def items_of(
    items: QuerySet[Item], bar: Bar, settings: Settings, asked: Query, known: Sequence[Column], *, limit: int
) -> list[tuple[Item, bool]]:
    """The first items of that bar, in the order that was asked for, else by their days; and whether each is done."""
    order = query_sql.order(asked, known) if asked.sorts else [_FIRST_DAY.asc(nulls_last=True), "pk"]
    mine = query_sql.condition(Query(filters=(filter_of(bar, settings.by),)), known)
    found = items.filter(mine).annotate(is_done=_is_done(settings, known)).only(*DRAWN).order_by(*order)[:limit]
    return [(item, getattr(item, "is_done", False)) for item in found]


def filter_of(bar: Bar, by: Column) -> Filter:
    """What asks the table for the items of that bar alone."""
    return Filter(by.name, "empty") if bar.key is None else Filter(by.name, "is", (bar.key,))


def _bar(by: Column, key: int | None, row: Mapping[str, Any]) -> Bar:
    option = by.options[key] if key is not None else None
    return Bar(
        key=key,
        label=option.label if option else f"No {by.label}",
        colour=option.colour if option else NO_COLOUR,
        items=Part(row["done"], row["number"]),
        points=Part(row["whole_done"], row["whole"]),
        without_dates=row["without"],
        unsized=row["number"] - row["sized"],
        first=row["first"],
        last=row["last"],
    )


def _is_done(settings: Settings, known: Sequence[Column]) -> Q | Value:
    if settings.is_done is None:
        return Value(False, output_field=BooleanField())
    return query_sql.condition(Query(filters=(settings.is_done,)), known)

"""What an export holds: the rows that a view shows, all pages of them, and a sheet that says where they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import islice

from django.db.models import QuerySet
from django.utils import timezone

from roadmaps import fields, freshness, query_sql, table
from roadmaps.columns import PLAIN, Column, stored
from roadmaps.freshness import Freshness
from roadmaps.item_rows import LONG
from roadmaps.models import Item, Roadmap
from roadmaps.query import Query, Sort
from roadmaps.saved_views import Asked
from roadmaps.scope import Scope
from roadmaps.services.items import chosen_options
from roadmaps.spreadsheet import Row, Value

#: An export holds so many items at most; with more, a filter must narrow the view first.
MAX_ITEMS = 100_000
#: Items that are in memory at a time.
CHUNK = 1000


def items(asked: Asked) -> QuerySet[Item]:
    """The items of the view in its order, whatever page the address names."""
    grouped = by_group(asked.query, asked.columns)
    return query_sql.apply(grouped, asked.scope.items(), asked.columns)


def shown_columns(asked: Asked) -> list[Column]:
    """The view's columns in its order; the one that it groups by comes along, next to the name."""
    shown = table.visible(asked.query, asked.columns)
    group = grouping(asked.query, asked.columns)
    return [shown[0], group, *shown[1:]] if group and group not in shown else shown


def by_group(query: Query, known: Sequence[Column]) -> Query:
    """The same question with the groups one after the other."""
    group = grouping(query, known)
    if group is None:
        return query
    first = next((each for each in query.sorts if each.column == group.name), Sort(group.name))
    return replace(query, sorts=(first, *(each for each in query.sorts if each.column != group.name)))


def grouping(query: Query, known: Sequence[Column]) -> Column | None:
    """The column that the table groups by, if it does."""
    name = query.laid_out("group")
    return next((column for column in known if column.name == name and column.in_table), None)


def rows(found: QuerySet[Item], columns: Sequence[Column]) -> Iterator[Row]:
    """The heads, and then each item: first which ones and in which order, then piece by piece what they hold."""
    yield [column.label for column in columns]
    names = {column.name for column in columns}
    unread = [name for name in LONG if name not in names]
    ids = iter(list(found.values_list("pk", flat=True)))
    while piece := list(islice(ids, CHUNK)):
        items = Item.objects.defer("source_hash", *unread).in_bulk(piece)
        yield from ([value_of(items[pk], column) for column in columns] for pk in piece if pk in items)


def value_of(item: Item, column: Column) -> Value:
    """The item's value in that column as a spreadsheet understands it."""
    if column.name in PLAIN or column.name == "external_id":
        value: str | date | None = getattr(item, column.name)
        return value or None
    held = stored(item, column)
    if column.is_list:
        chosen = [column.options[pk].label for pk in chosen_options(item, column) if pk in column.options]
        return ", ".join(chosen) or None
    if column.type == "number" and isinstance(held, int | float):
        return held
    text = fields.show(column.type, held, {})
    return _day(text) if column.type == "date" else text or None


def _day(text: str) -> date | str | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text or None


def about(asked: Asked, *, count: int, by: str, address: str) -> Iterator[Row]:
    """The second sheet: which picture this is, and how old (B11)."""
    roadmap, view = asked.scope.roadmap, asked.view.name if asked.view else "All Data"
    yield ["About this export", None]
    yield ["Portfolio" if roadmap.is_portfolio else "Roadmap", roadmap.name]
    yield ["View", f"{view}, with changes that are not saved in it" if asked.edited else view]
    yield ["Items", count]
    yield ["Exported", _moment(timezone.now())]
    yield ["Exported by", by]
    yield from _portfolio_age(asked.scope) if roadmap.is_portfolio else _age(freshness.of(roadmap))
    yield ["Address", address]


def _age(fresh: Freshness | None) -> Iterator[Row]:
    if fresh is None:
        yield ["Source", "Made by hand on this roadmap"]
    else:
        yield ["Source", f"Synced from {fresh.source}"]
        yield ["Last sync", _moment(fresh.synced_at) if fresh.synced_at else "None yet"]
        yield ["State of the sync", fresh.state]


def _portfolio_age(scope: Scope) -> Iterator[Row]:
    """The oldest of the sources, and then each of them; also those that gave nothing."""
    fresh = freshness.of_each([*scope.homes.values()])
    oldest = freshness.oldest([*scope.homes.values()], fresh)
    if oldest is not None:
        at = fresh[oldest.pk].synced_at
        yield ["Oldest sync", f"{_moment(at)}, {oldest}" if at else f"None yet, {oldest}"]
    for feed in scope.feeds:
        told = fresh.get(feed.roadmap.pk)
        at = told.synced_at if told else None
        age = "Made by hand" if told is None else f"{told.state}, last sync {_moment(at) if at else 'none yet'}"
        shown = f", {feed.view_name}" if feed.view_name else ""
        yield [f"Source: {feed.name}{shown}", feed.dark.value if feed.dark else age]


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M %Z}"


def age(scope: Scope) -> str:
    """For the name of a file that has no room for it inside: when its (oldest) data was synced; "" if never (B11)."""
    homes = [*scope.homes.values()]
    fresh = freshness.of_each(homes)
    oldest = freshness.oldest(homes, fresh)
    at = fresh[oldest.pk].synced_at if oldest else None
    return f", synced {timezone.localtime(at):%Y-%m-%d %H%M}" if at else ""


def file_name(roadmap: Roadmap, extension: str, *, age: str = "") -> str:
    """Roadmap, time of the export and age, in letters that any system takes for a file's name."""
    name = re.sub(r"[^\w ()-]+", " ", roadmap.name)
    brief = " ".join(name.split())[:80].strip(" -") or "Roadmap"
    return f"{brief} {timezone.localtime():%Y-%m-%d %H%M}{age}.{extension}"

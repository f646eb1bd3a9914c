"""The groups that the table's items stand in: what each is called, and how many items it has on all pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from roadmaps import query_sql
from roadmaps.columns import Column
from roadmaps.models import Item

NO_VALUE = "No value"


@dataclass(frozen=True, slots=True)
class Group:
    """A value that items have in common. `colour` is a list value's, else 0; `day` stands for its month."""

    label: str
    count: int
    colour: int = 0
    day: date | None = None


def load(asked: QuerySet[Item], column: Column | None, keys: Collection[str | None]) -> Mapping[str | None, Group]:
    """The groups of these keys, among all items that were asked for: one query, or none without grouping."""
    if column is None or not keys:
        return {}
    counts = query_sql.count_groups(asked, keys)
    return {key: _name(column, key, counts.get(key, 0)) for key in keys}


def _name(column: Column, key: str | None, count: int) -> Group:
    if key is None:
        return Group(NO_VALUE, count)
    if column.is_list:
        option = list(column.options.values())[int(key)]
        return Group(option.label, count, colour=option.colour)
    if column.type == "checkbox":
        return Group("Yes" if key == "true" else "No", count)
    if column.type == "date":
        return _month(key, count)
    return Group(key, count)


def _month(key: str, count: int) -> Group:
    """A source may have sent what is no date; it then stands as it is."""
    try:
        return Group(key, count, day=date.fromisoformat(f"{key}-01"))
    except ValueError:
        return Group(key, count)

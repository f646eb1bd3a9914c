"""What pages show of an item, as the database gave it: they read a thousand, and models cost ten times as much."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import F, QuerySet

from roadmaps.models import Item


class ItemRow(NamedTuple):
    """The item without its model. A long text that was not asked for is empty."""

    pk: int
    roadmap_id: int
    name: str
    start_date: date | None
    end_date: date | None
    values: dict[str, Any]
    origin: str
    external_id: str | None
    external_url: str
    source_state: str
    archived_at: datetime | None
    description: str = ""
    notes: str = ""


#: Either does where a value is only looked at.
Shown = Item | ItemRow

#: Long texts, read where somebody looks at them.
LONG = ("description", "notes")
_READ = tuple(name for name in ItemRow._fields if name not in LONG)


def read(items: QuerySet[Item], *, long: Sequence[str] = ()) -> list[ItemRow]:
    """These items in their order, in one query; of the long texts those that `long` names."""
    return [row for row, _ in read_grouped(items, long=long)]


def read_grouped(items: QuerySet[Item], *, long: Sequence[str] = ()) -> list[tuple[ItemRow, str | None]]:
    """The same, each with its `group_key` where the query has one."""
    texts = [name for name in LONG if name in long]
    if "group_key" in items.query.annotations:
        found = items.values_list(F("group_key"), *_READ, *texts)
        return [(_make(row[1:], texts), row[0]) for row in found]
    return [(_make(row, texts), None) for row in items.values_list(*_READ, *texts)]


def _make(row: Sequence[Any], texts: Sequence[str]) -> ItemRow:
    end = len(_READ)
    return ItemRow(*row[:end], **dict(zip(texts, row[end:], strict=True))) if texts else ItemRow(*row)


def why_lost(item: Shown) -> str:
    """Why its source no longer updates it; "" where nothing is known of that."""
    return str(Item.SourceState(item.source_state).label) if item.source_state else ""

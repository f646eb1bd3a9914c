"""What pages show of an item, as the database gave it: they read a thousand, and models cost ten times as much."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec
from django.db.models import ExpressionWrapper, F, QuerySet, TextField, Value
from django.db.models.expressions import Combinable

from roadmaps.models import Item


class ItemRow(NamedTuple):
    """The item without its model. A long text that was not asked for is empty."""

    values: dict[str, Any]
    pk: int
    roadmap_id: int
    name: str
    start_date: date | None
    end_date: date | None
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
#: The JSON as the driver gives it: msgspec reads it in a quarter of the time that it takes Django.
_READ: tuple[str | Combinable, ...] = (
    ExpressionWrapper(F("values"), output_field=TextField()),
    *ItemRow._fields[1 : -len(LONG)],
)
_decode = msgspec.json.Decoder().decode


def read(items: QuerySet[Item], *, long: Sequence[str] = ()) -> list[ItemRow]:
    """These items in their order, in one query; of the long texts those that `long` names."""
    return [ItemRow(_decode(row[0]), *row[1:]) for row in items.values_list(*_READ, *_texts(long))]


def read_grouped(items: QuerySet[Item], *, long: Sequence[str] = ()) -> list[tuple[ItemRow, str | None]]:
    """The same, each with its `group_key` where the query has one."""
    if "group_key" not in items.query.annotations:
        return [(row, None) for row in read(items, long=long)]
    asked = items.values_list(*_READ, *_texts(long), F("group_key"))
    return [(ItemRow(_decode(row[0]), *row[1:-1]), row[-1]) for row in asked]


def _texts(long: Sequence[str]) -> list[str | Value]:
    return [name if name in long else Value("") for name in LONG] if long else []


def why_lost(item: Shown) -> str:
    """Why its source no longer updates it; "" where nothing is known of that."""
    return str(Item.SourceState(item.source_state).label) if item.source_state else ""

"""A plan against the items as they are: what each item will say, and what of it a person can see.

The one code for both: `apply` writes what comes out of it, `outline` only tells of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Literal, NamedTuple, TypeVar

import msgspec
from django.db import connection

from integrations.models import ProjectLink
from integrations.records import Problem
from integrations.sync.ahead import ahead
from integrations.sync.mapping import Row, Rules
from integrations.sync.options import OptionIds
from integrations.sync.plan import Known, Plan, Watch
from roadmaps import fields

#: Rows that are looked at, and written, at once, while the next ones are mapped.
BATCH = 1_000

#: Values of an item by column, as they are stored.
Stored = Mapping[str, fields.Stored]
#: Column to [old, new].
Changes = dict[str, list[object]]
#: What a person sees of a row that is written over an item; "" is nothing.
Seen = Literal["updated", "revived", ""]
T = TypeVar("T")


class Made(NamedTuple):
    """A row that becomes an item."""

    row: Row
    values: Stored


class Changed(NamedTuple):
    """A row that is written over an item."""

    known: Known
    row: Row
    values: Stored
    seen: Seen
    changes: Changes


class Effects(NamedTuple):
    """What happens to some of the items."""

    made: list[Made]
    changed: list[Changed]


def effects_of(
    link: ProjectLink, plan: Plan, options: OptionIds, problems: list[Problem], watch: Watch | None = None
) -> Iterator[Effects]:
    """All that the plan writes, batch by batch. Items that somebody deleted meanwhile are left out."""
    for batch in ahead(_batches(plan.steps(problems, watch), BATCH)):
        options.cover(row for _, row in batch)
        made = [Made(row, store_values(row, options)) for known, row in batch if known is None]
        pairs = [(known, row) for known, row in batch if known is not None]
        old = _read_old(link, [known.item_id for known, _ in pairs]) if pairs else {}
        there = [(known, row, store_values(row, options)) for known, row in pairs if known.item_id in old]
        yield Effects(made, [_changed(old[known.item_id], known, row, new, plan.rules) for known, row, new in there])


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def store_values(row: Row, options: OptionIds) -> dict[str, fields.Stored]:
    """The row's values as they are stored: labels become the ids of list values."""
    values: dict[str, fields.Stored] = dict(row.values)  # type: ignore[arg-type]  # the tuples are replaced below
    for column, ids in options.by_column.items():
        value = row.values.get(column)
        if isinstance(value, tuple):
            values[column] = list(dict.fromkeys([ids[label] for label in value]))
        elif isinstance(value, str):
            values[column] = ids[value]
    return values


class _Old(NamedTuple):
    """What an item says now."""

    name: str
    description: str
    start: date | None
    end: date | None
    values: Stored
    source_state: str
    archived_by_source: bool


def _read_old(link: ProjectLink, ids: list[int]) -> dict[int, _Old]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, name, description, start_date, end_date, "values", source_state, archived_by_source
            FROM roadmaps_item WHERE account_id = %s AND roadmap_id = %s AND id = ANY(%s)
            """,
            [link.account_id, link.roadmap_id, ids],
        )
        return {
            id_: _Old(name, description, start, end, msgspec.json.decode(values), state, archived)  # jsonb is text
            for id_, name, description, start, end, values, state, archived in cursor.fetchall()
        }


def _changed(old: _Old, known: Known, row: Row, values: Stored, rules: Rules) -> Changed:
    changes = _difference(old, row, values, rules)
    if known.source_state:
        return Changed(known, row, values, "revived", changes)
    return Changed(known, row, values, "updated" if changes else "", changes)


def _difference(old: _Old, row: Row, values: Stored, rules: Rules) -> Changes:
    """All that the row changes."""
    changes: Changes = {}
    if old.name != row.name:
        changes["name"] = [old.name, row.name]
    if old.description != row.description:
        changes["description"] = [old.description, row.description]
    if old.source_state:
        changes["source_state"] = [old.source_state, ""]
    if old.archived_by_source:
        changes["archived_by_source"] = [True, False]
    if rules.start is not None and old.start != row.start:
        changes["start_date"] = [_iso(old.start), _iso(row.start)]
    if rules.end is not None and old.end != row.end:
        changes["end_date"] = [_iso(old.end), _iso(row.end)]
    before, after = old.values.get, values.get
    for column in [column for _, column, _ in rules.table if before(column) != after(column)]:
        changes[column] = [before(column), after(column)]
    return changes


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None

"""A plan into the database: one transaction, all or nothing.

The caller holds the transaction and has proved that the run is still its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import NamedTuple, TypeVar

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper

from integrations.models import SyncRun
from integrations.records import Problem
from integrations.sync.ahead import ahead
from integrations.sync.copy import Staging
from integrations.sync.mapping import Row, Rules
from integrations.sync.options import OptionIds
from integrations.sync.plan import Known, Plan
from roadmaps import fields

#: Rows that go to the database at once, while the next ones are mapped.
BATCH = 1_000

#: Values of an item by column, as they are stored.
Stored = Mapping[str, fields.Stored]
Changes = dict[str, list[object]]
T = TypeVar("T")


@dataclass(slots=True)
class Counts:
    """What was written. `updated` counts items of which a user can see the difference."""

    created: int = 0
    updated: int = 0
    revived: int = 0
    flagged: int = 0
    problems: list[Problem] = field(default_factory=list)


def apply_plan(run: SyncRun, plan: Plan) -> Counts:
    """Write what the plan says, and one ItemChange for each item that changed. Call inside a transaction."""
    counts = Counts(flagged=len(plan.flag))
    options = OptionIds(run.account_id, plan.rules)
    with connection.cursor() as cursor:
        new, changed = _NewItems(cursor, run), _ChangedItems(cursor, run, plan.rules)
        for batch in ahead(_batches(plan.steps(counts.problems), BATCH)):
            options.cover(row for _, row in batch)
            counts.created += new.write([row for known, row in batch if known is None], options)
            updated, revived = changed.write([(known, row) for known, row in batch if known is not None], options)
            counts.updated += updated
            counts.revived += revived
        _flag(cursor, run, plan)
    return counts


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


# --- New items

NEW_ITEM = {
    "external_id": "text",
    "external_url": "text",
    "name": "text",
    "description": "text",
    "start_date": "date",
    "end_date": "date",
    "values": "jsonb",
    "source_hash": "text",
}


def _cells(row: Row, values: Stored) -> tuple[object, ...]:
    return (row.external_url, row.name, row.description, row.start, row.end, values, row.hash)


class _NewItems:
    """Writes new items, batch by batch."""

    def __init__(self, cursor: CursorWrapper, run: SyncRun) -> None:
        self._cursor, self._run = cursor, run
        self._staging: Staging | None = None

    def write(self, rows: Sequence[Row], options: OptionIds) -> int:
        if not rows:
            return 0
        self._staging = self._staging or Staging(self._cursor, "new_item", NEW_ITEM)
        self._staging.fill((row.external_id, *_cells(row, store_values(row, options))) for row in rows)
        run = self._run
        self._cursor.execute(INSERT_NEW, [run.account_id, run.link.roadmap_id, run.link.kind, run.account_id, run.pk])
        return len(rows)


_NAMES = ", ".join(f'"{name}"' for name in NEW_ITEM)
INSERT_NEW = f"""
WITH made AS (
    INSERT INTO roadmaps_item (account_id, roadmap_id, origin, {_NAMES})
    SELECT %s, %s, %s, {_NAMES} FROM new_item RETURNING id
)
INSERT INTO integrations_itemchange (account_id, run_id, item_id, kind, changes)
SELECT %s, %s, id, 'created', '{{}}' FROM made
"""  # noqa: S608 - the names are ours


# --- Items that changed or came back

CHANGED_ITEM = {
    "id": "bigint",
    "external_url": "text",
    "name": "text",
    "description": "text",
    "start_date": "date",
    "end_date": "date",
    "values": "jsonb",
    "source_hash": "text",
}


class _Old(NamedTuple):
    """What an item says before the run touches it."""

    name: str
    description: str
    start: date | None
    end: date | None
    values: Stored
    source_state: str


class _ChangedItems:
    """Writes rows over items, batch by batch, with an ItemChange for each of which something can be seen."""

    def __init__(self, cursor: CursorWrapper, run: SyncRun, rules: Rules) -> None:
        self._cursor, self._run, self._rules = cursor, run, rules
        self._columns = [column.column for column in rules.fields]
        self._rows: Staging | None = None
        self._changes: Staging | None = None

    def write(self, pairs: Sequence[tuple[Known, Row]], options: OptionIds) -> tuple[int, int]:
        """Answers how many were updated, and how many revived."""
        if not pairs:
            return 0, 0
        self._rows = self._rows or Staging(self._cursor, "changed_item", CHANGED_ITEM)
        old = self._read_old([known.item_id for known, _ in pairs])
        rows = [(known, row, store_values(row, options)) for known, row in pairs if known.item_id in old]
        self._rows.fill((known.item_id, *_cells(row, values)) for known, row, values in rows)
        self._cursor.execute(_rewriting(self._rules), [self._columns, list(old), self._run.account_id])
        changes = [
            (known.item_id, "revived" if known.source_state else "updated", seen)
            for known, row, values in rows
            if (seen := _difference(old[known.item_id], row, values, self._rules)) or known.source_state
        ]
        self._record(changes)
        revived = sum(kind == "revived" for _, kind, _ in changes)
        return len(changes) - revived, revived

    def _read_old(self, ids: list[int]) -> dict[int, _Old]:
        self._cursor.execute(
            """
            SELECT id, name, description, start_date, end_date, "values", source_state
            FROM roadmaps_item WHERE account_id = %s AND roadmap_id = %s AND id = ANY(%s)
            """,
            [self._run.account_id, self._run.link.roadmap_id, ids],
        )
        return {
            id_: _Old(name, description, start, end, msgspec.json.decode(values), state)  # jsonb comes as text
            for id_, name, description, start, end, values, state in self._cursor.fetchall()
        }

    def _record(self, changes: Sequence[tuple[int, str, Changes]]) -> None:
        if not changes:
            return
        columns = {"item_id": "bigint", "kind": "text", "changes": "jsonb"}
        self._changes = self._changes or Staging(self._cursor, "item_change", columns)
        self._changes.fill(changes)
        self._cursor.execute(
            """
            INSERT INTO integrations_itemchange (account_id, run_id, item_id, kind, changes)
            SELECT %s, %s, item_id, kind, changes FROM item_change
            """,
            [self._run.account_id, self._run.pk],
        )


def _rewriting(rules: Rules) -> str:
    """The ids are told once more, because PostgreSQL knows nothing of the fresh table and would read all items."""
    return f"""
    UPDATE roadmaps_item AS item SET
        external_url = new.external_url, name = new.name, description = new.description,
        {"start_date = new.start_date," if rules.start is not None else ""}
        {"end_date = new.end_date," if rules.end is not None else ""}
        "values" = (item."values" - %s::text[]) || new."values",
        source_hash = new.source_hash, source_state = '', source_state_at = NULL,
        archived_at = CASE WHEN item.archived_by_source THEN NULL ELSE item.archived_at END,
        archived_by_source = false, updated_at = now()
    FROM changed_item AS new WHERE item.id = new.id AND item.id = ANY(%s) AND item.account_id = %s
    """  # noqa: S608 - the pieces are ours


def _difference(old: _Old, row: Row, values: Stored, rules: Rules) -> Changes:
    """Column to [old, new] of all that the row changes."""
    changes: Changes = {}
    if old.name != row.name:
        changes["name"] = [old.name, row.name]
    if old.description != row.description:
        changes["description"] = [old.description, row.description]
    if old.source_state:
        changes["source_state"] = [old.source_state, ""]
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


# --- Items that stop updating


def _flag(cursor: CursorWrapper, run: SyncRun, plan: Plan) -> None:
    if not plan.flag:
        return
    archive = run.link.lost_items == "archive"
    cursor.execute(
        """
        WITH lost AS (SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS lost (id, reason, before)),
        flagged AS (
            UPDATE roadmaps_item AS item SET
                source_state = lost.reason, source_state_at = now(), updated_at = now(),
                archived_by_source = item.archived_by_source OR (%s AND item.archived_at IS NULL),
                archived_at = CASE WHEN %s THEN coalesce(item.archived_at, now()) ELSE item.archived_at END
            FROM lost WHERE item.id = lost.id AND item.account_id = %s AND item.roadmap_id = %s
            RETURNING item.id, lost.reason, lost.before
        )
        INSERT INTO integrations_itemchange (account_id, run_id, item_id, kind, changes)
        SELECT %s, %s, id, 'flagged', jsonb_build_object('source_state', jsonb_build_array(before, reason)) FROM flagged
        """,
        [
            [flag.item.item_id for flag in plan.flag],
            [flag.reason for flag in plan.flag],
            [flag.item.source_state for flag in plan.flag],
            archive,
            archive,
            run.account_id,
            run.link.roadmap_id,
            run.account_id,
            run.pk,
        ],
    )

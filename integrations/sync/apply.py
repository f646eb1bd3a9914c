"""A plan into the database: one transaction, all or nothing.

The caller holds the transaction and has proved that the run is still its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from django.db import connection
from django.db.backends.utils import CursorWrapper

from integrations.models import SyncRun
from integrations.sync.copy import copy_rows
from integrations.sync.mapping import Row, Rules
from integrations.sync.options import OptionIds, ensure_options
from integrations.sync.plan import Known, Plan
from roadmaps import fields

#: Values of an item by column, as they are stored.
Stored = Mapping[str, fields.Stored]
Changes = dict[str, list[object]]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written. `updated` counts items of which a user can see the difference."""

    created: int
    updated: int
    revived: int
    flagged: int


def apply_plan(run: SyncRun, plan: Plan, rules: Rules) -> Counts:
    """Write what the plan says, and one ItemChange for each item that changed. Call inside a transaction."""
    options = ensure_options(run.account_id, rules, _rows(plan))
    with connection.cursor() as cursor:
        _create(cursor, run, plan.create, options)
        changes = _rewrite(cursor, run, [*plan.update, *plan.revive], rules, options)
        updated = _record_updates(cursor, run, changes)
        _flag(cursor, run, plan)
    return Counts(created=len(plan.create), updated=updated, revived=len(plan.revive), flagged=len(plan.flag))


def _rows(plan: Plan) -> Iterator[Row]:
    yield from plan.create
    for _, row in (*plan.update, *plan.revive):
        yield row


def store_values(row: Row, options: OptionIds) -> dict[str, fields.Stored]:
    """The row's values as they are stored: labels become the ids of list values."""
    values: dict[str, fields.Stored] = dict(row.values)  # type: ignore[arg-type]  # the tuples are replaced below
    for column, ids in options.items():
        value = row.values.get(column)
        if isinstance(value, tuple):
            values[column] = list(dict.fromkeys(ids[label] for label in value))
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


def _create(cursor: CursorWrapper, run: SyncRun, rows: Sequence[Row], options: OptionIds) -> None:
    if not rows:
        return
    lines = ((row.external_id, *_cells(row, store_values(row, options))) for row in rows)
    copy_rows(cursor, "new_item", NEW_ITEM, lines)
    names = ", ".join(f'"{name}"' for name in NEW_ITEM)
    cursor.execute(
        f"""
        WITH made AS (
            INSERT INTO roadmaps_item (account_id, roadmap_id, origin, {names})
            SELECT %s, %s, %s, {names} FROM new_item RETURNING id
        )
        INSERT INTO integrations_itemchange (account_id, run_id, item_id, kind, changes)
        SELECT %s, %s, id, 'created', '{{}}' FROM made
        """,  # noqa: S608 - the names are ours
        [run.account_id, run.link.roadmap_id, run.link.kind, run.account_id, run.pk],
    )


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


@dataclass(frozen=True, slots=True)
class _Old:
    """What an item says before the run touches it."""

    name: str
    description: str
    start: date | None
    end: date | None
    values: Stored
    source_state: str


def _rewrite(
    cursor: CursorWrapper,
    run: SyncRun,
    pairs: list[tuple[Known, Row]],
    rules: Rules,
    options: OptionIds,
) -> list[tuple[int, str, Changes]]:
    """Write the rows over their items; answer (item, kind, changes) of those where something can be seen."""
    if not pairs:
        return []
    old = _read_old(cursor, run, [known.item_id for known, _ in pairs])
    rows = [(known, row, store_values(row, options)) for known, row in pairs if known.item_id in old]
    lines = ((known.item_id, *_cells(row, values)) for known, row, values in rows)
    copy_rows(cursor, "changed_item", CHANGED_ITEM, lines)
    columns = [column.column for column in rules.fields]
    cursor.execute(
        f"""
        UPDATE roadmaps_item AS item SET
            external_url = new.external_url, name = new.name, description = new.description,
            {"start_date = new.start_date," if rules.start is not None else ""}
            {"end_date = new.end_date," if rules.end is not None else ""}
            "values" = (item."values" - %s::text[]) || new."values",
            source_hash = new.source_hash, source_state = '', source_state_at = NULL,
            archived_at = CASE WHEN item.archived_by_source THEN NULL ELSE item.archived_at END,
            archived_by_source = false, updated_at = now()
        FROM changed_item AS new WHERE item.id = new.id AND item.account_id = %s
        """,  # noqa: S608 - the pieces are ours
        [columns, run.account_id],
    )
    return [
        (known.item_id, "revived" if known.source_state else "updated", changes)
        for known, row, values in rows
        if (changes := _difference(old[known.item_id], row, values, rules)) or known.source_state
    ]


def _read_old(cursor: CursorWrapper, run: SyncRun, ids: list[int]) -> dict[int, _Old]:
    cursor.execute(
        """
        SELECT id, name, description, start_date, end_date, "values", source_state
        FROM roadmaps_item WHERE account_id = %s AND roadmap_id = %s AND id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
        """,
        [run.account_id, run.link.roadmap_id, ids],
    )
    return {
        id_: _Old(
            name, description, start, end, values=msgspec.json.decode(values), source_state=state
        )  # jsonb comes as text
        for id_, name, description, start, end, values, state in cursor.fetchall()
    }


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
    for _, column, _ in rules.table:
        before, after = old.values.get(column), values.get(column)
        if before != after:
            changes[column] = [before, after]
    return changes


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _record_updates(cursor: CursorWrapper, run: SyncRun, changes: list[tuple[int, str, Changes]]) -> int:
    """Store the changes; answer how many of them are plain updates."""
    if changes:
        columns = {"item_id": "bigint", "kind": "text", "changes": "jsonb"}
        copy_rows(cursor, "item_change", columns, changes)
        cursor.execute(
            """
            INSERT INTO integrations_itemchange (account_id, run_id, item_id, kind, changes)
            SELECT %s, %s, item_id, kind, changes FROM item_change
            """,
            [run.account_id, run.pk],
        )
    return sum(kind == "updated" for _, kind, _ in changes)


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

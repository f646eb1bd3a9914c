"""A plan into the database: one transaction, all or nothing.

The caller holds the transaction and has proved that the run is still its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.db.backends.utils import CursorWrapper

from integrations.models import SyncRun
from integrations.records import Problem
from integrations.sync.copy import Staging
from integrations.sync.effects import Changed, Made, Stored, effects_of
from integrations.sync.mapping import Row, Rules
from integrations.sync.options import OptionIds
from integrations.sync.plan import Plan


@dataclass(slots=True)
class Counts:
    """What was written. `updated` counts items of which a user can see the difference."""

    created: int = 0
    updated: int = 0
    revived: int = 0
    flagged: int = 0
    problems: list[Problem] = field(default_factory=list)


def apply_plan(run: SyncRun, plan: Plan, on_progress: Callable[[int], None] = lambda written: None) -> Counts:
    """Write what the plan says, and one ItemChange for each item that changed. Call inside a transaction.

    `on_progress` hears how many items are written so far.
    """
    counts = Counts(flagged=len(plan.flag))
    options = OptionIds(run.account_id, plan.rules)
    written = 0
    with connection.cursor() as cursor:
        new, changed = _NewItems(cursor, run), _ChangedItems(cursor, run, plan.rules)
        for batch in effects_of(run.link, plan, options, counts.problems):
            new.write(batch.made)
            changed.write(batch.changed)
            counts.created += len(batch.made)
            counts.updated += sum(one.seen == "updated" for one in batch.changed)
            counts.revived += sum(one.seen == "revived" for one in batch.changed)
            written += len(batch.made) + len(batch.changed)
            on_progress(written)
        _flag(cursor, run, plan)
    return counts


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

    def write(self, made: Sequence[Made]) -> None:
        if not made:
            return
        self._staging = self._staging or Staging(self._cursor, "new_item", NEW_ITEM)
        self._staging.fill((row.external_id, *_cells(row, values)) for row, values in made)
        run = self._run
        self._cursor.execute(INSERT_NEW, [run.account_id, run.link.roadmap_id, run.link.kind, run.account_id, run.pk])


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


class _ChangedItems:
    """Writes rows over items, batch by batch, with an ItemChange for each of which something can be seen."""

    def __init__(self, cursor: CursorWrapper, run: SyncRun, rules: Rules) -> None:
        self._cursor, self._run, self._rules = cursor, run, rules
        self._columns = [column.column for column in rules.fields]
        self._rows: Staging | None = None
        self._changes: Staging | None = None

    def write(self, changed: Sequence[Changed]) -> None:
        if not changed:
            return
        self._rows = self._rows or Staging(self._cursor, "changed_item", CHANGED_ITEM)
        self._rows.fill((one.known.item_id, *_cells(one.row, one.values)) for one in changed)
        ids = [one.known.item_id for one in changed]
        self._cursor.execute(_rewriting(self._rules), [self._columns, ids, self._run.account_id])
        self._record([one for one in changed if one.seen])

    def _record(self, seen: Sequence[Changed]) -> None:
        if not seen:
            return
        columns = {"item_id": "bigint", "kind": "text", "changes": "jsonb"}
        self._changes = self._changes or Staging(self._cursor, "item_change", columns)
        self._changes.fill((one.known.item_id, one.seen, one.changes) for one in seen)
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

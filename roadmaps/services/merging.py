"""Two fields that mean the same become one: values move from the one that goes to the one that stays.

The field that goes (`lose`) is made by hand; it is archived afterwards. The one that stays (`keep`) may be a synced
one, but no cell that a source keeps is ever written: where that would be needed, the merge is refused. Where an item
has a value in both, the one of `keep` stays, and the item's trail says what the other was.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from accounts.audit import quoted
from accounts.errors import Refused
from accounts.models import Membership
from roadmaps.models import Field
from roadmaps.services import field_log, merging_options, merging_views
from roadmaps.services.fields import put_aside
from roadmaps.services.merging_options import Matching

#: Items of all the account's roadmaps that have a value in the field that goes.
_CONCERNED = """
    FROM roadmaps_item AS item JOIN roadmaps_roadmap AS roadmap ON roadmap.id = item.roadmap_id
    WHERE roadmap.account_id = %(account)s AND item."values" ? %(lose)s
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge would do, in numbers of items and list values."""

    #: Items whose value moves.
    moved: int
    #: Items that have a value in both; the one of the field that stays is kept.
    both: int
    #: Items whose cell in the field that stays is a source's.
    locked: int
    #: Items on roadmaps where the field that stays is not shown.
    unseen: int
    #: List values that both have, and those that only the field that goes has.
    matched: int
    added: int

    @property
    def items(self) -> int:
        return self.moved + self.both

    @property
    def is_possible(self) -> bool:
        return not (self.locked or self.unseen)


def may_merge(*, lose: Field, keep: Field) -> bool:
    """Whether the fields fit each other at all: one type, and the one that stays is wherever the other was."""
    return (
        lose.pk != keep.pk
        and lose.account_id == keep.account_id
        and lose.type == keep.type
        and not lose.is_synced
        and not lose.archived_at
        and not keep.archived_at
        and keep.roadmap_id in (None, lose.roadmap_id)
    )


def plan_merge(*, lose: Field, keep: Field) -> Plan:
    """Look at what a merge would do, in two queries. Raises Refused where the fields don't fit."""
    if not may_merge(lose=lose, keep=keep):
        raise Refused(f"“{lose}” and “{keep}” can’t become one field.")
    matched, added = merging_options.count(lose, keep)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*), count(*) FILTER (WHERE item."values" ? %(keep)s),
                count(*) FILTER (WHERE item.origin <> '' AND roadmap.synced_columns ? %(keep)s),
                count(*) FILTER (WHERE %(synced)s AND NOT roadmap.synced_columns ? %(keep)s)
            {_CONCERNED}
            """,
            _names(lose, keep),
        )
        items, both, locked, unseen = cursor.fetchone()
    return Plan(items - both, both, locked, unseen, matched, added)


def merge_fields(*, lose: Field, keep: Field, by: Membership) -> Plan:
    """Move all values of `lose` to `keep` and archive `lose`, in one transaction. Raises Refused."""
    with transaction.atomic():
        locked = Field.objects.select_for_update(no_key=True).in_bulk([lose.pk, keep.pk])
        lose, keep = locked[lose.pk], locked[keep.pk]
        _lock_items(lose, keep)
        plan = plan_merge(lose=lose, keep=keep)
        if not plan.is_possible:
            raise Refused(why_not(plan, keep))
        matching = merging_options.match(lose, keep)
        _note_dropped(lose, keep, by)
        _move(lose, keep, matching)
        merging_views.rename_column(lose, keep, matching.ids)
        put_aside(lose)
        items = "1 item" if plan.items == 1 else f"{plan.items:,} items"
        field_log.record(keep, by, f"Merged the field {quoted(lose)} into {quoted(keep)}, with the values of {items}.")
    return plan


def why_not(plan: Plan, keep: Field) -> str:
    """Why a plan is not possible, for people."""
    if plan.locked:
        one = plan.locked == 1
        return (
            f"{plan.locked:,} {'item gets its' if one else 'items get their'} “{keep}” from {keep.source_label}, and "
            f"what a sync writes can’t be written by hand. Nothing was changed."
        )
    one = plan.unseen == 1
    return (
        f"{plan.unseen:,} {'item is on a roadmap that does' if one else 'items are on roadmaps that do'} not pull "
        f"“{keep}”, so {'its value' if one else 'their values'} would be out of sight there. Nothing was changed."
    )


def _names(lose: Field, keep: Field) -> dict[str, str | int | bool]:
    return {"account": lose.account_id, "lose": lose.column, "keep": keep.column, "synced": keep.is_synced}


def _lock_items(lose: Field, keep: Field) -> None:
    """In the order in which syncs lock them, so that neither waits for the other for ever."""
    with connection.cursor() as cursor:
        # Whoever writes many items of a roadmap at once locks it first, so that no two wait for each other's items.
        cursor.execute(
            f"""
            SELECT count(*) FROM (
                SELECT id FROM roadmaps_roadmap WHERE id IN (SELECT item.roadmap_id {_CONCERNED})
                ORDER BY id FOR NO KEY UPDATE
            ) AS locked
            """,  # noqa: S608 - the pieces are ours
            _names(lose, keep),
        )
        cursor.execute(
            f"SELECT count(*) FROM (SELECT item.id {_CONCERNED} ORDER BY item.id FOR NO KEY UPDATE OF item) AS locked",  # noqa: S608 - the pieces are ours
            _names(lose, keep),
        )


def _note_dropped(lose: Field, keep: Field, by: Membership) -> None:
    """Items with a value in both: what goes stays in their trail."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO roadmaps_itemedit (account_id, item_id, member_id, kind, changes)
            SELECT item.account_id, item.id, %(member)s, 'changed',
                jsonb_build_object(%(lose)s, jsonb_build_array(item."values" -> %(lose)s, NULL))
            {_CONCERNED} AND item."values" ? %(keep)s
            """,
            _names(lose, keep) | {"member": by.pk},
        )


#: A value as the field that stays has it, by the type. List values go from id to id; several keep the list's order.
_SAME = 'item."values" -> %(lose)s'
_CONVERTED = {
    "choice": '%(ids)s::jsonb -> (item."values" ->> %(lose)s)',
    "choices": """(
        SELECT jsonb_agg(%(ids)s::jsonb -> chosen.id ORDER BY (%(ranks)s::jsonb -> chosen.id)::int)
        FROM jsonb_array_elements_text(item."values" -> %(lose)s) AS chosen (id) WHERE %(ids)s::jsonb ? chosen.id
    )""",
}


def _move(lose: Field, keep: Field, matching: Matching) -> None:
    """The new values are made of the row itself, so that what a sync wrote a moment ago stays."""
    converted = _CONVERTED.get(lose.type, _SAME)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE roadmaps_item AS item SET updated_at = now(),
                "values" = jsonb_strip_nulls(jsonb_build_object(%(keep)s, {converted}))
                    || (item."values" - %(lose)s)
            FROM roadmaps_roadmap AS roadmap
            WHERE roadmap.id = item.roadmap_id AND roadmap.account_id = %(account)s AND item."values" ? %(lose)s
            """,  # noqa: S608 - the pieces are ours
            _names(lose, keep) | {"ids": matching.ids_json, "ranks": matching.ranks_json},
        )

"""Many items at once: one column set, or the items deleted, in one transaction and a fixed number of queries.

What a source keeps stays as it is, and the report says so (D10). A value follows the same rules as on a single item.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Membership
from roadmaps import columns, fields
from roadmaps.columns import Column
from roadmaps.models import Item, ItemEdit, Roadmap
from roadmaps.services.items import Changes, Parsed, parse

#: So many items can be changed or deleted together.
MAX_ITEMS = 5000
TOO_MANY = f"At most {MAX_ITEMS:,} items can be changed at once. Nothing was changed; narrow the view with a filter."
SET, ADD, REMOVE, CLEAR = "set", "add", "remove", "clear"


@dataclass(frozen=True, slots=True)
class BulkReport:
    """What became of the chosen items: `same` had the value already, in `askew` the end would precede the start.

    `barred` are a portfolio's: on a roadmap that the person may not edit, or that does not have the field.
    """

    changed: int = 0
    same: int = 0
    locked: int = 0
    askew: int = 0
    barred: int = 0

    def sentence(self, source: str) -> str:
        """For the person who asked, in the order that matters to them."""
        parts = [f"{_items(self.changed)} changed" if self.changed else "No item changed"]
        if self.same:
            parts.append(f"{self.same:,} had that already")
        if self.locked:
            verb = "is" if self.locked == 1 else "are"
            stayed = "stayed as it is" if self.locked == 1 else "stayed as they are"
            parts.append(f"{self.locked:,} {verb} synced from {source or 'their source'} and {stayed}")
        if self.askew:
            parts.append(f"{self.askew:,} would end before the start and stayed as before")
        if self.barred:
            parts.append(f"{self.barred:,} can’t be edited by you on {'its' if self.barred == 1 else 'their'} roadmap")
        return f"{', '.join(parts)}."


@dataclass(frozen=True, slots=True)
class _Row:
    """A chosen item, locked: what it has in the column, and its other date."""

    pk: int
    origin: str
    old: Parsed
    start: date | None
    end: date | None


def ways(column: Column) -> dict[str, str]:
    """What can be done to that column of many items, and how it is called."""
    found = {SET: "Set to"}
    if column.type == "choices":
        found |= {ADD: "Add", REMOVE: "Remove"}
    return found if column.name == "name" else found | {CLEAR: "Clear"}


def change_items(
    *, roadmap: Roadmap, items: QuerySet[Item], column: Column, way: str, texts: Sequence[str], by: Membership
) -> BulkReport:
    """Set, add to, take from or clear one column of those items of the roadmap.

    Raises ValidationError on the column, and Refused for more than MAX_ITEMS.
    """
    value = _parsed(column, way, texts)
    with transaction.atomic():
        rows = _locked(roadmap, items, column)
        free = [row for row in rows if not (row.origin and column.synced)]
        new = {row.pk: changed_value(column, row.old, way, value) for row in free}
        differing = [row for row in free if _differs(row.old, new[row.pk])]
        fitting = [row for row in differing if _fits(column, row, new[row.pk])]
        _write(roadmap, column, {row.pk: new[row.pk] for row in fitting}, by, {row.pk: row.old for row in fitting})
    return BulkReport(
        changed=len(fitting),
        same=len(free) - len(differing),
        locked=len(rows) - len(free),
        askew=len(differing) - len(fitting),
    )


def delete_items(*, roadmap: Roadmap, items: QuerySet[Item]) -> int:
    """Delete those that were made by hand, for good; what a source keeps stays. Say how many are gone.

    Raises Refused for more than MAX_ITEMS.
    """
    with transaction.atomic():
        own = [row.pk for row in _locked(roadmap, items, None) if not row.origin]
        Item.objects.filter(account_id=roadmap.account_id, roadmap=roadmap, pk__in=own, origin="").delete()
    return len(own)


def changed_value(column: Column, old: Parsed, way: str, value: Parsed) -> Parsed:
    """What an item has then. Lists stay in the order of their options; what becomes empty is no value."""
    if way not in (ADD, REMOVE):
        return value
    had = frozenset(old) if isinstance(old, list) else frozenset()
    given = frozenset(value) if isinstance(value, list) else frozenset()
    wanted = had | given if way == ADD else had - given
    return [option for option in column.options if option in wanted] or None


def _parsed(column: Column, way: str, texts: Sequence[str]) -> Parsed:
    if not column.editable or way not in ways(column):
        raise ValidationError({column.name: "That can't be changed for many items at once."})
    if way == CLEAR:
        return None
    keep = column.options if way == REMOVE else ()
    try:
        value = parse(column, list(texts), keep=keep)
    except fields.InvalidValue as problem:
        raise ValidationError({column.name: str(problem)}) from None
    if value in (None, "", []):
        choose = "Choose at least one value." if column.is_list else "Enter a value, or choose “Clear”."
        raise ValidationError({column.name: "Enter a name." if column.name == "name" else choose})
    return value


def _locked(roadmap: Roadmap, items: QuerySet[Item], column: Column | None) -> list[_Row]:
    """The items, locked until the end of the transaction; before them the roadmap.

    Whoever writes many items of a roadmap at once locks it first, so that no two wait for each other's items.
    """
    Roadmap.objects.select_for_update(no_key=True).get(pk=roadmap.pk)
    mine = Item.objects.filter(account_id=roadmap.account_id, roadmap=roadmap, pk__in=items.order_by().values("pk"))
    found = mine.order_by("pk").select_for_update(no_key=column is not None)
    rows = found.annotate(old=_current(column)).values_list("pk", "origin", "old", "start_date", "end_date")
    if len(rows := rows[: MAX_ITEMS + 1]) > MAX_ITEMS:
        raise Refused(TOO_MANY)
    return [_Row(*row) for row in rows]


def _current(column: Column | None) -> F | KeyTransform:
    if column is None:
        return F("id")
    return F(column.name) if column.name in columns.PLAIN else KeyTransform(column.name, "values")


def _differs(old: Parsed, new: Parsed) -> bool:
    return (None if old == "" else old) != new or isinstance(old, bool) != isinstance(new, bool)


def _fits(column: Column, row: _Row, new: Parsed) -> bool:
    start = new if column.name == "start_date" else row.start
    end = new if column.name == "end_date" else row.end
    return not (isinstance(start, date) and isinstance(end, date) and end < start)


def _write(
    roadmap: Roadmap, column: Column, new: Mapping[int, Parsed], by: Membership, old: Mapping[int, Parsed]
) -> None:
    """Save the new values and the trail of them. In a plain column all of them are the same one."""
    if not new:
        return
    now = timezone.now()
    if column.name in columns.PLAIN:
        value = next(iter(new.values()))
        empty = "" if column.name in columns.LIMITS else None
        Item.objects.filter(roadmap=roadmap, pk__in=new).update(
            **{column.name: empty if value is None else value, "updated_at": now}
        )
    else:
        _write_values(roadmap, column.name, new, now)
    ItemEdit.objects.bulk_create(
        ItemEdit(
            account_id=roadmap.account_id,
            item_id=pk,
            member=by,
            kind=ItemEdit.Kind.CHANGED,
            changes=_change(column, old[pk], value),
            at=now,
        )
        for pk, value in new.items()
    )


def _change(column: Column, old: Parsed, new: Parsed) -> Changes:
    return {column.name: [_stored(old), _stored(new)]}


def _stored(value: Parsed) -> fields.Stored | None:
    return value.isoformat() if isinstance(value, date) else None if value == "" else value


def _write_values(roadmap: Roadmap, name: str, new: Mapping[int, Parsed], now: datetime) -> None:
    """One key of each item's `values`: each may get another value, in one statement."""
    values = [None if value is None else json.dumps(value) for value in new.values()]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE roadmaps_item AS item
            SET updated_at = %s, "values" = CASE
                WHEN new.value IS NULL THEN item."values" - %s
                ELSE item."values" || jsonb_build_object(%s, new.value) END
            FROM unnest(%s::bigint[], %s::jsonb[]) AS new (id, value)
            WHERE item.id = new.id AND item.roadmap_id = %s
            """,
            [now, name, name, list(new), values, roadmap.pk],
        )


def _items(count: int) -> str:
    return "1 item" if count == 1 else f"{count:,} items"

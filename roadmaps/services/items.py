"""Items that people make, change and delete. Cells that a source keeps are refused here, whatever a form sent (D10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Membership
from roadmaps import columns, fields
from roadmaps.columns import Column
from roadmaps.item_rows import Shown
from roadmaps.models import Item, ItemEdit, Roadmap

#: What a form sent: texts by the name of the column.
Texts = Mapping[str, Sequence[str]]
#: A value of a column, ready to be saved; None, or an empty text: no value.
Parsed = fields.Stored | date | None

END_BEFORE_START = "The end can't be before the start."


#: A column's value before and after, as stored; None: it had, or has, no value.
Changes = dict[str, list[fields.Stored | None]]


def create_item(*, roadmap: Roadmap, texts: Texts, by: Membership, known: Sequence[Column] | None = None) -> Item:
    """Make an item by hand. `known` are the roadmap's columns, where the caller has them.

    Raises ValidationError, and Refused for a portfolio.
    """
    if roadmap.is_portfolio:
        raise Refused("A portfolio shows the items of its sources. Add the item on one of those roadmaps.")
    item = Item(account_id=roadmap.account_id, roadmap=roadmap)
    _write(item, texts, known or columns.load(roadmap))
    with transaction.atomic():
        item.save()
        _record(item, by, ItemEdit.Kind.MADE, differences({}, stored(item)))
    return item


def update_item(*, item: Item, texts: Texts, by: Membership, known: Sequence[Column] | None = None) -> Item:
    """Write what was sent; columns that were not sent stay. Raises ValidationError, also for locked cells.

    The row is locked first, so that a sync which writes other columns of it at the same time loses nothing.
    """
    with transaction.atomic():
        fresh = Item.objects.select_for_update(no_key=True, of=("self",)).select_related("roadmap").get(pk=item.pk)
        before = stored(fresh)
        _write(fresh, texts, known or columns.load(fresh.roadmap))
        if changes := differences(before, stored(fresh)):
            fresh.updated_at = timezone.now()
            fresh.save(update_fields=[*columns.PLAIN, "values", "updated_at"])
            _record(fresh, by, ItemEdit.Kind.CHANGED, changes)
    return fresh


def delete_item(*, item: Item) -> None:
    """Delete an item that was made by hand. Raises Refused for one that a source keeps."""
    if item.origin:
        source = item.roadmap.source_label or "its source"
        raise Refused(
            f"This item comes from {source} and can't be deleted here: the next sync would bring it back. "
            f"Delete it in {source}, or leave it out with “Modify Setup”."
        )
    item.delete()


def stored(item: Item) -> dict[str, fields.Stored]:
    """Every value that people can write, by its column, as the trail of changes keeps it; no value, no key."""
    plain = {name: getattr(item, name) for name in columns.PLAIN}
    written = {name: value.isoformat() if isinstance(value, date) else value for name, value in plain.items() if value}
    return {**written, **item.values}


def differences(before: Mapping[str, fields.Stored], after: Mapping[str, fields.Stored]) -> Changes:
    """What `stored` said before and says now, where that differs."""
    names = [*before, *(name for name in after if name not in before)]
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _record(item: Item, by: Membership, kind: ItemEdit.Kind, changes: Changes) -> None:
    ItemEdit.objects.create(account_id=item.account_id, item=item, member=by, kind=kind, changes=changes)


def _write(item: Item, texts: Texts, known: Sequence[Column]) -> None:
    """Put the parsed texts on the item; it is saved by the caller. Raises ValidationError on each column at fault."""
    errors: dict[str, str] = {}
    for column in known:
        if column.name not in texts or not column.editable:
            continue
        if columns.is_locked(item, column):
            errors[column.name] = columns.refusal(item.roadmap)
            continue
        try:
            _set(item, column, parse(column, list(texts[column.name]), keep=chosen_options(item, column)))
        except fields.InvalidValue as problem:
            errors[column.name] = str(problem)
    if not item.name and "name" not in errors:
        errors["name"] = "Enter a name."
    if item.start_date and item.end_date and item.end_date < item.start_date:
        locked = next((each for each in known if each.name == "end_date" and columns.is_locked(item, each)), None)
        errors.setdefault("start_date" if locked else "end_date", END_BEFORE_START)
    if errors:
        raise ValidationError(errors)


def parse(column: Column, texts: list[str], *, keep: Iterable[int] = ()) -> Parsed:
    """What was sent for a column. `keep` are archived options that may stay. Raises `fields.InvalidValue`."""
    if column.name in columns.LIMITS:
        return fields.clean_text(texts[0] if texts else "", limit=columns.LIMITS[column.name])
    if column.name in ("start_date", "end_date"):
        return fields.parse_date(texts[0]) if texts and texts[0].strip() else None
    return fields.parse(column.type, texts, column.labels(keep=keep))


def _set(item: Item, column: Column, value: Parsed) -> None:
    if column.name in columns.PLAIN:
        setattr(item, column.name, value)
    elif value is None:
        item.values.pop(column.name, None)
    elif not _is_same_choice(item.values.get(column.name), value):
        item.values[column.name] = value


def _is_same_choice(old: fields.Stored | None, new: fields.Stored | date) -> bool:
    """A form knows no order of values; the one that they have, by which a Swimlane lays out, stays."""
    return isinstance(old, list) and isinstance(new, list) and sorted(old) == sorted(new)


def chosen_options(item: Shown, column: Column) -> list[int]:
    """The ids of the options that the item has in that column."""
    value = columns.stored(item, column)
    if not column.is_list or value is None:
        return []
    return value if isinstance(value, list) else [value]  # type: ignore[list-item]  # of a list column, ids alone

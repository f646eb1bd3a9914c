"""What syncs did, for people: the changes of a run or of an item, with names instead of columns and ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.text import Truncator

from integrations.models import ItemChange
from roadmaps import fields
from roadmaps.models import Field, FieldOption, Item

LABELS = {
    "name": "Name",
    "description": "Description",
    "start_date": "Start Date",
    "end_date": "End Date",
    "source_state": "Source state",
}
#: Longer texts are cut in a history; the item has the whole.
SHOWN = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after; empty text means no value."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one run did to one item. `reason` says why an item stopped updating."""

    at: datetime
    run_id: int
    kind: str
    kind_label: str
    item: Item
    reason: str
    differences: tuple[Difference, ...]


def of_item(item: Item, *, limit: int) -> list[Entry]:
    """The latest changes of an item, newest first, in at most three queries."""
    changes = ItemChange.objects.filter(account_id=item.account_id, item=item).select_related("run").order_by("-id")
    found = list(changes[:limit])
    for change in found:
        change.item = item
    return entries(item.account_id, found)


def entries(account_id: int, changes: Iterable[ItemChange]) -> list[Entry]:
    """The changes with the names of fields and list values; two queries. Their runs and items must be loaded."""
    changes = list(changes)
    names = _names(account_id, {column for change in changes for column in change.changes})
    return [_entry(change, names) for change in changes]


@dataclass(frozen=True, slots=True)
class _Names:
    fields: Mapping[str, Field]
    options: Mapping[int, str]


def _names(account_id: int, columns: set[str]) -> _Names:
    ids = [int(column[1:]) for column in columns if column[:1] == "f" and column[1:].isdigit()]
    if not ids:
        return _Names({}, {})
    found = {field.column: field for field in Field.objects.filter(account_id=account_id, pk__in=ids)}
    lists = [field.pk for field in found.values() if field.has_options]
    options = FieldOption.objects.filter(account_id=account_id, field__in=lists)
    return _Names(found, dict(options.values_list("pk", "label")))


def _entry(change: ItemChange, names: _Names) -> Entry:
    return Entry(
        at=change.run.finished_at or change.run.queued_at,
        run_id=change.run_id,
        kind=change.kind,
        kind_label=change.get_kind_display(),
        item=change.item,
        reason=_reason(change),
        differences=tuple(
            _difference(column, pair, names) for column, pair in change.changes.items() if column != "source_state"
        ),
    )


def _reason(change: ItemChange) -> str:
    if change.kind != ItemChange.Kind.FLAGGED:
        return ""
    _, state = change.changes.get("source_state", ["", ""])
    return str(dict(Item.SourceState.choices).get(state, ""))


def _difference(column: str, pair: list[fields.Stored | None], names: _Names) -> Difference:
    old, new = pair
    field = names.fields.get(column)
    label = field.name if field else LABELS.get(column, "A field that is gone")
    return Difference(label, _shown(old, field, names), _shown(new, field, names))


def _shown(value: fields.Stored | None, field: Field | None, names: _Names) -> str:
    text = fields.show(field.type if field else "text", value, names.options)
    return Truncator(_as_date(text)).chars(SHOWN)


def _as_date(text: str) -> str:
    try:
        return f"{date.fromisoformat(text):%-d %b %Y}"
    except ValueError:
        return text

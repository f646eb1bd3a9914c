"""What changed on an item, in words: names and labels instead of columns and ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.text import Truncator

from roadmaps import fields
from roadmaps.models import Field, FieldOption

LABELS = {
    "name": "Name",
    "description": "Description",
    "notes": "Notes",
    "start_date": "Start Date",
    "end_date": "End Date",
    "source_state": "Source state",
}
GONE = "A field that is gone"
#: Longer texts are cut in a history; the item has the whole.
SHOWN = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after; empty text means no value."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Names:
    """What fields and list values are called."""

    fields: Mapping[str, Field]
    options: Mapping[int, str]


def load_names(account_id: int, columns: Iterable[str]) -> Names:
    """The names of those columns that are fields of the account, and of their list values; at most two queries."""
    ids = [int(column[1:]) for column in columns if column[:1] == "f" and column[1:].isdigit()]
    if not ids:
        return Names({}, {})
    found = {field.column: field for field in Field.objects.filter(account_id=account_id, pk__in=ids)}
    lists = [field.pk for field in found.values() if field.has_options]
    options = FieldOption.objects.filter(account_id=account_id, field__in=lists)
    return Names(found, dict(options.values_list("pk", "label")))


def describe(column: str, pair: Sequence[fields.Stored | None], names: Names) -> Difference:
    """A column's old and new value, as stored, in words."""
    old, new = pair
    field = names.fields.get(column)
    label = field.name if field else LABELS.get(column, GONE)
    return Difference(label, _shown(old, field, names), _shown(new, field, names))


def _shown(value: fields.Stored | None, field: Field | None, names: Names) -> str:
    text = fields.show(field.type if field else "text", value, names.options)
    return Truncator(_as_date(text)).chars(SHOWN)


def _as_date(text: str) -> str:
    """A stored date as people write it. Other things that ISO calls dates, such as 20260131, are only numbers here."""
    if len(text) != 10:
        return text
    try:
        return f"{date.fromisoformat(text):%-d %b %Y}"
    except ValueError:
        return text

"""List values that a run needs: those that are new are made, once, whoever else makes them at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from integrations.sync.mapping import Row, Rules
from roadmaps import fields
from roadmaps.models import FieldOption

#: For each column of a list type, the id of every value by its label as the rows write it.
OptionIds = Mapping[str, Mapping[str, int]]


def ensure_options(account_id: int, rules: Rules, rows: Iterable[Row]) -> OptionIds:
    """The ids of all list values that the rows use. Missing ones are added behind the ones that are there."""
    labels = _labels(rules, rows)
    ids = _known(account_id, labels)
    missing = {column: _unknown(seen, ids[column]) for column, seen in labels.items()}
    if any(missing.values()):
        _add(account_id, missing, {column: len(found) for column, found in ids.items()})
        ids = _known(account_id, labels)
    return {column: {label: ids[column][fields.fold(label)] for label in seen} for column, seen in labels.items()}


def _labels(rules: Rules, rows: Iterable[Row]) -> dict[str, dict[str, None]]:
    """Every label of every list column, in the order in which the rows have them."""
    labels: dict[str, dict[str, None]] = {
        column.column: {} for column in rules.fields if column.type in ("choice", "choices")
    }
    for row in rows:
        for column, seen in labels.items():
            value = row.values.get(column)
            if isinstance(value, tuple):
                seen.update(dict.fromkeys(value))
            elif isinstance(value, str):
                seen[value] = None
    return labels


def _unknown(labels: Iterable[str], ids: Mapping[str, int]) -> dict[str, str]:
    """Labels without a value yet, by their folded form; of twins the first."""
    unknown: dict[str, str] = {}
    for label in labels:
        key = fields.fold(label)
        if key not in ids:
            unknown.setdefault(key, label)
    return unknown


def _field_id(column: str) -> int:
    return int(column.removeprefix("f"))


def _known(account_id: int, columns: Iterable[str]) -> dict[str, dict[str, int]]:
    ids: dict[str, dict[str, int]] = {column: {} for column in columns}
    options = FieldOption.objects.filter(account_id=account_id, field__in=[_field_id(column) for column in ids])
    for field_id, key, option_id in options.values_list("field_id", "key", "id"):
        ids[f"f{field_id}"][key] = option_id
    return ids


def _add(account_id: int, missing: Mapping[str, Mapping[str, str]], taken: Mapping[str, int]) -> None:
    new = [
        FieldOption(
            account_id=account_id,
            field_id=_field_id(column),
            label=label,
            key=key,
            position=taken[column] + number,
            colour=(taken[column] + number) % FieldOption.COLOURS + 1,
        )
        for column, labels in missing.items()
        for number, (key, label) in enumerate(labels.items())
    ]
    FieldOption.objects.bulk_create(new, ignore_conflicts=True)

"""List values that a run needs: those that are new are made, once, whoever else makes them at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from integrations.sync.mapping import Row, Rules
from roadmaps import fields
from roadmaps.models import FieldOption


class OptionIds:
    """For each column of a list type, the id of every value by its label as rows write it."""

    def __init__(self, account_id: int, rules: Rules) -> None:
        self._account_id = account_id
        #: By column and label, as far as rows were covered.
        self.by_column: dict[str, dict[str, int]] = {
            column.column: {} for column in rules.fields if column.type in ("choice", "choices")
        }
        #: By column and folded label, whatever the account has; read when first needed.
        self._keys: dict[str, dict[str, int]] = {}

    def cover(self, rows: Iterable[Row]) -> None:
        """Know every label that the rows use. Missing values are added behind the ones that are there."""
        unseen = self._unseen(rows)
        if not unseen:
            return
        self._keys = self._keys or self._read(self.by_column)
        missing = {column: self._unknown(column, labels) for column, labels in unseen.items()}
        if any(missing.values()):
            self._add(missing)
            self._keys = self._read(self.by_column)
        for column, labels in unseen.items():
            self.by_column[column].update((label, self._id(column, label)) for label in labels)

    def _id(self, column: str, label: str) -> int:
        return self._keys[column][fields.fold(label)]

    def _unseen(self, rows: Iterable[Row]) -> dict[str, dict[str, None]]:
        """The labels of every list column that were not covered yet, in the order in which the rows have them."""
        unseen: dict[str, dict[str, None]] = {}
        for row in rows:
            for column, ids in self.by_column.items():
                value = row.values.get(column)
                if isinstance(value, str):
                    value = (value,)
                if isinstance(value, tuple):
                    for label in value:
                        if label not in ids:
                            unseen.setdefault(column, {})[label] = None
        return unseen

    def _unknown(self, column: str, labels: Iterable[str]) -> dict[str, str]:
        """Labels without a value yet, by their folded form; of twins the first."""
        unknown: dict[str, str] = {}
        for label in labels:
            key = fields.fold(label)
            if key not in self._keys[column]:
                unknown.setdefault(key, label)
        return unknown

    def _read(self, columns: Iterable[str]) -> dict[str, dict[str, int]]:
        ids: dict[str, dict[str, int]] = {column: {} for column in columns}
        options = FieldOption.objects.filter(account_id=self._account_id, field__in=[_field_id(one) for one in ids])
        for field_id, key, option_id in options.values_list("field_id", "key", "id"):
            ids[f"f{field_id}"][key] = option_id
        return ids

    def _add(self, missing: Mapping[str, Mapping[str, str]]) -> None:
        new = [
            FieldOption(
                account_id=self._account_id,
                field_id=_field_id(column),
                label=label,
                key=key,
                position=place,
                colour=place % FieldOption.COLOURS + 1,
            )
            for column, labels in missing.items()
            for place, (key, label) in enumerate(labels.items(), start=len(self._keys[column]))
        ]
        FieldOption.objects.bulk_create(new, ignore_conflicts=True)


class PlannedOptionIds(OptionIds):
    """The same without making any: those that a run would make get numbers below zero."""

    def __init__(self, account_id: int, rules: Rules) -> None:
        super().__init__(account_id, rules)
        #: What those that a run would make are called.
        self.labels: dict[int, str] = {}
        self._planned: dict[tuple[str, str], int] = {}

    def _id(self, column: str, label: str) -> int:
        key = fields.fold(label)
        known = self._keys[column].get(key)
        if known is not None:
            return known
        number = self._planned.setdefault((column, key), -1 - len(self._planned))
        self.labels.setdefault(number, label)
        return number

    def _read(self, columns: Iterable[str]) -> dict[str, dict[str, int]]:
        columns = list(columns)
        there = super()._read(column for column in columns if not is_planned(column))
        return {column: there.get(column, {}) for column in columns}

    def _add(self, missing: Mapping[str, Mapping[str, str]]) -> None:
        """Nothing is made."""


def planned_column(key: str) -> str:
    """The column of a field that a run would make, which has no id yet."""
    return f"new:{key}"


def is_planned(column: str) -> bool:
    """Whether the column is one of a field that is not there yet."""
    return column.startswith("new:")


def _field_id(column: str) -> int:
    return int(column.removeprefix("f"))

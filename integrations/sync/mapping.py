"""A record and the link's setup into a row: what the item shall say. Pure: no ORM, no clock, no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Final, TypeVar

import msgspec

from integrations.records import Problem, Record, Value
from roadmaps import fields

#: Most characters of a list value.
MAX_LABEL = 255

#: A value in a row: as it is stored, but list values still by label, because ids are known only when they are written.
RowValue = str | int | float | bool | tuple[str, ...]
Store = Callable[[Value], RowValue | None]
#: A day, or its place among the days of one record.
Day = TypeVar("Day", date, int)


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """A field that is pulled: the tracker's key, and the column and type that it has here."""

    key: str
    column: str
    type: str


@dataclass(frozen=True, slots=True)
class Rules:
    """How records become rows. `zone` is the account's: it decides on which day a moment falls.

    `start` and `end` are the dates that feed Start and End, the first one present wins; None leaves that column alone.
    """

    zone: tzinfo
    start: tuple[str, ...] | None
    end: tuple[str, ...] | None
    fields: tuple[FieldColumn, ...]
    #: The fields again, as (key, column, how it is stored): looked up once, not for each of many thousand records.
    #: In the order of the columns' names, which is the order in which values are hashed.
    table: tuple[tuple[str, str, Store], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = sorted((column.column, column.key, _STORE[column.type]) for column in self.fields)
        object.__setattr__(self, "table", tuple((key, column, store) for column, key, store in table))


class Row(msgspec.Struct, frozen=True):
    """What an item shall say. `hash` is a digest of all the rest: equal hashes, nothing to write."""

    external_id: str
    external_url: str
    name: str
    description: str
    start: date | None
    end: date | None
    values: dict[str, RowValue]
    hash: str


def map_record(record: Record, rules: Rules) -> tuple[Row, list[Problem]]:
    """The row of a record, and the values that did not fit, each with a sentence that says why."""
    problems: list[Problem] = []
    days = {key: as_day(moment, rules.zone) for key, moment in record.dates.items()}
    start, end = _dates(record, days, rules, problems)
    values = _values(record, days, rules, problems)
    name = record.name.strip() or "(no name)"
    row = Row(
        external_id=record.id,
        external_url=record.url,
        name=name,
        description=record.description,
        start=start,
        end=end,
        values=values,
        hash=_digest((record.url, name, record.description, str(start), str(end), values)),
    )
    return row, problems


def _digest(body: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(body), digest_size=16).hexdigest()


def as_day(moment: date | datetime, zone: tzinfo) -> date:
    """The day on which a moment falls in that zone; a date stays itself."""
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


def first_present(days: Mapping[str, Day], keys: Iterable[str]) -> Day | None:
    """The first day of the list that there is."""
    for key in keys:
        if key in days:
            return days[key]
    return None


def span(
    days: Mapping[str, Day], start: Iterable[str] | None, end: Iterable[str] | None
) -> tuple[Day | None, Day | None, Day | None]:
    """Start and End by those lists, and the start that is left out, because it is after the end."""
    first, last = first_present(days, start or ()), first_present(days, end or ())
    if first is not None and last is not None and last < first:
        return None, last, first
    return first, last, None


def _dates(
    record: Record, days: Mapping[str, date], rules: Rules, problems: list[Problem]
) -> tuple[date | None, date | None]:
    start, end, late = span(days, rules.start, rules.end)
    if late is not None:
        message = f"Start {late} is after End {end}, so only End is shown."
        problems.append(Problem(record_id=record.id, field="start", message=message))
    return start, end


def _values(record: Record, days: Mapping[str, date], rules: Rules, problems: list[Problem]) -> dict[str, RowValue]:
    """By column, in the order of the columns' names. A date that is a field of its own is text (S25)."""
    found: dict[str, RowValue] = {}
    values = record.values
    for key, column, store in rules.table:
        value = values.get(key)
        if value is None:
            if key not in days:
                continue
            value = days[key].isoformat()
        try:
            stored = store(value)
        except fields.InvalidValue as error:
            problems.append(Problem(record_id=record.id, field=key, message=str(error)))
            continue
        if stored is not None:
            found[column] = stored
    return found


# --- The value in the shape of its field's type, None where it is empty; InvalidValue where it has no such shape.


def _choices(value: Value) -> RowValue | None:
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, tuple):
        raise _misfit()
    return _labels(value) or None


def _choice(value: Value) -> RowValue | None:
    if not isinstance(value, str):
        raise _misfit()
    return _label(value) or None


def _number(value: Value) -> RowValue:
    if type(value) is not int and type(value) is not float:
        raise _misfit()
    if -fields.NUMBER_BOUND < value < fields.NUMBER_BOUND:
        return int(value) if value == int(value) else value
    raise fields.InvalidValue("The number is not finite, or has more than 15 digits.")


def _checkbox(value: Value) -> RowValue:
    if not isinstance(value, bool):
        raise _misfit()
    return value


def _date(value: Value) -> RowValue:
    if not isinstance(value, date):
        raise _misfit()
    return fields.parse_date(value.isoformat()).isoformat()


def _link(value: Value) -> RowValue | None:
    if not isinstance(value, str):
        raise _misfit()
    return fields.parse_link(value) if value.strip() else None


def _text(value: Value) -> RowValue | None:
    if isinstance(value, tuple):
        raise _misfit()
    return fields.clean_text(value if isinstance(value, str) else str(value)) or None


_STORE: Final[Mapping[str, Store]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "checkbox": _checkbox,
    "link": _link,
    "choice": _choice,
    "choices": _choices,
}


def _misfit() -> fields.InvalidValue:
    return fields.InvalidValue("The value does not fit the field's type.")


@lru_cache(maxsize=10_000)
def _labels(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(_label, texts))))


@lru_cache(maxsize=10_000)
def _label(text: str) -> str:
    return " ".join(fields.clean_text(text, limit=MAX_LABEL).split())

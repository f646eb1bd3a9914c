"""What passes between a connector and the rest: plain, immutable values, the same for every tracker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import msgspec

#: The value of one field of one record. A tuple is an ordered set of list values; a whole number is best an int.
Value = str | int | float | bool | date | tuple[str, ...]

#: How a tracker's field is shown on a roadmap; the names are those of `roadmaps.fields`.
FieldType = Literal["text", "number", "date", "checkbox", "link", "choice", "choices"]

#: The colours of list values, in the order of the palette: the first is number 1.
Colour = Literal["blue", "green", "amber", "violet", "red", "cyan", "pink", "olive", "indigo", "orange", "teal", "grey"]

#: How far a pull is proved complete. Only the connector reads it; everybody else stores it as JSON.
Cursor = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose secret it is, as the tracker says."""

    id: str
    name: str
    projects: int


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """A project that a secret can see."""

    id: str
    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class StateSpec:
    """A state that records can be in. `category` says how far along it is, for colours and progress."""

    key: str
    label: str
    category: Literal["later", "next", "doing", "done"]
    help: str = ""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of the tracker that a roadmap can take.

    `options` is set where the tracker's list is closed, and `colours` says which colour each of them begins with; one
    that it leaves out gets whichever is next. People may choose others, and theirs stay.
    """

    key: str
    label: str
    type: FieldType
    help: str = ""
    options: tuple[str, ...] = ()
    colours: Mapping[str, Colour] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DateSpec:
    """A date of a record: it can feed Start or End, or arrive as read-only text."""

    key: str
    label: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Which fields of the tracker tell how far the work has come, by their keys.

    `by` is the list under which records belong together, `points` the number that says how big one is, and `state`
    the list that says how far it is, with the labels of those of its values that mean done.
    """

    by: str
    points: str
    state: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """What one project offers, and what the wizard suggests at first."""

    project: ProjectRef
    states: tuple[StateSpec, ...]
    fields: tuple[FieldSpec, ...]
    dates: tuple[DateSpec, ...]
    suggested_states: tuple[str, ...]
    suggested_start: tuple[str, ...]
    suggested_end: tuple[str, ...]
    suggested_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What a pull asks for. `wanted` holds keys of fields and dates; the connector fetches nothing else."""

    project_id: str
    states: frozenset[str]
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Problem:
    """One value of one record that could not be taken. The record is kept, unless it has no usable id."""

    record_id: str
    field: str
    message: str


class Record(msgspec.Struct, frozen=True):
    """One story, typed, in the tracker's terms. A key missing from `values` or `dates` means: no value.

    A struct, because a pull makes many thousands and a dataclass takes ten times as long to make.
    """

    id: str
    url: str
    name: str
    description: str
    state: str
    values: dict[str, Value] = {}
    dates: dict[str, date | datetime] = {}
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a pull.

    `records` are read when the whole listing is proved to hold together, perhaps more than once: a connector with many
    makes them as they are asked for, and says in `states` beforehand which they are: pairs of id and state.
    `stamp` is the version of the whole project that the page was read under; pages with different stamps do not
    belong together. None: the tracker has no versions. `passed_over` are ids that were seen outside the chosen
    states, with their state. `set_aside` are records that could not be read at all; they count as seen where
    their id is known. `announced` is the tracker's own count of the listing (chosen and other states), None where
    it gives none. `complete` says that the pull, after its last page, is a full listing: what it does not hold is
    missing there.
    `gone` are ids that changed and are no longer in the project; only listings that are not complete need it.
    `unchanged`: nothing changed since the cursor; such a page is the only one and is empty.
    `cursor` of the last page is where the next pull may begin.
    """

    stamp: str | None
    records: Iterable[Record] = ()
    states: Sequence[tuple[str, str]] | None = None
    passed_over: Mapping[str, str] = field(default_factory=dict)
    set_aside: tuple[Problem, ...] = ()
    gone: frozenset[str] = frozenset()
    announced: int | None = None
    unchanged: bool = False
    complete: bool = True
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a record that a complete listing no longer holds. `state` is set for "out_of_filter"."""

    kind: Literal["deleted", "moved", "hidden", "out_of_filter", "present"]
    state: str = ""
    record: Record | None = None

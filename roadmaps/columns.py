"""The columns of a roadmap's table, which are also the rows of an Item Card and of an item's form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as default
from typing import NamedTuple

from django.db import connection

from roadmaps.fields import Stored
from roadmaps.item_rows import Shown
from roadmaps.models import Roadmap

#: How many characters a column of the item itself may hold; fields hold `fields.MAX_TEXT`.
LIMITS: Mapping[str, int] = {"name": 5000, "description": 100_000, "notes": 100_000}
DATES = ("start_date", "end_date")
#: The columns of the item itself that people may write; all others are keys of its `values`.
PLAIN = (*LIMITS, *DATES)
#: On a portfolio, the list column that says which of its sources an item is from.
ROADMAP = "roadmap"


class Option(NamedTuple):
    """A value that a list column offers."""

    label: str
    colour: int
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` is what it is called in addresses and forms, `type` one of FieldType or "source"."""

    name: str
    label: str
    type: str
    options: Mapping[int, Option] = default(default_factory=dict)
    #: The roadmap's source writes this column of its items.
    synced: bool = False
    #: What the roadmap's source is called, such as "Pivotal Tracker", whatever it writes.
    source: str = ""
    #: People may write it, where it isn't synced.
    editable: bool = True
    #: Several paragraphs of Markdown.
    long: bool = False
    #: In the table unless the address says otherwise.
    shown: bool = True
    #: Can stand in the table at all; what can't is only for filters.
    in_table: bool = True
    #: This roadmap alone has it; it is no field of the account.
    own: bool = False
    #: On a portfolio, the ids of the roadmaps that have it, and of those where it is synced; None: all that are shown.
    only_on: frozenset[int] | None = None
    synced_on: frozenset[int] | None = None
    #: Of a field from outside: the kind of its connector, and that connector's own key for it.
    source_kind: str = ""
    source_key: str = ""

    @property
    def is_list(self) -> bool:
        return self.type in ("choice", "choices")

    def labels(self, *, keep: Iterable[int] = ()) -> dict[int, str]:
        """What may be chosen: all that is not archived, and what is chosen already."""
        kept = frozenset(keep)
        return {pk: option.label for pk, option in self.options.items() if not option.archived or pk in kept}


def is_locked(item: Shown | None, column: Column) -> bool:
    """Whether a source writes that cell, so that nobody else may. The item's own roadmap decides."""
    if not (item and item.origin and column.synced):
        return False
    return column.synced_on is None or item.roadmap_id in column.synced_on


def is_absent(item: Shown, column: Column) -> bool:
    """Whether the item's own roadmap does not have that column, so that there is nothing to write."""
    return column.only_on is not None and item.roadmap_id not in column.only_on


def stored(item: Shown, column: Column) -> Stored | None:
    """What the item has in a column that is none of its own attributes."""
    if column.name == ROADMAP:
        return item.roadmap_id
    value: Stored | None = item.values.get(column.name)
    return value


def refusal(roadmap: Roadmap) -> str:
    """Why a locked cell can't be written here."""
    return f"Synced from {roadmap.source_label or 'its source'}; it can only be changed there."


def load(roadmap: Roadmap) -> list[Column]:
    """All columns of the roadmap, in one query: dates and ID, synced fields, other fields, long texts."""
    return load_each([roadmap])[roadmap.pk]


def load_each(roadmaps: Sequence[Roadmap]) -> dict[int, list[Column]]:
    """All columns of each of these roadmaps of one account, by the roadmap's id; in one query."""
    fields = _fields(roadmaps)
    return {roadmap.pk: _columns(roadmap, fields) for roadmap in roadmaps}


def _columns(roadmap: Roadmap, fields: Iterable[_Field]) -> list[Column]:
    synced: list[str] = roadmap.synced_columns
    here = sorted((field for field in fields if _is_on(field, roadmap)), key=lambda field: _rank(field, synced))
    return [
        *_first(roadmap),
        *(
            Column(
                name=field.column,
                label=field.name,
                type=field.type,
                options=field.options,
                synced=field.column in synced,
                source=roadmap.source_label,
                own=field.roadmap_id is not None,
                source_kind=field.source_kind,
                source_key=field.source_key,
            )
            for field in here
        ),
        *_last(roadmap),
    ]


def _first(roadmap: Roadmap) -> list[Column]:
    synced = frozenset(roadmap.synced_columns)
    source, has_source = roadmap.source_label, bool(roadmap.source_label)
    return [
        Column("name", "Name", "text", synced="name" in synced, source=source),
        Column("start_date", "Start Date", "date", synced="start_date" in synced, source=source),
        Column("end_date", "End Date", "date", synced="end_date" in synced, source=source),
        Column(
            "external_id", "External ID", "text", synced=has_source, source=source, editable=False, shown=has_source
        ),
    ]


def _last(roadmap: Roadmap) -> list[Column]:
    synced, source = "description" in roadmap.synced_columns, roadmap.source_label
    return [
        Column("description", "Description", "text", synced=synced, source=source, long=True, shown=False),
        Column("notes", "Notes", "text", long=True, shown=False),
        Column("source", "Source state", "source", editable=False, shown=False, in_table=False),
    ]


class _Field(NamedTuple):
    """A field and the values that it offers, without their models: every page of a roadmap reads all of them."""

    pk: int
    name: str
    type: str
    roadmap_id: int | None
    source_kind: str
    source_key: str
    position: int
    options: dict[int, Option]

    @property
    def column(self) -> str:
        return f"f{self.pk}"


#: Fields that any of the roadmaps has, and a few more, with what they offer. By hand: every page of a roadmap asks it,
#: and it took Django longer to write it than PostgreSQL to answer.
_FIELDS = """
SELECT field.id, field.name, field.type, field.roadmap_id, field.source_kind, field.source_key, field.position,
    option.id, option.label, option.colour, option.archived_at IS NOT NULL
FROM roadmaps_field AS field LEFT JOIN roadmaps_fieldoption AS option ON option.field_id = field.id
WHERE field.account_id = %s AND field.archived_at IS NULL AND (
    field.roadmap_id = ANY(%s) OR field.id = ANY(%s) OR field.roadmap_id IS NULL AND field.source_kind = ''
)
ORDER BY field.position, field.id, option.position, option.id
"""
_OWN = len(_Field._fields) - 1


def _fields(roadmaps: Sequence[Roadmap]) -> list[_Field]:
    names = {name for roadmap in roadmaps for name in roadmap.synced_columns}
    synced = [int(name[1:]) for name in names if name[:1] == "f" and name[1:].isdigit()]
    found: dict[int, _Field] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FIELDS, [roadmaps[0].account_id, [each.pk for each in roadmaps], synced])
        for row in cursor.fetchall():
            field = found.get(row[0])
            if field is None:
                field = found[row[0]] = _Field._make((*row[:_OWN], {}))
            option, label, colour, is_archived = row[_OWN:]
            if option is not None:
                field.options[option] = Option(label, colour, archived=is_archived)
    return list(found.values())


def _is_on(field: _Field, roadmap: Roadmap) -> bool:
    """Its own fields, the account's that are filled by hand, and those that its source fills."""
    if field.roadmap_id is not None:
        return field.roadmap_id == roadmap.pk
    return not field.source_kind or field.column in roadmap.synced_columns


def _rank(field: _Field, synced: Sequence[str]) -> tuple[int, int, int, int]:
    if field.column in synced:
        return (0, synced.index(field.column), field.position, field.pk)
    return (1, 0 if field.roadmap_id else 1, field.position, field.pk)

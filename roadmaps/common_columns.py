"""The columns that the sources of a portfolio have in common: those of every item, and the fields of the account (D28).

Fields that most sources show come first. What a source alone has is none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from roadmaps.columns import ROADMAP, Column, Option
from roadmaps.models import FieldOption, Roadmap

#: What every item has; the fields stand between the two.
_FIRST = ("name", "start_date", "end_date", "external_id")
_LAST = ("description", "notes", "source")


def combine(roadmaps: Sequence[Roadmap], columns: Mapping[int, Sequence[Column]]) -> list[Column]:
    """One list of columns for all of these roadmaps; `columns` are those of each, by its id."""
    by_name: dict[str, dict[int, Column]] = {}
    for roadmap in roadmaps:
        for column in columns[roadmap.pk]:
            if not column.own:
                by_name.setdefault(column.name, {})[roadmap.pk] = column
    plain = (*_FIRST, *_LAST)
    fields = sorted((name for name in by_name if name not in plain), key=lambda name: -len(by_name[name]))
    return [
        *_merged(_FIRST, by_name, roadmaps),
        _roadmap_column(roadmaps),
        *_merged(fields, by_name, roadmaps),
        *_merged(_LAST, by_name, roadmaps),
    ]


def _roadmap_column(roadmaps: Sequence[Roadmap]) -> Column:
    options = {each.pk: Option(each.name, place % FieldOption.COLOURS + 1) for place, each in enumerate(roadmaps)}
    return Column(ROADMAP, "Roadmap", "choice", options=options, editable=False)


def _merged(
    names: Sequence[str], by_name: Mapping[str, Mapping[int, Column]], roadmaps: Sequence[Roadmap]
) -> Iterator[Column]:
    for name in names:
        if name in by_name:
            yield _merge(by_name[name], is_everywhere=len(by_name[name]) == len(roadmaps))


def _merge(found: Mapping[int, Column], *, is_everywhere: bool) -> Column:
    synced_on = frozenset(pk for pk, column in found.items() if column.synced)
    sources = {column.source for column in found.values() if column.synced}
    return replace(
        next(iter(found.values())),
        synced=bool(synced_on),
        synced_on=synced_on,
        source=sources.pop() if len(sources) == 1 else "its source" if sources else "",
        shown=any(column.shown for column in found.values()),
        only_on=None if is_everywhere else frozenset(found),
    )

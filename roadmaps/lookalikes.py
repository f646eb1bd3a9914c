"""Fields of an account whose names look the same, and whether one could be merged into the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F, Q

from accounts.models import Account
from roadmaps import likeness
from roadmaps.models import Field, Roadmap
from roadmaps.services.merging import may_merge

#: Of an account with more fields than this, those that all roadmaps share come first, and the rest is not compared.
MAX_COMPARED = 2000


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Another field that looks like a field. `lose` and `keep` say which merge would make one of them, if any."""

    field: Field
    lose: Field | None = None
    keep: Field | None = None


def of_fields(account: Account, shown: Iterable[Field]) -> Mapping[int, Lookalike]:
    """For each of the fields the one that looks most like it, by the field's id; one query."""
    known = {field.pk: field for field in _live(account)}
    names = {pk: field.name for pk, field in known.items()}
    alike = likeness.find_alike(names, _sources(known.values()), [field.pk for field in shown if field.pk in known])
    pairs = {pk: _choose(known[pk], [known[other] for other in others]) for pk, others in alike.items()}
    return {pk: found for pk, found in pairs.items() if found}


def of_name(account: Account, roadmap: Roadmap | None, name: str) -> list[Field]:
    """Fields that look like one to be made: on all roadmaps, and on `roadmap` or, without one, on any; one query.

    One of exactly that name in the same scope is left out: making it fails anyway.
    """
    fields = list(_live(account, Q() if roadmap is None else Q(roadmap=None) | Q(roadmap=roadmap)))
    sources = _sources(fields)
    scope = roadmap.pk if roadmap else None
    return [
        field
        for field in fields
        if likeness.are_alike(name, field.name, sources)
        and (field.roadmap_id != scope or field.name.lower() != name.lower())
    ]


def _live(account: Account, where: Q | None = None) -> Iterable[Field]:
    found = Field.objects.filter(where or Q(), account=account, archived_at=None).select_related("roadmap")
    return found.order_by(F("roadmap_id").asc(nulls_first=True), "position", "pk")[:MAX_COMPARED]


def _sources(fields: Iterable[Field]) -> set[str]:
    return {field.source_label for field in fields if field.source_label}


def _choose(field: Field, others: list[Field]) -> Lookalike | None:
    """Best is one that the field could be merged into, then the other way round; two synced ones stay as they are."""
    for other in others:
        if may_merge(lose=field, keep=other):
            return Lookalike(other, lose=field, keep=other)
    for other in others:
        if may_merge(lose=other, keep=field):
            return Lookalike(other, lose=other, keep=field)
    return next((Lookalike(other) for other in others if not (field.is_synced and other.is_synced)), None)

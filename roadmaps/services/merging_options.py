"""Which list value of one field is which of another: by what they are called, without regard to case and blanks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Max

from accounts.errors import Refused
from roadmaps.models import Field, FieldOption
from roadmaps.services.options import MAX_OPTIONS


@dataclass(frozen=True, slots=True)
class Matching:
    """For each list value of the field that goes, by id: the one of the field that stays, and its place there."""

    ids: Mapping[int, int]
    ranks: Mapping[int, int]

    @property
    def ids_json(self) -> str:
        return json.dumps(self.ids)

    @property
    def ranks_json(self) -> str:
        return json.dumps(self.ranks)


def count(lose: Field, keep: Field) -> tuple[int, int]:
    """How many list values both have, and how many would be added; one query."""
    if not lose.has_options:
        return 0, 0
    keys: dict[int, set[str]] = {lose.pk: set(), keep.pk: set()}
    for field_id, key in FieldOption.objects.filter(field__in=keys).values_list("field_id", "key"):
        keys[field_id].add(key)
    both = keys[lose.pk] & keys[keep.pk]
    return len(both), len(keys[lose.pk]) - len(both)


def match(lose: Field, keep: Field) -> Matching:
    """Add what is missing to the field that stays, and say which is which. Raises Refused where it would be too many.

    A value that was archived there and is offered by the other is offered again.
    """
    if not lose.has_options:
        return Matching({}, {})
    lost = list(lose.options.select_for_update(no_key=True))
    _add_missing(lost, keep)
    kept = {option.key: (option.pk, rank) for rank, option in enumerate(keep.options.all())}
    return Matching({each.pk: kept[each.key][0] for each in lost}, {each.pk: kept[each.key][1] for each in lost})


def _add_missing(lost: list[FieldOption], keep: Field) -> None:
    known = set(keep.options.select_for_update(no_key=True).values_list("key", flat=True))
    missing = [option for option in lost if option.key not in known]
    if missing and not keep.is_synced and len(known) + len(missing) > MAX_OPTIONS:
        raise Refused(f"“{keep}” would have more than {MAX_OPTIONS} values, which is the most. Nothing was changed.")
    offered = [option.key for option in lost if option.archived_at is None and option.key in known]
    keep.options.filter(key__in=offered).update(archived_at=None)
    start = (keep.options.aggregate(last=Max("position"))["last"] or 0) + 1
    FieldOption.objects.bulk_create(
        [
            FieldOption(
                account_id=keep.account_id,
                field=keep,
                label=option.label,
                key=option.key,
                colour=option.colour,
                archived_at=option.archived_at,
                position=place,
            )
            for place, option in enumerate(missing, start)
        ],
        ignore_conflicts=True,
    )

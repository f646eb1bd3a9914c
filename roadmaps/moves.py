"""What was changed on items since a moment: by people here, and by whoever feeds roadmaps (B12).

The latter stands above this package: it says what it changed here, once, when the site starts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, CharField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from roadmaps.models import ItemEdit

#: Rows about an `item` with its `changes`, each column's old and new value, and besides `moved_at`, `mover` (who, for
#: people) and `stands` (not taken back since).
Moves = QuerySet[Any, Any]
Teller = Callable[[datetime], Moves]

_tellers: list[Teller] = []


def tell_by(teller: Teller) -> None:
    """Have that function asked what changed after a moment."""
    _tellers.append(teller)


def of_dates(about: Q, *, account_id: int, since: datetime) -> list[Moves]:
    """Changes of dates after the moment, one query set for each that makes changes; none is run. `about` says which."""
    found = [_by_people(since), *(teller(since) for teller in _tellers)]
    of_dates = {"account_id": account_id, "changes__has_any_keys": ["start_date", "end_date"]}
    return [each.filter(about, **of_dates).order_by() for each in found]


def _by_people(since: datetime) -> Moves:
    name = Coalesce(NullIf("member__user__name", Value("")), "member__user__email", output_field=CharField())
    edits = ItemEdit.objects.filter(kind=ItemEdit.Kind.CHANGED, at__gt=since)
    return edits.annotate(moved_at=F("at"), mover=name, stands=Value(True, output_field=BooleanField()))

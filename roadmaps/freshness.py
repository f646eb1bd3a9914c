"""How old a roadmap's data is, for files that leave the site (B11).

Only whoever feeds roadmaps knows, and stands above this package: it says so here, once, when the site starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from roadmaps.models import Roadmap


@dataclass(frozen=True, slots=True)
class Freshness:
    """Where a roadmap's items come from, when it last agreed with that source (None: not yet), and how that goes."""

    source: str
    synced_at: datetime | None
    state: str


Teller = Callable[[Sequence[Roadmap]], Mapping[int, Freshness]]

_tellers: list[Teller] = []


def tell_by(teller: Teller) -> None:
    """Have that function asked about roadmaps of one account; it leaves out those that it does not feed."""
    _tellers.append(teller)


def of_each(roadmaps: Sequence[Roadmap]) -> dict[int, Freshness]:
    """How fresh each is, by its id; without those that people fill by hand. The queries don't grow with them."""
    found: dict[int, Freshness] = {}
    for teller in _tellers if roadmaps else ():
        found |= teller(roadmaps)
    return found


def of(roadmap: Roadmap) -> Freshness | None:
    """How fresh the roadmap is; None where people fill it by hand."""
    return of_each([roadmap]).get(roadmap.pk)


def oldest(roadmaps: Sequence[Roadmap], fresh: Mapping[int, Freshness]) -> Roadmap | None:
    """The one that agreed with its source the longest ago, or not yet; None where all are filled by hand."""
    fed = [roadmap for roadmap in roadmaps if roadmap.pk in fresh]
    return min(fed, key=lambda roadmap: _age(fresh[roadmap.pk]), default=None)


def _age(told: Freshness) -> tuple[bool, float]:
    return (told.synced_at is not None, told.synced_at.timestamp() if told.synced_at else 0.0)

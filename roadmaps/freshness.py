"""How old a roadmap's data is, for pages and for files that leave the site (B11).

Only whoever feeds roadmaps knows, and stands above this package: it says so here, once, when the site starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from roadmaps.access import RoadmapRequest
from roadmaps.models import Roadmap


@dataclass(frozen=True, slots=True)
class Freshness:
    """Where a roadmap's items come from, when it last agreed with that source (None: not yet), and how that goes."""

    source: str
    synced_at: datetime | None
    state: str


Teller = Callable[[Sequence[Roadmap]], Mapping[int, Freshness]]
Noter = Callable[[RoadmapRequest], object]

_tellers: list[Teller] = []
_noters: list[Noter] = []


def tell_by(teller: Teller) -> None:
    """Have that function asked about roadmaps of one account; it leaves out those that it does not feed."""
    _tellers.append(teller)


def note_by(noter: Noter) -> None:
    """Have that function look, before a page of a roadmap reads items, at what the page will say of their age."""
    _noters.append(noter)


def note(request: RoadmapRequest) -> None:
    """Call it before the items are read: then what is older than the page says may be shown again, and never missed."""
    for noter in _noters:
        noter(request)


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

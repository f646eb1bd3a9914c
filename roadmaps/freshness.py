"""How old a roadmap's data is, for files that leave the site (B11).

Only whoever feeds roadmaps knows, and stands above this package: it says so here, once, when the site starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from roadmaps.models import Roadmap


@dataclass(frozen=True, slots=True)
class Freshness:
    """Where a roadmap's items come from, when it last agreed with that source (None: not yet), and how that goes."""

    source: str
    synced_at: datetime | None
    state: str


_tellers: list[Callable[[Roadmap], Freshness | None]] = []


def tell_by(teller: Callable[[Roadmap], Freshness | None]) -> None:
    """Have that function asked; it answers None for a roadmap that it does not feed."""
    _tellers.append(teller)


def of(roadmap: Roadmap) -> Freshness | None:
    """How fresh the roadmap is; None where people fill it by hand."""
    return next((told for teller in _tellers if (told := teller(roadmap)) is not None), None)

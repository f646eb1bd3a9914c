"""The newest rows of something that only grows, and the way to those before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)

PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Latest(Generic[Row]):
    """Rows, the newest first. `earlier` is what to ask for to see those before them; None: these were the first."""

    rows: tuple[Row, ...]
    earlier: int | None


def latest(rows: QuerySet[M], *, before: int | None = None) -> Latest[M]:
    """The newest PAGE_SIZE of the rows, or of those older than the row `before`; one query."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE_SIZE + 1])
    shown = tuple(found[:PAGE_SIZE])
    return Latest(shown, shown[-1].pk if len(found) > PAGE_SIZE else None)


def read_number(text: str) -> int | None:
    """A row's number, as an address or a form says it; None where that is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None

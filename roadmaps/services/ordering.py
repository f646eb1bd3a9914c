"""Rows that people put in order: the views of a roadmap, the sources of a portfolio. The caller holds their roadmap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db.models import Manager

from roadmaps.models import Source, View

Row = TypeVar("Row", bound=View | Source)


def move(rows: Sequence[Row], row: Row, *, step: int) -> bool:
    """Move one of the rows a place up (-1) or down (1), and say whether it moved; at the end it stays where it is."""
    rest = [each for each in rows if each != row]
    now = rows.index(row)
    place = min(max(now + step, 0), len(rest))
    number([*rest[:place], row, *rest[place:]])
    return place != now


def number(rows: Sequence[Row]) -> None:
    """Let the rows stand in this order."""
    moved = [row for place, row in enumerate(rows) if row.position != place]
    for place, row in enumerate(rows):
        row.position = place
    if moved:
        manager: Manager[Any] = type(moved[0])._default_manager
        manager.bulk_update(moved, ["position"])

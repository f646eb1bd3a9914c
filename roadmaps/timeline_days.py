"""The named days above the Timeline: milestones and today, in rows in which no name covers another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from roadmaps.timeline_axis import Window
from roadmaps.timeline_text import shorten, text_width

MILESTONE_ROWS = 5
#: Pixels: a diamond, the word for today, the most that a name takes, and what stays free between two of them.
DIAMOND, TODAY, MAX_NAME, GAP = 14, 46, 170, 10
DAY_FONT = 12.5


@dataclass(frozen=True, slots=True)
class Day:
    """A day with a name: a milestone. `text` is what there is room for, "before" it where it would not fit behind."""

    id: int
    name: str
    date: date
    colour: int
    x: float = 0
    row: int = 0
    text: str = ""
    place: str = "out"


def stagger(days: Sequence[Day], window: Window, width: float, today: float | None) -> tuple[tuple[Day, ...], int]:
    """Give milestones of the window rows in which their names don't overlap; past the last row they go without a name.

    The word for today has its place in the first row.
    """
    rows: list[list[tuple[float, float]]] = [] if today is None else [[(today - TODAY / 2, today + TODAY / 2)]]
    placed: list[Day] = []
    for day in sorted(days, key=lambda day: (day.date, day.id)):
        x = window.x(day.date, width) + width / window.days / 2
        text = shorten(day.name, DAY_FONT, MAX_NAME)
        needed = text_width(text, DAY_FONT) + DIAMOND
        place = "out" if x + needed <= width else "before"
        span = (x - DIAMOND, x + needed) if place == "out" else (x - needed, x + DIAMOND)
        row = next((row for row, taken in enumerate(rows) if not _meets(span, taken)), len(rows))
        if row == len(rows) < MILESTONE_ROWS:
            rows.append([])
        if row < MILESTONE_ROWS:
            rows[row].append(span)
        named = text if row < MILESTONE_ROWS else ""
        placed.append(replace(day, x=x, row=min(row, MILESTONE_ROWS - 1), text=named, place=place))
    return tuple(placed), len(rows)


def _meets(span: tuple[float, float], taken: Iterable[tuple[float, float]]) -> bool:
    return any(span[0] < end + GAP / 2 and start - GAP / 2 < span[1] for start, end in taken)

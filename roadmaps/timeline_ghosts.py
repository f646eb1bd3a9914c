"""Where a bar stood before, as an outline below it, and the way from there to where it stands now (B12). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from roadmaps.timeline_axis import Window

#: Pixels below the top of its bar, in the room that a track has there; and how high it is.
BELOW, HEIGHT = 27.5, 5
LEAST = 5
#: How far it may lie outside of the window.
OVERHANG = 14


@dataclass(frozen=True, slots=True)
class Was:
    """What an entry was on an earlier day: its dates, None without one; or nothing yet, and so it is new."""

    start: date | None = None
    end: date | None = None
    is_new: bool = False

    @property
    def has_ghost(self) -> bool:
        """Whether it had a date."""
        return not self.is_new and bool(self.start or self.end)


@dataclass(frozen=True, slots=True)
class Ghost:
    """An outline in pixels of a drawing, and the two ends of the way to the bar. `way_to` is at the bar."""

    left: float
    right: float
    way_from: float
    way_to: float

    @property
    def width(self) -> float:
        return self.right - self.left


def place_ghost(was: Was, end: date | None, left: float, right: float, window: Window, width: float) -> Ghost | None:
    """The ghost of a bar from `left` to `right` that has that `end` now; None where it had no dates.

    The way goes from end to end, or from start to start where it has no end now or then.
    """
    first, last = was.start or was.end, was.end or was.start
    if not was.has_ghost or first is None or last is None:
        return None
    begins, ends = window.x(first, width), window.x(last + timedelta(days=1), width)
    ends = max(ends, begins + LEAST)
    by_end = was.end is not None and end is not None
    return Ghost(
        left=_near(begins, width),
        right=_near(ends, width),
        way_from=_near(ends if by_end else begins, width),
        way_to=right if by_end else left,
    )


def _near(x: float, width: float) -> float:
    return max(-OVERHANG, min(width + OVERHANG, x))

"""What the items with one value of a list come to: how many, how much of it is done, from when to when (B15).

Pure: no ORM, no clock, no network.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Part:
    """How much of something is done."""

    done: float
    whole: float

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where there is nothing to do."""
        return min(max(self.done / self.whole, 0.0), 1.0) if self.whole > 0 else None

    @property
    def percent(self) -> int | None:
        """Whole percent, rounded down: 100 means that nothing is left."""
        return None if self.share is None else int(self.share * 100 + 1e-9)


@dataclass(frozen=True, slots=True)
class Bar:
    """The items with one value, `key`; None: those without one. An item with several values belongs to several bars.

    `first` and `last` are the earliest and the latest of their days, None where none has a date. `unsized` items have
    no points.
    """

    key: int | None
    label: str
    colour: int
    items: Part
    points: Part
    without_dates: int
    unsized: int
    first: date | None
    last: date | None

    @property
    def count(self) -> int:
        return int(self.items.whole)

    @property
    def name(self) -> str:
        """What stands for it in an address."""
        return "none" if self.key is None else str(self.key)


def write_number(value: float) -> str:
    """An amount as people read it: no more than two digits behind the point."""
    rounded = round(value, 2)
    return f"{int(rounded):,}" if rounded == int(rounded) else f"{rounded:,}"

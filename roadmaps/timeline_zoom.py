"""Which time an address asks for, on every layout with an axis; and the addresses that go elsewhere.

An unknown day or scale means the same as none said: all that has a date is fitted in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from roadmaps import fields
from roadmaps.query import Query
from roadmaps.timeline_axis import FIT, SCALES, Scale, Window, middle_of, shift, start_around, window_from


@dataclass(frozen=True, slots=True)
class Zoom:
    """How much time is shown, and from when on."""

    #: None: fit all that has a date.
    scale: Scale | None
    #: Where the address says that the window begins; it stays there while everything is fitted in.
    start: date | None


@dataclass(frozen=True, slots=True)
class Move:
    """A link to the same picture at another time or in another scale."""

    label: str
    address: str
    current: bool = False


def read(query: Query) -> Zoom:
    """The time that the address asks for."""
    return Zoom(SCALES.get(query.laid_out("scale")), _day(query.laid_out("from")))


def window_of(zoom: Zoom, today: date) -> Window | None:
    """The window of a scale: from the day that was asked for, else around today. None: fit."""
    if zoom.scale is None:
        return None
    return window_from(zoom.scale, zoom.start or start_around(zoom.scale, today))


def scale_moves(query: Query, zoom: Zoom, window: Window, today: date) -> list[Move]:
    """Links to each scale. All of them keep the middle of the window where it is.

    While everything is fitted in, the address remembers where one was as a window of months.
    """
    months = SCALES["months"]
    if zoom.scale is not None:
        middle = middle_of(zoom.scale, zoom.start or start_around(zoom.scale, today))
        left = start_around(months, middle).isoformat() if zoom.start else ""
        fitting = Move("Fit", query.laying_out(scale=FIT, **{"from": left}).address())
    else:
        middle = _place_while_fitted(zoom, window, today)
        fitting = Move("Fit", query.address(), current=True)
    return [
        fitting,
        *(
            Move(
                scale.label,
                query.laying_out(scale=scale.name, **{"from": start_around(scale, middle).isoformat()}).address(),
                scale == zoom.scale,
            )
            for scale in SCALES.values()
        ),
    ]


def _place_while_fitted(zoom: Zoom, window: Window, today: date) -> date:
    """Where one goes from the whole: back to where one was, else to today, else into the middle."""
    if zoom.start is not None:
        return middle_of(SCALES["months"], zoom.start)
    return today if window.start <= today < window.end else window.start + (window.end - window.start) / 2


def time_moves(query: Query, zoom: Zoom, today: date) -> dict[str, str]:
    """The addresses of "earlier", "later" and "today"; none while everything is fitted in."""
    scale = zoom.scale
    if scale is None:
        return {}
    start = zoom.start or start_around(scale, today)
    unit, count = ("month", scale.step) if scale.step else ("week", 4)
    moves = {"earlier": shift(start, unit, -count), "later": shift(start, unit, count)}
    addresses = {name: query.laying_out(**{"from": day.isoformat()}).address() for name, day in moves.items()}
    return addresses | {"today": query.laying_out(**{"from": ""}).address()}


def unit_of(zoom: Zoom, axis_unit: str) -> str:
    """By what the keyboard moves a bar: what the scale counts, or the axis where all is fitted in."""
    return zoom.scale.unit if zoom.scale else axis_unit


def _day(text: str) -> date | None:
    try:
        return fields.parse_date(text) if text else None
    except fields.InvalidValue:
        return None

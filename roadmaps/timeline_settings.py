"""What an address asks of the Timeline's layout: its fields and its window; and the addresses that change them.

An address that says nothing gets what usually tells most: streams by epic, theme or the like, colours by state.
Unknown fields and days mean the same as none said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from roadmaps import fields
from roadmaps.columns import Column
from roadmaps.query import Query
from roadmaps.timeline_axis import FIT, SCALES, Scale, Window, middle_of, shift, start_around, window_from

NONE = "none"
MAX_LABELS = 4
#: Names of fields that make good streams, and good colours; the best first.
HEADS = ("epics", "epic", "theme", "themes", "initiative", "team", "teams", "product", "area", "component", "goal")
COLOURS = ("state", "status", "stage", "phase", "type", "story type", "priority")
#: Streams by a field that nobody chose: not one, and not endless.
LEAST_STREAMS, MOST_STREAMS = 2, 30


@dataclass(frozen=True, slots=True)
class Settings:
    """The columns that make streams, lanes and colours (None: none of them), those on the bars, and the scale."""

    head: Column | None
    sub: Column | None
    colour: Column | None
    labels: tuple[Column, ...]
    #: None: fit all that has a date.
    scale: Scale | None
    #: Where the address says that the window begins; it stays there while everything is fitted in.
    start: date | None


@dataclass(frozen=True, slots=True)
class Move:
    """A link to the same Timeline at another time or in another scale."""

    label: str
    address: str
    current: bool = False


def read(query: Query, known: Sequence[Column]) -> Settings:
    """The settings that the address asks for."""
    groupable = [column for column in known if column.is_list or column.type == "checkbox"]
    head = _chosen(query, "head", groupable, lambda: _usual_head(groupable))
    sub = _chosen(query, "sub", groupable, lambda: None)
    colour = _chosen(query, "colour", groupable, lambda: _usual_colour(groupable, head))
    return Settings(
        head=head,
        sub=None if sub == head else sub,
        colour=colour,
        labels=tuple(_labels(query, known)),
        scale=SCALES.get(query.laid_out("scale")),
        start=_day(query.laid_out("from")),
    )


def window_of(settings: Settings, today: date) -> Window | None:
    """The window of a scale: from the day that was asked for, else around today. None: fit."""
    if settings.scale is None:
        return None
    return window_from(settings.scale, settings.start or start_around(settings.scale, today))


def scale_moves(query: Query, settings: Settings, window: Window, today: date) -> list[Move]:
    """Links to each scale. All of them keep the middle of the window where it is.

    While everything is fitted in, the address remembers where one was as a window of months.
    """
    months = SCALES["months"]
    if settings.scale is not None:
        middle = middle_of(settings.scale, settings.start or start_around(settings.scale, today))
        left = start_around(months, middle).isoformat() if settings.start else ""
        fitting = Move("Fit", query.laying_out(scale=FIT, **{"from": left}).address())
    else:
        middle = _place_while_fitted(settings, window, today)
        fitting = Move("Fit", query.address(), current=True)
    return [
        fitting,
        *(
            Move(
                scale.label,
                query.laying_out(scale=scale.name, **{"from": start_around(scale, middle).isoformat()}).address(),
                scale == settings.scale,
            )
            for scale in SCALES.values()
        ),
    ]


def _place_while_fitted(settings: Settings, window: Window, today: date) -> date:
    """Where one goes from the whole: back to where one was, else to today, else into the middle."""
    if settings.start is not None:
        return middle_of(SCALES["months"], settings.start)
    return today if window.start <= today < window.end else window.start + (window.end - window.start) / 2


def time_moves(query: Query, settings: Settings, today: date) -> dict[str, str]:
    """The addresses of "earlier", "later" and "today"; none while everything is fitted in."""
    scale = settings.scale
    if scale is None:
        return {}
    start = settings.start or start_around(scale, today)
    unit, count = ("month", scale.step) if scale.step else ("week", 4)
    moves = {"earlier": shift(start, unit, -count), "later": shift(start, unit, count)}
    addresses = {name: query.laying_out(**{"from": day.isoformat()}).address() for name, day in moves.items()}
    return addresses | {"today": query.laying_out(**{"from": ""}).address()}


def unit_of(settings: Settings, axis_unit: str) -> str:
    """By what the keyboard moves a bar: what the scale counts, or the axis where all is fitted in."""
    return settings.scale.unit if settings.scale else axis_unit


def without_settings(query: Query) -> list[tuple[str, str]]:
    """The rest of the address, for the form of the settings."""
    return replace(query.laying_out(head="", sub="", colour="", label=""), page=1).pairs()


def _chosen(query: Query, name: str, offered: Iterable[Column], usual: Callable[[], Column | None]) -> Column | None:
    asked = query.laid_out(name)
    if asked == NONE:
        return None
    return next((column for column in offered if column.name == asked), None) or usual()


def _usual_head(offered: Sequence[Column]) -> Column | None:
    few = [column for column in offered if LEAST_STREAMS <= len(column.options) <= MOST_STREAMS]
    wordy = _first_called(HEADS, few)
    return wordy or next((column for column in few if column.type == "choice" and not _tells_state(column)), None)


def _usual_colour(offered: Sequence[Column], head: Column | None) -> Column | None:
    others = [column for column in offered if column != head and column.options]
    return _first_called(COLOURS, others) or next((column for column in others if column.type == "choice"), head)


def _tells_state(column: Column) -> bool:
    return fields.fold(column.label) in COLOURS


def _first_called(names: Sequence[str], offered: Sequence[Column]) -> Column | None:
    """The column with the best of these names; one that had to be renamed has its source in brackets behind."""
    by_name = {fields.fold(column.label.partition(" (")[0]): column for column in reversed(offered)}
    return next((by_name[name] for name in names if name in by_name), None)


def _labels(query: Query, known: Sequence[Column]) -> Iterable[Column]:
    by_name = {column.name: column for column in known if column.in_table and not column.long}
    asked = [by_name[name] for name in dict.fromkeys(query.laid_out("label").split(",")) if name in by_name]
    return asked[:MAX_LABELS] or [by_name["name"]]


def _day(text: str) -> date | None:
    try:
        return fields.parse_date(text) if text else None
    except fields.InvalidValue:
        return None

"""What an address asks of the Timeline's layout: its fields, and by `timeline_zoom` its window.

An address that says nothing gets what usually tells most: streams by epic, theme or the like, colours by state.
Unknown fields mean the same as none said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from roadmaps import fields, timeline_zoom
from roadmaps.columns import Column
from roadmaps.query import Query
from roadmaps.timeline_zoom import Zoom

NONE = "none"
MAX_LABELS = 4
#: Names of fields that make good streams, and good colours; the best first.
HEADS = ("epics", "epic", "theme", "themes", "initiative", "team", "teams", "product", "area", "component", "goal")
COLOURS = ("state", "status", "stage", "phase", "type", "story type", "priority")
#: Streams by a field that nobody chose: not one, and not endless.
LEAST_STREAMS, MOST_STREAMS = 2, 30


@dataclass(frozen=True, slots=True)
class Settings:
    """The columns that make streams, lanes and colours (None: none of them), those on the bars, and the time."""

    head: Column | None
    sub: Column | None
    colour: Column | None
    labels: tuple[Column, ...]
    zoom: Zoom


def read(query: Query, known: Sequence[Column]) -> Settings:
    """The settings that the address asks for."""
    groupable = [column for column in known if column.is_list or column.type == "checkbox"]
    head = chosen(query, "head", groupable, lambda: usual_head(groupable))
    sub = chosen(query, "sub", groupable, lambda: None)
    colour = chosen(query, "colour", groupable, lambda: _usual_colour(groupable, head))
    return Settings(
        head=head,
        sub=None if sub == head else sub,
        colour=colour,
        labels=tuple(_labels(query, known)),
        zoom=timeline_zoom.read(query),
    )


def without_settings(query: Query) -> list[tuple[str, str]]:
    """The rest of the address, for the form of the settings."""
    return replace(query.laying_out(head="", sub="", colour="", label=""), page=1).pairs()


def chosen(query: Query, name: str, offered: Iterable[Column], usual: Callable[[], Column | None]) -> Column | None:
    """The column that the address asks for by `name`; none where it says so, the usual one where it says nothing."""
    asked = query.laid_out(name)
    if asked == NONE:
        return None
    return next((column for column in offered if column.name == asked), None) or usual()


def usual_head(offered: Sequence[Column]) -> Column | None:
    """What makes good streams: a list called so, else one of few values that does not tell a state."""
    few = [column for column in offered if LEAST_STREAMS <= len(column.options) <= MOST_STREAMS]
    wordy = first_called(HEADS, few)
    return wordy or next((column for column in few if column.type == "choice" and not _tells_state(column)), None)


def _usual_colour(offered: Sequence[Column], head: Column | None) -> Column | None:
    others = [column for column in offered if column != head and column.options]
    return first_called(COLOURS, others) or next((column for column in others if column.type == "choice"), head)


def _tells_state(column: Column) -> bool:
    return fields.fold(column.label) in COLOURS


def first_called(names: Sequence[str], offered: Sequence[Column]) -> Column | None:
    """The column with the best of these names; one that had to be renamed has its source in brackets behind."""
    by_name = {fields.fold(column.label.partition(" (")[0]): column for column in reversed(offered)}
    return next((by_name[name] for name in names if name in by_name), None)


def _labels(query: Query, known: Sequence[Column]) -> Iterable[Column]:
    by_name = {column.name: column for column in known if column.in_table and not column.long}
    asked = [by_name[name] for name in dict.fromkeys(query.laid_out("label").split(",")) if name in by_name]
    return asked[:MAX_LABELS] or [by_name["name"]]

"""What an address asks of the Roll-up: the list that makes bars, the number that sizes items, and what counts as done.

    by=f12  points=f7  state=f3  done=31,32  and the time, by `timeline_zoom`

An address that says nothing gets what the source of the items says of itself (`progress`), so that a roadmap which is
synced needs no click; else the list that would make the Timeline's streams, and the first number that people fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from roadmaps import progress, timeline_settings, timeline_zoom
from roadmaps.columns import Column
from roadmaps.query import Filter, Query
from roadmaps.timeline_zoom import Zoom

#: Names of fields that tell how far an item is; the best first.
STATES = ("state", "status", "stage", "phase", "done")


@dataclass(frozen=True, slots=True)
class Settings:
    """The columns that make bars, sizes and states (None: there is none), which states mean done, and the time."""

    by: Column
    points: Column | None
    state: Column | None
    #: Ids of values of `state`; a checkbox means done by itself.
    done: tuple[int, ...]
    zoom: Zoom

    @property
    def is_done(self) -> Filter | None:
        """What is asked of an item to find out whether it is done; None where nothing says so."""
        if self.state is None:
            return None
        if self.state.type == "checkbox":
            return Filter(self.state.name, "is", (True,))
        return Filter(self.state.name, "is", self.done) if self.done else None

    @property
    def colour(self) -> Column | None:
        """What colours the items of a bar that is open."""
        return self.state


def read(query: Query, known: Sequence[Column]) -> Settings | None:
    """The settings that the address asks for; None where there is no list to make bars of."""
    lists, numbers, states = lists_of(known), numbers_of(known), states_of(known)
    by = next((column for column in lists if column.name == query.laid_out("by")), None) or _usual_list(lists)
    if by is None:
        return None
    state = timeline_settings.chosen(query, "state", states, lambda: _usual_state(states))
    return Settings(
        by=by,
        points=timeline_settings.chosen(query, "points", numbers, lambda: _usual_number(numbers)),
        state=state,
        done=_done(query, state),
        zoom=timeline_zoom.read(query),
    )


def lists_of(known: Sequence[Column]) -> list[Column]:
    """What can make bars."""
    return [column for column in known if column.is_list]


def numbers_of(known: Sequence[Column]) -> list[Column]:
    """What can say how big an item is."""
    return [column for column in known if column.type == "number"]


def states_of(known: Sequence[Column]) -> list[Column]:
    """What can say whether an item is done."""
    return [column for column in known if column.is_list or column.type == "checkbox"]


def without_settings(query: Query) -> list[tuple[str, str]]:
    """The rest of the address, for the form of the settings."""
    return replace(query.laying_out(by="", points="", state="", done=""), page=1, opened="").pairs()


def _usual_list(lists: Sequence[Column]) -> Column | None:
    used = [column for column in lists if column.options]
    return progress.find(used, "by") or timeline_settings.usual_head(used) or next(iter(used or lists), None)


def _usual_number(numbers: Sequence[Column]) -> Column | None:
    """A source's other numbers, such as how often a story was begun, don't add up to a size."""
    return progress.find(numbers, "points") or next((each for each in numbers if not each.source_kind), None)


def _usual_state(states: Sequence[Column]) -> Column | None:
    return progress.find(states, "state") or timeline_settings.first_called(STATES, states)


def _done(query: Query, state: Column | None) -> tuple[int, ...]:
    if state is None:
        return ()
    asked = query.laid_out("done").split(",")
    chosen = tuple(pk for pk in state.options if str(pk) in asked)
    return chosen or progress.done_values(state)

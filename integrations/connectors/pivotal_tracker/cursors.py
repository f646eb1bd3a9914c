"""How far a pull is proved complete: what a cursor holds, and whether it still says something."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from integrations.connectors.pivotal_tracker.values import BadValue, Lookups, read_moment
from integrations.connectors.pivotal_tracker.wire import Iteration
from integrations.records import Cursor, Query
from integrations.shapes import prepare

#: Raise it when records come to mean something else, so that old cursors lead to a full listing.
_FORMAT: Final = 4
#: Changes are asked for from this long before the last pull began: `updated_at` has whole seconds.
OVERLAP: Final = timedelta(minutes=2)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A project at one version, and what was read of it then that stories only point at.

    `setup` is a digest of the query that all this answers. `read_at` is the server's time before the first answer of
    the pull, where it told. `iteration_ends` is when the current iteration does; from then on stories are in other
    iterations, although the version is the same. `open_iterations` are the stories of each that was not over.
    """

    format: int = _FORMAT
    project: str
    setup: str
    version: int
    read_at: datetime | None = None
    iteration_ends: datetime | None = None
    open_iterations: dict[int, list[int]] = {}
    epics: dict[int, str] = {}
    people: dict[int, str] = {}
    project_name: str = ""

    def cursor(self) -> Cursor:
        """The place as JSON."""
        made: Cursor = msgspec.to_builtins(self, str_keys=True)
        return made

    def is_current(self, version: int, now: datetime | None) -> bool:
        """Whether nothing can have changed since."""
        if version != self.version:
            return False
        return self.iteration_ends is None or (now is not None and now < self.iteration_ends)

    def moved(self, iterations: Mapping[int, Iteration]) -> set[int]:
        """The stories whose iteration may be another one now. `iterations` are today's, by story."""
        then = {story_id: number for number, stories in self.open_iterations.items() for story_id in stories}
        return {
            story_id
            for story_id, iteration in iterations.items()
            if then.get(story_id) != iteration.number and _is_open(iteration, self.read_at)
        }


def read_place(cursor: Cursor | None, query: Query) -> Place | None:
    """The place that a cursor means; None where it is of another setup, format or server, or means nothing."""
    try:
        place = msgspec.convert(cursor, Place, str_keys=True)
    except msgspec.ValidationError:
        return None
    is_ours = (place.format, place.project, place.setup) == (_FORMAT, query.project_id, _digest(query))
    return place if is_ours else None


def make_place(query: Query, *, version: int, read_at: datetime | None, lookups: Lookups) -> Place:
    """Where the next pull may begin after one that read all this at that version."""
    iterations = {iteration.number: iteration for iteration in lookups.calendar}
    still_open = {number for number, iteration in iterations.items() if _is_open(iteration, read_at)}
    stories: dict[int, list[int]] = {number: [] for number in still_open}
    for story_id, iteration in lookups.iterations.items():
        if iteration.number in still_open:
            stories[iteration.number].append(story_id)
    return Place(
        project=query.project_id,
        setup=_digest(query),
        version=version,
        read_at=read_at,
        iteration_ends=_end_of_current(iterations.values(), read_at),
        open_iterations=stories,
        epics=dict(lookups.epics),
        people=dict(lookups.people),
        project_name=lookups.project,
    )


def _end_of_current(iterations: Iterable[Iteration], now: datetime | None) -> datetime | None:
    ends = (_finish_of(iteration) for iteration in iterations)
    return min((end for end in ends if end is not None and now is not None and end > now), default=None)


def _is_open(iteration: Iteration, then: datetime | None) -> bool:
    """Whether the iteration was not over then, as far as anybody can tell."""
    finish = _finish_of(iteration)
    return finish is None or then is None or finish >= then


def _finish_of(iteration: Iteration) -> datetime | None:
    try:
        return read_moment(iteration.finish)
    except BadValue:
        return None


def _digest(query: Query) -> str:
    asked = f"{sorted(query.states)} {sorted(query.wanted)}"
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


prepare(Place)

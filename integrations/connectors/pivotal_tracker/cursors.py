"""How far a pull is proved complete: what a cursor holds, and whether it still says something."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from integrations.connectors.pivotal_tracker.values import BadValue, read_moment
from integrations.connectors.pivotal_tracker.wire import Iteration
from integrations.records import Cursor, Query

#: Raise it when records come to mean something else, so that old cursors lead to a full listing.
_FORMAT: Final = 2
#: Changes are asked for from this long before the last pull began: `updated_at` has whole seconds.
OVERLAP: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Place:
    """A project at one version. `read_at` is the server's time before the first answer of the pull, where it told.

    `iteration_ends` is when the current iteration does; from then on stories are in other iterations, although the
    version is the same. None where no iterations were read.
    """

    version: int
    read_at: datetime | None = None
    iteration_ends: datetime | None = None

    @classmethod
    def of(cls, cursor: Cursor | None, query: Query) -> Self | None:
        """The place that a cursor means; None where it is of another setup, format or server, or means nothing."""
        if cursor is None or any(cursor.get(key) != value for key, value in _mark(query).items()):
            return None
        version, read_at, ends = (cursor.get(key) for key in ("version", "read_at", "iteration_ends"))
        if not isinstance(version, int):
            return None
        try:
            return cls(version, _moment(read_at), _moment(ends))
        except ValueError:
            return None

    def cursor(self, query: Query) -> Cursor:
        """The place as JSON, good for this query alone."""
        moments = {"read_at": self.read_at, "iteration_ends": self.iteration_ends}
        texts = {key: moment.isoformat() if moment else None for key, moment in moments.items()}
        return {**_mark(query), "version": self.version, **texts}

    def is_current(self, version: int, now: datetime | None) -> bool:
        """Whether nothing can have changed since."""
        if version != self.version:
            return False
        return self.iteration_ends is None or (now is not None and now < self.iteration_ends)


def end_of_current(iterations: Iterable[Iteration], now: datetime) -> datetime | None:
    """When the iteration that runs now ends."""
    return min((end for one in iterations if (end := finish_of(one)) is not None and end > now), default=None)


def finish_of(iteration: Iteration) -> datetime | None:
    """When an iteration ends; None where Tracker does not say it readably."""
    try:
        return read_moment(iteration.finish)
    except BadValue:
        return None


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _mark(query: Query) -> dict[str, str | int]:
    asked = f"{sorted(query.states)} {sorted(query.wanted)}"
    return {
        "format": _FORMAT,
        "project": query.project_id,
        "query": hashlib.sha256(asked.encode()).hexdigest()[:16],
    }

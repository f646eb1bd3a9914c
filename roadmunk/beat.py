"""Beat's scheduler, by a clock that nobody sets.

Celery's own one compares wall clocks: set back by an hour, it sends nothing for an hour (R9).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from celery.beat import Scheduler

_BEGAN_AT, _BEGAN = datetime.now(UTC), time.monotonic()


def steady_now() -> datetime:
    """What the clock said when this process began, and the time that went by since."""
    return _BEGAN_AT + timedelta(seconds=time.monotonic() - _BEGAN)


class SteadyScheduler(Scheduler):
    """Keeps intervals, whatever happens to the wall clock. Nothing is on disk that could be corrupt or go stale."""

    def setup_schedule(self) -> None:
        """All entries by the same clock: they wait for each other in one queue."""
        super().setup_schedule()
        for entry in self.schedule.values():
            assert entry.schedule is not None  # noqa: S101  only an entry that waits for its making has none
            entry.schedule.nowfun = steady_now  # type: ignore[attr-defined]  # its stubs call it otherwise

"""The Celery application of workers and beat that tests start: the site's own, with less patience, with points at which
a test holds it, and with a clock that a test moves. Nothing of this is in the product.

A test writes into the directory STRINGS: `hold` names a point, and whoever reaches it first waits there until `held` is
taken away; `clock-<role>` holds the seconds by which the wall clock of a process is wrong.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import django
import time_machine

from roadmunk.celery import app
from tests.faults import times

__all__ = ["app"]

STRINGS = Path(os.environ["STRINGS"])
ROLE = os.environ["ROLE"]


def reach(point: str) -> None:
    """Wait here if a test asks for it."""
    hold, held, mine = STRINGS / "hold", STRINGS / "held", STRINGS / f"held-{os.getpid()}"
    try:
        if hold.read_text() != point:
            return
        hold.rename(mine)  # one of several wins
        mine.write_text(str(os.getpid()))
        mine.rename(held)
    except FileNotFoundError:
        return
    while held.exists():
        time.sleep(0.02)


def _around(owner: Any, name: str, *, before: str = "", after: str = "") -> None:
    work: Callable[..., Any] = getattr(owner, name)

    @wraps(work)
    def with_points(*args: Any, **kwargs: Any) -> Any:
        reach(before)
        done = work(*args, **kwargs)
        reach(after)
        return done

    setattr(owner, name, with_points)


def _set_points() -> None:
    from integrations.sync import apply, outcome, run, schedule
    from integrations.sync.heart import Heart
    from integrations.sync.look import Look

    _around(run, "claim", before="message came", after="claimed")
    _around(Look, "_compare", before="all read", after="compared")
    _around(outcome, "finish", before="before saving", after="saved")
    _around(apply._NewItems, "write", after="new items written")
    _around(apply, "_flag", before="before flags")
    _around(outcome, "_succeeded", after="before commit")
    _around(schedule, "send_next", before="before the next")
    count = Heart.count_request

    def count_request(heart: Heart) -> int:
        number = count(heart)
        reach(f"request {number}")
        return number

    Heart.count_request = count_request  # type: ignore[assignment,method-assign]


def _be_quick() -> None:
    from integrations import breaker, http
    from integrations.connectors.pivotal_tracker import client, fates, pulling
    from integrations.sync import claim, effects, heart, outcome, schedule

    claim.LEASE = timedelta(seconds=times.LEASE_SECONDS)
    heart.BEAT = times.RENEWAL_SECONDS
    heart.TELL_EVERY = 0.2
    schedule.RESEND_AFTER = timedelta(seconds=times.RESEND_SECONDS)
    outcome.FIRST_WAIT = timedelta(seconds=times.FIRST_WAIT_SECONDS)
    breaker.FIRST_PAUSE = timedelta(seconds=times.FIRST_PAUSE_SECONDS)
    breaker.LONGEST_PAUSE = timedelta(seconds=times.LONGEST_PAUSE_SECONDS)
    breaker.BACK_WITHIN = times.BACK_SECONDS
    effects.BATCH = 2  # several batches of a small project
    client._STORIES_A_PAGE = client._ITERATIONS_A_PAGE = client._ACTIVITIES_A_PAGE = 3
    pulling.BULK_IDS = fates.BULK_IDS = 3  # type: ignore[attr-defined]
    limits = http.Limits.__init__

    def short(self: http.Limits, **values: Any) -> None:
        limits(self, **{"connect_seconds": times.TRY_SECONDS / 2, "total_seconds": times.TRY_SECONDS, **values})

    http.Limits.__init__ = short  # type: ignore[assignment,method-assign]
    sleep = heart.Heart.sleep

    def nap(self: heart.Heart, seconds: float) -> None:
        sleep(self, seconds * times.WAITS)

    heart.Heart.sleep = nap  # type: ignore[method-assign]


def _follow_clock() -> None:
    """Set the wall clock of this process as the test says; the monotonic one goes on, as in an operating system."""
    wrong = STRINGS / f"clock-{ROLE}"
    travel: time_machine.travel | None = None
    known = 0.0
    while True:
        seconds = float(wrong.read_text() or known) if wrong.exists() else 0.0
        if seconds != known:
            if travel is not None:
                travel.stop()
            travel = time_machine.travel(time.time() + seconds, tick=True)
            travel.start()
            known = seconds
            print(f"The clock is wrong by {seconds:g} s.", flush=True)
        time.sleep(0.05)


django.setup()
_be_quick()
_set_points()
threading.Thread(target=_follow_clock, daemon=True).start()

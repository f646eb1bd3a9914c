"""What all workers did together, counted in Redis: how runs ended, how long they took, what they asked of trackers.

Counting rows would be slow where there are millions of runs, and old ones are pruned. A Redis that was flushed counts
from zero again, which those who read counters expect.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import redis

from integrations.models import SyncRun
from integrations.redis_server import server

log = logging.getLogger(__name__)

_KEY: Final = "counters:runs"
#: Upper ends, in seconds, of the classes that durations are counted in; longer ones are in none.
SECONDS: Final = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted since Redis began."""

    #: Ended runs by state.
    ended: dict[str, int]
    #: How many runs took no longer than each of SECONDS.
    within: tuple[int, ...]
    timed: int
    seconds: float
    requests: int


def count_run(run: SyncRun) -> None:
    """Count a run that ended. Without Redis it is not counted, and nobody is held up."""
    took = run.seconds or 0.0
    try:
        with server().pipeline(transaction=False) as pipe:
            pipe.hincrby(_KEY, f"ended:{run.state}", 1)
            pipe.hincrby(_KEY, "requests", run.requests)
            pipe.hincrby(_KEY, "timed", 1)
            pipe.hincrbyfloat(_KEY, "seconds", took)
            place = next((place for place, most in enumerate(SECONDS) if took <= most), None)
            if place is not None:
                pipe.hincrby(_KEY, f"class:{place}", 1)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("A run was not counted, Redis did not answer: %s", type(error).__name__)


def count_lost() -> None:
    """Count a run that failed because its workers died again and again."""
    try:
        server().hincrby(_KEY, f"ended:{SyncRun.State.FAILED}", 1)
    except redis.RedisError as error:
        log.warning("A run was not counted, Redis did not answer: %s", type(error).__name__)


def counted() -> Counted:
    """What was counted so far. Raises redis.RedisError."""
    told = server().hgetall(_KEY).items()
    kept = {name.decode() if isinstance(name, bytes) else name: float(value) for name, value in told}
    classes = [int(kept.get(f"class:{place}", 0)) for place in range(len(SECONDS))]
    ends = [state for state in SyncRun.State.values if state not in SyncRun.LIVE]
    return Counted(
        ended={state: int(kept.get(f"ended:{state}", 0)) for state in ends},
        within=tuple(sum(classes[: place + 1]) for place in range(len(SECONDS))),
        timed=int(kept.get("timed", 0)),
        seconds=kept.get("seconds", 0.0),
        requests=int(kept.get("requests", 0)),
    )

"""How many items a run has written, for people who watch.

In the cache, not in the run's row: that is locked until all is saved. Nobody depends on it: without it, no number is
shown.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import redis
from django.core.cache import cache

from integrations.models import SyncRun

log = logging.getLogger(__name__)

#: Seconds that a number is kept, and between two of them.
KEPT = 60
TELL_EVERY = 0.5


def teller(run: SyncRun) -> Callable[[int], None]:
    """What `apply_plan` calls with each batch."""
    told = time.monotonic()

    def tell(written: int) -> None:
        nonlocal told
        if time.monotonic() - told < TELL_EVERY:
            return
        told = time.monotonic()
        try:
            cache.set(_key(run), written, KEPT)
        except redis.RedisError as error:
            log.info("Progress is not shown, Redis did not answer: %s", type(error).__name__)

    return tell


def written_by(run: SyncRun) -> int | None:
    """How many items it has written so far; None where it does not save, or nobody knows."""
    if run.stage != "saving":
        return None
    try:
        written = cache.get(_key(run))
    except redis.RedisError:
        return None
    return written if isinstance(written, int) else None


def _key(run: SyncRun) -> str:
    return f"run:{run.pk}:{run.fence}:written"

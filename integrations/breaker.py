"""A tracker that is down for everybody is left alone, and asked by one run now and then whether it is back (N8).

Each link by itself waits longer and longer after failures. But where a whole server is down, a thousand links would
still go on asking it, and all come back at the same moment. So when five secrets in a row found it down, what is
scheduled stays in the queue for a minute; then one run probes. It fails: twice as long, up to a quarter of an hour. It
gets any answer: all go on, slowly at first. What a person asks for is never held up, and counts as a probe.

Kept in Redis, for all workers together. Without it nothing is held up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

import redis
from django.db import connection

from accounts import walls
from accounts.walls import Across
from integrations.errors import TrackerUnavailable, UnexpectedResponse
from integrations.models import SyncRun
from integrations.pacing import pace_for
from integrations.redis_server import server

log = logging.getLogger(__name__)

#: Secrets in a row that must have found the tracker down.
ENOUGH: Final = 5
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
#: How long a probe may take until another one is sent.
PROBE = timedelta(minutes=3)
#: How long all runs together are slow with a tracker that is back, and how slow: requests a second.
RECOVERY = timedelta(minutes=2)
RECOVERY_PACE: Final = 1.5
#: Links that wait because their tracker was down, which is back: they come soon, and not all at once.
CALL_BACK = """
UPDATE integrations_projectlink AS link SET next_sync_at = now() + random() * %s * interval '1 second'
WHERE link.kind = %s AND link.failures > 0 AND link.paused_at IS NULL AND link.next_sync_at > now()
    AND (
        SELECT run.error_code FROM integrations_syncrun AS run WHERE run.link_id = link.id ORDER BY run.id DESC LIMIT 1
    ) = %s
"""
#: Seconds over which they come.
BACK_WITHIN = 60
#: After this time without any failure nothing is remembered.
_KEPT: Final = timedelta(hours=1)


def held(kinds: Iterable[str]) -> list[str]:
    """Those of these trackers that nothing scheduled is to be sent to now."""
    found = list(kinds)
    try:
        pipe = server().pipeline(transaction=False)
        for kind in found:
            pipe.exists(_key(kind, "paused"), _key(kind, "probe"))
        return [kind for kind, number in zip(found, pipe.execute(), strict=True) if number]
    except redis.RedisError as error:
        _unheard(error)
        return []


def may_run(run: SyncRun) -> bool:
    """Whether a claimed run may ask its tracker. The first one after a pause may, as the probe, and no other."""
    if run.trigger != SyncRun.Trigger.SCHEDULE:
        return True
    kind = run.link.kind
    try:
        if not server().exists(_key(kind, "pauses")):
            return True
        if server().exists(_key(kind, "paused")):
            return False
        return bool(server().set(_key(kind, "probe"), run.pk, nx=True, px=_ms(PROBE)))
    except redis.RedisError as error:
        _unheard(error)
        return True


def learn(run: SyncRun) -> None:
    """Take note of how a run ended."""
    try:
        if run.error_code == TrackerUnavailable.code:
            _found_down(run)
        elif run.requests and run.error_code != UnexpectedResponse.code:
            _found_up(run.link.kind)
    except redis.RedisError as error:
        _unheard(error)


def pace(kind: str, *, sleep: Callable[[float], None]) -> Callable[[], None]:
    """As `pacing.pace_for`, of all runs together while that tracker recovers; no wait at any other time."""
    try:
        recovering = server().exists(_key(kind, "recovery"))
    except redis.RedisError as error:
        _unheard(error)
        recovering = 0
    return pace_for(f"tracker:{kind}", RECOVERY_PACE, sleep=sleep, burst=1) if recovering else lambda: None


def _found_down(run: SyncRun) -> None:
    kind, known = run.link.kind, server()
    if known.exists(_key(kind, "paused")):
        return  # it was under way when the pause began
    known.sadd(_key(kind, "down"), run.link.credential_id)
    known.pexpire(_key(kind, "down"), _ms(_KEPT))
    if known.scard(_key(kind, "down")) < ENOUGH:
        return
    pauses = int(known.incr(_key(kind, "pauses")))
    pause = min(FIRST_PAUSE * 2 ** min(pauses - 1, 10), LONGEST_PAUSE)
    known.set(_key(kind, "paused"), 1, px=_ms(pause))
    known.pexpire(_key(kind, "pauses"), _ms(_KEPT))
    known.delete(_key(kind, "probe"))
    seconds = pause.total_seconds()
    log.warning("%s is down for everybody; it is left alone for %g s", kind, seconds, extra={"seconds": seconds})


def _found_up(kind: str) -> None:
    known = server()
    was_down = bool(known.delete(_key(kind, "pauses")))
    known.delete(*(_key(kind, part) for part in ("down", "paused", "probe")))
    if was_down:
        known.set(_key(kind, "recovery"), 1, px=_ms(RECOVERY))
        _call_back(kind)
        log.info("%s is back; all syncs go on", kind)


@walls.every_account(Across.SCHEDULE)
def _call_back(kind: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(CALL_BACK, [BACK_WITHIN, kind, TrackerUnavailable.code])


def _key(kind: str, part: str) -> str:
    return f"breaker:{kind}:{part}"


def _ms(time: timedelta) -> int:
    return int(time.total_seconds() * 1000)


def _unheard(error: redis.RedisError) -> None:
    log.warning("Nobody knows whether a tracker is down, Redis did not answer: %s", type(error).__name__)

"""Requests per second for one secret, shared by all workers through Redis.

Without Redis nobody is held up: the tracker's own answer to haste (429) is honoured anyway.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import redis

from integrations.redis_server import server

log = logging.getLogger(__name__)

#: Requests that may go out at once after a pause.
BURST = 5

#: A token bucket kept as one number: the time up to which tokens are spent, by the clock of Redis. Answers the wait in
#: milliseconds. One atomic script, so two workers never take the same token.
TAKE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local step, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local spent = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now - burst * step)
redis.call('SET', KEYS[1], spent + step, 'PX', math.ceil(burst * step + step) + 60000)
return math.max(0, math.ceil(spent + step - now))
"""


def pace_for(
    name: str, per_second: float, *, sleep: Callable[[float], None] = time.sleep, burst: int = BURST
) -> Callable[[], None]:
    """A function to call before each request; it returns when the request may go. 0 per second means: no limit."""
    if per_second <= 0:
        return lambda: None
    step = 1000 / per_second

    def pace() -> None:
        try:
            wait = int(str(server().eval(TAKE, 1, f"pace:{name}", str(step), str(burst))))
        except redis.RedisError as error:
            log.warning("No pacing, Redis did not answer: %s", type(error).__name__)
            return
        if wait:
            sleep(wait / 1000)

    return pace

"""The installation's Redis, for what is more than a cache: pacing, counters and signs of life."""

from __future__ import annotations

from functools import cache

import redis
from django.conf import settings


@cache
def server() -> redis.Redis:
    """A client with a pool of connections, which may be used by every thread. Its commands raise redis.RedisError."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=2)

"""Signs of life of worker and beat, kept in Redis for a day, with an age that no host's clock can falsify."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from integrations.redis_server import server

_KEPT_MS: Final = 24 * 3600 * 1000


class Sign(StrEnum):
    """Who shows it, and when."""

    #: A worker, each two seconds.
    WORKER = "worker"
    #: Beat, when it asks for a look at what is due.
    BEAT = "beat"
    #: A worker, when it has looked.
    DISPATCH = "dispatch"


def show(sign: Sign) -> None:
    """Keep that it happened now. Raises redis.RedisError."""
    server().set(f"sign:{sign}", 1, px=_KEPT_MS)


def age(sign: Sign) -> float | None:
    """Seconds since it was shown last; None: not within a day. Raises redis.RedisError."""
    left = server().pttl(f"sign:{sign}")
    return (_KEPT_MS - left) / 1000 if left >= 0 else None

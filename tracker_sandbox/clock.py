"""The sandbox's time: whole seconds, like every time in the API, and in the hands of whoever runs it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800


class Moment(int):
    """Seconds since the epoch inside a stored change, so that rendering can tell a time from a number."""


class Clock:
    """System time shifted by an offset, or a frozen moment that moves only when told to."""

    def __init__(self, *, frozen_at: int | None = None, offset: int = 0) -> None:
        self._frozen_at = frozen_at
        self._offset = offset

    def now(self) -> Moment:
        """The present in whole seconds since the epoch."""
        if self._frozen_at is not None:
            return Moment(self._frozen_at)
        return Moment(int(time.time()) + self._offset)

    def freeze(self, at: int) -> None:
        """Stand still at this moment."""
        self._frozen_at = int(at)

    def release(self) -> None:
        """Follow the system's time again, without any offset."""
        self._frozen_at, self._offset = None, 0

    def advance(self, seconds: int) -> None:
        """Jump ahead (or back) by so many seconds."""
        if self._frozen_at is not None:
            self._frozen_at += seconds
        else:
            self._offset += seconds


@lru_cache(maxsize=65536)
def iso(seconds: int) -> str:
    """2026-03-09T11:00:00Z, the API's default form of a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def millis(seconds: int) -> int:
    """The form of a time under date_format=millis."""
    return int(seconds) * 1000


def parse_time(text: str) -> Moment:
    """Read ISO 8601 or milliseconds since the epoch; ValueError for anything else."""
    if text.lstrip("-").isascii() and text.lstrip("-").isdigit():
        return Moment(int(text) // 1000)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return Moment(int(moment.timestamp()))

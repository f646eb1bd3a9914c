"""Counting runs holds nobody up."""

from __future__ import annotations

import pytest
import redis

from integrations import counters
from integrations.models import SyncRun

ENDED = SyncRun(state=SyncRun.State.SUCCEEDED, requests=3)


def test_without_redis_nothing_is_counted_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """R4."""
    away = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    monkeypatch.setattr(counters, "server", lambda: away)
    counters.count_run(ENDED)
    counters.count_lost()
    with pytest.raises(redis.RedisError):
        counters.counted()


def test_a_flushed_redis_counts_from_zero() -> None:
    """R4."""
    counters.count_run(ENDED)
    counters.server().flushdb()
    assert counters.counted().requests == 0
    counters.count_run(ENDED)
    assert (counters.counted().requests, counters.counted().ended["succeeded"]) == (3, 1)


def test_durations_fall_into_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SyncRun, "seconds", 2.0)
    counters.count_run(ENDED)
    monkeypatch.setattr(SyncRun, "seconds", 9999.0)
    counters.count_run(ENDED)
    found = counters.counted()
    assert dict(zip(counters.SECONDS, found.within, strict=True)) == {
        **dict.fromkeys((0.1, 0.5, 1.0), 0),
        **dict.fromkeys((5.0, 15.0, 60.0, 300.0, 1800.0), 1),
    }
    assert (found.timed, found.seconds) == (2, 10001.0)

"""Beat keeps its intervals by a clock that nobody sets, in every time zone and every night (R9, R10)."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import time_machine
from celery.beat import ScheduleEntry

from roadmunk import beat
from roadmunk.celery import app

DISPATCH = 1.0
ZONES = {
    # The nights in which clocks go ahead, and back.
    "America/New_York": ("2026-03-08T01:59", "2026-11-01T01:59"),
    "Europe/London": ("2026-03-29T00:59", "2026-10-25T01:59"),
    "Australia/Lord_Howe": ("2026-10-04T01:59", "2026-04-05T01:59"),
    "America/Santiago": ("2026-09-05T23:59", "2026-04-04T23:59"),
}
NIGHTS = [(zone, night) for zone, nights in ZONES.items() for night in nights]


class Recording(beat.SteadyScheduler):
    """Notes, by a monotonic clock that the test moves, when what would be sent."""

    clock = 0.0

    def __init__(self) -> None:
        self.sent: dict[str, list[float]] = {}
        super().__init__(app, lazy=False)

    def apply_entry(self, entry: ScheduleEntry, producer: object = None) -> None:
        self.sent.setdefault(entry.name, []).append(self.clock)

    @property
    def producer(self) -> None:
        """There is no broker here."""


@pytest.fixture(autouse=True)
def moved_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beat.time, "monotonic", lambda: beat._BEGAN + Recording.clock)
    Recording.clock = 0.0


def watch(scheduler: Recording, *, minutes: float, traveller: time_machine.Traveller | None = None) -> None:
    """Let time go by as beat does: each look says how long to sleep."""
    end = Recording.clock + minutes * 60
    while Recording.clock < end:
        asleep = max(scheduler.tick(), 0.001)
        Recording.clock += asleep
        if traveller is not None:
            traveller.shift(asleep)


def longest_gap(moments: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(moments))


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-400)], ids=str)
def test_a_clock_that_is_set_moves_no_look(step: timedelta) -> None:
    """R9"""
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as traveller:
        scheduler = Recording()
        watch(scheduler, minutes=5, traveller=traveller)
        traveller.shift(step)
        watch(scheduler, minutes=90, traveller=traveller)
    assert scheduler.sent.keys() == scheduler.schedule.keys()
    for name, moments in scheduler.sent.items():
        interval = scheduler.schedule[name].schedule.seconds  # type: ignore[union-attr]  # all are intervals
        assert longest_gap(moments) <= interval + 0.1, name
        assert len(moments) == pytest.approx(95 * 60 / interval, rel=0.02, abs=1), name


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_a_night_with_another_clock_has_no_gap_and_no_double(
    zone: str, night: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R10: whatever zone the machine is in."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        before = datetime.fromisoformat(night).replace(tzinfo=ZoneInfo(zone))
        with time_machine.travel(before, tick=False) as traveller:
            scheduler = Recording()
            watch(scheduler, minutes=180, traveller=traveller)
    finally:
        monkeypatch.undo()
        time.tzset()
    moments = scheduler.sent["dispatch"]
    assert longest_gap(moments) <= DISPATCH + 0.1
    assert len(moments) == pytest.approx(180 * 60 / DISPATCH, rel=0.02)

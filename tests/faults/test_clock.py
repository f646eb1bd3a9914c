"""Clocks that are an hour wrong, or are set right, silence nothing; leases and times are the database's own (R9)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from integrations.models import ProjectLink, SyncRun
from tests.faults import times
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site, soon

HOUR = 3600
#: A dispatcher is promised to be back in 90 s, which is three of its intervals.
THREE_TICKS = 3 * times.DISPATCH_SECONDS + 5
#: All that decides when something happens.
TIMES = {
    "integrations_projectlink": ("next_sync_at", "last_full_at", "paused_at"),
    "integrations_syncrun": ("queued_at", "sent_at", "started_at", "finished_at", "lease_until"),
    "integrations_preview": ("queued_at", "sent_at", "started_at", "finished_at", "lease_until"),
    "integrations_notice": ("created_at", "sent_at", "try_at"),
}


def set_database_clock(seconds: float) -> None:
    """As if the clock of PostgreSQL had been set by so much: every time that it wrote is as much older."""
    with connection.cursor() as cursor:
        for table, columns in TIMES.items():
            moved = ", ".join(f"{column} = {column} - %(by)s * interval '1 second'" for column in columns)
            cursor.execute(f"UPDATE {table} SET {moved}", {"by": seconds})  # noqa: S608  the names are ours


def both_ways(*, first: int = -HOUR) -> pytest.MarkDecorator:
    """Back and ahead; CI plays the `first` alone."""
    other = pytest.param(-first, marks=pytest.mark.faults_all)
    return pytest.mark.parametrize("seconds", [first, other], ids=lambda by: "back" if by < 0 else "ahead")


@both_ways()
def test_the_clock_of_beat_is_set(seconds: int, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """Celery's own scheduler sleeps for an hour after a clock was set back."""
    site.set_clock("beat", seconds)
    roadmap.changes()
    measure("R9", roadmap.heals(), target=THREE_TICKS)
    site.set_clock("beat", 0)
    roadmap.changes()
    measure("R9", roadmap.heals(), target=THREE_TICKS)


@both_ways(first=HOUR)
def test_the_clock_of_a_worker_is_wrong(seconds: int, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """It takes the dispatcher's messages all the same, and what it writes is by the database's clock."""
    site.set_clock("worker", seconds)
    roadmap.changes()
    measure("R9", roadmap.heals(), target=THREE_TICKS)
    site.sandbox.faults.add("internal_error", times=None)
    roadmap.changes()
    soon(lambda: any(run.state == SyncRun.State.FAILED for run in roadmap.runs()), why=site.last_words)
    ahead = ProjectLink.objects.filter(pk=roadmap.link.pk, next_sync_at__lt=Now() + timedelta(minutes=1))
    assert ahead.exists()
    site.sandbox.faults.clear()
    measure("R9", roadmap.heals(), target=THREE_TICKS + 2 * times.FIRST_WAIT_SECONDS)


@pytest.mark.faults_all
@both_ways()
def test_the_clock_of_the_database_is_set_while_nothing_runs(
    seconds: int, site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """No link waits longer than its cadence."""
    before = ProjectLink.objects.get(pk=roadmap.link.pk).next_sync_at
    assert before is not None
    roadmap.look()
    set_database_clock(seconds)
    if seconds < 0:
        took = soon(roadmap.waits_no_longer_than_its_cadence, why=site.last_words)
        measure("R9", took, target=THREE_TICKS)
        roadmap.be_due()
    measure("R9", roadmap.heals(), target=THREE_TICKS)


@pytest.mark.faults_all
@both_ways()
def test_the_clock_of_the_database_is_set_while_a_worker_works(
    seconds: int, site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """Whether it keeps its run or loses it: what comes of it is whole."""
    site.hold("before saving")
    roadmap.changes()
    site.wait_until_held()
    set_database_clock(seconds)
    time.sleep(1)
    site.let_go()
    measure("R9", roadmap.heals())


@both_ways()
@pytest.mark.parametrize("point", [pytest.param("message came", marks=pytest.mark.faults_all), "claimed"])
def test_the_clock_of_the_database_is_set_and_a_worker_dies(
    seconds: int, point: str, site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """A lease that ends in an hour, and a message that was sent in an hour, are no reason to wait for them."""
    site.hold(point)
    roadmap.changes()
    site.wait_until_held()
    site.kill("worker")
    set_database_clock(seconds)
    site.let_go()
    site.start("worker")
    measure("R9", roadmap.heals(), target=times.RESEND_SECONDS + THREE_TICKS)

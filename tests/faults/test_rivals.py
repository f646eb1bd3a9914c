"""Two workers, two beats and repeated messages never run a link twice at once; who slept writes nothing (R2, R3)."""

from __future__ import annotations

import time

import pytest

from integrations.models import SyncRun
from tests.faults import times
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site, soon
from tests.histories import steps

#: Within which an overdue link is queued again: two intervals of the dispatcher, and beat's own start.
TWO_TICKS = 2 * times.DISPATCH_SECONDS + 5


def test_a_message_that_comes_three_times_to_two_workers_is_one_pull(
    site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """R2: while the first works; the tracker is asked for each page once."""
    site.start("worker-2")
    site.wait_for_workers("worker", "worker-2")
    site.hold("request 3")
    roadmap.changes()
    site.wait_until_held()
    for _ in range(3):
        site.send_run(roadmap.run().pk)
    time.sleep(2 * times.RENEWAL_SECONDS)
    site.let_go()
    measure("R2", roadmap.heals())
    run = roadmap.run()
    assert run.requests == len(site.sandbox.requests)
    assert run.attempts == 0


@pytest.mark.faults_all
def test_two_beats_make_no_run_twice(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """R3"""
    site.start("beat-2", "worker-2")
    soon(lambda: "Sending due task letters" in site.log("beat-2"), why=site.last_words)
    roadmap.changes()
    measure("R3", roadmap.heals(), target=TWO_TICKS)
    assert roadmap.run().requests == len(site.sandbox.requests)


@pytest.mark.faults_all
def test_a_beat_that_was_killed_leaves_nothing_behind(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """R3: nothing on disk or in Redis keeps the next one from working."""
    site.kill("beat")
    roadmap.changes()
    time.sleep(3 * times.DISPATCH_SECONDS)
    assert roadmap.runs() == []
    site.start("beat")
    measure("R3", roadmap.heals(), target=TWO_TICKS)


def test_a_worker_that_slept_past_its_lease_writes_nothing(
    site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """R2: another one does the work meanwhile."""
    site.start("worker-2")
    site.wait_for_workers("worker", "worker-2")
    site.hold("before saving")
    roadmap.changes()
    site.wait_until_held()
    sleeper = "worker-2" if site.is_held("worker-2") else "worker"
    site.freeze(sleeper)
    site.let_go()
    measure("R2", roadmap.heals())
    written = roadmap.stage.footprint()
    site.thaw(sleeper)
    soon(lambda: "this worker wrote nothing" in site.log(sleeper), why=site.last_words)
    assert roadmap.stage.footprint() == written
    roadmap.check()
    assert roadmap.run().attempts == 1


@pytest.mark.faults_all
def test_three_beats_and_four_workers_race_for_ten_rounds(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """R2: as many requests as one worker needs, each time."""
    site.start("beat-2", "beat-3", "worker-2", "worker-3", "worker-4")
    site.wait_for_workers("worker", "worker-2", "worker-3", "worker-4")
    for number in range(10):
        roadmap.changes([steps.Create(f"Idea {number}"), steps.Edit(number, "name", f"Renamed {number}")])
        measure("R2", roadmap.heals(), target=TWO_TICKS)
        assert roadmap.run().requests == len(site.sandbox.requests)
    assert not SyncRun.objects.filter(link=roadmap.link, attempts__gt=0).exists()

"""Redis decides how soon something happens, never whether (R4)."""

from __future__ import annotations

import signal
import time

import pytest

from tests.faults import times
from tests.faults.browser import Browser
from tests.faults.conftest import ALL
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site

#: All due runs are done so soon after Redis is back.
TARGET = 60.0
AWAY_SECONDS = 120.0 if ALL else 5.0


def test_redis_is_emptied_again_and_again(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """The message of the run is lost with everything else."""
    site.hold("request 3")
    roadmap.changes()
    for _ in range(3):
        site.redis("FLUSHALL")
        time.sleep(0.4)
    site.wait_until_held()
    site.redis("FLUSHALL")
    site.let_go()
    measure("R4", roadmap.heals(seconds=TARGET), target=TARGET)


@pytest.mark.faults_all
def test_a_message_is_lost_for_good(site: Site, new_roadmap: LinkedRoadmap, measure: Measure) -> None:
    """Who took it died, and Redis lost it: it is sent again after a while."""
    site.hold("message came")
    new_roadmap.be_due()
    site.wait_until_held()
    site.kill("worker")
    site.redis("FLUSHALL")
    site.let_go()
    site.start("worker")
    measure("R4", new_roadmap.heals(), target=times.RESEND_SECONDS + times.DISPATCH_SECONDS + 5)


@pytest.mark.parametrize("frozen", [False, pytest.param(True, marks=pytest.mark.faults_all)], ids=["stopped", "hangs"])
def test_redis_is_away(frozen: bool, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """In the middle of a run and beyond it; refusing connections, or taking them and never answering."""
    site.hold("request 3")
    roadmap.changes()
    site.wait_until_held()
    if frozen:
        site.freeze_server("redis")
    else:
        site.end_server("redis")
    site.let_go()
    time.sleep(AWAY_SECONDS)
    if frozen:
        site.thaw_server("redis")
    else:
        site.start_server("redis")
    measure("R4", roadmap.heals(seconds=TARGET), target=TARGET)
    roadmap.changes()
    measure("R4", roadmap.heals(seconds=TARGET), target=TARGET)


@pytest.mark.parametrize("frozen", [False, True], ids=["stopped", "hangs"])
def test_sync_now_is_taken_at_once_without_a_queue(
    frozen: bool, site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """R4: "Sync now" needs less than a second, and the run is there when Redis is."""
    site.start("web")
    browser = Browser(site, roadmap.owner)
    browser.get(roadmap.page)
    roadmap.changes()
    roadmap.update(next_sync_at=None)
    roadmap.look()
    if frozen:
        site.freeze_server("redis")
    else:
        site.end_server("redis")
    began = time.monotonic()
    status = browser.post(f"{roadmap.page}integration/sync/")
    took = time.monotonic() - began
    assert status == 302
    assert roadmap.run().state == "queued"
    measure("R4", took, target=1.0)
    assert took < 3
    if frozen:
        site.thaw_server("redis")
    else:
        site.start_server("redis")
    roadmap.be_due()
    measure("R4", roadmap.heals(seconds=TARGET), target=TARGET)


@pytest.mark.faults_all
def test_redis_is_restarted_with_what_it_kept(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """An orderly restart, between the message and its worker."""
    site.hold("message came")
    roadmap.changes()
    site.wait_until_held()
    site.kill("worker")
    site.end_server("redis", signal.SIGTERM)
    site.let_go()
    site.start_server("redis")
    site.start("worker")
    measure("R4", roadmap.heals(seconds=TARGET), target=TARGET)

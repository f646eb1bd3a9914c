"""`kill -9` of a worker at any point loses, doubles or half-writes nothing (R1, R12)."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site

IN_CI = ("new items written",)
POINTS = (
    "claimed", "saved",
    "message came", "request 1", "request 3", "request 5", "all read", "compared", "before saving", "before flags",
    "before commit", "before the next",
)  # fmt: skip


@pytest.mark.parametrize("point", [*IN_CI, *(pytest.param(one, marks=pytest.mark.faults_all) for one in POINTS)])
def test_a_worker_is_killed(point: str, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    site.hold(point)
    roadmap.changes()
    site.wait_until_held()
    site.kill("worker")
    site.let_go()
    site.start("worker")
    measure("R1", roadmap.heals())


PREFORK = ("-P", "prefork", "-c", "2")


@pytest.mark.parametrize("who", ["child", pytest.param("parent", marks=pytest.mark.faults_all)])
@pytest.mark.parametrize("point", ["request 3", pytest.param("before commit", marks=pytest.mark.faults_all)])
def test_one_process_of_a_prefork_worker_is_killed(
    who: str, point: str, site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """As docker-compose.yml starts it: the child that works, or the parent that it belongs to."""
    site.stop("worker")
    site.start("worker-2", pool=PREFORK)
    site.wait_for_workers("worker-2")
    site.hold(point)
    roadmap.changes()
    site.wait_until_held()
    os.kill(site.who_is_held() if who == "child" else site.pid("worker-2"), signal.SIGKILL)
    site.let_go()
    if who == "parent":
        site.kill("worker-2")
        site.start("worker-3", pool=PREFORK)
    measure("R1", roadmap.heals())

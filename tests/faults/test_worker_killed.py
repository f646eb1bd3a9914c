"""`kill -9` of a worker at any point loses, doubles or half-writes nothing (R1, R12)."""

from __future__ import annotations

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

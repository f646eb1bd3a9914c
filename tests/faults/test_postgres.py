"""PostgreSQL goes away in the middle of a run: it is repeated, and the site says that it comes back (R5)."""

from __future__ import annotations

import os
import signal
import time

import pytest
from django.db import connection

from tests.faults.browser import Browser
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site

TARGET = 60.0
#: What `pg_ctl -m immediate` and `-m fast` send, and what a power cut is.
ENDS = {"immediate": signal.SIGQUIT, "fast": signal.SIGINT, "killed": signal.SIGKILL}
CASES = [
    ("immediate", "new items written"),
    *(
        pytest.param(end, point, marks=pytest.mark.faults_all)
        for end in ENDS
        for point in ("message came", "claimed", "request 3", "before saving", "before commit", "saved")
    ),
]


@pytest.mark.parametrize(("end", "point"), CASES)
def test_postgresql_is_restarted(end: str, point: str, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    site.hold(point)
    roadmap.changes()
    site.wait_until_held()
    site.end_server("postgres", ENDS[end])
    site.let_go()
    time.sleep(1)
    site.start_server("postgres")
    measure("R5", roadmap.heals(seconds=TARGET), target=TARGET)


@pytest.mark.faults_all
@pytest.mark.parametrize("point", ["claimed", "request 3", "before commit"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_the_backends_of_a_worker_are_killed(
    signum: signal.Signals, point: str, site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """All connections but the test's own; a SIGKILL makes PostgreSQL start all others anew."""
    site.hold(point)
    roadmap.changes()
    site.wait_until_held()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        pids = [pid for (pid,) in cursor.fetchall()]
    assert pids
    for pid in pids:
        os.kill(pid, signum)
    site.let_go()
    measure("R5", roadmap.heals(seconds=TARGET), target=TARGET)


def test_the_site_says_that_it_comes_back(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """R5: 503 with Retry-After, never 500; and the same page as soon as the database is there."""
    site.start("web")
    browser = Browser(site, roadmap.owner)
    assert browser.get(roadmap.page) == 200
    site.end_server("postgres", signal.SIGQUIT)
    for _ in range(6):
        assert browser.get(roadmap.page) == 503
        assert int(browser.headers["Retry-After"]) > 0
    site.start_server("postgres")
    began = time.monotonic()
    assert browser.get(roadmap.page) == 200
    measure("R5", time.monotonic() - began, target=TARGET)

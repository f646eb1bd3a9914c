"""One site for all tests of faults in a process; what only `make faults` plays is not collected otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site, connected

ALL = os.environ.get("FAULTS") == "all"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes too long for each change."""
    if not ALL:
        items[:] = [item for item in items if item.get_closest_marker("faults_all") is None]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How soon all was well again."""
    if Measure.noted:
        terminalreporter.section("seconds until all was well again, and the promise's target")
        for figure in Measure.noted:
            terminalreporter.write_line(str(figure))


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    return Measure(request.node.name)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("faults")) as site:
        yield site


@pytest.fixture
def site(running: Site, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """Whole and sound: servers, one worker, one beat, all clocks right. What a test breaks is mended after it."""
    with django_db_blocker.unblock(), connected(running):
        for name in ("postgres", "redis"):
            if running.server(name).poll() is not None:
                running.start_server(name)
            running.thaw_server(name)
        running.start("worker", "beat")
        for role in ("worker", "beat"):
            running.thaw(role)
        yield running
        running.let_go()
        running.right_clocks()
        running.sandbox.faults.clear()
        for role in running.children.keys() - {"worker", "beat"}:
            running.kill(role)
        running.look_after()
        for role in running.children:
            running.freeze(role)  # other tests shall not pay for them


@pytest.fixture
def roadmap(site: Site) -> Iterator[LinkedRoadmap]:
    """Linked, and pulled once."""
    linked = LinkedRoadmap(site)
    linked.first_pull()
    yield linked
    linked.rest()


@pytest.fixture
def new_roadmap(site: Site) -> Iterator[LinkedRoadmap]:
    """Linked, and not pulled yet."""
    linked = LinkedRoadmap(site)
    linked.look()
    yield linked
    linked.rest()

"""PostgreSQL behind PgBouncer in transaction mode: many people and workers share three connections (docs/scaling.md).

Each transaction may meet another connection, so nothing that is left behind on one may matter, least of all whose
rows the last one was about.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.db import connection
from django.urls import reverse
from pytest_django.plugin import DjangoDbBlocker

from roadmunk.embedded import _postgres_binary
from tests import factories
from tests.faults.browser import Browser
from tests.faults.measure import Measure
from tests.faults.pooler import PGBOUNCER, SERVER_CONNECTIONS, PooledSite
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import ROOT, connected

pytestmark = pytest.mark.skipif(not PGBOUNCER, reason="no pgbouncer here (Debian: apt-get install pgbouncer)")

ACCOUNTS = 8
ROUNDS = 12
#: Pulls that go on meanwhile; each is due, queued, claimed and saved through the same three connections.
PULLS = 3


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PooledSite]:
    with PooledSite(tmp_path_factory.mktemp("pooled")) as site:
        yield site


@pytest.fixture
def site(pooled: PooledSite, django_db_blocker: DjangoDbBlocker) -> Iterator[PooledSite]:
    """The test itself asks PostgreSQL, past the pooler."""
    with django_db_blocker.unblock(), connected(pooled):
        yield pooled


def test_many_accounts_and_workers_share_three_connections(site: PooledSite, measure: Measure) -> None:
    site.start("web", "worker", "worker-2", "beat")
    site.wait_for_workers("worker", "worker-2")
    linked = LinkedRoadmap(site)
    linked.first_pull()
    visitors = [Visitor(site, number) for number in range(ACCOUNTS)]
    over = threading.Event()
    with ThreadPoolExecutor(ACCOUNTS) as crowd:
        visits = [crowd.submit(visitor.look_around, over) for visitor in visitors]
        try:
            for _ in range(PULLS):
                linked.changes()
                measure("pooler", linked.heals())
            pool = site.pool()
        finally:
            over.set()
        pages = [visit.result(timeout=60) for visit in visits]
    assert min(pages) >= ROUNDS
    assert pool["pool_mode"] == "transaction"
    clients = pool["cl_active"] + pool["cl_waiting"]
    servers = sum(pool[name] for name in ("sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login"))
    assert servers <= SERVER_CONNECTIONS < clients
    for role in ("web", "worker", "worker-2", "beat"):
        assert '"ERROR"' not in site.log(role), site.log(role)


class Visitor:
    """Somebody of an account of their own, whose items bear a word that nobody else's have."""

    def __init__(self, site: PooledSite, number: int) -> None:
        self.word = f"marked-{number}-{os.urandom(6).hex()}"
        member = factories.make_member(factories.make_account(f"Visitors {number}"))
        roadmap = factories.make_roadmap(member, f"Plan {self.word}")
        factories.make_item(roadmap, f"Item {self.word}")
        self._page = f"/a/{member.account.slug}/roadmaps/{roadmap.pk}/"
        self._list = reverse("roadmaps:list", args=[member.account.slug])
        self._browser = Browser(site, member)

    def look_around(self, over: threading.Event) -> int:
        """Read pages until it is over, ROUNDS times at least; answers how often. Fails on a stranger's word."""
        rounds = 0
        while rounds < ROUNDS or not over.is_set():
            for page in (self._page, self._list):
                assert self._browser.get(page) == 200, (page, self._browser.body[:500])
                assert self.word in self._browser.body
                assert self._browser.body.count("marked-") == self._browser.body.count(self.word)
            rounds += 1
        return rounds


def test_no_connection_remembers_whose_rows_it_was_about(site: PooledSite) -> None:
    """Whoever enters no account sees nothing, on whichever connection, right after somebody who did."""
    Visitor(site, 99)
    barrier = threading.Barrier(SERVER_CONNECTIONS)

    def look(entered: bool) -> tuple[int, int]:
        with closing(site.connect()) as client, client.cursor() as cursor:
            barrier.wait(30)
            whose = "SET LOCAL roadmunk.account = '0'; " if entered else ""
            cursor.execute(f"{whose}SELECT count(*), pg_backend_pid(), pg_sleep(0.2) FROM roadmaps_item")  # noqa: S608 - ours
            found: tuple[int, int] = cursor.fetchone()[:2]
            return found

    with ThreadPoolExecutor(SERVER_CONNECTIONS) as crowd:
        inside = list(crowd.map(look, [True] * SERVER_CONNECTIONS))
        outside = list(crowd.map(look, [False] * SERVER_CONNECTIONS))
    assert all(number > 0 for number, _ in inside)
    assert [number for number, _ in outside] == [0] * SERVER_CONNECTIONS
    assert {pid for _, pid in outside} <= {pid for _, pid in inside}


def test_migrations_go_around_the_pooler(site: PooledSite) -> None:
    """Their patience with locks is a setting of a session: it would stay behind for others."""
    command = [sys.executable, "manage.py", "migrate"]
    environment = site._environment("command")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "pooler" in done.stderr and "DATABASE_URL" in done.stderr and "Traceback" not in done.stderr
    environment["DATABASE_URL"] = site.servers.database_url
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with closing(site.connect()) as client, client.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_a_backup_through_the_pooler_is_refused_and_never_empty(site: PooledSite) -> None:
    """PGOPTIONS, by which the backup asks for the rows of all accounts, is nothing that the pooler passes on."""
    place = ("-h", str(site.servers.run_dir / "pooler"), "-U", "roadmunk", "-d", "roadmunk")
    command = [str(_postgres_binary("pg_dump")), "--enable-row-security", *place]
    environment = {"PATH": os.defpath, "PGOPTIONS": "-c roadmunk.account=0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "unsupported startup parameter" in done.stderr


def test_the_test_is_about_a_pooler(site: PooledSite) -> None:
    """What the site's processes reach is not PostgreSQL itself, and what the test asks is."""
    with closing(site.connect()) as client, client.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != (client.get_backend_pid(),)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() == (connection.connection.get_backend_pid(),)

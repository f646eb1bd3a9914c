"""Web and worker stop in seconds and lose nothing: with real processes (R8)."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from roadmunk import probe
from tests.roadmunk.installation import Installation, stop
from tests.roadmunk.processes import wait_for
from tracker_sandbox.demo import DEMO_TOKEN, build_demo
from tracker_sandbox.server import Sandbox

LINKED = f"""
from tests import factories
owner = factories.make_member(factories.make_account("%(pool)s"), "admin", name="%(pool)s")
credential = factories.make_credential(owner, secret="{DEMO_TOKEN}")
link = factories.make_link(factories.make_roadmap(owner), credential=credential, project_id="%(project)s")
answer = link.pk
"""
ASK = """
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
answer = schedule.request_run(link=ProjectLink.objects.get(pk=%s), trigger="manual").pk
"""
LOOK = """
from integrations.models import SyncRun
from roadmaps.models import Item
run = SyncRun.objects.get(pk=%s)
answer = [run.state, run.lease_until, run.attempts, Item.objects.count()]
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(build_demo()) as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("stop"), PIVOTAL_TRACKER_URL=sandbox.url) as made:
        migrated = made.manage("migrate", "--no-input", "-v", "0")
        assert migrated.returncode == 0, migrated.stderr
        yield made


@pytest.mark.parametrize("pool", ["worker", "threads"])
def test_a_worker_gives_back_the_run_in_its_hands(site: Installation, sandbox: Sandbox, pool: str) -> None:
    """R8: SIGTERM in the middle of a long run: gone in less than 10 s, the run is free, and the next worker ends it."""
    project = next(iter(sandbox.world.projects))
    link = site.do(LINKED % {"pool": pool, "project": project})
    items = site.do("from roadmaps.models import Item; answer = Item.objects.count()")
    sandbox.faults.clear()
    sandbox.faults.add("too_many_requests", path="stories", times=None, retry_after="55")
    worker = site.start(pool)
    site.wait_for_words(pool, "ready.")
    run = site.do(ASK % link)
    assert wait_for(lambda: site.do(LOOK % run)[0] == "running", seconds=30)
    took = stop(worker)
    assert took < 10, f"{took:.1f} s"
    assert worker.returncode == 0
    assert site.do(LOOK % run) == ["queued", None, 0, items]
    sandbox.faults.clear()
    site.do("from integrations.sync import schedule; schedule.tick()")
    second = site.start(pool)
    assert wait_for(lambda: site.do(LOOK % run)[0] == "succeeded", seconds=60), site.log_of(pool).read_text()[-3000:]
    assert site.do(LOOK % run)[3] > items
    assert stop(second) < 10
    check_log(site.log_of(pool).read_text().splitlines(), run)


def check_log(lines: list[str], run: int) -> None:
    """W20: JSON alone below Celery's banner, with the ids of run, account and task; W4: no token."""
    events = [json.loads(line) for line in lines if line.startswith("{")]
    (ended,) = (event for event in events if event["logger"] == "integrations.sync.run" and event.get("state"))
    assert ended["run"] == run
    assert {"account", "task", "requests", "seconds"} <= ended.keys()
    rest = [line for line in lines if not line.startswith("{")]
    assert not any(re.match(r"\[\d{4}-", line) for line in rest), rest
    assert DEMO_TOKEN not in "".join(lines)


def test_the_web_finishes_the_request_in_its_hands(site: Installation) -> None:
    """R8: SIGTERM while a page waits for the database: the page arrives, then the process ends."""
    size = ("-k", "gthread", "-w", "1", "--threads", "2", "--no-control-socket")
    place = ("--bind", f"127.0.0.1:{site.port}", "--logger-class", "roadmunk.gunicorn_log.GunicornLogger")
    web = site.start("web", "-m", "gunicorn", *size, *place, "roadmunk.wsgi")
    assert wait_for(lambda: probe.ask(site.port, path="/healthz", host="roadmunk.test")[0] == 200, seconds=60)
    locker = psycopg2.connect(host=str(site.servers.run_dir), user="roadmunk", dbname="roadmunk")
    try:
        with locker.cursor() as cursor, ThreadPoolExecutor() as pool:
            cursor.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
            page = pool.submit(ask_for_a_page, site.port)
            assert wait_for(lambda: waiting(site) == 1)
            stopped = pool.submit(stop, web)
            site.wait_for_words("web", "Handling signal: term")
            assert not page.done()
            locker.rollback()
            assert page.result(timeout=30) == 302
            assert stopped.result(timeout=30) < 30
    finally:
        locker.close()
    assert web.returncode == 0
    lines = site.log_of("web").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert any(event.get("route") == "home" and event["status"] == 302 for event in events)


def ask_for_a_page(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Host": "roadmunk.test", "X-Forwarded-Proto": "https", "Cookie": "__Host-sessionid=" + "a" * 32}
    connection.request("GET", "/", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def waiting(site: Installation) -> int:
    """How many statements wait for a lock."""
    looker = psycopg2.connect(host=str(site.servers.run_dir), user="roadmunk", dbname="roadmunk")
    with looker.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        number = int(cursor.fetchone()[0])
    looker.close()
    return number

"""A worker keeps its connections to the database from one task to the next, and only as long as they are sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import redis

from integrations.sync.queues import Queue
from tests.roadmunk.installation import Installation
from tests.roadmunk.processes import wait_for

TASKS = 12
SEND = f"""
from integrations.tasks import dispatch, run_link
for _ in range({TASKS}):
    run_link.delay(0)
dispatch.delay()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("connections")) as made:
        migrated = made.manage("migrate", "--no-input", "-v", "0")
        assert migrated.returncode == 0, migrated.stderr
        made.start("worker")
        made.wait_for_words("worker", "ready.")
        work(made)
        yield made


def work(site: Installation) -> None:
    """Let the worker look for a run that is not there, some times, and for due links."""
    server = redis.Redis.from_url(site.servers.redis_url)
    server.delete("sign:dispatch")
    site.do(SEND)
    assert wait_for(lambda: not any(map(server.llen, Queue)) and not server.hlen("unacked"), seconds=60)
    assert server.exists("sign:dispatch"), "none of them came to its end"


#: Those of the worker: whoever asks is left out.
OTHERS = "FROM pg_stat_activity WHERE datname = 'roadmunk' AND usename = 'roadmunk' AND pid <> pg_backend_pid()"


def ask(site: Installation, what: str) -> set[int]:
    with closing(site.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {what} {OTHERS}")
        return {row[0] for row in cursor.fetchall()}


def test_many_tasks_make_no_new_connection(site: Installation) -> None:
    """A new one costs as much as a sync that finds nothing new."""
    before = ask(site, "pid")
    assert 1 <= len(before) <= 2, "one for each of the worker's processes"
    work(site)
    assert len(ask(site, "pid") | before) <= 2


def test_a_connection_that_was_cut_is_not_used_again(site: Installation) -> None:
    assert ask(site, "pg_terminate_backend(pid)") == {True}
    work(site)

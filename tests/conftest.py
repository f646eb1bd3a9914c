"""Gives the tests a PostgreSQL and a Redis of their own, before Django reads its settings.

With pytest-xdist the first process starts the servers and its workers inherit their addresses; each worker
has its own test database and, by tests/settings.py, its own Redis database. A DATABASE_URL from outside is used as
it is.
"""

from __future__ import annotations

import base64
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import django
import hypothesis
import pytest
from pytest_django import DjangoDbBlocker

from roadmunk.embedded import EmbeddedServers

_closing = ExitStack()


def _start_servers() -> None:
    """Start both servers in a temporary directory, once for all processes of this test run."""
    home = Path(tempfile.mkdtemp(prefix="roadmunk-tests-"))
    _closing.callback(shutil.rmtree, home, ignore_errors=True)
    servers = _closing.enter_context(EmbeddedServers(home, create_databases=True, durable=False))
    os.environ["DATABASE_URL"] = servers.database_url
    os.environ["REDIS_URL"] = servers.redis_url
    os.environ["DATA_DIR"] = str(home / "site")


def _set_environment() -> None:
    if "DATABASE_URL" not in os.environ:
        _start_servers()
    os.environ |= {
        "SECRET_KEY": "secret-key-of-the-tests-" * 3,
        "CREDENTIAL_KEYS": base64.b64encode(b"credential key of the tests 0000").decode(),
        "PIVOTAL_TRACKER_URL": "http://tracker.test",
        "DEBUG": "true",
        "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
        "EMAIL_URL": "memorymail://",
        "MIN_SYNC_MINUTES": "5",
        "TRACKER_REQUESTS_PER_SECOND": "1000",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        # Playwright keeps an event loop in the thread that also asks the database.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }


_set_environment()
django.setup()

# A busy machine is no failure of a test: what must be quick is measured where it says so.
hypothesis.settings.register_profile(
    "everywhere", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("everywhere")

pytest_plugins = ["tests.fixtures"]


def pytest_unconfigure() -> None:
    """Stop the servers, in the process that started them."""
    _closing.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Between tests with transactions of their own, Django empties all tables, which the guard of the log refuses.

    The owner of a table alone may put a guard to rest; the tests of this one wake it up.
    """
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditevent DISABLE TRIGGER audit_log_is_kept")


@pytest.fixture(autouse=True)
def _every_account() -> Iterator[None]:
    """What a test itself does is not behind the walls; requests and tasks begin outside of all accounts."""
    from accounts import walls

    with walls.every_account(walls.Across.OPERATOR):
        yield


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Throttles and heartbeats of one test must not reach the next."""
    from django.core.cache import cache

    yield
    cache.clear()

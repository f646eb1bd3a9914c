"""Web, worker and beat look at the keys before they begin, however they are started (W5)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from integrations import vault
from roadmunk import probe
from tests.roadmunk.installation import COMMANDS, Installation, stop
from tests.roadmunk.processes import wait_for

NEW = vault.new_key()
SEALED = """
from tests import factories
owner = factories.make_member(factories.make_account("Acme"), "admin")
answer = factories.make_credential(owner).sealed.split(".")[1]
"""
SIZE = ("-k", "gthread", "-w", "2", "--no-control-socket")
#: What each process logs when it has begun.
BEGUN = {"web": "Listening at", "worker": "ready.", "beat": "Scheduler: Sending"}


class Started:
    """A migrated installation with one sealed token."""

    def __init__(self, site: Installation) -> None:
        self.site = site
        assert site.manage("migrate", "--no-input", "-v", "0").returncode == 0
        self.key_id: str = site.do(SEALED)
        self.old_key = site.environment["CREDENTIAL_KEYS"]

    def start(self, role: str, **environment: str) -> subprocess.Popen[bytes]:
        self.site.log_of(role).unlink(missing_ok=True)
        place = ("--bind", f"127.0.0.1:{self.site.port}")
        argv = ("-m", "gunicorn", *SIZE, *place, "roadmunk.wsgi") if role == "web" else COMMANDS[role]
        return self.site.start(role, *argv, **environment)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with Installation(tmp_path_factory.mktemp("start")) as site:
        yield Started(site)


def says_what_to_do(text: str, key_id: str) -> bool:
    words = ("1 saved secret is sealed", f"(key {key_id})", "Nothing is lost", "behind the new one", "rotate_keys")
    return all(each in text for each in words)


@pytest.mark.parametrize("role", BEGUN)
def test_without_a_key_that_is_needed_it_ends_and_says_so(started: Started, role: str) -> None:
    process = started.start(role, CREDENTIAL_KEYS=NEW)
    assert process.wait(60) not in {0, None}
    said = started.site.log_of(role).read_text()
    assert says_what_to_do(said, started.key_id), said
    assert NEW not in said


@pytest.mark.parametrize("role", BEGUN)
def test_with_the_key_put_back_it_begins(started: Started, role: str) -> None:
    begins(started, role, CREDENTIAL_KEYS=f"{NEW},{started.old_key}")


@pytest.mark.parametrize("role", BEGUN)
def test_a_database_that_is_away_keeps_nobody_from_starting(started: Started, role: str) -> None:
    """It is another fault, which heals by itself."""
    said = begins(started, role, CREDENTIAL_KEYS=NEW, DATABASE_URL="postgres://roadmunk@127.0.0.1:9/roadmunk")
    assert "could not be looked at before the start" in said


def begins(started: Started, role: str, **environment: str) -> str:
    """What it says until it works."""
    process = started.start(role, **environment)
    if role == "web":
        host = "roadmunk.test"
        assert wait_for(lambda: probe.ask(started.site.port, path="/healthz", host=host)[0] == 200, seconds=60)
    started.site.wait_for_words(role, BEGUN[role])
    stop(process)
    assert process.returncode == 0
    return started.site.log_of(role).read_text()


@pytest.mark.parametrize("command", ["migrate", "up"])
def test_what_runs_before_them_refuses_too(started: Started, command: str) -> None:
    """So `docker compose up` starts none of them, and says why once."""
    environment = {"CREDENTIAL_KEYS": NEW, "PORT": str(started.site.port)}
    assert started.site.start(command, "manage.py", command, **environment).wait(60) == 1
    said = started.site.log_of(command).read_text()
    assert says_what_to_do(" ".join(said.split()), started.key_id), said

"""A whole Roadmunk for the tests of faults: PostgreSQL, Redis, workers, beat and web, each a process of its own.

A test kills, freezes and starts them again by their ids. The sandbox that plays the tracker is a server in the test's
own process, whose books the test reads.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from celery import Celery
from django.db import Error as DatabaseError
from django.db import connection

from roadmunk.embedded import EmbeddedServers, _postgres_answers, _postgres_binary, _redis_answers
from roadmunk.processes import Child, Program, last_words
from roadmunk.sandbox import _free_port
from tests.roadmunk.processes import descendants
from tracker_sandbox.server import Sandbox
from tracker_sandbox.state import World

ROOT = Path(__file__).parents[2]
_CELERY = ("-m", "celery", "-A", "tests.faults.app", "--quiet")
_POOL = ("-P", "threads", "-c", "2")
_KEPT = {"PATH", "HOME", "LANG", "TMPDIR", "SECRET_KEY", "CREDENTIAL_KEYS"}


class _Servers(EmbeddedServers):
    """With log segments of 1 MB, so that a small limit of files makes a disk full."""

    def _make_cluster(self) -> None:
        super()._make_cluster()
        self._run(_postgres_binary("pg_resetwal"), "--wal-segsize=1", "-D", self.data_dir / "pg")


class Site:
    """All processes, and the strings by which a test holds workers and moves clocks (see tests/faults/app.py)."""

    def __init__(self, home: Path) -> None:
        self.home, self.strings, self.logs = home, home / "strings", home / "logs"
        for directory in (self.strings, self.logs, home / "mail"):
            directory.mkdir()
        self.servers = _Servers(home / "data")
        self.sandbox = Sandbox(World())
        self.port = _free_port()
        self.children: dict[str, Child] = {}

    def __enter__(self) -> Site:
        self.servers.__enter__()
        self.sandbox.start()
        self._manage("migrate", "--verbosity", "0")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*self.children)
        self.sandbox.stop()
        self.servers.__exit__(None, None, None)

    @property
    def database_url(self) -> str:
        """By which the site's processes reach the database."""
        return self.servers.database_url

    # -- workers, beat, web

    def start(self, *roles: str, pool: tuple[str, ...] = _POOL) -> None:
        """Start those that do not run: "worker", "worker-2", "beat", "beat-2", "web" and so on. Returns at once."""
        for role in roles:
            if role not in self.children or self.children[role].poll() is not None:
                self.children[role] = Child(self._program(role, pool))
                self.children[role].start()

    def stop(self, *roles: str) -> None:
        """Stop them in order."""
        for role in roles:
            if role in self.children:
                self.thaw(role)
                self.children.pop(role).stop(patience=10)

    def kill(self, role: str) -> None:
        """`kill -9`, the process group that it leads included, as a container's end is."""
        self.children.pop(role).clear()

    def freeze(self, role: str) -> None:
        """SIGSTOP: it neither works nor knows that time goes by."""
        os.kill(self.pid(role), signal.SIGSTOP)

    def look_after(self) -> None:
        """Start again what ended by itself, as a supervisor does: Celery's worker may end when Redis does."""
        self.start(*self.children)

    def thaw(self, role: str) -> None:
        os.kill(self.pid(role), signal.SIGCONT)

    def pid(self, role: str) -> int:
        process = self.children[role].process
        assert process is not None
        return process.pid

    def wait_for_workers(self, *roles: str) -> None:
        """Until these take messages."""
        for role in roles:
            soon(lambda role=role: "ready." in self.log(role), why=self.last_words)  # type: ignore[misc]

    def log(self, role: str) -> str:
        path = self.logs / f"{role}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _program(self, role: str, pool: tuple[str, ...]) -> Program:
        kind = role.partition("-")[0]
        name = ("-n", f"{role}@%h", "--without-gossip", "--without-mingle")
        gunicorn = ("-k", "gthread", "--threads", "4", "--no-control-socket")
        argv: dict[str, tuple[str, ...]] = {
            "worker": (*_CELERY, "worker", *pool, *name, "--loglevel", "INFO"),
            "beat": (*_CELERY, "beat", "--pidfile=", "--loglevel", "INFO"),
            "web": ("-m", "gunicorn", *gunicorn, "--bind", f"127.0.0.1:{self.port}", "roadmunk.wsgi"),
        }
        return Program(
            role, (sys.executable, *argv[kind]), self.logs / f"{role}.log", env=self._environment(role), cwd=ROOT
        )

    def _environment(self, role: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        return kept | {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.servers.redis_url,
            "DATA_DIR": str(self.home / "site"),
            "PIVOTAL_TRACKER_URL": self.sandbox.url,
            "ALLOW_PRIVATE_TRACKERS": "true",
            "EMAIL_URL": f"filemail:///{self.home / 'mail'}",
            "ALLOWED_HOSTS": "127.0.0.1",
            "TRACKER_REQUESTS_PER_SECOND": "1000",
            # One after the other, so that "the third request" is the same one each time.
            "TRACKER_REQUESTS_AT_ONCE": "1",
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "STRINGS": str(self.strings),
            "ROLE": role,
        }

    def _manage(self, *argv: str) -> None:
        subprocess.run([sys.executable, "manage.py", *argv], cwd=ROOT, env=self._environment("command"), check=True)

    # -- servers

    def server(self, name: str) -> Child:
        """PostgreSQL's or Redis's process."""
        return next(child for child in self.servers.children if child.program.name == name)

    def end_server(self, name: str, signum: signal.Signals = signal.SIGKILL) -> None:
        """End "postgres" or "redis" by that signal, and wait for the end."""
        process = self.server(name).process
        assert process is not None
        process.send_signal(signum)
        process.wait(30)

    def start_server(self, name: str) -> None:
        """Start it again, as the supervisor of `make run` does, and wait until it answers."""
        child = self.server(name)
        child.clear()
        child.start()
        run_dir = self.servers.run_dir
        answers = _postgres_answers if name == "postgres" else _redis_answers
        place = run_dir if name == "postgres" else run_dir / "redis.sock"
        soon(lambda: answers(place), seconds=60, why=lambda: last_words(child.program.log))
        connection.close()

    def freeze_server(self, name: str) -> None:
        """It takes connections, and answers nothing."""
        self._signal_server(name, signal.SIGSTOP)

    def thaw_server(self, name: str) -> None:
        self._signal_server(name, signal.SIGCONT)

    def _signal_server(self, name: str, signum: signal.Signals) -> None:
        process = self.server(name).process
        assert process is not None
        process.send_signal(signum)

    def limit_files(self, name: str, most: int) -> None:
        """Let a server, with all that it started, or a worker write no file beyond so many bytes."""
        process = self.children[name].process if name in self.children else self.server(name).process
        assert process is not None
        for pid in {process.pid, *descendants(process.pid)}:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def redis(self, command: str) -> None:
        """Tell Redis something, as an operator would."""
        with redis.Redis.from_url(self.servers.redis_url) as client:
            client.execute_command(command)

    def send_run(self, run_id: int) -> None:
        """One more message about a run."""
        queue = self.servers.redis_url.replace("unix://", "redis+socket://")
        with Celery(broker=queue, set_as_current=False) as sender:
            sender.send_task("integrations.tasks.run_link", (run_id,))

    # -- strings

    def hold(self, point: str) -> None:
        """Who reaches that point first waits there."""
        self.let_go()
        draft = self.strings / "hold.new"
        draft.write_text(point)
        draft.rename(self.strings / "hold")

    def wait_until_held(self, *, seconds: float = 30) -> None:
        """Until somebody waits at the point."""
        soon((self.strings / "held").exists, seconds=seconds, why=self.last_words)

    def is_held(self, role: str) -> bool:
        """Whether it is that process who waits."""
        held = self.strings / "held"
        return held.exists() and held.read_text() == str(self.pid(role))

    def who_is_held(self) -> int:
        """The process that waits: of a prefork worker, its child."""
        return int((self.strings / "held").read_text())

    def let_go(self) -> None:
        """Nobody waits any more, and nobody shall."""
        for name in ("hold", "held"):
            (self.strings / name).unlink(missing_ok=True)

    def set_clock(self, role: str, seconds: float) -> None:
        """Let the wall clock of that process be wrong by so much; returns when it is."""
        told = self.log(role).count("The clock is wrong")
        path = self.strings / f"clock-{role}"
        draft = path.with_suffix(".new")
        draft.write_text(str(seconds))
        draft.rename(path)
        soon(lambda: self.log(role).count("The clock is wrong") > told, why=self.last_words)

    def right_clocks(self) -> None:
        for path in self.strings.glob("clock-*"):
            path.unlink()

    def last_words(self) -> str:
        return "\n".join(f"--- {path.name}\n{last_words(path, lines=12)}" for path in sorted(self.logs.iterdir()))


@contextmanager
def connected(site: Site) -> Iterator[None]:
    """Let the test itself ask the site's database, not the one that all other tests share."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict |= {"HOST": str(site.servers.run_dir), "NAME": "roadmunk", "USER": "roadmunk"}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= before


def soon(condition: Callable[[], bool], *, seconds: float = 30, why: Callable[[], str] = lambda: "") -> float:
    """Wait until it is so, also past a database that is away; answers how many seconds that took."""
    began = time.monotonic()
    while True:
        try:
            if condition():
                return time.monotonic() - began
        except DatabaseError:
            connection.close()
        if time.monotonic() - began > seconds:
            raise AssertionError(f"Not in {seconds:g} s. {why()}")
        time.sleep(0.05)

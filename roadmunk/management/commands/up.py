"""`manage.py up`: the whole site in one foreground command, what `make run` starts.

The parts are children of this process: PostgreSQL and Redis unless their addresses are set, then the Tracker sandbox
of the demo, worker, beat and web. They end with it, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from roadmunk import demo, probe
from roadmunk.embedded import EmbeddedError, EmbeddedServers
from roadmunk.processes import Child, Program, last_words
from roadmunk.sandbox import Sandbox, choose_sandbox, is_free
from roadmunk.supervisor import Supervisor

#: Seconds; a first start migrates an empty database in between.
READY_PATIENCE = 90.0
#: Seconds; the sandbox plays a year of its projects first.
SANDBOX_PATIENCE = 20.0
SANDBOX_LIFE_SECONDS = 60
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_CELERY = ("-m", "celery", "-A", "roadmunk", "--quiet")


class Refusal(Exception):
    """The site can't start; the text says why and what to do."""


class Command(BaseCommand):
    """Starts everything, says so, and waits for Ctrl-C."""

    help = "Starts the whole site: database, queue, worker, scheduler and web. Ctrl-C stops it; the data stays."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)
        for signum in _STOP_SIGNALS:
            # A hang-up that is ignored already was meant to be: that is how nohup works.
            if signum != signal.SIGHUP or signal.getsignal(signum) != signal.SIG_IGN:
                signal.signal(signum, _interrupt)
        try:
            with _one_instance(settings.DATA_DIR):
                self._run()
        except (Refusal, EmbeddedError) as error:
            self.stderr.write(str(error))
            sys.exit(1)
        except KeyboardInterrupt:
            self.say("Everything is stopped. The data is kept.")

    def say(self, line: str) -> None:
        # The terminal may be gone; that must not keep anything from being stopped.
        with contextlib.suppress(OSError):
            self.stdout.write(line)
            self.stdout.flush()

    def _run(self) -> None:
        if not is_free(settings.PORT):
            raise Refusal(
                f"Port {settings.PORT} is in use by another program."
                f" Stop it, or choose another port: PORT={settings.PORT + 1} make run"
            )
        supervisor = Supervisor(self.say)
        with self._servers() as servers:
            for child in servers.children:
                supervisor.adopt(child)
            try:
                sandbox = self._start_sandbox(supervisor)
                self._prepare()
                self._start_site(supervisor)
                self._wait_until_ready(supervisor)
                self._greet(sandbox)
                while True:
                    supervisor.tick()
                    time.sleep(0.2)
            finally:
                self.say("Stopping ...")
                supervisor.stop()

    def _servers(self) -> EmbeddedServers:
        postgres, redis = settings.EMBEDDED, settings.EMBEDDED_REDIS
        names = " and ".join(name for name, wanted in (("PostgreSQL", postgres), ("Redis", redis)) if wanted)
        if names:
            first = not (settings.DATA_DIR / "pg").exists()
            self.say(f"Starting {names} in {_short(settings.DATA_DIR)}{', for the first time' if first else ''} ...")
        return EmbeddedServers(settings.DATA_DIR, postgres=postgres, redis=redis)

    def _prepare(self) -> None:
        """Run `manage.py prepare` as a child: only a new process finds the servers that were started just now."""
        self.say("Bringing the database and the static files up to date ...")
        child = Child(_program("prepare", "manage.py", "prepare"))
        child.start()
        try:
            while (status := child.poll()) is None:
                time.sleep(0.05)
        finally:
            child.stop()
        if status != 0:
            last = last_words(child.program.log)
            raise Refusal(f"The database could not be brought up to date; nothing was lost. Last words:\n{last}")

    def _start_sandbox(self, supervisor: Supervisor) -> Sandbox | None:
        """Before the demo is loaded: its roadmap is linked to a project there."""
        if not settings.EMBEDDED or os.environ.get("PIVOTAL_TRACKER_URL"):
            return None
        self.say("Starting the Tracker sandbox ...")
        sandbox = choose_sandbox(settings.DATA_DIR)
        supervisor.start(_sandbox(sandbox))
        deadline = time.monotonic() + SANDBOX_PATIENCE
        while is_free(sandbox.port) and time.monotonic() < deadline:
            supervisor.tick()
            time.sleep(0.05)
        return sandbox

    def _start_site(self, supervisor: Supervisor) -> None:
        self.say("Starting worker, scheduler and web ...")
        for program in (_worker(), _beat(), _web()):
            supervisor.start(program)

    def _wait_until_ready(self, supervisor: Supervisor) -> None:
        host = probe.allowed_host(settings.ALLOWED_HOSTS)
        deadline = time.monotonic() + READY_PATIENCE
        status, body = 0, ""
        while status != 200:
            if time.monotonic() > deadline:
                missing = ", ".join(probe.failing_parts(body)) or "web"
                self.say(f"Still not ready: {missing}. The logs are in {_short(_log('').parent)}.")
                return
            supervisor.tick()
            time.sleep(0.2)
            status, body = probe.ask(settings.PORT, host=host)

    def _greet(self, sandbox: Sandbox | None) -> None:
        self.say(f"\nRoadmunk runs at {_address()}\n")
        if settings.EMBEDDED:
            self.say(f"  Sign in, each with the password {demo.PASSWORD}, as")
            for person in demo.PEOPLE:
                self.say(f"    {person.email:<18} {person.name}, {person.role}")
            self.say(f"  E-mail is written to {_short(settings.MAIL_DIR)}")
        if sandbox:
            self.say(f"  Tracker sandbox: {sandbox.url}")
            self.say(f"  Its API token:   {sandbox.token}")
        self.say("\nCtrl-C stops everything.")


def _worker() -> Program:
    pool = ("-P", "threads", "-c", "2", "--without-gossip", "--without-mingle")
    return _program("worker", *_CELERY, "worker", *pool, "--loglevel", "INFO")


def _beat() -> Program:
    # No pid file that could go stale.
    return _program("beat", *_CELERY, "beat", "--pidfile=", "--loglevel", "INFO")


def _web() -> Program:
    size = ("-k", "gthread", "-w", "3", "--threads", "4", "--graceful-timeout", "5", "--no-control-socket")
    place = ("--bind", f"127.0.0.1:{settings.PORT}", "--logger-class", "roadmunk.gunicorn_log.GunicornLogger")
    return _program("web", "-m", "gunicorn", *size, *place, "roadmunk.wsgi", death_signal=signal.SIGTERM)


def _sandbox(sandbox: Sandbox) -> Program:
    place = ("--port", str(sandbox.port), "--token", sandbox.token)
    life = ("--life", str(SANDBOX_LIFE_SECONDS), "--memory", str(settings.DATA_DIR / "sandbox.life"))
    return _program("sandbox", "-m", "tracker_sandbox", *place, *life)


def _program(name: str, *argv: str, death_signal: signal.Signals = signal.SIGKILL) -> Program:
    env = {**os.environ, "PYTHONUNBUFFERED": "1", "PORT": str(settings.PORT)}
    argv = (sys.executable, *argv)
    return Program(name, argv, _log(name), env=env, cwd=settings.BASE_DIR, death_signal=death_signal)


def _log(name: str) -> Path:
    directory: Path = settings.DATA_DIR / "logs"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return directory / f"{name}.log"


def _address() -> str:
    return f"http://127.0.0.1:{settings.PORT}"


def _short(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR)) if path.is_relative_to(settings.BASE_DIR) else str(path)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not cut the orderly stop short.
    for each in _STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextlib.contextmanager
def _one_instance(data_dir: Path) -> Iterator[None]:
    """Hold the data directory's lock, which the kernel frees however we end."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(data_dir / "up.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(f"Roadmunk runs already: {lock.read().strip()}. Stop it there first.") from None
        lock.truncate()
        lock.write(f"{_address()}, process {os.getpid()}")
        lock.flush()
        yield

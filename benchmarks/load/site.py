"""The site under load: the very commands of docker-compose.yml and the Dockerfile, each a process of its own.

Where compose gives a service a smaller share of the processor, its process is as much nicer.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from roadmunk import probe
from roadmunk.processes import Child, Program, last_words
from roadmunk.sandbox import _free_port

ROOT = Path(__file__).parents[2]
HOST = "roadmunk.test"
WORKERS = ("worker-1", "worker-2")
#: Seconds that a start may take.
PATIENCE = 60.0


class Site:
    """Web, workers and beat over servers that run already: their addresses are in the environment."""

    def __init__(self, home: Path, tracker_url: str) -> None:
        self.logs = home / "logs"
        self.port = _free_port()
        self.children: dict[str, Child] = {}
        self._tracker_url = tracker_url

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(*self.children)

    def start(self, *roles: str) -> None:
        """Start "web", "beat" or one of WORKERS, and wait until they are at work."""
        for role in roles:
            self._log(role).unlink(missing_ok=True)
            self.children[role] = Child(self._program(role))
            self.children[role].start()
        for role in roles:
            self._wait(role)

    def stop(self, *roles: str) -> None:
        """Stop them, the latest first."""
        for role in reversed(roles):
            self.children.pop(role).stop(patience=30)

    def pids(self, roles: Iterable[str]) -> list[int]:
        """The first process of each that runs."""
        processes = (self.children[role].process for role in roles if role in self.children)
        return [process.pid for process in processes if process is not None]

    def _program(self, role: str) -> Program:
        kind = role.partition("-")[0]
        argv = shipped_commands()[kind]
        if kind == "web":
            argv = [f"127.0.0.1:{self.port}" if word == "0.0.0.0:8000" else word for word in argv]
        elif kind == "worker":
            argv = ["nice", "-n", str(_niceness(kind)), *argv, "-n", f"{role}@%h"]
        return Program(role, argv, self._log(role), env=self._environment(), cwd=ROOT)

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PIVOTAL_TRACKER_URL": self._tracker_url,
            "ALLOWED_HOSTS": HOST,
            "EMAIL_URL": "consolemail://",
            "TRACKER_REQUESTS_PER_SECOND": "2",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }

    def _log(self, role: str) -> Path:
        return self.logs / f"{role}.log"

    def _wait(self, role: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self._is_at_work(role):
            if self.children[role].poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{role} did not start. Its last words:\n{last_words(self._log(role))}")
            time.sleep(0.1)

    def _is_at_work(self, role: str) -> bool:
        if role == "web":
            return probe.ask(self.port, path="/healthz", host=HOST)[0] == 200
        words = " ready." if role in WORKERS else "beat: Starting"
        return words in self._log(role).read_text(errors="replace")


def _niceness(service: str) -> int:
    """What weighs as little among processes as the service's `cpu_shares`, 1024 if not said, do among containers."""
    return round(math.log(1024 / _services()[service].get("cpu_shares", 1024), 1.25))


def _services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def shipped_commands() -> dict[str, list[str]]:
    """How web, worker and beat are started in production."""
    services = _services()
    dockerfile = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    web = json.loads(re.findall(r"^CMD (.*)$", dockerfile, re.MULTILINE)[-1])
    return {"web": web, "worker": list(services["worker"]["command"]), "beat": list(services["beat"]["command"])}

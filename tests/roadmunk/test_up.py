"""`manage.py up`, what `make run` starts: the whole site as a newcomer meets it."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadmunk import demo, probe
from roadmunk.sandbox import DEMO_TOKEN, _free_port, is_free, read_sandbox
from tests.roadmunk.processes import descendants, is_alive, listening_addresses, wait_for

ROOT = Path(__file__).parents[2]


class Site:
    """A `manage.py up` of its own, in a data directory of its own."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.port = _free_port()
        bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=bare | {"DATA_DIR": str(data_dir), "PORT": str(self.port)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self.greeting = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def read_until(self, words: str) -> str:
        """All that it said until it said these words, or until its end."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                break
        return "".join(self.said)

    def stop(self, signum: signal.Signals = signal.SIGINT) -> set[int]:
        """Send the signal, wait for the end, and return those of its processes that still live a little later."""
        pids = descendants(self.process.pid)
        self.process.send_signal(signum)
        self.process.wait(60)
        self.read_until("never said")
        if self.process.stdout:
            self.process.stdout.close()
        wait_for(lambda: not any(map(is_alive, pids)), seconds=8)
        return {pid for pid in pids if is_alive(pid)}

    def end(self) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGTERM)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site after its first start."""
    running = Site(tmp_path_factory.mktemp("the site") / "data")
    running.greeting = running.read_until("Ctrl-C stops everything")
    yield running
    running.end()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  our own loopback address
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def sign_in(site: Site, email: str) -> str:
    """Sign in as a person would, and return the address where they land."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with opener.open(f"{site.url}/auth/login/", timeout=10) as page:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    assert found
    form = {"csrfmiddlewaretoken": found[1], "login": email, "password": demo.PASSWORD}
    with opener.open(f"{site.url}/auth/login/", urllib.parse.urlencode(form).encode(), timeout=10) as landed:
        return str(landed.url)


def test_it_says_what_it_does_and_where_to_go(site: Site) -> None:
    said = site.greeting
    assert "Starting PostgreSQL and Redis" in said
    assert "for the first time" in said
    assert f"Roadmunk runs at {site.url}\n" in said
    for person in demo.PEOPLE:
        assert person.email in said
    assert demo.PASSWORD in said
    assert DEMO_TOKEN in said
    assert "ERROR" not in said
    assert "ended with" not in said


def test_every_part_is_ready(site: Site) -> None:
    status, body = probe.ask(site.port)
    assert (status, probe.failing_parts(body)) == (200, [])
    assert get(f"{site.url}/healthz") == (200, "ok")


def test_a_newcomer_sees_the_sign_in_page_with_the_demo(site: Site) -> None:
    status, page = get(site.url)
    assert status == 200
    assert all(person.email in page for person in demo.PEOPLE)
    assert DEMO_TOKEN in page


def test_static_files_come_compressed_under_hashed_names(site: Site) -> None:
    page = get(f"{site.url}/auth/login/")[1]
    sheets = re.findall(r'href="(/static/css/[\w.-]+\.css)"', page)
    assert sheets
    assert all(re.search(r"\.[0-9a-f]{12}\.css$", sheet) for sheet in sheets)
    assert get(site.url + sheets[0])[0] == 200


@pytest.mark.parametrize("person", demo.PEOPLE, ids=lambda person: person.name)
def test_the_demo_sign_ins_work(site: Site, person: demo.SignIn) -> None:
    assert "/a/demo/" in sign_in(site, person.email)


def test_only_web_and_sandbox_listen_and_only_on_loopback(site: Site) -> None:
    """W19."""
    sandbox = read_sandbox(site.data_dir)
    assert sandbox
    pids = descendants(site.process.pid)
    assert listening_addresses(pids) == {f"127.0.0.1:{site.port}", f"127.0.0.1:{sandbox.port}"}


def test_the_sandbox_answers_to_the_printed_token(site: Site) -> None:
    sandbox = read_sandbox(site.data_dir)
    assert sandbox
    ask = urllib.request.Request(f"{sandbox.url}/services/v5/me", headers={"X-TrackerToken": DEMO_TOKEN})  # noqa: S310  loopback
    with urllib.request.urlopen(ask, timeout=10) as answer:  # noqa: S310  the same
        assert answer.status == 200


def test_what_it_keeps_is_for_the_owner_alone(site: Site) -> None:
    """W24: data, secrets, logs, collected files."""
    places = [site.data_dir, *site.data_dir.rglob("*")]
    assert any(place.name == "secrets.env" for place in places)
    assert [place for place in places if not place.is_symlink() and place.stat().st_mode & 0o077] == []


def test_no_secret_is_in_a_log_or_an_argument(site: Site) -> None:
    """W4."""
    secrets = [line.partition("=")[2] for line in (site.data_dir / "secrets.env").read_text().split()]
    texts = [path.read_text(errors="replace") for path in (site.data_dir / "logs").iterdir()]
    texts += [Path(f"/proc/{pid}/cmdline").read_text() for pid in descendants(site.process.pid)]
    assert len(secrets) == 2
    assert not [secret for secret in secrets for text in texts if secret in text]


def test_a_second_start_says_who_runs(site: Site) -> None:
    second = Site(site.data_dir)
    said = second.read_until("never said")
    assert second.process.wait(30) == 1
    assert f"Roadmunk runs already: {site.url}, process {site.process.pid}." in said
    assert second.process.stdout
    second.process.stdout.close()


def test_a_port_that_is_taken_is_named(site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "other", PORT=str(site.port))
    said = other.read_until("never said")
    assert other.process.wait(30) == 1
    assert f"Port {site.port} is in use by another program" in said
    assert f"PORT={site.port + 1} make run" in said
    assert other.process.stdout
    other.process.stdout.close()


def test_a_killed_worker_is_started_again(site: Site) -> None:
    """R1: and the site says so."""
    worker = next(pid for pid in descendants(site.process.pid) if _is_worker(pid))
    os.kill(worker, signal.SIGKILL)
    site.read_until("worker: ended with signal 9; starts again in 0.5 s.")
    assert wait_for(lambda: any(map(_is_worker, descendants(site.process.pid))))


def test_ctrl_c_stops_everything_and_the_data_is_kept(tmp_path: Path) -> None:
    """R6, in the order of a life: Ctrl-C, a second start, `kill -9`, a third start."""
    data_dir = tmp_path / "data"
    first = Site(data_dir)
    first.read_until("Ctrl-C stops everything")
    assert first.stop(signal.SIGINT) == set()
    assert first.process.returncode == 0
    assert "Everything is stopped" in "".join(first.said)
    assert is_free(first.port)

    second = Site(data_dir)
    assert "for the first time" not in second.read_until("Ctrl-C stops everything")
    assert read_sandbox(data_dir)
    assert "/a/demo/" in sign_in(second, "owner@demo.test")
    assert "Made the account Demo." in (data_dir / "logs" / "prepare.log").read_text()
    assert (data_dir / "logs" / "prepare.log").read_text().count("Made the account Demo.") == 1
    assert second.stop(signal.SIGKILL) == set()

    third = Site(data_dir, PIVOTAL_TRACKER_URL="http://127.0.0.1:9")
    said = third.read_until("Ctrl-C stops everything")
    assert "Roadmunk runs at" in said
    assert "sandbox" not in said
    assert DEMO_TOKEN not in get(third.url)[1]
    assert third.stop(signal.SIGTERM) == set()
    assert third.process.returncode == 0


def test_given_servers_are_used_and_get_no_demo(tmp_path: Path) -> None:
    """With DATABASE_URL and REDIS_URL nothing embedded is started, and nobody can sign in with a known password."""
    from roadmunk.embedded import EmbeddedServers

    environment = {"SECRET_KEY": "s" * 60, "CREDENTIAL_KEYS": os.environ["CREDENTIAL_KEYS"]}
    with EmbeddedServers(tmp_path / "servers", durable=False) as servers:
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        site = Site(tmp_path / "data", **urls, **environment)
        said = site.read_until("Ctrl-C stops everything")
        left = site.stop()
        made = subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-v", "0", "-c", _COUNT_PEOPLE],
            cwd=ROOT,
            env={"PATH": os.defpath} | urls | environment,
            capture_output=True,
            text=True,
        )
    assert f"Roadmunk runs at {site.url}" in said
    assert demo.PASSWORD not in said
    assert "PostgreSQL" not in said
    assert not (tmp_path / "data" / "pg").exists()
    assert left == set()
    assert made.stdout.strip() == "0", made.stderr


_COUNT_PEOPLE = "from accounts.models import User; print(User.objects.count())"


def _is_worker(pid: int) -> bool:
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0") if is_alive(pid) else []
    return "celery" in words and "worker" in words

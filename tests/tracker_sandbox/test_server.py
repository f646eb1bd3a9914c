"""The server itself: loopback only, keep-alive, a clean end, and no word to the rest of the project."""

from __future__ import annotations

import ast
import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import tracker_sandbox
from tests.tracker_sandbox.support import ALICE, Acme, Client
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import HOST, Sandbox

PACKAGE = Path(tracker_sandbox.__file__).parent


def test_it_listens_on_the_loopback_address_alone(sandbox: Sandbox) -> None:
    assert HOST == "127.0.0.1"
    assert sandbox.url.startswith("http://127.0.0.1:")


def test_many_requests_share_a_connection(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)
    connection.connect()
    socket = connection.sock
    for _ in range(5):
        connection.request("GET", "/services/v5/me", headers={"X-TrackerToken": ALICE})
        response = connection.getresponse()
        response.read()
        assert response.version == 11
    assert connection.sock is socket
    connection.close()


def test_it_stops_while_clients_keep_connections_open(acme: object, sandbox: Sandbox) -> None:
    before = threading.active_count()
    other = Sandbox(sandbox.world).start()
    connection = http.client.HTTPConnection(other.url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/services/v5/me", headers={"X-TrackerToken": ALICE})
    connection.getresponse().read()
    other.stop()
    connection.close()
    assert threading.active_count() <= before + 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_and_ends_cleanly_on_a_signal(number: int) -> None:
    with _started("--port", "0", "--life", "0") as process:
        url, said = _wait_for_url(process)
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
        connection.request("GET", "/services/v5/me", headers={"X-TrackerToken": DEMO_TOKEN})
        assert connection.getresponse().status == 200
        connection.close()
        process.send_signal(number)
        out, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")
        assert DEMO_TOKEN not in said + out


def test_with_parent_death_it_ends_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'tracker_sandbox', '--port', '0', '--parent-death'],\n"
        "    stdout=subprocess.PIPE, text=True)\n"
        "print(child.pid, child.stdout.readline(), flush=True)\n"
    )
    parent = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=True)
    child = int(parent.stdout.split()[0])
    for _ in range(100):
        if not _is_alive(child):
            return
        threading.Event().wait(0.1)
    os.kill(child, signal.SIGTERM)
    pytest.fail("The sandbox outlived its parent.")


def test_it_imports_nothing_of_the_project_and_nothing_beyond_the_standard_library() -> None:
    allowed = set(sys.stdlib_module_names) | {"tracker_sandbox"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path.name


def _started(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tracker_sandbox", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for_url(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    match = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert match is not None
    return match[0], line


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_date_of_an_answer_is_the_time_of_its_world(acme: Acme, client: Client) -> None:
    acme.world.clock.advance(3600)
    assert client.get("/me").headers["Date"] == "Mon, 02 Mar 2026 13:00:00 GMT"

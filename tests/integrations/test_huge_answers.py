"""Answers that are made to fill memory: a clear failure, and less than 100 MB more (N5)."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integrations.rude_server import Act, answer, head, rude_server

MEGABYTE = 1024 * 1024
MOST = 100
ROOT = Path(__file__).parents[2]
#: In a process of its own, whose memory is measured from outside of Python's own books.
ASK = """
import json, re, sys
from pathlib import Path
from integrations.connectors.pivotal_tracker import wire
from integrations.errors import PullError
from integrations.http import Http
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024
with Http(sys.argv[1], allow_private=True, user_agent="T", sleep=lambda _: None) as http:
    before, said, kind, found = peak(), "", "", 0
    try:
        answer = http.get("/stories")
        found = len(wire.read_many(answer.body, wire.Project).entries)
    except PullError as error:
        said, kind = str(error), error.code
    print(json.dumps([peak() - before, said, kind, found]))
"""


def bomb() -> bytes:
    """400 MB of blanks, in 389 KB of gzip."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        file.write(b"[")
        for _ in range(400):
            file.write(b" " * MEGABYTE)
        file.write(b"]")
    return packed.getvalue()


def endless(connection: socket.socket) -> None:
    connection.sendall(head())
    while True:
        connection.sendall(b" " * 65536)


ACTS: dict[str, Callable[[], Act]] = {
    "bomb": lambda: answer(bomb(), "Content-Encoding: gzip"),
    "endless": lambda: endless,
    "brackets": lambda: answer(b"[" * 100_000 + b"]" * 100_000),
    "long number": lambda: answer(b'[{"id": ' + b"9" * 5000 + b"}]"),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_answer_that_is_too_much(name: str) -> None:
    with rude_server(ACTS[name]()) as server:
        bare = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG"}}
        command = [sys.executable, "-c", ASK, server.url]
        done = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    grown, said, kind, found = json.loads(done.stdout)
    print(f"{name}: {grown:.1f} MB")
    assert grown < MOST
    assert found == 0
    if name == "long number":  # one story that is set aside, as any that can't be read
        return
    assert kind == "unexpected_response"
    assert said.endswith(".") and "Traceback" not in said

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
        found = len(wire.read_many(answer.body, wire.Story).entries)
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


def packed(body: bytes) -> Act:
    return answer(gzip.compress(body, 1), "Content-Encoding: gzip")


def listed(value: bytes, *, megabytes: float = 30, last: bytes = b"0") -> bytes:
    """A list of the value again and again."""
    times = int(megabytes * 1_000_000 / (len(value) + 1))
    return b"[" + (value + b",") * times + last + b"]"


ACTS: dict[str, Callable[[], Act]] = {
    "bomb": lambda: answer(bomb(), "Content-Encoding: gzip"),
    "endless": lambda: endless,
    "brackets": lambda: answer(b"[" * 100_000 + b"]" * 100_000),
    "long number": lambda: answer(b'[{"id": ' + b"9" * 5000 + b"}]"),
    "empty objects": lambda: packed(listed(b"{}")),
    "empty lists": lambda: packed(listed(b"[]")),
    "numbers": lambda: packed(listed(b"1")),
    "texts": lambda: packed(listed(b'"ab"')),
    "many members": lambda: packed(b"[{" + b",".join(b'"%x":{}' % number for number in range(2_500_000)) + b"}]"),
    "good entries": lambda: packed(listed(b'{"id":1}', last=b'{"id":1}')),
    "good entries and a bad one": lambda: packed(listed(b'{"id":1}', megabytes=4)),
    "deep in one entry": lambda: packed(b'[{"id":1,"name":' + listed(b'{"a":{}}') + b"}]"),
    "wide text": lambda: packed(b'[{"id":1,"name":"' + b"a" * 30_000_000 + "😀".encode() + b'"}]'),
    "wide text, escaped": lambda: packed(b'[{"id":1,"name":"' + b"a" * 30_000_000 + b'\\ud83d\\ude00"}]'),
    "wide text in a bad entry": lambda: packed(b'[{"id":0,"name":"' + b"a" * 15_000_000 + "😀".encode() + b'"}]'),
}
#: The heaviest that are just light enough to be read: nothing counts them, or the count comes out below the bound.
READ: dict[str, Callable[[], bytes]] = {
    "light": lambda: listed(b'{"id":1}', megabytes=0.99),
    "good": lambda: listed(b'{"id":1}', megabytes=1.45, last=b'{"id":1}'),
    "text": lambda: b'[{"id":1,"name":"' + b"a" * 33_000_000 + b'"}]',
    "wide text": lambda: b'[{"id":1,"name":"' + b"a" * 15_000_000 + "😀".encode() + b'"}]',
    "wide text and a bad entry": lambda: b'[{"id":1,"name":"' + b"a" * 8_000_000 + "😀".encode() + b'"},0]',
}


def ask(act: Act) -> tuple[float, str, str, int]:
    """The megabytes that it took to ask, the failure's words and code, and how many entries were found."""
    with rude_server(act) as server:
        bare = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG"}}
        command = [sys.executable, "-c", ASK, server.url]
        done = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    grown, said, code, found = json.loads(done.stdout)
    print(f"{grown:.1f} MB")
    return grown, said, code, found


@pytest.mark.parametrize("name", ACTS)
def test_an_answer_that_is_too_much(name: str) -> None:
    grown, said, code, found = ask(ACTS[name]())
    assert grown < MOST
    assert found == 0
    if name == "long number":  # one story that is set aside, as any that can't be read
        return
    assert code == "unexpected_response"
    assert said.endswith(".") and "Traceback" not in said


@pytest.mark.parametrize("name", READ)
def test_an_answer_that_is_nearly_too_much(name: str) -> None:
    grown, _, _, found = ask(packed(READ[name]()))
    assert grown < MOST
    assert found > 0

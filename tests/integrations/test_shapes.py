"""Threads that read JSON at the same moment, as the first of a process, do not end it."""

from __future__ import annotations

import subprocess
import sys

#: Without `prepare`, some five of six such processes end by signal 11.
AT_ONCE = """
import sys, threading, msgspec
from typing import Any
from integrations.shapes import prepare

class Inner(msgspec.Struct, frozen=True):
    a: int
    b: str
    c: dict[str, Any] = {}
    d: list[int] = []

class Outer(msgspec.Struct, frozen=True, kw_only=True):
    x: int | None = None
    y: dict[int, Inner] = {}
    z: tuple[Inner, ...] = ()

prepare(Outer)
begin = threading.Barrier(2)

def read():
    begin.wait()
    inner = {"a": 1, "b": "c"}
    msgspec.convert({"x": 1, "y": {"3": inner}, "z": [inner]}, Outer, str_keys=True)

threads = [threading.Thread(target=read) for _ in range(2)]
sys.setswitchinterval(1e-6)
for each in threads:
    each.start()
for each in threads:
    each.join()
"""


def test_two_threads_may_be_the_first_that_read_a_shape() -> None:
    ends = [subprocess.run([sys.executable, "-c", AT_ONCE], check=False).returncode for _ in range(8)]
    assert ends == [0] * 8

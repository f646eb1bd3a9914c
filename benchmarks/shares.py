"""Whose time an act takes: a thread looks every fraction of a millisecond where the act is, and counts."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

OUR_OWN = str(Path(__file__).parents[1])
#: Seconds between two looks, and the longest that the act keeps the interpreter to itself.
EVERY, AT_MOST = 0.0003, 0.0001


def of_packages(act: Callable[[], object], *, times: int) -> float:
    """Which part of the act's time installed packages take, Django above all; waiting for the database is not theirs.

    What Python's own library does counts for who called it.
    """
    seen: Counter[str] = Counter()
    done = threading.Event()
    looking = threading.Thread(target=_look, args=(threading.get_ident(), seen, done))
    switching = sys.getswitchinterval()
    sys.setswitchinterval(AT_MOST)
    looking.start()
    try:
        for _ in range(times):
            act()
    finally:
        done.set()
        looking.join()
        sys.setswitchinterval(switching)
    return seen["package"] / seen.total()


def _look(thread: int, seen: Counter[str], done: threading.Event) -> None:
    while not done.wait(EVERY):
        if frame := sys._current_frames().get(thread):
            seen[_whose(frame)] += 1


def _whose(frame: FrameType | None) -> str:
    while frame is not None:
        code = frame.f_code
        if code.co_name == "_execute" and code.co_filename.endswith("django/db/backends/utils.py"):
            return "database"
        if "site-packages" in code.co_filename:
            return "package"
        if code.co_filename.startswith(OUR_OWN):
            return "ours"
        frame = frame.f_back
    return "other"

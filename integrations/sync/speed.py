"""What a pull needs of the interpreter, worth a fifth of its time."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

#: Seconds that one thread may keep the interpreter while another waits for it; Python's own default is ten times that.
SWITCH_INTERVAL = 0.0005

_lock = Lock()
_pulls = 0
_usual = sys.getswitchinterval()


@contextmanager
def at_full_speed() -> Iterator[None]:
    """No cyclic garbage collector, and short turns for threads, as long as any pull of this process runs.

    A pull makes a million objects, none in a cycle, and the collector looks at each again and again. And the thread
    that waits for the database must not wait for the one that maps.
    """
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(step: int) -> None:
    global _pulls
    with _lock:
        _pulls += step
        if _pulls:
            gc.disable()
            sys.setswitchinterval(SWITCH_INTERVAL)
        else:
            gc.enable()
            sys.setswitchinterval(_usual)

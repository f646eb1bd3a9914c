"""Faults on demand. A fault is armed for requests whose path and query match a pattern, may let some of them
pass first, and goes off a set number of times:

    sandbox.faults.add("too_many_requests", path=r"/stories", after=1, times=2, retry_after="3")
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator

from tracker_sandbox.effects import KINDS, Answerer, Fault, Trigger
from tracker_sandbox.state import World
from tracker_sandbox.web import Reply, Request


class Faults:
    """The armed faults of a server; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Fault] = []
        self._ids = itertools.count(1)
        self.stopping = threading.Event()

    def add(
        self,
        kind: str,
        *,
        path: str = "",
        times: int | None = 1,
        after: int = 0,
        retry_after: str | None = None,
        seconds: float = 1.0,
        status: int = 200,
        body: str = "",
        headers: dict[str, str] | None = None,
        location: str = "http://127.0.0.1:9/elsewhere",
        megabytes: int = 400,
        at_byte: int | None = None,
        excess: int = 1,
        action: Callable[[World], object] | None = None,
    ) -> Fault:
        """Arm a fault; ValueError for a kind that doesn't exist (see KINDS)."""
        if kind not in KINDS:
            raise ValueError(f"There is no fault {kind!r}. There are: {', '.join(sorted(KINDS))}.")
        re.compile(path)
        fault = Fault(
            next(self._ids), kind, path, times, after, retry_after, seconds, status, body, dict(headers or {}),
            location, megabytes, at_byte, excess, action,
        )  # fmt: skip
        with self._lock:
            self._armed.append(fault)
        return fault

    def remove(self, fault_id: int) -> None:
        """Disarm one fault (an unknown one is ignored)."""
        with self._lock:
            self._armed = [fault for fault in self._armed if fault.id != fault_id]

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._armed.clear()

    def __iter__(self) -> Iterator[Fault]:
        with self._lock:
            return iter([fault for fault in self._armed if not fault.is_spent])

    def reply(self, request: Request, answer: Answerer, world: World) -> tuple[Reply, Fault | None]:
        """The reply to the request: the first armed fault's, or the right one."""
        with self._lock:
            fault = next((one for one in self._armed if one.takes(request)), None)
        if fault is None:
            return answer(request), None
        return KINDS[fault.kind](Trigger(fault, request, answer, world, self.stopping)), fault

"""Keeps a run or a preview ours while it works: by what it tells of its progress, and, where it is silent, by a thread.

Short runs tell nothing: nobody watches a second, and a project that did not change costs no write on the way.
"""

from __future__ import annotations

import logging
import time
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from django.db import Error, connection

from accounts import walls
from integrations.models.work import Work
from integrations.sync.claim import LeaseLost, renew

log = logging.getLogger(__name__)

#: Seconds between two stories of progress, and before the first.
TELL_EVERY = 1.0
#: Seconds between two signs of life of a silent run; well below the lease.
BEAT = 5.0
#: What is told.
PROGRESS = ("stage", "requests", "records_read", "records_announced", "pages_read", "pages_announced")
#: Seconds after which no run is kept alive any more.
DEADLINE = 30 * 60


class Heart:
    """One per run. `tell` belongs to the thread that may use the database; the rest may be called from any."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._began = self._told = time.monotonic()
        self._lost, self._done, self._lock = Event(), Event(), Lock()
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def tell(self, **progress: object) -> None:
        """Progress for people to see, unless some was told just now. Raises LeaseLost."""
        self.check()
        for name, value in progress.items():
            setattr(self._work, name, value)
        if time.monotonic() - self._told >= TELL_EVERY:
            self._tell()

    def announce(self, stage: str) -> None:
        """A stage that may last: told at once where something was told before, so that nobody watches the last one."""
        self.check()
        self._work.stage = stage
        if self._told != self._began or time.monotonic() - self._told >= TELL_EVERY:
            self._tell()

    def _tell(self) -> None:
        renew(self._work, **{name: getattr(self._work, name) for name in PROGRESS})
        self._told = time.monotonic()

    def count_request(self) -> int:
        """Called before each request; answers how many there are with it. Raises LeaseLost."""
        self.check()
        with self._lock:
            self._work.requests += 1
            # A project that did not change takes one request, and needs no thread for it.
            if self._work.requests == 2:
                self._beat()
            return self._work.requests

    def sleep(self, seconds: float) -> None:
        """Sleep, and stay alive meanwhile. Raises LeaseLost as soon as it is."""
        with self._lock:
            self._beat()
        if self._lost.wait(seconds):
            raise LeaseLost

    def check(self) -> None:
        """Raise LeaseLost if the run is known to be somebody else's."""
        if self._lost.is_set():
            raise LeaseLost

    def _beat(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=walls.carried(self._keep), name=f"heart of {self._work}", daemon=True)
            self._thread.start()

    def _keep(self) -> None:
        try:
            while not self._done.wait(BEAT) and time.monotonic() - self._began < DEADLINE:
                self._renew()
                if self._lost.is_set():
                    return
        finally:
            connection.close()  # the thread's own

    def _renew(self) -> None:
        try:
            renew(self._work)
        except LeaseLost:
            self._lost.set()
        except Error as error:
            log.warning("%r could not show a sign of life: %s", self._work, type(error).__name__)
            connection.close()  # else the next one would fail on it too, though the database is back

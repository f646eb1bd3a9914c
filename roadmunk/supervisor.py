"""Keeps children running: starts again what ended, ever more slowly, and says so; shows only trouble of their logs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from roadmunk.processes import Child, Program

FIRST_DELAY = 0.5
LONGEST_DELAY = 10.0
#: Seconds of life after which a child counts as sound again.
SOUND_AFTER = 10.0
#: Bytes after which a log is put aside as .log.1, which replaces the one before.
LOG_LIMIT = 10_000_000
_TROUBLE = (b" ERROR ", b" CRITICAL ", b'"level": "ERROR"', b'"level": "CRITICAL"')


class Supervisor:
    """Watches children from one loop: call `tick` a few times a second from the thread that starts them."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._watches: list[_Watch] = []

    def start(self, program: Program) -> Child:
        """Start a program and watch it, its log included."""
        child = Child(program)
        log = _LogReader(program.log)
        child.start()
        self._watches.append(_Watch(child, log))
        return child

    def adopt(self, child: Child) -> None:
        """Watch a child that somebody else started and will stop."""
        self._watches.append(_Watch(child, None))

    def tick(self) -> None:
        """Look at every child once."""
        for watch in self._watches:
            for line in watch.look(time.monotonic()):
                self._say(f"{watch.child.program.name}: {line}")

    def stop(self) -> None:
        """Stop what `start` started, the latest first."""
        for watch in reversed(self._watches):
            if watch.log is not None:
                watch.child.stop()
        self._watches = []


class _Watch:
    def __init__(self, child: Child, log: _LogReader | None) -> None:
        self.child = child
        self.log = log
        self.delay = FIRST_DELAY
        self.restart_at: float | None = None

    def look(self, now: float) -> list[str]:
        """Start the child again where that is due; return what a person should read."""
        lines = self.log.new_trouble() if self.log else []
        if self.restart_at is not None:
            if now >= self.restart_at:
                self.restart_at = None
                self.child.start()
        elif (status := self.child.poll()) is not None:
            lines.append(self._plan_restart(now, status))
        return lines

    def _plan_restart(self, now: float, status: int) -> str:
        self.child.clear()
        if now - self.child.started_at >= SOUND_AFTER:
            self.delay = FIRST_DELAY
        delay, self.delay = self.delay, min(self.delay * 2, LONGEST_DELAY)
        self.restart_at = now + delay
        end = f"signal {-status}" if status < 0 else f"status {status}"
        return f"ended with {end}; starts again in {delay:g} s. Its log is {self.child.program.log}."


class _LogReader:
    """Follows a log from its end, and keeps it from growing without bound."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = path.stat().st_size if path.exists() else 0

    def new_trouble(self) -> list[str]:
        """Return the errors that were written since the last call, fit for a terminal."""
        with self.path.open("rb") as log:
            log.seek(self.offset)
            text = log.read(1_000_000)
        whole = text.rpartition(b"\n")[0]
        self.offset += len(whole) + 1 if whole else 0
        if self.offset > LOG_LIMIT:
            self._put_aside()
        return [_printable(line) for line in whole.split(b"\n") if any(mark in line for mark in _TROUBLE)]

    def _put_aside(self) -> None:
        # Writers append, so they go on at the start of the emptied file.
        shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
        os.truncate(self.path, 0)
        self.offset = 0


def _printable(line: bytes) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in line.decode(errors="replace"))

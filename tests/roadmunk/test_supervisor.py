"""What ends is started again, ever more slowly, and a person hears of trouble only."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from roadmunk import supervisor as supervising
from roadmunk.processes import Child, Program
from roadmunk.supervisor import Supervisor
from tests.roadmunk.processes import is_alive

SLEEP = "import time; time.sleep(600)"


class Clock:
    """Stands in for the time module: it moves only when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Stub(Child):
    """A child that ends at once whenever it is started."""

    def __init__(self, clock: Clock, log: Path) -> None:
        super().__init__(Program("stub", ["none"], log))
        self.clock = clock
        self.starts: list[float] = []
        self.status: int | None = 1

    def start(self) -> None:
        self.started_at = self.clock.now
        self.starts.append(self.clock.now)

    def poll(self) -> int | None:
        return self.status

    def clear(self) -> None:
        pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(supervising, "time", clock)
    return clock


def program(script: str, tmp_path: Path, name: str = "worker") -> Program:
    return Program(name, [sys.executable, "-c", script], tmp_path / f"{name}.log")


def tick_until(supervisor: Supervisor, said: list[str], words: str, *, seconds: float = 10.0) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        supervisor.tick()
        found = [line for line in said if words in line]
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"never heard of {words!r}: {said}")


def test_restarts_back_off_from_half_a_second_to_ten(clock: Clock, tmp_path: Path) -> None:
    stub = Stub(clock, tmp_path / "log")
    stub.start()
    supervisor = Supervisor(lambda line: None)
    supervisor.adopt(stub)
    for _ in range(6000):
        supervisor.tick()
        clock.now += 0.01
    gaps = [round(later - earlier, 1) for earlier, later in zip(stub.starts, stub.starts[1:], strict=False)]
    assert gaps[:7] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_ten_seconds_of_life_forgive_what_was_before(clock: Clock, tmp_path: Path) -> None:
    stub = Stub(clock, tmp_path / "log")
    stub.start()
    supervisor = Supervisor(lambda line: None)
    supervisor.adopt(stub)
    for _ in range(500):
        supervisor.tick()
        clock.now += 0.01
    stub.status = None
    clock.now += 30
    supervisor.tick()
    assert stub.starts[-1] == clock.now
    clock.now += 11
    stub.status = 1
    supervisor.tick()
    clock.now += 0.51
    supervisor.tick()
    assert stub.starts[-1] == clock.now


def test_a_killed_child_is_started_again_and_named(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    child = supervisor.start(program(SLEEP, tmp_path))
    assert child.process
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    line = tick_until(supervisor, said, "worker: ended with signal 9; starts again in 0.5 s.")
    assert str(tmp_path / "worker.log") in line
    deadline = time.monotonic() + 5
    while child.process.pid == first and time.monotonic() < deadline:
        supervisor.tick()
        time.sleep(0.02)
    second = child.process.pid
    assert second != first
    assert is_alive(second)
    supervisor.stop()
    assert not is_alive(second)


def test_the_latest_is_stopped_first(tmp_path: Path) -> None:
    order: list[str] = []

    class Told(Child):
        def stop(self, *, patience: float = 15.0) -> None:
            order.append(self.program.name)
            super().stop(patience=patience)

    supervisor = Supervisor(order.append)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervising, "Child", Told)
        for name in ("sandbox", "worker", "web"):
            supervisor.start(program(SLEEP, tmp_path, name))
    supervisor.stop()
    assert order == ["web", "worker", "sandbox"]


def test_adopted_children_are_left_to_whom_they_belong(tmp_path: Path) -> None:
    child = Child(program(SLEEP, tmp_path))
    child.start()
    supervisor = Supervisor(lambda line: None)
    supervisor.adopt(child)
    supervisor.stop()
    assert child.poll() is None
    child.stop()


def test_only_errors_reach_the_terminal_and_without_control_signs(tmp_path: Path) -> None:
    """W20: nothing that a log holds can write over the terminal."""
    said: list[str] = []
    supervisor = Supervisor(said.append)
    script = (
        "print('12:00 INFO all is well'); print('12:01 ERROR run \\x1b[31mfailed'); "
        f"import sys; sys.stdout.flush(); {SLEEP}"
    )
    supervisor.start(program(script, tmp_path))
    line = tick_until(supervisor, said, "ERROR")
    supervisor.stop()
    assert line == "worker: 12:01 ERROR run ?[31mfailed"
    assert said == [line]
    assert "all is well" in (tmp_path / "worker.log").read_text()


def test_errors_of_an_earlier_start_are_not_told_again(tmp_path: Path) -> None:
    (tmp_path / "worker.log").write_text("12:00 ERROR long ago\n")
    said: list[str] = []
    supervisor = Supervisor(said.append)
    supervisor.start(program(f"print('12:01 ERROR now', flush=True); {SLEEP}", tmp_path))
    tick_until(supervisor, said, "now")
    supervisor.stop()
    assert said == ["worker: 12:01 ERROR now"]


def test_a_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "LOG_LIMIT", 1000)
    said: list[str] = []
    supervisor = Supervisor(said.append)
    script = f"print('x' * 1500, flush=True); time.sleep(0.5); print('12:00 ERROR after', flush=True); {SLEEP}"
    supervisor.start(program(f"import time; {script}", tmp_path))
    tick_until(supervisor, said, "after")
    supervisor.stop()
    assert (tmp_path / "worker.log.1").stat().st_size > 1000
    assert (tmp_path / "worker.log").read_text() == "12:00 ERROR after\n"

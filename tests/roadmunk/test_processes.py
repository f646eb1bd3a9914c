"""Children never outlive their parent, and a stop takes all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from roadmunk.processes import Child, Program
from tests.roadmunk.processes import is_alive, wait_for

ROOT = Path(__file__).parents[2]
PARENT_SCRIPT = """
import sys, time
from pathlib import Path
from roadmunk.processes import Child, Program
child = Child(Program("child", [sys.executable, "-c", "import time; time.sleep(600)"], Path(sys.argv[1])))
child.start()
print(child.process.pid, flush=True)
time.sleep(600)
"""
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)
WITH_GRANDCHILD = """
import subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(grandchild.pid, flush=True)
time.sleep(600)
"""


def run(script: str, log: Path) -> Child:
    child = Child(Program("child", [sys.executable, "-c", script], log))
    child.start()
    return child


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    """R6: `kill -9` of the parent leaves no orphan."""
    command = [sys.executable, "-c", PARENT_SCRIPT, str(tmp_path / "log")]
    parent = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert is_alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert wait_for(lambda: not is_alive(pid), seconds=5)


def test_a_child_leads_a_group_of_its_own(tmp_path: Path) -> None:
    """So that Ctrl-C in the terminal reaches the parent alone, which then stops its children in order."""
    child = run("import time; time.sleep(600)", tmp_path / "log")
    assert child.process
    assert os.getpgid(child.process.pid) == child.process.pid != os.getpgid(0)
    child.stop()
    assert child.poll() == -signal.SIGTERM


def test_a_stop_ends_who_does_not_listen(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = run(STUBBORN, log)
    assert wait_for(lambda: "deaf" in log.read_text())
    began = time.monotonic()
    child.stop(patience=0.3)
    assert child.poll() == -signal.SIGKILL
    assert time.monotonic() - began < 5


def test_a_stop_takes_the_grandchildren(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = run(WITH_GRANDCHILD, log)
    assert wait_for(lambda: log.read_text().endswith("\n"))
    grandchild = int(log.read_text())
    child.stop()
    assert wait_for(lambda: not is_alive(grandchild), seconds=5)


def test_a_stop_before_a_start_does_nothing(tmp_path: Path) -> None:
    child = Child(Program("child", [sys.executable], tmp_path / "log"))
    child.stop()
    child.clear()
    assert child.poll() is None


def test_what_a_child_writes_is_for_the_owner_alone(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = "import sys; print('seen'); print('too', file=sys.stderr); open(sys.argv[1], 'w').close()"
    child = Child(Program("child", [sys.executable, "-c", script, str(tmp_path / "made")], log))
    child.start()
    assert wait_for(lambda: child.poll() == 0)
    assert sorted(log.read_text().split()) == ["seen", "too"]
    assert log.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600


def test_a_program_that_is_not_there_says_so(tmp_path: Path) -> None:
    child = Child(Program("child", [tmp_path / "missing"], tmp_path / "log"))
    with pytest.raises(FileNotFoundError):
        child.start()

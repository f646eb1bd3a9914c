"""What the tests of processes ask of the kernel: who runs, what belongs to whom, who listens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

LISTENING = "0A"


def pids_with(text: str) -> set[int]:
    """Processes, other than this one, whose command line or environment names the text."""
    return {pid for pid in _all_pids() if pid != os.getpid() and text in _words(pid)}


def descendants(pid: int) -> set[int]:
    """The process's children, their children, and so on."""
    parents = {each: _parent(each) for each in _all_pids()}
    found = {pid}
    while True:
        more = {each for each, parent in parents.items() if parent in found} - found
        if not more:
            return found - {pid}
        found |= more


def listening_addresses(pids: set[int]) -> set[str]:
    """Addresses, such as "127.0.0.1:8000", on which one of the processes listens by TCP."""
    inodes = {inode for pid in pids for inode in _sockets(pid)}
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path("/proc/net", name).read_text().splitlines()[1:]]
    return {_address(row[1]) for row in rows if row[3] == LISTENING and row[9] in inodes}


def wait_for(condition: Callable[[], bool], *, seconds: float = 15.0) -> bool:
    """Whether the condition comes true in that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _words(pid: int) -> str:
    return _read(pid, "cmdline") + _read(pid, "environ")


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError:
        return ""


def _parent(pid: int) -> int:
    status = _read(pid, "stat").rpartition(")")[2].split()
    return int(status[1]) if status else 0


def _sockets(pid: int) -> set[str]:
    try:
        links = [os.readlink(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return set()
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}


def _address(hexadecimal: str) -> str:
    host, port = hexadecimal.split(":")
    parts = [str(int(host[i : i + 2], 16)) for i in range(0, len(host), 2)]
    return f"{'.'.join(reversed(parts))}:{int(port, 16)}"

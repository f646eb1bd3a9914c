"""Child processes that never outlive their parent, whatever ends it.

Each child leads a process group of its own, so that Ctrl-C in a terminal reaches the parent alone, and on
Linux the kernel sends the child a signal when the parent dies.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class User:
    """Whom a program runs as. With `namespace` it stays our user, yet believes to be user 1000."""

    uid: int | None = None
    gid: int | None = None
    namespace: bool = False


OURSELVES = User()


@dataclass(frozen=True, slots=True)
class Program:
    """How one program is started and stopped; what it prints goes to the end of `log`.

    `death_signal` is what the kernel sends it when our process dies.
    """

    name: str
    argv: Sequence[str | Path]
    log: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    user: User = OURSELVES
    pass_fds: tuple[int, ...] = ()


class Child:
    """A program and, once started, its process."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def start(self) -> None:
        """Start the program, from a thread that lives as long: the thread's end counts as our death."""
        program = self.program
        log = os.open(program.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self.process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=program.env,
                cwd=program.cwd,
                pass_fds=program.pass_fds,
                umask=0o077,
                process_group=0,
                user=program.user.uid,
                group=program.user.gid,
                extra_groups=None if program.user.uid is None else [],
                preexec_fn=before_exec(program.user, program.death_signal),
            )
        finally:
            os.close(log)
        self.started_at = time.monotonic()

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the process runs."""
        return self.process.poll() if self.process else None

    def stop(self, *, patience: float = 15.0) -> None:
        """Ask the process to stop; after `patience` seconds end it and its whole group."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.program.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        self.clear()

    def clear(self) -> None:
        """End what is left of the process group, so that nothing of it stands in the way of a next start."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait()


def last_words(log: Path, *, lines: int = 15) -> str:
    """Return the end of a log, for a person who must find out why a program did not start."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def before_exec(user: User, death_signal: signal.Signals) -> Callable[[], None]:
    """Return what a new process does between fork and exec."""
    parent = os.getpid()

    def settle() -> None:
        if user.namespace:
            _enter_user_namespace()
        # After any change of user, because such a change clears it.
        _die_with_parent(parent, death_signal)

    return settle


def can_use_namespaces() -> bool:
    """Say whether this system lets us make a user namespace; some containers forbid it."""
    if sys.platform != "linux":
        return False
    probe = before_exec(User(namespace=True), signal.SIGKILL)
    try:
        subprocess.run([sys.executable, "-c", ""], preexec_fn=probe, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _enter_user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")


def _die_with_parent(parent: int, death_signal: signal.Signals) -> None:
    if sys.platform != "linux":
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:  # it died before we could ask to be told
        os._exit(1)

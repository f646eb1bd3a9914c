"""Memory and processor time of groups of processes, by their first ones: what these started is counted with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from statistics import linear_regression, mean

import psutil  # type: ignore[import-untyped]  # no stubs are locked for this alone

#: Seconds between two looks.
EVERY = 1.0
#: This share of a measurement lets processes fill their caches; growth is counted after it.
WARM = 0.25


class Gauges:
    """Looks at groups of processes from enter to exit. `groups` maps a name to the ids of first processes."""

    def __init__(self, groups: Mapping[str, Sequence[int]]) -> None:
        self._groups = {name: [psutil.Process(pid) for pid in pids] for name, pids in groups.items() if pids}
        self._samples: dict[str, list[tuple[float, float]]] = {name: [] for name in self._groups}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gauges")
        #: Seconds of processor time of each group, and of the whole machine.
        self.cpu: dict[str, float] = {}
        self.machine = 0.0
        self.seconds = 0.0

    def __enter__(self) -> Gauges:
        self._before, self._began = self._cpu(), time.monotonic()
        self._latest, self.machine = self._before, -_busy()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.seconds = time.monotonic() - self._began
        self.machine += _busy()
        # Who ended meanwhile was seen last a moment ago.
        self.cpu = {name: max(used, self._latest[name]) - self._before[name] for name, used in self._cpu().items()}

    def memory(self) -> dict[str, float]:
        """Megabytes of each group, at the middle of the second half."""
        return {name: mean(size for _, size in _later(samples, 0.5)) for name, samples in self._samples.items()}

    def growth(self) -> dict[str, float]:
        """Megabytes a second by which each group grows, as a straight line through its later samples says."""
        return {name: _slope(_later(samples, WARM)) for name, samples in self._samples.items()}

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            now, self._latest = time.monotonic() - self._began, self._cpu()
            for name, firsts in self._groups.items():
                self._samples[name].append((now, sum(_rss(process) for process in _families(firsts)) / 1e6))

    def _cpu(self) -> dict[str, float]:
        return {name: sum(_cpu_of(process) for process in _families(firsts)) for name, firsts in self._groups.items()}


def _families(firsts: Sequence[psutil.Process]) -> list[psutil.Process]:
    found = []
    for first in firsts:
        if first.is_running():
            found += [first, *first.children(recursive=True)]
    return found


def _rss(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0.0


def _cpu_of(process: psutil.Process) -> float:
    """Its own, and that of its children that ended."""
    try:
        used = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(used.user + used.system + used.children_user + used.children_system)


def _busy() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _later(samples: Sequence[tuple[float, float]], share: float) -> Sequence[tuple[float, float]]:
    return samples[int(len(samples) * share) :]


def _slope(samples: Sequence[tuple[float, float]]) -> float:
    if len(samples) < 3:
        return 0.0
    return linear_regression([at for at, _ in samples], [size for _, size in samples]).slope

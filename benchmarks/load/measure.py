"""The measurement: syncs alone, table pages beside them, table pages alone, and Timelines alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.load import stores, syncs, visits
from benchmarks.load.figures import Figures, Stretch
from benchmarks.load.gauges import Gauges
from benchmarks.load.site import HOST, WORKERS, Site
from benchmarks.load.size import Size
from benchmarks.load.visitors import Seen

if TYPE_CHECKING:
    from roadmunk.embedded import EmbeddedServers

#: Seconds of visits before anything is counted.
WARM_SECONDS = 10.0
#: Timelines a second: a heavy page, measured for what it costs, not for how many there can be.
TIMELINES_A_SECOND = 5.0
#: What each other stretch takes of the time of the main one.
ASIDE = 0.2


@dataclass(frozen=True, slots=True)
class Load:
    """How much, for how many seconds, and on what."""

    size: Size
    pages_a_second: float
    seconds: float
    site: Site
    servers: EmbeddedServers
    tracker_pid: int
    say: Callable[[str], None]

    def measure(self) -> Figures:
        """Put the load on, and answer how it went."""
        aside = self.seconds * ASIDE
        self._start_web(min(WARM_SECONDS, aside))
        self.site.start("beat", *WORKERS)
        due = syncs.spread(self.size)
        syncs_alone = self._stretch("Syncs alone", aside)
        runs_alone = syncs.look(due, self.size).runs
        beside = self._stretch("Table pages beside them", self.seconds, visits.TABLES, self.pages_a_second)
        kept, stored = syncs.look(due, self.size), stores.look()
        self.site.stop("beat", *WORKERS)
        return Figures(
            syncs=kept,
            syncs_alone=syncs_alone,
            runs_alone=runs_alone,
            beside=beside,
            alone=self._stretch("Table pages alone", aside, visits.TABLES, self.pages_a_second),
            timelines=self._stretch("Timelines alone", aside, visits.TIMELINES, TIMELINES_A_SECOND),
            stores=stored,
        )

    def _start_web(self, warm: float) -> None:
        self.site.start("web")
        self._stretch("First visits", warm, visits.TABLES, self.pages_a_second / 2)

    def _stretch(
        self, what: str, seconds: float, pages: Mapping[str, tuple[int, str]] | None = None, rate: float = 0
    ) -> Stretch:
        self.say(f"{what}: {seconds:.0f} s" + (f" of {rate:g} a second" if pages else ""))
        # Written first: it takes a while.
        path = visits.write(self.site.logs.parent / "visits", pages) if pages else None
        visitors = self._visitors(path, rate, seconds) if path else None
        firsts = {"visitors": [visitors.pid]} if visitors else {}
        with Gauges({**firsts, **self._parts()}) as gauges:
            seen = _read(visitors) if visitors else _nobody(seconds)
        rise = {part: grown * gauges.seconds for part, grown in gauges.growth().items()}
        return Stretch(gauges.seconds, seen, gauges.cpu, gauges.memory(), rise, gauges.machine)

    def _visitors(self, path: Path, rate: float, seconds: float) -> subprocess.Popen[str]:
        words = (str(self.site.port), HOST, str(path), str(rate), str(seconds))
        command = [sys.executable, "-m", "benchmarks.load.visitors", *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def _parts(self) -> dict[str, list[int]]:
        servers = {child.program.name: [child.process.pid] for child in self.servers.children if child.process}
        ours = {"web": ("web",), "workers": WORKERS, "beat": ("beat",)}
        return {part: self.site.pids(roles) for part, roles in ours.items()} | servers | {"tracker": [self.tracker_pid]}


def _nobody(seconds: float) -> list[Seen]:
    time.sleep(seconds)
    return []


def _read(visitors: subprocess.Popen[str]) -> list[Seen]:
    told, _ = visitors.communicate()
    if visitors.returncode != 0:
        raise RuntimeError("The visitors did not come to their end; see above.")
    return [Seen(**one) for one in json.loads(told)]

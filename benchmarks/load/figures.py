"""What was measured, and which targets it misses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from benchmarks.load.visitors import Seen

#: Seconds within which 95 of 100 table pages are there, counted from when they were wanted.
PAGE_P95 = 0.3
#: Seconds by which 95 of 100 syncs begin after their time.
LATENESS_P95 = 30.0
#: What the memory of a part may rise under load, as a share of itself, and in megabytes where it is small.
RISE = 0.05
RISE_MB = 5.0
#: Parts whose memory is ours.
OURS = ("web", "workers", "beat")


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of the measurement. Of each part: seconds of processor time, megabytes, and those it rose by.

    `machine` are the seconds of processor time of everything that ran on it, ours or not.
    """

    seconds: float
    visits: Sequence[Seen]
    cpu: Mapping[str, float]
    memory: Mapping[str, float]
    rise: Mapping[str, float]
    machine: float = 0.0

    @property
    def bad(self) -> int:
        """Visits that got no page, or another one."""
        return sum(not one.good for one in self.visits)

    def within(self, share: float, kind: str = "") -> float:
        """Seconds within which that share of the visits were over, or of those to such pages."""
        return within([one.took for one in self.visits if kind in ("", one.kind)], share)


@dataclass(frozen=True, slots=True)
class Syncs:
    """How the syncs went. Lateness is in seconds, from when a link was due to the start of its run."""

    runs: int
    #: A second: how many ended, and how many links came due.
    rate: float
    due: float
    #: Runs that failed, or asked the tracker other than once.
    bad: int
    #: Links that were due and whose run had not ended a minute later.
    forgotten: int
    lateness: Sequence[float]


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was measured: syncs alone, table pages beside them, table pages alone, Timelines alone."""

    syncs: Syncs
    syncs_alone: Stretch
    #: Runs of that stretch.
    runs_alone: int
    beside: Stretch
    alone: Stretch
    timelines: Stretch
    #: Bytes, rows and connections, by what they are of.
    stores: Mapping[str, float]


def missed(figures: Figures) -> Iterator[str]:
    """One sentence for each target that is missed."""
    pages, syncs = figures.beside, figures.syncs
    if pages.bad or not pages.visits:
        yield f"{pages.bad} of {len(pages.visits)} visits got no page, or another one"
    if pages.within(0.95) > PAGE_P95:
        yield f"95 of 100 table pages took up to {pages.within(0.95) * 1000:,.0f} ms, not {PAGE_P95 * 1000:.0f}"
    if not syncs.runs:
        yield "no sync ended"
    if syncs.bad:
        yield f"{syncs.bad} of {syncs.runs} syncs failed, or asked the tracker other than once"
    if syncs.forgotten:
        yield f"{syncs.forgotten} syncs had not ended a minute after their time"
    if within(syncs.lateness, 0.95) > LATENESS_P95:
        yield f"95 of 100 syncs began up to {within(syncs.lateness, 0.95):.1f} s late, not {LATENESS_P95:.0f}"
    for part in OURS:
        if pages.rise[part] > max(RISE_MB, RISE * pages.memory[part]):
            yield f"the memory of {part} rose by {pages.rise[part]:.0f} MB to {pages.memory[part]:.0f}"


def within(values: Sequence[float], share: float) -> float:
    """The least of the values that so great a share of them do not exceed; 0 where there are none."""
    return sorted(values)[ceil(share * len(values)) - 1] if values else 0.0

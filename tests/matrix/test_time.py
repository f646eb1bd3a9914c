"""W1: the answer about a thing of another account takes as long as that about a thing that does not exist.

The twins are asked in turns, and each side’s shortest time counts: what else a machine does adds to a time and never
takes from it. Where the two still differ they are asked on: noise goes away with more tries, a difference does not.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import pytest

from accounts.models import Membership
from roadmaps import access
from roadmaps.models import Roadmap
from tests.matrix.asking import Sent, ask, foreign_and_missing, send, taken_back
from tests.matrix.site import Site
from tests.matrix.table import TABLE

pytestmark = pytest.mark.django_db

#: How much longer the slower of the two may take.
MOST = 1.2
#: How often each is asked, and how often at most where they differ by more.
ROUNDS, LAST_ROUND = 3, 60


@dataclass
class Twins:
    """The same question about a foreign and about a missing thing, and the seconds that each answer took."""

    who: str
    method: str
    foreign: Sent
    missing: Sent
    foreign_times: list[float] = field(default_factory=list)
    missing_times: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Of the slower one's shortest time to the quicker one's."""
        quicker, slower = sorted((min(self.foreign_times), min(self.missing_times)))
        return slower / quicker

    def ask(self, site: Site) -> None:
        """Once each; who was first last time is second now."""
        turns = [(self.foreign, self.foreign_times), (self.missing, self.missing_times)]
        for sent, times in turns if len(self.foreign_times) % 2 else reversed(turns):
            times.append(seconds_for(site, self.who, self.method, sent))

    def __str__(self) -> str:
        shortest = f"{min(self.foreign_times) * 1000:.1f} and {min(self.missing_times) * 1000:.1f} ms"
        return f"{self.method} {self.foreign[0]}, by {self.who}: {shortest} after {len(self.foreign_times)} rounds"


def seconds_for(site: Site, who: str, method: str, sent: Sent) -> float:
    """How long the answer took, to its end."""
    with taken_back(site, who) as browser:
        began = time.perf_counter()
        send(browser, method, *sent)
        return time.perf_counter() - began


def all_twins(site: Site, *names: str) -> Iterator[Twins]:
    """About each thing that these addresses, or all, are about; asked by who is let in furthest."""
    for name in names or TABLE:
        who = "owner" if "owner" in TABLE[name].may else "admin"
        for method, foreign, missing in foreign_and_missing(name, TABLE[name], site, thorough=True):
            yield Twins(who, method, foreign, missing)


def that_differ(site: Site, twins: list[Twins]) -> list[Twins]:
    """Those that take different times, however often they are asked."""
    different = twins
    with no_garbage_collected():
        for number in range(LAST_ROUND):
            for each in different:
                each.ask(site)
            if number + 1 >= ROUNDS:
                different = [each for each in different if each.ratio > MOST]
    return different


@contextmanager
def no_garbage_collected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_a_foreign_thing_takes_as_long_as_a_missing_one(site: Site) -> None:
    twins = list(all_twins(site))
    different = that_differ(site, twins)
    ratios = sorted(each.ratio for each in twins)
    print(f"{len(twins)} twins: {median(ratios):.3f} in the median, {ratios[-1]:.3f} at worst")
    assert [str(each) for each in different] == []


def looks_closer(act: Callable[[], object]) -> Callable[[Membership, int], tuple[Roadmap, access.Level]]:
    """As a careless `access._find` would: does something more where the roadmap exists, whose ever it is."""
    find = access._find

    def careless(member: Membership, roadmap_id: int) -> tuple[Roadmap, access.Level]:
        if roadmap_id < 10**9:
            act()
        return find(member, roadmap_id)

    return careless


def test_a_wait_at_foreign_things_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the measure is worth: two fifths more are found, and nothing is found without them."""
    twins = [each for each in all_twins(site, "roadmaps:settings") if each.method == "GET"]
    assert that_differ(site, twins) == []
    more = 0.4 * min(twins[-1].missing_times)
    monkeypatch.setattr(access, "_find", looks_closer(lambda: time.sleep(more)))
    again = [each for each in all_twins(site, "roadmaps:settings") if each.method == "GET"]
    assert [each.foreign for each in that_differ(site, again)] == [again[-1].foreign]


def test_one_more_question_about_foreign_things_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it takes no time that could be measured."""
    *_, (method, foreign, missing) = foreign_and_missing(
        "roadmaps:settings", TABLE["roadmaps:settings"], site, thorough=True
    )
    monkeypatch.setattr(access, "_find", looks_closer(Roadmap.objects.exists))
    one, other = (ask(site, "owner", method, *sent).watched.statements for sent in (foreign, missing))
    assert len(one) == len(other) + 1

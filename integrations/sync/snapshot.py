"""Pages into a snapshot: all records of a project, proved to belong together.

A listing counts only where every page was read under one version of the project, no id came twice, and nothing that the
tracker announced is missing. Otherwise it is fetched again, and given up after three times. Where there are no
versions, two listings must agree before anything is taken for gone. Pure but for the pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from integrations.errors import Inconsistent
from integrations.records import Cursor, Page, Problem, Record

#: Fetches of one listing before a run gives up.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Read:
    """How far a listing is read: stories and pages with stories, and how many of each there will be, if that is known.

    How many pages there will be follows from the stories that the largest so far held.
    """

    records: int
    announced: int | None
    pages: int
    pages_announced: int | None


#: Called with each page.
Progress = Callable[[Read], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the tracker holds, or, where `complete` is false, what changed there since the cursor.

    `states` maps the id of each record to its state; the records themselves are made as they are read, so that never
    all of them are there at once. `passed_over` maps ids outside the chosen states to their state. `set_aside` are ids
    that are there but unreadable, `gone` those that an incomplete listing names as no longer there. `stamp` is the
    version that all was read under.
    """

    pages: tuple[Iterable[Record], ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    passed_over: Mapping[str, str] = field(default_factory=dict)
    set_aside: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    stamp: str | None = None
    complete: bool = True
    unchanged: bool = False
    cursor: Cursor | None = None

    def records(self) -> Iterator[Record]:
        """All records, made anew."""
        return chain.from_iterable(self.pages)

    @property
    def is_empty(self) -> bool:
        """Whether the tracker holds nothing at all."""
        return self.complete and not self.states and not self.passed_over and not self.set_aside


class _Moved(Exception):
    """The pages fetched so far do not belong together; the message says why."""


class _Pages:
    """Gathers one listing and refuses the page that does not fit the ones before it."""

    def __init__(self) -> None:
        self.stamp: str | None = None
        self.first = True
        self.pages: list[Iterable[Record]] = []
        self.states: dict[str, str] = {}
        self.passed_over: dict[str, str] = {}
        self.set_aside: list[Problem] = []
        self.gone: set[str] = set()
        self.announced: int | None = None
        self.last: Page | None = None
        self.with_stories = self.largest = 0

    @property
    def progress(self) -> Read:
        """How far it is."""
        left = max(0, (self.announced or 0) - self.read)
        pages = self.with_stories + -(-left // self.largest) if self.announced is not None and self.largest else None
        return Read(self.read, self.announced, self.with_stories, pages)

    @property
    def read(self) -> int:
        """Stories read so far, of whatever state."""
        return len(self.states) + len(self.passed_over) + len(self.set_aside)

    def add(self, page: Page) -> None:
        if not self.first and page.stamp != self.stamp:
            raise _Moved("the project changed while it was read")
        self.first, self.stamp, self.last = False, page.stamp, page
        before = self.read
        pairs = [(record.id, record.state) for record in page.records] if page.states is None else page.states
        states = dict(pairs)
        self.pages.append(page.records)
        self.states.update(states)
        self.passed_over.update(page.passed_over)
        self.set_aside.extend(page.set_aside)
        twice = self.read - before != len(pairs) + len(page.passed_over) + len(page.set_aside)
        both = self.states.keys() & page.passed_over.keys() or self.passed_over.keys() & states.keys()
        if twice or both:
            raise _Moved("a story was listed twice")
        self.gone |= page.gone
        self.with_stories += self.read > before
        self.largest = max(self.largest, self.read - before)
        if page.announced is not None:
            self.announced = page.announced

    def close(self) -> Snapshot:
        if self.last is None:
            raise _Moved("the listing was empty of pages")
        if self.announced is not None and self.read < self.announced:
            raise _Moved(f"only {self.read} of {self.announced} stories were listed")
        return Snapshot(
            pages=tuple(self.pages),
            states=self.states,
            passed_over=self.passed_over,
            set_aside=frozenset(problem.record_id for problem in self.set_aside if problem.record_id),
            gone=frozenset(self.gone),
            problems=tuple(self.set_aside),
            stamp=self.stamp,
            complete=self.last.complete,
            unchanged=self.last.unchanged,
            cursor=self.last.cursor,
        )


def collect(pull: Callable[[], Iterable[Page]], *, progress: Progress, attempts: int = ATTEMPTS) -> Snapshot:
    """Fetch a listing until it holds together. `pull` begins a new listing each time. Raises Inconsistent."""
    reason = ""
    for _ in range(attempts):
        try:
            return _gather(pull(), progress)
        except _Moved as moved:
            reason = str(moved)
    raise Inconsistent(
        f"The project could not be read in one piece: {reason}, {attempts} times in a row. "
        "Nothing was changed here. It will be tried again."
    )


def agree(first: Snapshot, list_again: Callable[[], Snapshot], *, attempts: int = ATTEMPTS) -> Snapshot:
    """The later of two listings in a row that hold the same stories in the same states. Raises Inconsistent.

    For trackers without versions: there a story that moved up while the pages were read is on none of them.
    """
    before = first
    for _ in range(attempts):
        after = list_again()
        if _held(after) == _held(before):
            return after
        before = after
    raise Inconsistent(
        f"The project kept changing while it was read: {attempts + 1} listings in a row were not alike. "
        "Nothing was changed here. It will be tried again."
    )


def _held(snapshot: Snapshot) -> tuple[object, ...]:
    return snapshot.states, snapshot.passed_over, snapshot.set_aside


def _gather(pages: Iterable[Page], progress: Progress) -> Snapshot:
    gathered = _Pages()
    for page in pages:
        gathered.add(page)
        progress(gathered.progress)
    return gathered.close()

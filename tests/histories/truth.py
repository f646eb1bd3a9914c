"""What a roadmap must say, made from the sandbox's own books and with none of the code that is under test."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from tracker_sandbox.clock import Moment
from tracker_sandbox.entities import Project, Story
from tracker_sandbox.iterations import Iteration, Schedule, plan_iterations
from tracker_sandbox.state import World

#: What an item shows, by its column's name or its field's key, where there is a value. List values are folded.
Row = Mapping[str, object]

PRIORITIES = {"p0": "critical", "p1": "high", "p2": "medium", "p3": "low"}
#: What LiteTracker does not tell of a story.
UNKNOWN_TO_LITE = frozenset(
    {
        "epics", "followers", "iteration", "external_id", "tasks", "comments", "blockers", "reviews", "accepted",
        "deadline", "started", "projected", "iteration_start", "iteration_finish", "points_accepted", "points_total",
        "counts_accepted", "counts_total", "ranked_before", "ranked_after", "blocks",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """What is pulled. `fields` and dates are keys of the connector."""

    states: frozenset[str]
    start: tuple[str, ...]
    end: tuple[str, ...]
    fields: tuple[str, ...]
    lite: bool = False

    def takes(self, state: str) -> bool:
        """Who chooses "unstarted" also gets "planned"."""
        return state in self.states or (state == "planned" and "unstarted" in self.states)


def fold(text: str) -> str:
    """How a list value is compared: twins by case, blanks and Unicode form are one."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def rows(world: World, project: Project, setup: Setup, zone: tzinfo) -> dict[str, Row]:
    """The row of every story of the project that the setup takes, by id."""
    book = _Book(world, project, setup, zone)
    return {str(story.id): book.row(story) for story in book.order if setup.takes(story.current_state)}


def fate(world: World, project: Project, reader_id: int, story_id: str, *, lite: bool) -> str:
    """Why a story that the setup does not take is no longer taken."""
    story = world.stories.get(int(story_id))
    if story is None:
        return "deleted"
    if story.project_id == project.id:
        return "out_of_filter"
    if lite:
        return "deleted"
    elsewhere = world.projects[story.project_id]
    return "moved" if elsewhere.api_access and world.membership(elsewhere, reader_id) else "hidden"


class _Book:
    """One project at one moment."""

    def __init__(self, world: World, project: Project, setup: Setup, zone: tzinfo) -> None:
        self.world, self.project, self.setup, self.zone = world, project, setup, zone
        self.order = world.listing(project)
        self.schedule: Schedule = plan_iterations(project, self.order, world.clock.now())
        self.iterations: dict[int, Iteration] = {
            story.id: iteration for iteration in self.schedule.iterations for story in iteration.stories
        }

    def row(self, story: Story) -> Row:
        values: dict[str, object] = {
            "name": story.name.strip(),
            "description": story.description or None,
            "url": f"{self.world.base_url}/story/show/{story.id}",
            **self._start_and_end(story),
        }
        for key in self.setup.fields:
            values[f"field:{key}"] = self._value(key, story)
        return {key: value for key, value in values.items() if value not in (None, "", ())}

    def _start_and_end(self, story: Story) -> dict[str, str | None]:
        start, end = self._first(self.setup.start, story), self._first(self.setup.end, story)
        if start and end and end < start:
            start = None
        return {"start": start, "end": end}

    def _first(self, keys: Iterable[str], story: Story) -> str | None:
        return next((day for key in keys if (day := self._value(key, story))), None)  # type: ignore[misc,return-value]  # dates are days

    def _value(self, key: str, story: Story) -> object:
        if self.setup.lite and key in UNKNOWN_TO_LITE:
            return None
        if key in DATES:
            moment = DATES[key](self, story)
            return (
                None if moment is None else datetime.fromtimestamp(moment, UTC).astimezone(self.zone).date().isoformat()
            )
        return VALUES[key](self, story)

    # -- one value each

    def people(self, ids: Iterable[int]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fold(self.person(one)) for one in ids))

    def owners(self, story: Story) -> tuple[str, ...]:
        """LiteTracker names them on the story itself, also those who left."""
        if self.setup.lite:
            return tuple(dict.fromkeys(fold(self.world.people[one].name) for one in story.owner_ids))
        return self.people(story.owner_ids)

    def person(self, person_id: int) -> str:
        member = self.world.membership(self.project, person_id)
        return self.world.people[person_id].name if member else f"Former member ({person_id})"

    def labels(self, story: Story) -> tuple[str, ...]:
        return _sorted(self.world.labels[one].name for one in story.label_ids)

    def epics(self, story: Story) -> tuple[str, ...]:
        owned = [self.world.epics[one] for one in self.project.epic_rank]
        return _sorted(epic.name for epic in owned if epic.label_id in story.label_ids)

    def before(self, story: Story) -> list[Story]:
        """What stands before a release and after the release before it."""
        found: list[Story] = []
        for one in self.order:
            if one.id == story.id:
                break
            found = [] if one.story_type == "release" else [*found, one]
        return found

    def sum_before(self, story: Story, *, accepted: bool, points: bool) -> float | None:
        if story.story_type != "release":
            return None
        counted = [one for one in self.before(story) if not accepted or one.current_state == "accepted"]
        return sum(one.estimate or 0 for one in counted) if points else len(counted)

    def neighbour(self, story: Story, step: int) -> str | None:
        rank = self.project.story_rank
        place = rank.index(story.id) + step
        return f"#{rank[place]}" if 0 <= place < len(rank) else None

    def blocked(self, story: Story) -> int:
        said = ([one.description for one in other.blockers if not one.resolved] for other in self.order)
        return sum(any(f"#{story.id}" in text for text in texts) for texts in said)

    def projected(self, story: Story) -> Moment | None:
        if story.story_type != "release" or story.current_state in ("accepted", "unscheduled"):
            return None
        iteration = self.iterations.get(story.id)
        return iteration.finish if iteration else None


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({fold(name) for name in names}))


def _first_started(_: _Book, story: Story) -> Moment | None:
    return min((one.occurred_at for one in story.transitions if one.state == "started"), default=None)


def _tasks(_: _Book, story: Story) -> str | None:
    return f"{sum(one.complete for one in story.tasks)}/{len(story.tasks)}" if story.tasks else None


def _reviews(_: _Book, story: Story) -> tuple[str, ...]:
    return _sorted(f"{one.review_type.name}: {one.status.replace('_', ' ')}" for one in story.reviews)


DATES: dict[str, Callable[[_Book, Story], Moment | None]] = {
    "created": lambda _, story: story.created_at,
    "updated": lambda _, story: story.updated_at,
    "accepted": lambda _, story: story.accepted_at,
    "deadline": lambda _, story: story.deadline,
    "started": _first_started,
    "projected": _Book.projected,
    "iteration_start": lambda book, story: book.iterations[story.id].start if story.id in book.iterations else None,
    "iteration_finish": lambda book, story: book.iterations[story.id].finish if story.id in book.iterations else None,
}

VALUES: dict[str, Callable[[_Book, Story], object]] = {
    "type": lambda _, story: story.story_type,
    "state": lambda _, story: story.current_state,
    "priority": lambda _, story: PRIORITIES.get(story.story_priority or ""),
    "estimate": lambda _, story: story.estimate,
    "labels": _Book.labels,
    "epics": _Book.epics,
    "owners": _Book.owners,
    "requester": lambda book, story: fold(book.person(story.requested_by_id)),
    "followers": lambda book, story: tuple(sorted(book.people(story.follower_ids))),
    "project": lambda book, _: fold(book.project.name),
    "iteration": lambda book, story: book.iterations[story.id].number if story.id in book.iterations else None,
    "url": lambda book, story: f"{book.world.base_url}/story/show/{story.id}",
    "external_id": lambda _, story: story.external_id,
    "tasks": _tasks,
    "comments": lambda _, story: len(story.comments),
    "blockers": lambda _, story: sum(not one.resolved for one in story.blockers),
    "blocks": _Book.blocked,
    "reviews": _reviews,
    "ranked_before": lambda book, story: book.neighbour(story, 1),
    "ranked_after": lambda book, story: book.neighbour(story, -1),
    "points_accepted": lambda book, story: book.sum_before(story, accepted=True, points=True),
    "points_total": lambda book, story: book.sum_before(story, accepted=False, points=True),
    "counts_accepted": lambda book, story: book.sum_before(story, accepted=True, points=False),
    "counts_total": lambda book, story: book.sum_before(story, accepted=False, points=False),
}

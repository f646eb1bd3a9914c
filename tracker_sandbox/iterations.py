"""Iterations: past ones are facts made of acceptances, the current one and the backlog are predictions.

The rules were read off recorded answers: an iteration takes stories in rank while their points fit into the
velocity, and what one iteration leaves unused is added to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tracker_sandbox.clock import Moment
from tracker_sandbox.entities import IN_PROGRESS, Project, Story

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(slots=True)
class Iteration:
    number: int
    start: Moment
    finish: Moment
    length: int
    stories: list[Story] = field(default_factory=list)


@dataclass(slots=True)
class Schedule:
    """All iterations of a project, oldest first, at one moment."""

    iterations: list[Iteration]
    current_number: int
    velocity: int

    @property
    def done(self) -> list[Iteration]:
        """The finished ones."""
        return self.iterations[: self.current_number - 1]

    @property
    def current(self) -> Iteration:
        """The one that runs now."""
        return self.iterations[self.current_number - 1]

    @property
    def backlog(self) -> list[Iteration]:
        """The predicted ones."""
        return self.iterations[self.current_number :]

    def finish_of(self, wanted: Callable[[Story], bool]) -> Moment | None:
        """When the last of the wanted stories is expected to be done; None when none is scheduled."""
        for iteration in reversed(self.iterations):
            if any(wanted(story) for story in iteration.stories):
                return iteration.finish
        return None


def _boundaries(project: Project) -> Iterator[Moment]:
    """Starts of the iterations: midnights of the project's start day in its own time zone."""
    zone = ZoneInfo(project.time_zone)
    day = datetime.fromtimestamp(project.start_time, UTC).astimezone(zone)
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    midnight -= timedelta(days=(midnight.weekday() - DAYS.index(project.week_start_day)) % 7)
    while True:
        yield Moment(int(midnight.timestamp()))
        midnight += timedelta(weeks=project.iteration_length)


def first_start(project: Project) -> Moment:
    """When iteration 1 starts; the project's `start_time` in answers."""
    return next(_boundaries(project))


def _iterations(project: Project) -> Iterator[Iteration]:
    boundaries = _boundaries(project)
    start = next(boundaries)
    for number, finish in enumerate(boundaries, start=1):
        yield Iteration(number, start, finish, project.iteration_length)
        start = finish


def current_number(project: Project, now: int) -> int:
    """The number of the iteration that runs at this moment."""
    return next(one.number for one in _iterations(project) if one.finish > now)


def points(stories: list[Story]) -> float:
    """The sum of the estimates."""
    return sum(story.estimate or 0 for story in stories)


def plan_iterations(project: Project, stories: list[Story], now: int) -> Schedule:
    """Spread the project's stories (given in the API's order) over past, current and coming iterations."""
    upcoming = _iterations(project)
    iterations = [next(upcoming)]
    while iterations[-1].finish <= now:
        iterations.append(next(upcoming))
    current = iterations[-1]
    number = 0
    for story in stories:
        if story.current_state != "accepted" or story.accepted_at is None:
            continue
        while number < len(iterations) - 1 and iterations[number].finish <= story.accepted_at:
            number += 1
        iterations[number].stories.append(story)
    velocity = _velocity(project, iterations[:-1])
    waiting = [story for story in stories if story.current_state in ("unstarted", *IN_PROGRESS)]
    iterations += _predict(current, waiting, float(velocity), upcoming)
    return Schedule(iterations, current.number, velocity)


def _velocity(project: Project, done: list[Iteration]) -> int:
    recent = done[-project.velocity_averaged_over :]
    total = sum(points(iteration.stories) for iteration in recent)
    if not total:
        return project.initial_velocity
    missing = project.velocity_averaged_over - len(recent)
    return max(1, int((total + missing * project.initial_velocity) // project.velocity_averaged_over))


def _predict(
    current: Iteration, waiting: list[Story], velocity: float, upcoming: Iterator[Iteration]
) -> list[Iteration]:
    """Fill the current iteration and as many more as it takes; returns the further ones."""
    begun = [story for story in waiting if story.current_state in IN_PROGRESS]
    current.stories += begun
    room = velocity - points(current.stories)
    more: list[Iteration] = []
    target = current
    for story in waiting:
        if story.current_state in IN_PROGRESS:
            continue
        need = story.estimate or 0
        while need > max(room, 0):
            target = next(upcoming)
            more.append(target)
            room = max(room, 0) + velocity
        target.stories.append(story)
        room -= need
    return more

"""Life goes on: now and then one plausible change, so that a newcomer sees the roadmap move."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from tracker_sandbox.entities import Project, Story
from tracker_sandbox.state import World

_FORWARD = {"started": "finished", "finished": "delivered", "delivered": "accepted", "rejected": "started"}
_IDEAS = (
    ("feature", "Show the way to the nearest free dock"),
    ("feature", "Tell riders when their usual station is empty"),
    ("bug", "Date format is American in the weekly mail"),
    ("chore", "Rotate the certificates before they expire"),
    ("feature", "Let riders choose a quiet map style"),
    ("bug", "Long street names overlap in the list of stations"),
    ("feature", "Thank riders after their hundredth ride"),
    ("chore", "Delete accounts that nobody has used for three years"),
    ("bug", "Spinner never ends when the first request is cancelled"),
    ("feature", "Weekly summary by mail, off by default"),
    ("feature", "Compare this month with the last one"),
    ("bug", "Screen reader announces the price before the product"),
)
_REMARKS = (
    "Tried it on the test bikes this morning, works.",
    "Can we get the texts by Thursday?",
    "Numbers look good after one week.",
    "Waiting for the review, otherwise done.",
    "Two riders asked for this again yesterday.",
)


class Life:
    """Makes changes out of a seed; equal seeds on equal worlds make equal changes."""

    def __init__(self, world: World, *, seed: int = 1) -> None:
        self.world = world
        self._chance = random.Random(seed)  # noqa: S311 - a repeatable script, not a secret
        self._ideas = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> str:
        """Make one change, and say what it was."""
        with self.world.lock:
            projects = [one for one in self.world.projects.values() if not one.deleted and not one.archived]
            if not projects:
                return "There is no project left to live in."
            project = self._chance.choice(projects)
            acts: list[Callable[[Project], str | None]] = [
                self._go_on, self._go_on, self._go_on, self._begin, self._begin, self._propose, self._plan,
                self._remark, self._rename, self._estimate,
            ]  # fmt: skip
            self._chance.shuffle(acts)
            for act in acts:
                done = act(project)
                if done:
                    return f"{project.name}: {done}"
            return f"{project.name}: {self._propose(project)}"

    def start(self, seconds: float, *, after_step: Callable[[World], None] = lambda world: None) -> None:
        """Make a change every so many seconds, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, args=(seconds, after_step), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def _run(self, seconds: float, after_step: Callable[[World], None]) -> None:
        while not self._stopping.wait(seconds):
            with self.world.lock:
                self.step()
                after_step(self.world)

    def _one(self, project: Project, *states: str) -> Story | None:
        stories = [story for story in self.world.listing(project) if story.current_state in states]
        return self._chance.choice(stories) if stories else None

    def _person(self, project: Project) -> int:
        return self._chance.choice([one.person_id for one in project.memberships if one.role != "viewer"])

    def _go_on(self, project: Project) -> str | None:
        story = self._one(project, *_FORWARD)
        if story is None:
            return None
        state = _FORWARD[story.current_state]
        if story.story_type == "chore":
            state = "accepted"
        elif state == "accepted" and self._chance.random() < 0.15:
            state = "rejected"
        by = story.owner_ids[0] if story.owner_ids else self._person(project)
        self.world.set_state(story.id, state, by=by)
        return f"{state} {story.name!r}"

    def _begin(self, project: Project) -> str | None:
        stories = self.world.listing(project)
        if sum(story.current_state in _FORWARD for story in stories) >= 6:
            return None
        ready = [one for one in stories if one.current_state == "unstarted" and one.story_type != "release"]
        if not ready:
            return None
        by = self._person(project)
        self.world.update_story(ready[0].id, by=by, current_state="started", owner_ids=[by])
        return f"started {ready[0].name!r}"

    def _propose(self, project: Project) -> str:
        story_type, name = _IDEAS[self._ideas % len(_IDEAS)]
        round_ = self._ideas // len(_IDEAS)
        self._ideas += 1
        name = f"{name} ({round_ + 1})" if round_ else name
        labels = [self.world.labels[self._chance.choice(project.label_ids)].name] if project.label_ids else []
        self.world.create_story(project.id, name, by=self._person(project), story_type=story_type, labels=labels)
        return f"proposed {name!r}"

    def _plan(self, project: Project) -> str | None:
        story = self._one(project, "unscheduled")
        if story is None:
            return None
        self.world.set_state(story.id, "unstarted", by=self._person(project))
        return f"planned {story.name!r}"

    def _remark(self, project: Project) -> str | None:
        story = self._one(project, *_FORWARD)
        if story is None:
            return None
        self.world.add_comment(story.id, self._chance.choice(_REMARKS), by=self._person(project))
        return f"commented on {story.name!r}"

    def _rename(self, project: Project) -> str | None:
        story = self._one(project, "unstarted", "unscheduled")
        if story is None or "first version" in story.name or story.story_type == "release":
            return None
        self.world.update_story(story.id, by=self._person(project), name=f"{story.name}, first version")
        return f"renamed {story.name!r}"

    def _estimate(self, project: Project) -> str | None:
        ready = [
            story
            for story in self.world.listing(project)
            if story.estimate is None and story.story_type == "feature" and story.current_state != "accepted"
        ]
        if not ready:
            return None
        scale = [float(point) for point in project.point_scale.split(",")]
        points = self._chance.choice(scale[1:4])
        self.world.update_story(ready[0].id, by=self._person(project), estimate=points)
        return f"estimated {ready[0].name!r}"

"""What can happen, one class for each; a history is a list of them.

Every step takes its numbers modulo what is there, and does nothing where there is nothing to do it to. So any part of a
history is a history too, which is what makes a counter-example small.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from tests.histories.stage import Stage
from tracker_sandbox.clock import HOUR, MINUTE, Moment
from tracker_sandbox.entities import Label, Story


def story_at(stage: Stage, number: int) -> Story | None:
    """The project's story of that number."""
    stories = stage.world.listing(stage.cast.project)
    return stories[number % len(stories)] if stories else None


def label_at(stage: Stage, number: int) -> Label | None:
    """The project's label of that number."""
    ids = stage.cast.project.label_ids
    return stage.world.labels[ids[number % len(ids)]] if ids else None


@dataclass(frozen=True)
class Step:
    """Something that happens at the tracker."""

    def happen(self, stage: Stage) -> None:
        raise NotImplementedError


# --- Stories


@dataclass(frozen=True)
class Create(Step):
    """A new story."""

    name: str
    state: str = "unstarted"
    kind: str = "feature"
    estimate: float | None = None
    label: str | None = None

    def happen(self, stage: Stage) -> None:
        stage.world.create_story(
            stage.cast.project.id,
            self.name,
            current_state=self.state,
            story_type=self.kind,
            estimate=self.estimate,
            labels=[self.label] if self.label else [],
        )


@dataclass(frozen=True)
class Edit(Step):
    """One member of a story gets another value. `people` are numbers of the cast."""

    story: int
    member: str
    value: str | float | tuple[int, ...] | None

    def happen(self, stage: Stage) -> None:
        story = story_at(stage, self.story)
        if story is None:
            return
        value: object = self.value
        if isinstance(value, tuple):
            value = list(dict.fromkeys(stage.cast.people[one % len(stage.cast.people)].id for one in value))
        if self.member == "requested_by_id":
            value = value[0] if isinstance(value, list) and value else story.requested_by_id
        if self.member == "deadline":
            value = Moment(stage.world.clock.now() + int(float(self.value or 0)) * HOUR)  # type: ignore[arg-type]  # a number then
        stage.world.update_story(story.id, **{self.member: value})  # type: ignore[arg-type]  # as drawn for that member


@dataclass(frozen=True)
class Relabel(Step):
    """A story gets a label, or loses it where it has it."""

    story: int
    label: str

    def happen(self, stage: Stage) -> None:
        story = story_at(stage, self.story)
        if story is not None:
            names = stage.world.label_names(story.label_ids)
            wanted = self.label.strip().lower()
            labels = [one for one in names if one != wanted] if wanted in names else [*names, wanted]
            stage.world.update_story(story.id, labels=labels)


@dataclass(frozen=True)
class Reorder(Step):
    """A story is put before another."""

    story: int
    other: int

    def happen(self, stage: Stage) -> None:
        story, other = story_at(stage, self.story), story_at(stage, self.other)
        if story is not None and other is not None and story is not other:
            stage.world.move_story(story.id, before=other.id)


@dataclass(frozen=True)
class Remark(Step):
    """A comment, a task, a blocker (that names another story) or a review; what is open is closed first."""

    story: int
    kind: str

    def happen(self, stage: Stage) -> None:
        story, world = story_at(stage, self.story), stage.world
        if story is None:
            return
        open_task = next((one for one in story.tasks if not one.complete), None)
        open_blocker = next((one for one in story.blockers if not one.resolved), None)
        if self.kind == "comment":
            world.add_comment(story.id, "Well.")
        elif self.kind == "review":
            world.add_review(story.id, stage.cast.review_type)
        elif self.kind == "task" and open_task:
            world.complete_task(story.id, open_task.id)
        elif self.kind == "task":
            world.add_task(story.id, "Do it")
        elif open_blocker:
            world.resolve_blocker(story.id, open_blocker.id)
        else:
            other = story_at(stage, self.story + 1)
            world.add_blocker(story.id, f"Waits for #{other.id if other else 0}")


@dataclass(frozen=True)
class Delete(Step):
    """Stories go, in one activity."""

    story: int
    count: int = 1

    def happen(self, stage: Stage) -> None:
        stories = stage.world.listing(stage.cast.project)
        at = self.story % max(len(stories), 1)
        if chosen := [story.id for story in stories[at : at + self.count]]:
            stage.world.delete_stories(chosen)


# --- Other projects


@dataclass(frozen=True)
class MoveAway(Step):
    """A story is handed to another project, which our token sees or does not."""

    story: int
    unseen: bool = False

    def happen(self, stage: Stage) -> None:
        story, cast = story_at(stage, self.story), stage.cast
        if story is not None:
            stage.world.move_to_project(story.id, (cast.unseen if self.unseen else cast.seen).id)
            cast.moved_away.append(story.id)


@dataclass(frozen=True)
class MoveBack(Step):
    """A story that was handed away comes back."""

    number: int

    def happen(self, stage: Stage) -> None:
        away = stage.cast.moved_away
        if away:
            stage.world.move_to_project(away.pop(self.number % len(away)), stage.cast.project.id)


@dataclass(frozen=True)
class DeleteElsewhere(Step):
    """A story that was handed away is deleted there."""

    number: int

    def happen(self, stage: Stage) -> None:
        away = stage.cast.moved_away
        if away:
            stage.world.delete_story(away.pop(self.number % len(away)))


# --- Labels and epics


@dataclass(frozen=True)
class CreateLabel(Step):
    """A label that no story has yet."""

    name: str

    def happen(self, stage: Stage) -> None:
        if not stage.world.label_named(stage.cast.project, self.name):
            stage.world.create_label(stage.cast.project.id, self.name)


@dataclass(frozen=True)
class RenameLabel(Step):
    """No story's `updated_at` moves."""

    label: int
    name: str

    def happen(self, stage: Stage) -> None:
        label = label_at(stage, self.label)
        if label is not None and not stage.world.label_named(stage.cast.project, self.name):
            stage.world.rename_label(label.id, self.name)


@dataclass(frozen=True)
class MergeLabels(Step):
    """One label takes the place of another. Two epics never come to share a label."""

    label: int
    into: int

    def happen(self, stage: Stage) -> None:
        label, target = label_at(stage, self.label), label_at(stage, self.into)
        owned = {stage.world.epics[one].label_id for one in stage.cast.project.epic_rank}
        if label is not None and target is not None and label is not target and not {label.id, target.id} <= owned:
            stage.world.merge_labels(label.id, into=target.id)


@dataclass(frozen=True)
class DeleteLabel(Step):
    """A label goes, unless an epic has it."""

    label: int

    def happen(self, stage: Stage) -> None:
        label = label_at(stage, self.label)
        owned = {stage.world.epics[one].label_id for one in stage.cast.project.epic_rank}
        if label is not None and label.id not in owned:
            stage.world.delete_label(label.id)


@dataclass(frozen=True)
class CreateEpic(Step):
    """An epic for a label that no epic has."""

    name: str
    label: str

    def happen(self, stage: Stage) -> None:
        project = stage.cast.project
        known = stage.world.label_named(project, self.label)
        if known is None or known.id not in {stage.world.epics[one].label_id for one in project.epic_rank}:
            stage.world.create_epic(project.id, self.name, label=self.label)


@dataclass(frozen=True)
class RenameEpic(Step):
    """Its label keeps its own name."""

    epic: int
    name: str

    def happen(self, stage: Stage) -> None:
        rank = stage.cast.project.epic_rank
        if rank:
            stage.world.update_epic(rank[self.epic % len(rank)], name=self.name)


@dataclass(frozen=True)
class DeleteEpic(Step):
    """Its label stays."""

    epic: int

    def happen(self, stage: Stage) -> None:
        rank = stage.cast.project.epic_rank
        if rank:
            stage.world.delete_epic(rank[self.epic % len(rank)])


# --- People and settings


@dataclass(frozen=True)
class ComeOrGo(Step):
    """Somebody else than us leaves the project, or comes back."""

    person: int

    def happen(self, stage: Stage) -> None:
        others = stage.cast.people[1:]
        person, project = others[self.person % len(others)], stage.cast.project
        if stage.world.membership(project, person.id):
            stage.world.leave(project.id, person.id)
        else:
            stage.world.join(project.id, person.id)


@dataclass(frozen=True)
class RenamePerson(Step):
    person: int
    name: str

    def happen(self, stage: Stage) -> None:
        stage.world.rename_person(stage.cast.people[self.person % len(stage.cast.people)].id, self.name)


@dataclass(frozen=True)
class Rescale(Step):
    """Another point scale: estimates are rewritten, no `updated_at` moves."""

    factor: float

    def happen(self, stage: Stage) -> None:
        estimates = {story.estimate for story in stage.world.listing(stage.cast.project) if story.estimate is not None}
        mapping = {one: min(one * self.factor, 100.0) for one in estimates}
        stage.world.set_point_scale(stage.cast.project.id, "0,1,2,3,5,8", mapping=mapping)


@dataclass(frozen=True)
class Change(Step):
    """A setting of the project."""

    setting: str
    value: str | int

    def happen(self, stage: Stage) -> None:
        stage.world.update_project(stage.cast.project.id, **{self.setting: self.value})


@dataclass(frozen=True)
class Wait(Step):
    """Time passes at the tracker, and nothing else happens: iterations roll over all the same."""

    hours: int

    def happen(self, stage: Stage) -> None:
        stage.world.clock.advance(self.hours * HOUR)


@dataclass(frozen=True)
class CutFeed(Step):
    """The activity feed reaches back so many days."""

    days: int | None

    def happen(self, stage: Stage) -> None:
        stage.world.history_days = self.days


# --- Access


@dataclass(frozen=True)
class LoseToken(Step):
    """Our token is dead, until the next pull has failed for it."""

    def happen(self, stage: Stage) -> None:
        stage.world.revoke_token(stage.token)


@dataclass(frozen=True)
class LoseProject(Step):
    """The project is no longer shared with Robin, until the next pull has failed for it."""

    def happen(self, stage: Stage) -> None:
        project, reader = stage.cast.project, stage.cast.reader
        if stage.world.membership(project, reader.id):
            stage.world.leave(project.id, reader.id)


# --- Here


@dataclass(frozen=True)
class WriteOwn(Step):
    """Somebody writes on a synced item what is the roadmap's own."""

    item: int
    text: str

    def happen(self, stage: Stage) -> None:
        stage.write_own(self.item, self.text)


@dataclass(frozen=True)
class DayWithoutWhole(Step):
    """The last whole listing was more than a day ago."""

    def happen(self, stage: Stage) -> None:
        stage.let_a_day_pass()


@dataclass(frozen=True)
class Pull(Step):
    """We pull, undisturbed. After this and every other pull some minutes pass."""

    def happen(self, stage: Stage) -> None:
        stage.pull()


@dataclass(frozen=True)
class PullTwice(Pull):
    """We pull, and at once again."""

    def happen(self, stage: Stage) -> None:
        stage.pull()
        if stage.is_readable:
            stage.pull_again()


@dataclass(frozen=True)
class PullDuring(Pull):
    """Something happens right before that request of a pull."""

    step: Step
    request: int

    def happen(self, stage: Stage) -> None:
        stage.pull_during(self.step.happen, request=self.request)


@dataclass(frozen=True)
class PullBroken(Pull):
    """From that request on the tracker answers wrongly."""

    fault: str
    request: int
    kinds: ClassVar = ("internal_error", "truncated_json", "sign_in_page", "too_many_requests", "cut_off")

    def happen(self, stage: Stage) -> None:
        stage.pull_broken(self.fault, request=self.request)


def play(stage: Stage, history: Iterable[Step]) -> None:
    """Let it happen. Between a pull and what follows some time goes by, more than what pulls overlap, and access that
    was lost is mended."""
    for step in history:
        step.happen(stage)
        if isinstance(step, Pull):
            stage.world.clock.advance(7 * MINUTE)
            stage.mend_access()

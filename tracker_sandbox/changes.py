"""Changes of stories: made, edited, moved, deleted, handed to another project."""

from __future__ import annotations

from typing import TypedDict, Unpack

from tracker_sandbox.clock import Moment
from tracker_sandbox.entities import IN_PROGRESS, STATES, STORY_TYPES, Project, Story, Transition, Values
from tracker_sandbox.labels import LabelChanges

_DID = {
    "started": "started",
    "finished": "finished",
    "delivered": "delivered",
    "accepted": "accepted",
    "rejected": "rejected",
    "planned": "planned",
    "unstarted": "unstarted",
    "unscheduled": "moved to the icebox",
}


class StoryDetails(TypedDict, total=False):
    """What a story has besides its name. `labels` are names; None takes a value away."""

    description: str | None
    story_type: str
    current_state: str
    story_priority: str | None
    estimate: float | None
    deadline: Moment | None
    requested_by_id: int
    owner_ids: list[int]
    labels: list[str]
    follower_ids: list[int]
    external_id: str | None
    integration_id: int | None


class StoryValues(StoryDetails, total=False):
    """What can be set on a story."""

    name: str


class StoryChanges(LabelChanges):
    """The part of World that changes stories."""

    def create_story(
        self,
        project_id: int,
        name: str,
        *,
        by: int | None = None,
        story_id: int | None = None,
        **values: Unpack[StoryDetails],
    ) -> Story:
        """A new story at the end of its panel (unscheduled stories: at the top of the icebox)."""
        with self.lock:
            project = self.projects[project_id]
            now = self.clock.now()
            requested_by = values.get("requested_by_id", self.member_id(project, by))
            story = Story(story_id or self.next_id(), project.id, name, requested_by, now, now)
            if not project.shows_priority:
                story.story_priority = None
            changes, _ = self._set(project, story, values)
            self.stories[story.id] = story
            project.story_rank.append(story.id)
            created = self.creation("story", self._story_values(project, story), name=name, story_type=story.story_type)
            self._record_story(project, story, "story_create", "added", [*changes, created], by)
            self._note_transition(project, story, by, only_if_begun=True)
            return story

    def update_story(self, story_id: int, *, by: int | None = None, **values: Unpack[StoryValues]) -> Story:
        """Edit a story; a change of state leaves a transition and moves it where such stories stand."""
        with self.lock:
            story = self.stories[story_id]
            project = self.projects[story.project_id]
            state = story.current_state
            changes, (original, new) = self._set(project, story, values)
            changes.append(self.touch(story, original, new))
            moved = story.current_state != state
            did = _DID[story.current_state] if moved else "edited"
            if moved and story.current_state in IN_PROGRESS and state in ("unstarted", "unscheduled"):
                self._rank_among_begun(project, story)
            self._record_story(project, story, "story_update", did, changes, by)
            if moved:
                self._note_transition(project, story, by)
            return story

    def set_state(self, story_id: int, state: str, *, by: int | None = None) -> Story:
        """Shorthand for the commonest edit."""
        return self.update_story(story_id, by=by, current_state=state)

    def move_story(
        self, story_id: int, *, before: int | None = None, after: int | None = None, by: int | None = None
    ) -> Story:
        """Put the story before or after another one. Only the moved story gets a new `updated_at`."""
        with self.lock:
            story = self.stories[story_id]
            project = self.projects[story.project_id]
            anchor = before if before is not None else after
            if anchor is None or anchor == story.id or self.stories[anchor].project_id != project.id:
                raise ValueError("Say before or after which other story of the project it shall stand.")
            old_before, old_after = self.neighbours(project, story)
            project.story_rank.remove(story.id)
            place = project.story_rank.index(anchor) + (0 if before is not None else 1)
            project.story_rank.insert(place, story.id)
            new_before, new_after = self.neighbours(project, story)
            change = self.touch(
                story,
                {"before_id": old_before, "after_id": old_after},
                {"before_id": new_before, "after_id": new_after},
            )
            self._record_story(project, story, "story_move", "moved", [change], by)
            return story

    def neighbours(self, project: Project, story: Story) -> tuple[int | None, int | None]:
        """(before_id, after_id): the story that this one stands before, and the one that it stands after."""
        rank = project.story_rank
        place = rank.index(story.id)
        following = rank[place + 1] if place + 1 < len(rank) else None
        return following, (rank[place - 1] if place else None)

    def delete_story(self, story_id: int, *, by: int | None = None) -> None:
        """Delete one story."""
        self.delete_stories([story_id], by=by)

    def delete_stories(self, story_ids: list[int], *, by: int | None = None) -> None:
        """Delete stories of one project in one activity."""
        with self.lock:
            stories = [self.stories[i] for i in story_ids]
            project = self.projects[stories[0].project_id]
            if any(story.project_id != project.id for story in stories):
                raise ValueError("One activity deletes stories of one project only.")
            changes = [
                self.deletion("story", story.id, name=story.name, story_type=story.story_type) for story in stories
            ]
            gone = set(story_ids)
            project.story_rank = [i for i in project.story_rank if i not in gone]
            for story_id in gone:
                del self.stories[story_id]
            what = f"this {stories[0].story_type}" if len(stories) == 1 else f"{len(stories)} stories"
            primary = [self.story_reference(story) for story in stories]
            self.record(
                project,
                kind="story_delete",
                did="deleted",
                what=what,
                changes=changes,
                primary=primary,
                by=by,
            )

    def move_to_project(self, story_id: int, project_id: int, *, by: int | None = None) -> Story:
        """Hand the story to another project: the id stays, labels are found or made anew by name."""
        with self.lock:
            story = self.stories[story_id]
            old, new = self.projects[story.project_id], self.projects[project_id]
            if old is new:
                raise ValueError("The story is in that project already.")
            names = self.label_names(story.label_ids)
            old.story_rank.remove(story.id)
            leaving = self.deletion("story", story.id, name=story.name, story_type=story.story_type)
            self._record_story(old, story, "story_move_from_project", "moved", [leaving], by)
            story.project_id = new.id
            story.label_ids, changes = self.ensure_labels(new, names)
            new.story_rank.append(story.id)
            changes.append(self.touch(story, {"project_id": old.id}, {"project_id": new.id}))
            self._record_story(new, story, "story_move_into_project", "moved", changes, by)
            return story

    # -- inside

    def _set(
        self, project: Project, story: Story, values: StoryValues | StoryDetails
    ) -> tuple[list[Values], tuple[Values, Values]]:
        """Set the values; return changes of labels, and the story's original and new values that differ."""
        _check(values)
        original: Values = {}
        new: Values = {}
        label_changes: list[Values] = []
        if "labels" in values:
            ids, label_changes = self.ensure_labels(project, values["labels"])
            if ids != story.label_ids:
                original.update(label_ids=list(story.label_ids), labels=self.label_names(story.label_ids))
                new.update(label_ids=list(ids), labels=self.label_names(ids))
                story.label_ids = ids
        for member, value in values.items():
            if member == "labels" or getattr(story, member) == value:
                continue
            original[member] = getattr(story, member)
            new[member] = value  # type: ignore[assignment]  # items() of a TypedDict forgets the types
            setattr(story, member, value)
        if "current_state" in new:
            self._set_acceptance(story, original, new)
        return label_changes, (original, new)

    def _set_acceptance(self, story: Story, original: Values, new: Values) -> None:
        accepted_at = self.clock.now() if story.current_state == "accepted" else None
        if story.accepted_at != accepted_at:
            original["accepted_at"], new["accepted_at"] = story.accepted_at, accepted_at
            story.accepted_at = accepted_at

    def _rank_among_begun(self, project: Project, story: Story) -> None:
        """A begun story stands in the current iteration: before the first one that nobody has begun."""
        rank = project.story_rank
        rank.remove(story.id)
        waiting = ("unstarted", "unscheduled")
        place = next((n for n, i in enumerate(rank) if self.stories[i].current_state in waiting), len(rank))
        rank.insert(place, story.id)

    def _note_transition(self, project: Project, story: Story, by: int | None, *, only_if_begun: bool = False) -> None:
        if only_if_begun and story.current_state in ("unscheduled", "unstarted"):
            return
        story.transitions.append(
            Transition(
                state=story.current_state,
                story_id=story.id,
                project_id=project.id,
                project_version=project.version,
                occurred_at=self.clock.now(),
                performed_by_id=self.member_id(project, by),
            )
        )

    def _story_values(self, project: Project, story: Story) -> Values:
        values: Values = {"id": story.id, "project_id": project.id, "name": story.name}
        for member in ("description", "estimate", "accepted_at", "deadline", "story_priority"):
            if getattr(story, member) is not None:
                values[member] = getattr(story, member)
        values.update(
            story_type=story.story_type,
            current_state=story.current_state,
            requested_by_id=story.requested_by_id,
            owner_ids=list(story.owner_ids),
            label_ids=list(story.label_ids),
            labels=self.label_names(story.label_ids),
            follower_ids=list(story.follower_ids),
            blocked_story_ids=[],
            created_at=story.created_at,
            updated_at=story.updated_at,
        )
        before_id, after_id = self.neighbours(project, story) if len(project.story_rank) > 1 else (None, None)
        if before_id is not None:
            values["before_id"] = before_id
        if after_id is not None:
            values["after_id"] = after_id
        return values

    def _record_story(
        self, project: Project, story: Story, kind: str, did: str, changes: list[Values], by: int | None
    ) -> None:
        what = f"this {story.story_type}"
        primary = [self.story_reference(story)]
        self.record(project, kind=kind, did=did, what=what, changes=changes, primary=primary, by=by)


def _check(values: StoryDetails) -> None:
    if values.get("current_state", "started") not in STATES:
        raise ValueError(f"No such state: {values['current_state']!r}.")
    if values.get("story_type", "feature") not in STORY_TYPES:
        raise ValueError(f"No such type: {values['story_type']!r}.")

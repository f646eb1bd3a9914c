"""The books of the sandbox: everything that exists, one lock, the version counter and its activity feed."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar, cast

from tracker_sandbox.clock import Clock, Moment
from tracker_sandbox.entities import (
    Activity,
    Epic,
    Json,
    Label,
    Membership,
    Notification,
    Person,
    Project,
    Story,
    Values,
    Workspace,
)

T = TypeVar("T")


class Ledger:
    """Holds the state; the change methods of World are the only writers after loading."""

    def __init__(self, *, clock: Clock | None = None, base_url: str = "http://127.0.0.1") -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.base_url = base_url
        self.people: dict[int, Person] = {}
        self.tokens: dict[str, int] = {}
        self.projects: dict[int, Project] = {}
        self.stories: dict[int, Story] = {}
        self.labels: dict[int, Label] = {}
        self.epics: dict[int, Epic] = {}
        self.workspaces: dict[int, Workspace] = {}
        self.notifications: list[Notification] = []
        self.history_days: int | None = 183
        self._ids = itertools.count(100_000_001)
        self._known: dict[tuple[int, str], tuple[object, object]] = {}

    def next_id(self) -> int:
        """A fresh id, unique among everything in this world."""
        return next(self._ids)

    def ids_from(self, first: int) -> None:
        """Give out ids from this number on (for worlds loaded from elsewhere)."""
        self._ids = itertools.count(first)

    # -- reading

    def listing(self, project: Project) -> list[Story]:
        """All stories in the API's order: accepted by acceptance, then current and backlog, then icebox."""
        return self.remember(project, "listing", project.version, lambda: self._list(project))

    def remember(self, project: Project, name: str, stamp: object, make: Callable[[], T]) -> T:
        """What `make` returns, computed once as long as the stamp (the project's version) stays the same."""
        known = self._known.get((project.id, name))
        if known is None or known[0] != stamp:
            known = self._known[project.id, name] = (stamp, make())
        return cast(T, known[1])

    def _list(self, project: Project) -> list[Story]:
        ranked = [self.stories[story_id] for story_id in project.story_rank]
        accepted = [story for story in ranked if story.current_state == "accepted"]
        accepted.sort(key=lambda story: story.accepted_at or 0)
        rest = [story for story in ranked if story.current_state not in ("accepted", "unscheduled")]
        icebox = [story for story in ranked if story.current_state == "unscheduled"]
        return accepted + rest + icebox

    def membership(self, project: Project, person_id: int) -> Membership | None:
        """How this person belongs to the project, or None."""
        return next((one for one in project.memberships if one.person_id == person_id), None)

    def label_named(self, project: Project, name: str) -> Label | None:
        """The project's label of this name, whatever the case."""
        wanted = name.strip().lower()
        return next((self.labels[i] for i in project.label_ids if self.labels[i].name == wanted), None)

    def stories_with_label(self, project: Project, label_id: int) -> list[Story]:
        """The stories that carry the label, in the order of the API."""
        return [story for story in self.listing(project) if label_id in story.label_ids]

    def member_id(self, project: Project, by: int | None) -> int:
        """The acting person: the one given, else the project's first owner."""
        if by is not None:
            return by
        owner = next((one for one in project.memberships if one.role == "owner"), None)
        return owner.person_id if owner else 0

    # -- writing

    def record(
        self,
        project: Project,
        *,
        kind: str,
        did: str,
        what: str,
        changes: Sequence[Values],
        primary: Iterable[Values],
        by: int | None = None,
    ) -> Activity:
        """Raise the project's version by one and write what happened under it."""
        person_id = self.member_id(project, by)
        person = self.people.get(person_id)
        name = person.name if person else f"Person {person_id}"
        performer: Values = {"kind": "person", "id": person_id, "name": name}
        performer["initials"] = person.initials if person else "?"
        project.version += 1
        activity = Activity(
            kind=f"{kind}_activity",
            project_id=project.id,
            project_name=project.name,
            project_version=project.version,
            message=f"{name} {did} {what}".strip(),
            highlight=did,
            changes=list(changes),
            primary_resources=list(primary),
            performed_by=performer,
            occurred_at=self.clock.now(),
        )
        project.activities.append(activity)
        return activity

    def story_reference(self, story: Story) -> Values:
        """A story as it stands in an activity's primary resources."""
        return {
            "kind": "story",
            "id": story.id,
            "name": story.name,
            "story_type": story.story_type,
        }

    def story_change(self, story: Story, original: Values, new: Values) -> Values:
        """One story's part of an update."""
        return {
            "kind": "story",
            "change_type": "update",
            "id": story.id,
            "original_values": original,
            "new_values": new,
            "name": story.name,
            "story_type": story.story_type,
        }

    def touch(self, story: Story, original: Values | None = None, new: Values | None = None) -> Values:
        """Set the story's `updated_at`, and describe that with whatever else changed on it."""
        now = self.clock.now()
        before: Values = dict(original or {})
        after: Values = dict(new or {})
        if now != story.updated_at:
            before["updated_at"], after["updated_at"] = story.updated_at, now
        story.updated_at = Moment(now)
        return self.story_change(story, before, after)

    def deletion(self, kind: str, id_: int, **more: Json) -> Values:
        """One deleted object's part of an activity: no value maps."""
        return {"kind": kind, "change_type": "delete", "id": id_, **more}

    def creation(self, kind: str, values: Values, **more: Json) -> Values:
        """One new object's part of an activity."""
        return {"kind": kind, "change_type": "create", "id": values["id"], "new_values": values, **more}

    def update(self, kind: str, id_: int, original: Values, new: Values, **more: Json) -> Values:
        """One changed object's part of an activity."""
        return {
            "kind": kind,
            "change_type": "update",
            "id": id_,
            "original_values": original,
            "new_values": new,
            **more,
        }

"""Changes of projects and people: who is a member, which settings hold, which token opens the door."""

from __future__ import annotations

import secrets

from tracker_sandbox.clock import Moment
from tracker_sandbox.entities import Json, Membership, Person, Project, Values
from tracker_sandbox.ledger import Ledger


class ProjectChanges(Ledger):
    """The part of World that changes projects, memberships, people and tokens."""

    # -- people and tokens

    def add_person(
        self,
        name: str,
        *,
        token: str | None = None,
        username: str | None = None,
        initials: str | None = None,
        email: str | None = None,
        time_zone: str = "Europe/Berlin",
    ) -> Person:
        """A new person, with an API token unless none is given."""
        with self.lock:
            now = self.clock.now()
            username = username or name.lower().replace(" ", "")
            initials = initials or "".join(word[0] for word in name.split()).upper()
            email = email or f"{username}@kestrel.example"
            person = Person(self.next_id(), name, initials, username, email, now, now, time_zone=time_zone)
            self.people[person.id] = person
            if token:
                self.tokens[token] = person.id
            return person

    def token_of(self, person_id: int) -> str | None:
        """The person's live token, or None."""
        return next((token for token, owner in self.tokens.items() if owner == person_id), None)

    def revoke_token(self, token: str) -> None:
        """The token opens nothing any more (unknown ones are ignored)."""
        with self.lock:
            self.tokens.pop(token, None)

    def regenerate_token(self, person_id: int, *, token: str | None = None) -> str:
        """Give the person a fresh token (or this one); the old one is dead at once."""
        with self.lock:
            old = self.token_of(person_id)
            if old:
                del self.tokens[old]
            fresh = token or secrets.token_hex(16)
            self.tokens[fresh] = person_id
            return fresh

    def rename_person(self, person_id: int, name: str) -> None:
        """Another name; seen as a changed membership in every project of that person."""
        with self.lock:
            person = self.people[person_id]
            old, person.name, person.updated_at = person.name, name, self.clock.now()
            person.initials = "".join(word[0] for word in name.split()).upper()
            for project in self.projects.values():
                membership = self.membership(project, person_id)
                if membership:
                    change = self.update("project_membership", membership.id, {"name": old}, {"name": name})
                    self._record_member(project, person, "project_membership_update", "updated", change, None)

    # -- projects

    def add_project(
        self,
        name: str,
        *,
        owner_id: int,
        start_time: int | None = None,
        project_id: int | None = None,
        **settings: Json,
    ) -> Project:
        """A new project with its owner; `settings` are members of Project."""
        with self.lock:
            now = self.clock.now()
            project = Project(
                id=project_id or self.next_id(),
                name=name,
                start_time=Moment(start_time if start_time is not None else now),
                created_at=now,
                updated_at=now,
                account_id=self.next_id(),
            )
            for member, value in settings.items():
                _require_setting(member)
                setattr(project, member, value)
            self.projects[project.id] = project
            project.memberships.append(Membership(self.next_id(), project.id, owner_id, "owner", now, now))
            return project

    def update_project(self, project_id: int, *, by: int | None = None, **settings: Json) -> Project:
        """Change settings (name, week start, velocity, public, ...)."""
        with self.lock:
            project = self.projects[project_id]
            original: Values = {}
            for member, value in settings.items():
                _require_setting(member)
                original[member] = getattr(project, member)
                setattr(project, member, value)
            project.updated_at = self.clock.now()
            self._record_project(project, "edited", [], original, dict(settings), by)
            return project

    def set_point_scale(
        self, project_id: int, scale: str, *, mapping: dict[float, float], by: int | None = None
    ) -> None:
        """Another point scale; estimates are rewritten by `mapping`, on accepted stories too, and no
        story's `updated_at` moves."""
        with self.lock:
            project = self.projects[project_id]
            original: Values = {"point_scale": project.point_scale}
            changes: list[Values] = []
            for story in self.listing(project):
                if story.estimate is not None and mapping.get(story.estimate, story.estimate) != story.estimate:
                    old, story.estimate = story.estimate, mapping[story.estimate]
                    changes.append(self.story_change(story, {"estimate": old}, {"estimate": story.estimate}))
            project.point_scale, project.point_scale_is_custom = scale, True
            project.updated_at = self.clock.now()
            self._record_project(project, "edited", changes, original, {"point_scale": scale}, by)

    def set_api_access(self, project_id: int, allowed: bool) -> None:
        """Switch API access on or off in the project's settings."""
        self.update_project(project_id, api_access=allowed)

    def set_public(self, project_id: int, public: bool) -> None:
        """Readable for everybody, or for members alone."""
        self.update_project(project_id, public=public)

    def archive_project(self, project_id: int, *, archived: bool = True) -> None:
        """Out of the list of active projects; direct reads go on (our choice: nothing is known about it)."""
        self.update_project(project_id, archived=archived)

    def delete_project(self, project_id: int) -> None:
        """Gone from /projects and /me, and forbidden for everybody."""
        self.update_project(project_id, deleted=True)

    # -- members

    def join(self, project_id: int, person_id: int, *, role: str = "member", by: int | None = None) -> Membership:
        """Make the person a member, or give the member another role."""
        with self.lock:
            project, person, now = self.projects[project_id], self.people[person_id], self.clock.now()
            known = self.membership(project, person_id)
            if known:
                change = self.update("project_membership", known.id, {"role": known.role}, {"role": role})
                known.role, known.updated_at = role, now
                self._record_member(project, person, "project_membership_update", "updated", change, by)
                return known
            membership = Membership(self.next_id(), project.id, person_id, role, now, now)
            project.memberships.append(membership)
            values: Values = {"id": membership.id, "project_id": project.id, "role": role}
            values.update(person_id=person_id, created_at=now, updated_at=now)
            change = self.creation("project_membership", values)
            self._record_member(project, person, "project_membership_create", "added", change, by)
            return membership

    def leave(self, project_id: int, person_id: int, *, by: int | None = None) -> None:
        """End the membership; the person's id stays on stories."""
        with self.lock:
            project = self.projects[project_id]
            membership = self.membership(project, person_id)
            if membership is None:
                raise ValueError("That person is no member of the project.")
            actor = self.member_id(project, by)
            project.memberships.remove(membership)
            change = self.deletion("project_membership", membership.id)
            person = self.people[person_id]
            self._record_member(project, person, "project_membership_delete", "removed", change, actor)

    def _record_member(
        self, project: Project, person: Person, kind: str, did: str, change: Values, by: int | None
    ) -> None:
        primary: Values = {"kind": "person", "id": person.id, "name": person.name}
        self.record(project, kind=kind, did=did, what=person.name, changes=[change], primary=[primary], by=by)

    def _record_project(
        self,
        project: Project,
        did: str,
        changes: list[Values],
        original: Values,
        new: Values,
        by: int | None,
    ) -> None:
        change = self.update("project", project.id, original, new, name=project.name)
        primary: Values = {"kind": "project", "id": project.id, "name": project.name}
        self.record(
            project,
            kind="project_update",
            did=did,
            what="this project",
            changes=[change, *changes],
            primary=[primary],
            by=by,
        )


_SETTINGS = frozenset(
    {
        "name", "description", "profile_content", "iteration_length", "week_start_day", "point_scale",
        "point_scale_is_custom", "bugs_and_chores_are_estimatable", "automatic_planning", "time_zone",
        "velocity_averaged_over", "initial_velocity", "public", "project_type", "start_date", "start_time",
        "shows_priority", "api_access", "archived", "deleted", "created_at", "account_id",
    }
)  # fmt: skip


def _require_setting(member: str) -> None:
    if member not in _SETTINGS:
        raise ValueError(f"A project has no setting {member!r}.")

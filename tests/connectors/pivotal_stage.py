"""The sandbox as the stage on which the Pivotal Tracker connector plays the contract."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from integrations.connectors.base import Auth, Connector
from integrations.connectors.pivotal_tracker import connector
from integrations.http import Http, Limits
from integrations.records import Query, Value
from tests.connectors.stage import Stage, Truth
from tracker_sandbox.demo import DEMO_TOKEN, build_demo
from tracker_sandbox.entities import Project, Story
from tracker_sandbox.server import Sandbox

PRIORITIES = {"p0": "Critical", "p1": "High", "p2": "Medium", "p3": "Low"}


class PivotalStage:
    """The demo's project with the most stories, behind a real server."""

    connector: Connector = connector

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._world = sandbox.world
        self._project: Project = max(self._world.projects.values(), key=lambda one: len(one.story_rank))
        self.project_id = str(self._project.id)
        self._reader_id = self._world.tokens[DEMO_TOKEN]

    def auth(self, secret: str | None = None, *, impatient: bool = False) -> Auth:
        limits = Limits(connect_seconds=0.2, total_seconds=1, body_bytes=4_000_000, tries=2) if impatient else Limits()
        http = Http(self._sandbox.url, user_agent="Contract", limits=limits, allow_private=True, sleep=lambda _: None)
        return Auth(DEMO_TOKEN if secret is None else secret, http)

    def bad_secrets(self) -> list[str]:
        old = self._world.regenerate_token(self._world.tokens[DEMO_TOKEN])
        self._world.regenerate_token(self._world.tokens[old], token=DEMO_TOKEN)
        return ["", "f" * 32, old, "not a token", "x" * 10_000, "https://evil.test/" + "f" * 32, "f" * 31 + "ü"]

    def projects(self) -> list[str]:
        projects = self._world.projects.values()
        return [one.name for one in projects if not one.deleted and self._world.membership(one, self._reader_id)]

    def add_projects(self, count: int) -> None:
        for number in range(count):
            self._world.add_project(f"Project {number}", owner_id=self._reader_id)

    def archive_other_project(self) -> str:
        other = next(one for one in self._world.projects.values() if one is not self._project)
        self._world.archive_project(other.id)
        return other.name

    def leave_all_projects(self) -> None:
        for project in self._world.projects.values():
            if self._world.membership(project, self._reader_id):
                self._world.leave(project.id, self._reader_id)

    def query(self) -> Query:
        described = self.connector.describe(self.auth(), self.project_id)
        wanted = frozenset(spec.key for spec in (*described.fields, *described.dates))
        return Query(self.project_id, frozenset(state.key for state in described.states), wanted)

    def truth(self) -> dict[str, Truth]:
        return {
            str(story.id): Truth(
                story.name, story.description or "", story.current_state, self._values(story), self._dates(story)
            )
            for story in self._stories()
        }

    def change_record(self) -> str:
        story = self._stories()[3]
        self._world.update_story(story.id, name=f"{story.name}, changed")
        return str(story.id)

    def delete_record(self) -> str:
        story_id = self._stories()[5].id
        self._world.delete_story(story_id)
        return str(story_id)

    def move_record(self) -> str:
        story_id = self._stories()[7].id
        other = next(one for one in self._world.projects.values() if one is not self._project)
        self._world.move_to_project(story_id, other.id)
        return str(story_id)

    def hide_record(self) -> str:
        story_id = self._stories()[9].id
        stranger = self._world.add_person("Sasha Stranger")
        private = self._world.add_project("Private", owner_id=stranger.id)
        self._world.move_to_project(story_id, private.id)
        return str(story_id)

    def revoke_secret(self) -> None:
        self._world.revoke_token(DEMO_TOKEN)

    def lose_project(self) -> None:
        self._world.leave(self._project.id, self._world.tokens[DEMO_TOKEN])

    def break_request(self, kind: str, *, after: int, times: int | None) -> None:
        more = {"redirect": {"status": 307}, "canned": {"status": 404, "body": "<html>"}}.get(kind, {})
        path = rf"/projects/{self.project_id}"
        self._sandbox.faults.add(kind, path=path, after=after, times=times, seconds=3, megabytes=20, **more)

    def change_between_pages(self, *, after: int) -> None:
        self._sandbox.faults.add(
            "change",
            path=rf"/projects/{self.project_id}",
            after=after,
            times=1,
            action=lambda world: self.change_record(),
        )

    def asked(self) -> list[tuple[str, str]]:
        return [(one.method, one.path) for one in self._sandbox.requests]

    def _stories(self) -> list[Story]:
        return self._world.listing(self._project)

    def _values(self, story: Story) -> dict[str, Value]:
        world = self._world
        labels = sorted(world.labels[one].name for one in story.label_ids)
        epics = {one.label_id: one.name for one in world.epics.values() if one.project_id == story.project_id}
        members = {one.person_id for one in self._project.memberships}
        names = {
            one: world.people[one].name if one in members else f"Former member ({one})"
            for one in (*story.owner_ids, story.requested_by_id)
        }
        values: dict[str, Value | None] = {
            "type": story.story_type.capitalize(),
            "state": story.current_state.capitalize(),
            "priority": PRIORITIES.get(story.story_priority or ""),
            "estimate": story.estimate,
            "labels": tuple(labels) or None,
            "epics": tuple(sorted(epics[one] for one in story.label_ids if one in epics)) or None,
            "owners": tuple(names[one] for one in story.owner_ids) or None,
            "requester": names[story.requested_by_id],
            "project": self._project.name,
            "comments": len(story.comments),
            "tasks": f"{sum(one.complete for one in story.tasks)}/{len(story.tasks)}" if story.tasks else None,
            "url": f"{self._sandbox.url}/story/show/{story.id}",
            "external_id": story.external_id,
        }
        return {key: value for key, value in values.items() if value is not None}

    def _dates(self, story: Story) -> dict[str, datetime]:
        started = [one.occurred_at for one in story.transitions if one.state == "started"]
        moments = {
            "created": story.created_at,
            "updated": story.updated_at,
            "accepted": story.accepted_at,
            "deadline": story.deadline,
            "started": min(started, default=None),
        }
        return {key: datetime.fromtimestamp(at, UTC) for key, at in moments.items() if at is not None}


@contextmanager
def pivotal_stage() -> Iterator[Stage]:
    """A sandbox with the demo in it, and nothing else of the host reachable."""
    with Sandbox(build_demo()) as sandbox:
        yield PivotalStage(sandbox)
        for record in sandbox.requests:
            assert record.method == "GET"
            assert re.match(r"/services/v5/(me|projects|stories)\b", record.path)

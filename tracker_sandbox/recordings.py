"""Builds a world out of recorded answers of the real service: one JSON file each, with request and response.

Which answer counts: a project has exactly the stories of its newest complete listing (or, without one, of its
searches), in that order; each story is as the newest answer that holds it in full shows it. Labels, epics, people,
comments, tasks, transitions, reviews and activities are the newest seen. Everybody seen in a project is its member.
The clock starts at the newest recording and ticks on from there. The folder is only read.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from tracker_sandbox.api import BASE
from tracker_sandbox.clock import Clock, Moment, parse_time
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.entities import (
    Activity,
    Comment,
    Epic,
    Label,
    Membership,
    Notification,
    Person,
    Project,
    Review,
    ReviewType,
    Story,
    Task,
    Transition,
    Workspace,
)
from tracker_sandbox.state import World

Body = Any  # the JSON of an answer, whose shape is what the recordings are about


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded exchange. `path` is relative to the API's base."""

    name: str
    path: str
    query: tuple[tuple[str, str], ...]
    status: int
    headers: dict[str, str]
    body: Body
    at: int

    @property
    def project_id(self) -> int | None:
        """The project in the path."""
        match = re.match(r"/projects/(\d+)", self.path)
        return int(match[1]) if match else None

    def is_at(self, pattern: str) -> bool:
        """Whether the whole path matches."""
        return re.fullmatch(pattern, self.path) is not None


def read_recordings(folder: Path) -> list[Recording]:
    """All recordings of a folder, oldest first."""
    found = [_read(path) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda recording: (recording.at, recording.name))


def _read(path: Path) -> Recording:
    content = json.loads(path.read_text("utf-8"))
    request, response = content["request"], content["response"]
    headers = {name.lower(): str(value) for name, value in response["headers"].items()}
    return Recording(
        name=path.stem,
        path=request["path"].removeprefix(BASE),
        query=tuple((name, value) for name, value in request["query"]),
        status=response["status"],
        headers=headers,
        body=response["body"],
        at=int(parsedate_to_datetime(headers["date"]).timestamp()),
    )


def load_recordings(folder: Path, *, token: str = DEMO_TOKEN) -> World:
    """The world that the folder's recordings show; `token` is that of the person who asked most of them."""
    recordings = [one for one in read_recordings(folder) if one.status == 200]
    if not recordings:
        raise ValueError(f"There are no recordings in {folder}.")
    clock = Clock(offset=recordings[-1].at - int(time.time()))
    world = World(clock=clock)
    world.history_days = None
    world.ids_from(2_000_000_000)
    loader = _Loader(world, recordings)
    loader.load()
    me = next(one.body for one in recordings if one.path == "/me")
    world.tokens[token] = me["id"]
    for person_id in world.people:
        if person_id != me["id"]:
            world.regenerate_token(person_id)
    return world


def _objects(body: Body) -> Iterator[dict[str, Any]]:
    """All objects within an answer, at any depth."""
    if isinstance(body, dict):
        yield body
        for value in body.values():
            yield from _objects(value)
    elif isinstance(body, list):
        for value in body:
            yield from _objects(value)


def _time(values: dict[str, Any], name: str) -> Moment:
    return parse_time(values[name])


def _optional(values: dict[str, Any], name: str) -> Moment | None:
    return parse_time(values[name]) if name in values else None


class _Loader:
    """Goes through the recordings from old to new, so that what is newer overwrites."""

    def __init__(self, world: World, recordings: list[Recording]) -> None:
        self.world = world
        self.recordings = recordings
        self.seen: dict[int, dict[str, Any]] = {}
        self.parts: dict[tuple[int, str], Body] = {}

    def load(self) -> None:
        self._people()
        self._projects()
        self._labels()
        self._see_stories()
        for project in self.world.projects.values():
            self._stories(project)
            self._members(project)
        self._epics()
        self._activities()
        self._workspaces_and_notifications()

    def at(self, pattern: str) -> Iterator[Recording]:
        return (recording for recording in self.recordings if recording.is_at(pattern))

    def _people(self) -> None:
        start = Moment(self.recordings[0].at)
        for recording in self.recordings:
            for one in _objects(recording.body):
                if one.get("kind") in ("person", "me") and "initials" in one:
                    self._person(one, start)
        for recording in self.recordings:
            for one in _objects(recording.body):
                ids = [
                    *one.get("owner_ids", []),
                    one.get("person_id"),
                    one.get("requested_by_id"),
                    one.get("reviewer_id"),
                ]
                for person_id in ids:
                    if person_id and person_id not in self.world.people:
                        self._person({"id": person_id, "name": f"Person {person_id}", "initials": "P"}, start)

    def _person(self, values: dict[str, Any], start: Moment) -> None:
        known = self.world.people.get(values["id"])
        self.world.people[values["id"]] = Person(
            id=values["id"],
            name=values["name"],
            initials=values["initials"],
            username=values.get("username", known.username if known else f"person{values['id']}"),
            email=values.get("email", known.email if known else f"{values['id']}@example.invalid"),
            created_at=_optional(values, "created_at") or (known.created_at if known else start),
            updated_at=_optional(values, "updated_at") or (known.updated_at if known else start),
            time_zone=values.get("time_zone", {}).get("olson_name", "America/Los_Angeles"),
        )

    def _projects(self) -> None:
        for recording in self.at(r"/projects/\d+"):
            body = recording.body
            plain = (
                "name", "description", "profile_content", "iteration_length", "week_start_day", "point_scale",
                "point_scale_is_custom", "bugs_and_chores_are_estimatable", "automatic_planning",
                "velocity_averaged_over", "initial_velocity", "public", "project_type", "account_id",
            )  # fmt: skip
            project = Project(
                id=body["id"],
                start_time=_time(body, "start_time"),
                created_at=_time(body, "created_at"),
                updated_at=_time(body, "updated_at"),
                time_zone=body["time_zone"]["olson_name"],
                shows_priority=False,
                **{name: body[name] for name in plain if name in body},
            )
            self.world.projects[project.id] = project
        for recording in self.recordings:
            told = self.world.projects.get(recording.project_id or 0)
            version = recording.headers.get("x-tracker-project-version")
            if told and version:
                told.version = max(told.version, int(version))

    def _labels(self) -> None:
        for recording in self.recordings:
            for one in _objects(recording.body):
                if one.get("kind") == "label" and "created_at" in one and one["project_id"] in self.world.projects:
                    label = Label(
                        one["id"], one["project_id"], one["name"], _time(one, "created_at"), _time(one, "updated_at")
                    )
                    self.world.labels[label.id] = label
        listed = {one["id"] for recording in self.at(r"/projects/\d+/labels") for one in recording.body}
        for label in self.world.labels.values():
            if label.id in listed:
                self.world.projects[label.project_id].label_ids.append(label.id)

    def _see_stories(self) -> None:
        """The newest full form of each story, and of the lists that hang on it."""
        for recording in self.recordings:
            for one in _objects(recording.body):
                if one.get("kind") == "story" and "owner_ids" in one and "url" in one and "requested_by_id" in one:
                    self.seen[one["id"]] = one
                    for part in ("tasks", "pull_requests"):
                        if part in one:
                            self.parts[one["id"], part] = one[part]
            match = re.fullmatch(r"/projects/\d+/(stories|epics)/(\d+)/(comments|reviews|transitions)", recording.path)
            if match:
                self.parts[int(match[2]), match[3]] = _richer(self.parts.get((int(match[2]), match[3])), recording.body)

    def _listing(self, project: Project) -> list[int]:
        newest: list[int] = []
        for recording in self.recordings:
            if recording.project_id != project.id:
                continue
            total = recording.headers.get("x-tracker-pagination-total")
            selects = {name for name, _ in recording.query} - {"limit"}
            if recording.path.endswith("/stories") and not selects and total == str(len(recording.body)):
                newest = [one["id"] for one in recording.body]
            elif recording.path.endswith("/search") and not newest:
                newest = [one["id"] for one in recording.body["stories"]["stories"]]
        return newest

    def _stories(self, project: Project) -> None:
        project.story_rank = self._listing(project)
        for story_id in project.story_rank:
            self.world.stories[story_id] = self._story(self.seen[story_id])
            for label_id in self.world.stories[story_id].label_ids:
                if label_id not in project.label_ids:
                    project.label_ids.append(label_id)

    def _story(self, values: dict[str, Any]) -> Story:
        plain = (
            "id", "project_id", "name", "requested_by_id", "story_type", "current_state", "description", "estimate",
            "owner_ids", "external_id", "integration_id",
        )  # fmt: skip
        story = Story(
            created_at=_time(values, "created_at"),
            updated_at=_time(values, "updated_at"),
            accepted_at=_optional(values, "accepted_at"),
            deadline=_optional(values, "deadline"),
            story_priority=None,
            label_ids=[label["id"] for label in values["labels"]],
            **{name: values[name] for name in plain if name in values},
        )
        story.tasks = [Task(**_dated(one)) for one in self.parts.get((story.id, "tasks"), [])]
        story.comments = self._comments(story.id)
        story.reviews = [self._review(one) for one in self.parts.get((story.id, "reviews"), [])]
        story.pull_requests = list(self.parts.get((story.id, "pull_requests"), []))
        for one in self.parts.get((story.id, "transitions"), []):
            rest = {name: value for name, value in one.items() if name not in ("kind", "occurred_at")}
            story.transitions.append(Transition(occurred_at=_time(one, "occurred_at"), **rest))
        return story

    def _comments(self, owner_id: int) -> list[Comment]:
        comments = self.parts.get((owner_id, "comments"), [])
        return [Comment(**{"text": None, **_dated(one)}) for one in comments]

    def _review(self, values: dict[str, Any]) -> Review:
        kinds = {"created_at": values["created_at"], "updated_at": values["updated_at"], "project_id": 0}
        kind = values.get("review_type", {"id": values["review_type_id"], "name": "Review", **kinds})
        rest = {k: v for k, v in _dated(values).items() if k not in ("review_type", "review_type_id")}
        dated = {name: value for name, value in _dated(kind).items() if name != "hidden"}
        return Review(review_type=ReviewType(**dated), **rest)

    def _members(self, project: Project) -> None:
        """Everybody seen in the project; the role from /me, else member."""
        ids = {i for one in self.world.listing(project) for i in (*one.owner_ids, one.requested_by_id)}
        ids |= {comment.person_id for one in self.world.listing(project) for comment in one.comments}
        roles = {
            (recording.body["id"], one["project_id"]): one
            for recording in self.at("/me")
            for one in recording.body["projects"]
        }
        ids |= {person_id for person_id, project_id in roles if project_id == project.id}
        for person_id in sorted(ids):
            known = roles.get((person_id, project.id), {})
            project.memberships.append(
                Membership(
                    id=known.get("id") or self.world.next_id(),
                    project_id=project.id,
                    person_id=person_id,
                    role=known.get("role", "member"),
                    created_at=project.created_at,
                    updated_at=project.updated_at,
                    last_viewed_at=_optional(known, "last_viewed_at"),
                )
            )

    def _epics(self) -> None:
        for recording in self.recordings:
            for one in _objects(recording.body):
                if one.get("kind") == "epic" and "created_at" in one.get("label", {}):
                    self._epic(one)

    def _epic(self, values: dict[str, Any]) -> None:
        project = self.world.projects[values["project_id"]]
        epic = Epic(
            id=values["id"],
            project_id=project.id,
            name=values["name"],
            label_id=values["label"]["id"],
            created_at=_time(values, "created_at"),
            updated_at=_time(values, "updated_at"),
            description=values.get("description"),
            comments=self._comments(values["id"]),
        )
        self.world.epics[epic.id] = epic
        if epic.id not in project.epic_rank:
            project.epic_rank.append(epic.id)
        if epic.label_id not in project.label_ids:
            project.label_ids.append(epic.label_id)

    def _activities(self) -> None:
        found: dict[str, dict[str, Any]] = {}
        for recording in self.at(r"(/my|/projects/\d+|/projects/\d+/stories/\d+)/activity"):
            found |= {one["guid"]: one for one in recording.body}
        for one in sorted(found.values(), key=lambda one: int(one["project_version"])):
            project = self.world.projects.get(one["project"]["id"])
            if project:
                project.activities.append(
                    Activity(
                        kind=one["kind"],
                        project_id=project.id,
                        project_name=one["project"]["name"],
                        project_version=one["project_version"],
                        message=one["message"],
                        highlight=one["highlight"],
                        changes=_with_moments(one["changes"]),
                        primary_resources=one["primary_resources"],
                        performed_by=one["performed_by"],
                        occurred_at=_time(one, "occurred_at"),
                    )
                )

    def _workspaces_and_notifications(self) -> None:
        for recording in self.at(r"/my/workspaces(/\d+)?"):
            for one in recording.body if isinstance(recording.body, list) else [recording.body]:
                ids = one.get("project_ids") or [project["id"] for project in one["projects"]]
                self.world.workspaces[one["id"]] = Workspace(one["id"], one["name"], one["person_id"], ids)
        person_id = next(self.at("/me")).body["id"]
        for one in [one for recording in self.at("/my/notifications") for one in recording.body]:
            self.world.notifications.append(
                Notification(
                    id=one["id"],
                    project_id=one["project"]["id"],
                    performer_id=one["performer"]["id"],
                    person_id=person_id,
                    message=one["message"],
                    action=one["action"],
                    story_id=one["story"]["id"],
                    created_at=_time(one, "created_at"),
                    updated_at=_time(one, "updated_at"),
                    comment_id=one.get("comment_id"),
                    context=one.get("context"),
                    new_attachment_count=one.get("new_attachment_count"),
                    notification_type=one["notification_type"],
                )
            )


def _richer(known: Body, newer: Body) -> Body:
    """The newer list, unless it says less about the same things (reviews with and without their type)."""
    if known and newer and known[0].keys() > newer[0].keys():
        return known
    return newer


def _dated(values: dict[str, Any]) -> dict[str, Any]:
    """The members of an object with its times read, without `kind`."""
    dated = {name: value for name, value in values.items() if name != "kind"}
    return dated | {"created_at": _time(values, "created_at"), "updated_at": _time(values, "updated_at")}


def _with_moments(value: Body, name: str = "") -> Any:
    """A recorded change whose times are told from other texts."""
    if isinstance(value, dict):
        return {key: _with_moments(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_moments(one) for one in value]
    if isinstance(value, str) and (name.endswith("_at") or name == "deadline"):
        return parse_time(value)
    return value

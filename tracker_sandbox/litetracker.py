"""Plays LiteTracker, a live server with an API of the same shape, as far as its public clients show it.

Names are `title`, pages of stories hold at most 50, there are neither versions nor pagination headers, neither
`fields` nor epics, iterations or releases, and parameters that it doesn't know are ignored.
"""

from __future__ import annotations

from typing import TypeVar

from tracker_sandbox.api import Answer, Api, Call, endpoint
from tracker_sandbox.entities import Person, Project, Story
from tracker_sandbox.fields import parse_fields
from tracker_sandbox.history import ACTIVITY_PAGES
from tracker_sandbox.params import Paging
from tracker_sandbox.project_members import ME, PROJECT, visible_projects
from tracker_sandbox.render import Member, Resource, attribute, moment, plain
from tracker_sandbox.resources import ACTIVITY, LABEL, MEMBERSHIP
from tracker_sandbox.selection import select_stories
from tracker_sandbox.state import World
from tracker_sandbox.stories import STORY

T = TypeVar("T")
LITE_PAGES = Paging(50, 50)
_SELECTING = {"with_state", "with_label", "with_story_type", "updated_after", "limit", "offset"}


def _of(resource: Resource[T], *names: str) -> list[Member[T]]:
    """Members of Tracker's own resource, in its order, all of them by default."""
    chosen = [member for member in resource.members if member.name in names]
    return [Member(member.name, member.get) for member in chosen]


LITE_STORY: Resource[Story] = Resource(
    plain("title", lambda _, story: story.name),
    *_of(STORY, "id", "created_at", "updated_at", "estimate", "story_type", "story_priority", "description"),
    *_of(STORY, "current_state", "requested_by_id", "url", "owner_ids", "owners", "labels"),
)

LITE_PROJECT: Resource[Project] = Resource(
    attribute("id"),
    plain("title", lambda _, project: project.name),
    *_of(PROJECT, "description", "point_scale", "public", "time_zone"),
    moment("created_at"),
    moment("updated_at"),
)

LITE_ME: Resource[Person] = Resource(
    *_of(ME, "id", "name", "initials", "username", "email"),
    plain(
        "projects",
        lambda view, person: [
            {"project_id": project.id, "project_name": project.name, "role": membership.role}
            for project, membership in visible_projects(view, person)
        ],
    ),
)


def _me(call: Call) -> Answer:
    return Answer(LITE_ME.one(call.view, call.reader))


def _projects(call: Call) -> Answer:
    return Answer(LITE_PROJECT.many(call.view, [one for one, _ in visible_projects(call.view, call.reader)]))


def _project(call: Call) -> Answer:
    return Answer(LITE_PROJECT.one(call.view, call.project()))


def _stories(call: Call) -> Answer:
    project = call.project()
    found, _ = call.params.page(select_stories(call.view, project, call.params.only(_SELECTING)), LITE_PAGES)
    return Answer(LITE_STORY.many(call.view, found))


def _story(call: Call) -> Answer:
    return Answer(LITE_STORY.one(call.view, call.story()[1]))


def _labels(call: Call) -> Answer:
    project = call.project()
    return Answer(LABEL.many(call.view, [call.world.labels[i] for i in project.label_ids]))


def _memberships(call: Call) -> Answer:
    return Answer(MEMBERSHIP.many(call.view, call.project().memberships))


def _activity(call: Call) -> Answer:
    after = call.params.time("occurred_after") or 0
    activities = [one for one in reversed(call.project().activities) if one.occurred_at > after]
    found, _ = call.params.page(activities, ACTIVITY_PAGES)
    shown = parse_fields("kind,guid,message,highlight,changes,primary_resources,project,performed_by,occurred_at")
    return Answer(ACTIVITY.many(call.view, found, shown))


_LITE = (
    endpoint("/me", _me),
    endpoint("/projects", _projects),
    endpoint("/projects/{project}", _project),
    endpoint("/projects/{project}/stories", _stories),
    endpoint("/projects/{project}/stories/{story}", _story),
    endpoint("/stories/{story}", _story),
    endpoint("/projects/{project}/labels", _labels),
    endpoint("/projects/{project}/memberships", _memberships),
    endpoint("/projects/{project}/activity", _activity),
)


def lite_api(world: World) -> Api:
    """An API over the same world that answers as LiteTracker does."""
    return Api(world, _LITE, strict=False)

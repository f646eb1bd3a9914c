"""The endpoints of the API, from /me to /search, and the table of their paths."""

from __future__ import annotations

from collections.abc import Sequence

from tracker_sandbox.api import Answer, Call, Endpoint, endpoint
from tracker_sandbox.entities import Epic, Label, Project, Story
from tracker_sandbox.errors import invalid_parameter, unfound_resource
from tracker_sandbox.fields import DEFAULT, Fields
from tracker_sandbox.history import day_table, list_activity, my_activity, story_activity
from tracker_sandbox.iterations import Iteration, Schedule
from tracker_sandbox.params import Page, Paging
from tracker_sandbox.project_members import ME, PROJECT, WORKSPACE, visible_projects
from tracker_sandbox.render import Resource
from tracker_sandbox.resources import (
    BLOCKER,
    COMMENT,
    EPIC,
    LABEL,
    MEMBERSHIP,
    NOTIFICATION,
    PERSON,
    REVIEW,
    TASK,
    TRANSITION,
    people,
)
from tracker_sandbox.search import Query
from tracker_sandbox.selection import STORY_PARAMS, select_stories
from tracker_sandbox.stories import RELEASE, STORY, cycle_time, iteration_resource, release_stories

STORY_PAGES = Paging(100, 500)
ITERATION_PAGES = Paging(10, 50)
OTHER_PAGES = Paging(100, 500)
_PAGE = frozenset({"limit", "offset"})
_SCOPES = ("done", "current", "backlog", "current_backlog", "done_current")


def _me(call: Call) -> Answer:
    return Answer(ME.one(call.view, call.reader, call.params.fields()))


def _projects(call: Call) -> Answer:
    accounts = call.params.integers("account_ids")
    projects = [project for project, _ in visible_projects(call.view, call.reader)]
    if accounts is not None:
        projects = [project for project in projects if project.account_id in accounts]
    return Answer(PROJECT.many(call.view, projects, call.params.fields()))


def _project(call: Call) -> Answer:
    project = call.project()
    return Answer(PROJECT.one(call.view, project, call.params.fields()), project)


def _stories(call: Call) -> Answer:
    project = call.project()
    found, page = call.params.page(select_stories(call.view, project, call.params), STORY_PAGES)
    return Answer(STORY.many(call.view, found, call.params.fields()), project, page)


def _bulk(call: Call) -> Answer:
    project = call.project()
    ids = call.params.integers("ids")
    if ids is None:
        raise invalid_parameter("The parameter 'ids' is missing.")
    if len(ids) > STORY_PAGES.maximum:
        raise invalid_parameter(f"At most {STORY_PAGES.maximum} ids can be asked for at once.")
    stories = [call.world.stories[i] for i in dict.fromkeys(ids) if i in call.world.stories]
    here = [story for story in stories if story.project_id == project.id]
    return Answer(STORY.many(call.view, here, call.params.fields()), project)


def _story(call: Call) -> Answer:
    project, story = call.story()
    return Answer(STORY.one(call.view, story, call.params.fields()), project)


def _tasks(call: Call) -> Answer:
    project, story = call.story()
    return Answer(TASK.many(call.view, story.tasks, call.params.fields()), project)


def _comments(call: Call) -> Answer:
    project, story = call.story()
    return Answer(COMMENT.many(call.view, story.comments, call.params.fields()), project)


def _comment(call: Call) -> Answer:
    project, story = call.story()
    wanted = call.id_of("comment")
    comment = next((one for one in story.comments if one.id == wanted), None)
    if comment is None:
        raise unfound_resource()
    return Answer(COMMENT.one(call.view, comment, call.params.fields()), project)


def _owners(call: Call) -> Answer:
    project, story = call.story()
    return Answer(PERSON.many(call.view, people(call.view, story.owner_ids), call.params.fields()), project)


def _story_labels(call: Call) -> Answer:
    project, story = call.story()
    return Answer(LABEL.many(call.view, _sorted(call, story.label_ids), call.params.fields()), project)


def _blockers(call: Call) -> Answer:
    project, story = call.story()
    return Answer(BLOCKER.many(call.view, story.blockers, call.params.fields()), project)


def _reviews(call: Call) -> Answer:
    project, story = call.story()
    return Answer(REVIEW.many(call.view, story.reviews, call.params.fields()), project)


def _transitions(call: Call) -> Answer:
    project, story = call.story()
    found, page = call.params.page(story.transitions, OTHER_PAGES)
    return Answer(TRANSITION.many(call.view, found, call.params.fields()), project, page)


def _epics(call: Call) -> Answer:
    project = call.project()
    epics = [call.world.epics[i] for i in project.epic_rank]
    query = call.params.text("filter")
    if query is not None:
        epics = Query(query).epics(call.view, project)
    return Answer(EPIC.many(call.view, epics, call.params.fields()), project)


def _find_epic(call: Call) -> tuple[Project, Epic]:
    epic = call.world.epics.get(call.id_of("epic"))
    if "project" in call.ids:
        project = call.project()
        if epic is None or epic.project_id != project.id:
            raise unfound_resource()
        return project, epic
    if epic is None:
        raise unfound_resource()
    return call.readable(call.world.projects[epic.project_id]), epic


def _epic(call: Call) -> Answer:
    project, epic = _find_epic(call)
    return Answer(EPIC.one(call.view, epic, call.params.fields()), project)


def _epic_comments(call: Call) -> Answer:
    project, epic = _find_epic(call)
    return Answer(COMMENT.many(call.view, epic.comments, call.params.fields()), project)


def _epic_comment(call: Call) -> Answer:
    project, epic = _find_epic(call)
    wanted = call.id_of("comment")
    comment = next((one for one in epic.comments if one.id == wanted), None)
    if comment is None:
        raise unfound_resource()
    return Answer(COMMENT.one(call.view, comment, call.params.fields()), project)


def _sorted(call: Call, label_ids: Sequence[int]) -> list[Label]:
    return sorted((call.world.labels[i] for i in label_ids), key=lambda label: label.name)


def _labels(call: Call) -> Answer:
    project = call.project()
    return Answer(LABEL.many(call.view, _sorted(call, project.label_ids), call.params.fields()), project)


def _label(call: Call) -> Answer:
    project = call.project()
    label = call.world.labels.get(call.id_of("label"))
    if label is None or label.project_id != project.id:
        raise unfound_resource()
    return Answer(LABEL.one(call.view, label, call.params.fields()), project)


def _memberships(call: Call) -> Answer:
    project = call.project()
    memberships = list(project.memberships)
    if call.params.one_of("sort_by", ("name",)):
        memberships.sort(key=lambda one: call.world.people[one.person_id].name)
    return Answer(MEMBERSHIP.many(call.view, memberships, call.params.fields()), project)


def _resource(call: Call, project: Project, schedule: Schedule) -> Resource[Iteration]:
    return iteration_resource(project.id, schedule.velocity, call.params.text("label"))


def _iterations(call: Call) -> Answer:
    project = call.project()
    schedule = call.view.schedule(project)
    scope = call.params.one_of("scope", _SCOPES)
    of_scope = {
        None: schedule.iterations,
        "done": schedule.done,
        "current": [schedule.current],
        "backlog": schedule.backlog,
        "current_backlog": [schedule.current, *schedule.backlog],
        "done_current": [*schedule.done, schedule.current],
    }
    iterations = of_scope[scope]
    offset = call.params.integer("offset") or 0
    page: Page | None = None
    if scope == "done" and offset < 0:
        iterations, page = _last_iterations(iterations, call.params.limit(ITERATION_PAGES), offset)
    else:
        iterations, page = call.params.page(iterations, ITERATION_PAGES)
    resource = _resource(call, project, schedule)
    data = resource.many(call.view, iterations, call.params.fields())
    return Answer(data, project, None if scope == "current" else page)


def _last_iterations(done: list[Iteration], limit: int, offset: int) -> tuple[list[Iteration], Page]:
    """A negative offset counts back from the current iteration, and is echoed as it was given."""
    found = done[offset:][:limit]
    return found, Page(len(done), limit, offset, len(found))


def _find_iteration(call: Call, project: Project) -> tuple[Schedule, Iteration]:
    schedule = call.view.schedule(project)
    number = call.id_of("iteration")
    if not 1 <= number <= len(schedule.iterations):
        raise unfound_resource()
    return schedule, schedule.iterations[number - 1]


def _iteration(call: Call) -> Answer:
    project = call.project()
    schedule, iteration = _find_iteration(call, project)
    data = _resource(call, project, schedule).one(call.view, iteration, call.params.fields())
    return Answer(data, project)


def _cycle_times(call: Call) -> Answer:
    project = call.project()
    _, iteration = _find_iteration(call, project)
    return Answer([cycle_time(call.view, story) for story in iteration.stories], project)


def _iteration_days(call: Call) -> Answer:
    project = call.project()
    _, iteration = _find_iteration(call, project)
    return Answer(day_table(call.view, project, iteration), project)


def _releases(call: Call) -> Answer:
    project = call.project()
    releases = [story for story in call.world.listing(project) if story.story_type == "release"]
    state = call.params.text("with_state")
    if state is not None:
        releases = [story for story in releases if story.current_state == state]
    found, page = call.params.page(releases, OTHER_PAGES)
    return Answer(RELEASE.many(call.view, found, call.params.fields()), project, page)


def _find_release(call: Call) -> tuple[Project, Story]:
    project = call.project()
    story = call.world.stories.get(call.id_of("release"))
    if story is None or story.project_id != project.id or story.story_type != "release":
        raise unfound_resource()
    return project, story


def _release(call: Call) -> Answer:
    project, release = _find_release(call)
    return Answer(RELEASE.one(call.view, release, call.params.fields()), project)


def _release_stories(call: Call) -> Answer:
    project, release = _find_release(call)
    stories = release_stories(call.view, release)
    return Answer(STORY.many(call.view, stories, call.params.fields()), project)


def _search(call: Call) -> Answer:
    project = call.project()
    text = call.params.text("query")
    if text is None:
        raise invalid_parameter("The parameter 'query' is missing.")
    query = Query(text)
    stories, epics = query.stories(call.view, project), query.epics(call.view, project)
    total = sum(story.estimate or 0 for story in stories)
    completed = sum(story.estimate or 0 for story in stories if story.current_state == "accepted")
    within = call.params.fields()
    return Answer(
        {
            "stories": {
                "stories": STORY.many(call.view, stories, _inner(within, "stories")),
                "total_points": int(total),
                "total_points_completed": int(completed),
                "total_hits": len(stories),
                "total_hits_with_done": len(query.with_done(call.view, project)),
            },
            "epics": {
                "epics": EPIC.many(call.view, epics, _inner(within, "epics")),
                "total_hits": len(epics),
            },
            "query": text,
        },
        project,
    )


def _inner(fields: Fields, name: str) -> Fields:
    """Search results are nested one level deeper: fields=stories(stories(id))."""
    outer = fields.members.get(name)
    return (outer.members.get(name) if outer else None) or DEFAULT


def _notifications(call: Call) -> Answer:
    mine = [one for one in call.world.notifications if one.person_id == call.reader.id]
    return Answer(NOTIFICATION.many(call.view, mine, call.params.fields()))


def _workspaces(call: Call) -> Answer:
    mine = [one for one in call.world.workspaces.values() if one.person_id == call.reader.id]
    return Answer(WORKSPACE.many(call.view, mine, call.params.fields()))


def _workspace(call: Call) -> Answer:
    workspace = call.world.workspaces.get(call.id_of("workspace"))
    if workspace is None or workspace.person_id != call.reader.id:
        raise unfound_resource()
    return Answer(WORKSPACE.one(call.view, workspace, call.params.fields()))


_FEED = frozenset({"limit", "offset", "since_version", "occurred_before", "occurred_after", "sort_order"})
_STORY_PARTS = {
    "": (_story, frozenset[str]()),
    "/tasks": (_tasks, frozenset[str]()),
    "/comments": (_comments, frozenset[str]()),
    "/comments/{comment}": (_comment, frozenset[str]()),
    "/owners": (_owners, frozenset[str]()),
    "/labels": (_story_labels, frozenset[str]()),
    "/blockers": (_blockers, frozenset[str]()),
    "/reviews": (_reviews, frozenset[str]()),
    "/transitions": (_transitions, _PAGE),
    "/activity": (story_activity, _FEED),
}

ENDPOINTS: tuple[Endpoint, ...] = (
    endpoint("/me", _me),
    endpoint("/my/activity", my_activity, _FEED),
    endpoint("/my/notifications", _notifications),
    endpoint("/my/workspaces", _workspaces),
    endpoint("/my/workspaces/{workspace}", _workspace),
    endpoint("/projects", _projects, {"account_ids"}),
    endpoint("/projects/{project}", _project),
    endpoint("/projects/{project}/stories", _stories, STORY_PARAMS),
    endpoint("/projects/{project}/stories/bulk", _bulk, {"ids"}),
    *(
        endpoint(f"/projects/{{project}}/stories/{{story}}{rest}", handler, params)
        for rest, (handler, params) in _STORY_PARTS.items()
    ),
    endpoint("/stories/{story}", _story),
    endpoint("/projects/{project}/epics", _epics, {"filter"}),
    endpoint("/projects/{project}/epics/{epic}", _epic),
    endpoint("/projects/{project}/epics/{epic}/comments", _epic_comments),
    endpoint("/projects/{project}/epics/{epic}/comments/{comment}", _epic_comment),
    endpoint("/epics/{epic}", _epic),
    endpoint("/projects/{project}/labels", _labels),
    endpoint("/projects/{project}/labels/{label}", _label),
    endpoint("/projects/{project}/memberships", _memberships, {"sort_by"}),
    endpoint("/projects/{project}/iterations", _iterations, {*_PAGE, "scope", "label"}),
    endpoint("/projects/{project}/iterations/{iteration}", _iteration, {"label"}),
    endpoint("/projects/{project}/iterations/{iteration}/analytics/cycle_time_details", _cycle_times),
    endpoint("/projects/{project}/history/iterations/{iteration}/days", _iteration_days),
    endpoint("/projects/{project}/releases", _releases, {*_PAGE, "with_state"}),
    endpoint("/projects/{project}/releases/{release}", _release),
    endpoint("/projects/{project}/releases/{release}/stories", _release_stories),
    endpoint("/projects/{project}/activity", list_activity, _FEED),
    endpoint("/projects/{project}/search", _search, {"query"}),
)

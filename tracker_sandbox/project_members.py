"""Members of projects and of the answer to /me."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tracker_sandbox.entities import Epic, Json, Label, Membership, Person, Project, Values, Workspace
from tracker_sandbox.iterations import first_start
from tracker_sandbox.render import Member, Resource, View, attribute, kind, moment, plain
from tracker_sandbox.resources import EPIC, LABEL, MEMBERSHIP


def time_zone(view: View, name: str) -> Values:
    """A time zone with its offset at the present, such as -07:00."""
    now = datetime.fromtimestamp(view.world.clock.now(), UTC).astimezone(ZoneInfo(name))
    text = now.strftime("%z")
    return {"kind": "time_zone", "olson_name": name, "offset": f"{text[:3]}:{text[3:]}"}


def _labels(view: View, project: Project) -> list[Label]:
    return sorted((view.world.labels[i] for i in project.label_ids), key=lambda label: label.name)


def _epics(view: View, project: Project) -> list[Epic]:
    return [view.world.epics[i] for i in project.epic_rank]


def _status(_: View, project: Project) -> str:
    return "archived" if project.archived else "active"


def _account(_: View, project: Project) -> Json:
    return {
        "kind": "account_summary",
        "id": project.account_id,
        "name": "Kestrel Bikes",
        "status": "active",
        "plan": "Free",
    }


def _only_with_priority(_: View, project: Project) -> bool | None:
    return True if project.shows_priority else None


PROJECT: Resource[Project] = Resource(
    attribute("id"),
    kind("project"),
    attribute("name"),
    plain("status", _status, default=False),
    attribute("version"),
    attribute("iteration_length"),
    attribute("week_start_day"),
    attribute("point_scale"),
    attribute("point_scale_is_custom"),
    attribute("bugs_and_chores_are_estimatable"),
    attribute("automatic_planning"),
    plain("enable_tasks", lambda *_: True),
    plain("time_zone", lambda view, project: time_zone(view, project.time_zone)),
    attribute("velocity_averaged_over"),
    plain("number_of_done_iterations_to_show", lambda *_: 12),
    plain("has_google_domain", lambda *_: False),
    attribute("description"),
    attribute("profile_content"),
    plain("enable_incoming_emails", lambda *_: True),
    attribute("initial_velocity"),
    attribute("public"),
    plain("atom_enabled", lambda *_: False),
    attribute("project_type"),
    attribute("start_date"),
    plain("start_time", lambda view, project: view.when(first_start(project))),
    moment("created_at"),
    moment("updated_at"),
    Member("epics", lambda view, one, fields: EPIC.many(view, _epics(view, one), fields), default=False),
    plain("epic_ids", lambda _, project: list(project.epic_rank), default=False),
    Member("labels", lambda view, one, fields: LABEL.many(view, _labels(view, one), fields), default=False),
    plain("label_ids", lambda _, project: list(project.label_ids), default=False),
    Member(
        "memberships",
        lambda view, one, fields: MEMBERSHIP.many(view, one.memberships, fields),
        default=False,
    ),
    plain("membership_ids", lambda _, project: [one.id for one in project.memberships], default=False),
    plain("story_ids", lambda view, project: [one.id for one in view.world.listing(project)], default=False),
    plain("integrations", lambda *_: [], default=False),
    plain("iteration_override_numbers", lambda *_: [], default=False),
    plain("shown_iterations_start_time", lambda view, one: view.when(first_start(one)), default=False),
    plain("account", _account, default=False),
    attribute("account_id"),
    plain("current_iteration_number", lambda view, project: view.schedule(project).current_number),
    plain("current_velocity", lambda view, project: view.schedule(project).velocity, default=False),
    plain("enable_following", lambda *_: True),
    plain("show_story_priority", _only_with_priority),
    plain("show_priority_icon", _only_with_priority),
    plain("show_priority_icon_in_all_panels", _only_with_priority),
)


def visible_projects(view: View, person: Person) -> list[tuple[Project, Membership]]:
    """The active projects of a person, with the membership in each."""
    found = []
    for project in view.world.projects.values():
        membership = view.world.membership(project, person.id)
        if membership and not project.deleted and not project.archived:
            found.append((project, membership))
    return found


def _summaries(view: View, person: Person) -> list[Json]:
    return [_summary(view, project, one) for project, one in visible_projects(view, person)]


def _summary(view: View, project: Project, membership: Membership) -> Values:
    answer: Values = {
        "kind": "membership_summary",
        "id": membership.id,
        "project_id": project.id,
        "project_name": project.name,
        "project_color": membership.project_color,
        "favorite": False,
        "role": membership.role,
    }
    if membership.last_viewed_at is not None:
        answer["last_viewed_at"] = view.when(membership.last_viewed_at)
    return answer


def _known(view: View, workspace: Workspace) -> list[Project]:
    return [view.world.projects[i] for i in workspace.project_ids if i in view.world.projects]


WORKSPACE: Resource[Workspace] = Resource(
    kind("workspace"),
    Member("projects", lambda view, one, fields: PROJECT.many(view, _known(view, one), fields), default=False),
    attribute("id"),
    attribute("name"),
    attribute("person_id"),
    attribute("project_ids"),
)

ME: Resource[Person] = Resource(
    kind("me"),
    attribute("id"),
    attribute("name"),
    attribute("initials"),
    attribute("username"),
    plain("time_zone", lambda view, person: time_zone(view, person.time_zone)),
    plain("api_token", lambda view, person: view.world.token_of(person.id)),
    plain("has_google_identity", lambda *_: False),
    plain("projects", _summaries),
    attribute("email"),
    plain("receives_in_app_notifications", lambda *_: True),
    moment("created_at"),
    moment("updated_at"),
)

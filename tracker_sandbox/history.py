"""What happened: activity feeds, and the table of a past iteration's days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tracker_sandbox.api import Answer, Call
from tracker_sandbox.clock import DAY
from tracker_sandbox.entities import Activity, Project, Story, Values
from tracker_sandbox.iterations import Iteration
from tracker_sandbox.params import Paging
from tracker_sandbox.project_members import visible_projects
from tracker_sandbox.render import View
from tracker_sandbox.resources import ACTIVITY

ACTIVITY_PAGES = Paging(100, 500)
_COLUMNS = (
    "accepted", "delivered", "finished", "started", "rejected", "planned", "unstarted", "unscheduled",
)  # fmt: skip


def _kept(call: Call, project: Project) -> list[Activity]:
    """The project's activities that the feed still reaches, oldest first."""
    days = call.world.history_days
    if days is None:
        return list(project.activities)
    oldest = call.world.clock.now() - days * DAY
    return [activity for activity in project.activities if activity.occurred_at >= oldest]


def _feed(call: Call, activities: list[Activity], project: Project | None) -> Answer:
    params = call.params
    since = params.integer("since_version")
    before, after = params.time("occurred_before"), params.time("occurred_after")
    found = [
        activity
        for activity in activities
        if (since is None or activity.project_version > since)
        and (before is None or activity.occurred_at < before)
        and (after is None or activity.occurred_at > after)
    ]
    if params.one_of("sort_order", ("asc", "desc")) != "asc":
        found.reverse()
    shown, page = params.page(found, ACTIVITY_PAGES)
    return Answer(ACTIVITY.many(call.view, shown, params.fields()), project, page)


def list_activity(call: Call) -> Answer:
    """A project's feed, newest first."""
    project = call.project()
    return _feed(call, _kept(call, project), project)


def story_activity(call: Call) -> Answer:
    """What happened to one story."""
    project, story = call.story()
    mine = [activity for activity in _kept(call, project) if _concerns(activity, story)]
    return _feed(call, mine, project)


def _concerns(activity: Activity, story: Story) -> bool:
    return any(one.get("id") == story.id for one in activity.primary_resources)


def my_activity(call: Call) -> Answer:
    """What happened in all of the reader's projects."""
    mine = [one for project, _ in visible_projects(call.view, call.reader) for one in _kept(call, project)]
    mine.sort(key=lambda activity: activity.occurred_at)
    return _feed(call, mine, None)


def day_table(view: View, project: Project, iteration: Iteration) -> Values:
    """For each past day of the iteration: points, then numbers, of the iteration's stories per state."""
    zone = ZoneInfo(project.time_zone)
    day = datetime.fromtimestamp(iteration.start, UTC).astimezone(zone)
    rows: list[list[str | int | float]] = []
    last = min(iteration.finish, view.world.clock.now())
    while day.timestamp() < last:
        evening = int((day + timedelta(days=1)).timestamp())
        states = [(_state_at(story, evening), story.estimate or 0) for story in iteration.stories]
        sums = [float(sum(points for state, points in states if state == column)) for column in _COLUMNS]
        counts = [sum(state == column for state, _ in states) for column in _COLUMNS]
        rows.append([day.strftime("%Y-%m-%d"), *sums, *counts])
        day += timedelta(days=1)
    header = ["date", *(f"points_{name}" for name in _COLUMNS), *(f"counts_{name}" for name in _COLUMNS)]
    return {"kind": "daily_history_container", "header": header, "data": rows}


def _state_at(story: Story, moment: int) -> str:
    """The story's state at that moment, as far as its transitions tell."""
    if moment < story.created_at:
        return ""
    earlier = [step.state for step in story.transitions if step.occurred_at < moment]
    if earlier:
        return earlier[-1]
    return "unstarted" if story.transitions else story.current_state

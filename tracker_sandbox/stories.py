"""Members of stories, releases and iterations."""

from __future__ import annotations

import re
from collections.abc import Callable

from tracker_sandbox.entities import Json, Story, Values
from tracker_sandbox.iterations import Iteration, points
from tracker_sandbox.render import Member, Resource, View, attribute, kind, moment, number, plain
from tracker_sandbox.resources import BLOCKER, COMMENT, LABEL, PERSON, REVIEW, TASK, TRANSITION, people

_REFERENCE = re.compile(r"#(\d{1,18})")
_CYCLE_STATES = ("started", "finished", "delivered", "rejected")


def cycle_time(view: View, story: Story) -> Values:
    """How long the story was in each state of work, in milliseconds, and how often it entered it."""
    answer: Values = {"kind": "cycle_time_details"}
    steps = story.transitions
    now = view.world.clock.now()
    ends = [step.occurred_at for step in steps[1:]] + [now]
    begun = [step.occurred_at for step in steps if step.state in _CYCLE_STATES]
    if begun:
        end = story.accepted_at or view.world.clock.now()
        answer["total_cycle_time"] = (end - begun[0]) * 1000
    for state in _CYCLE_STATES:
        spans = [end - step.occurred_at for step, end in zip(steps, ends, strict=False) if step.state == state]
        answer[f"{state}_time"] = sum(spans) * 1000
        answer[f"{state}_count"] = len(spans)
    answer["story_id"] = story.id
    return answer


def release_stories(view: View, release: Story) -> list[Story]:
    """The stories that must be done for the release: those before it, after the release before it."""
    project = view.world.projects[release.project_id]
    order = view.world.listing(project)
    return view.world.remember(project, "releases", project.version, lambda: _by_release(order))[release.id]


def _by_release(order: list[Story]) -> dict[int, list[Story]]:
    found: dict[int, list[Story]] = {}
    since_last: list[Story] = []
    for story in order:
        if story.story_type == "release":
            found[story.id], since_last = since_last, []
        else:
            since_last.append(story)
    return found


def _of_release(get: Callable[[View, list[Story]], Json]) -> Callable[[View, Story], Json]:
    def fetch(view: View, story: Story) -> Json:
        return get(view, release_stories(view, story)) if story.story_type == "release" else None

    return fetch


def _projected_completion(view: View, story: Story) -> Json:
    if story.story_type != "release" or story.current_state in ("accepted", "unscheduled"):
        return None
    schedule = view.schedule(view.world.projects[story.project_id])
    return view.when(schedule.finish_of(lambda one: one.id == story.id))


def _accepted(stories: list[Story]) -> list[Story]:
    return [story for story in stories if story.current_state == "accepted"]


def _progress(name: str, get: Callable[[View, list[Story]], Json]) -> Member[Story]:
    return plain(name, _of_release(get), default=False)


def _release_members() -> tuple[Member[Story], ...]:
    return (
        plain("projected_completion", _projected_completion, default=False),
        _progress("points_accepted", lambda _, stories: number(float(points(_accepted(stories))))),
        _progress("points_total", lambda _, stories: number(float(points(stories)))),
        _progress("counts_accepted", lambda _, stories: len(_accepted(stories))),
        _progress("counts_total", lambda _, stories: len(stories)),
    )


def _neighbour(view: View, story: Story, step: int) -> int | None:
    project = view.world.projects[story.project_id]
    place = view.places(project)[story.id] + step
    return project.story_rank[place] if 0 <= place < len(project.story_rank) else None


def _blocked_by(view: View, story: Story) -> list[int]:
    """The stories that name this one, as #id, in a blocker that is not resolved."""
    project = view.world.projects[story.project_id]
    order = view.world.listing(project)
    return view.world.remember(project, "blocked", project.version, lambda: _blocked(order)).get(story.id, [])


def _blocked(order: list[Story]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for story in order:
        for blocker in story.blockers:
            for number_ in [] if blocker.resolved else _REFERENCE.findall(blocker.description):
                found.setdefault(int(number_), []).append(story.id)
    return found


def _labels(view: View, ids: list[int]) -> list[int]:
    """A story's labels come in the order of their names."""
    return sorted(ids, key=lambda i: view.world.labels[i].name)


def _nested_person(name: str, get: Callable[[Story], int | None]) -> Member[Story]:
    def fetch(view: View, story: Story, fields: object) -> Json:
        person = view.world.people.get(get(story) or 0)
        return PERSON.one(view, person) if person else None

    return Member(name, fetch, default=False)


def _first_owner(story: Story) -> int | None:
    return story.owner_ids[0] if story.owner_ids else None


STORY: Resource[Story] = Resource(
    kind("story"),
    attribute("id"),
    moment("created_at"),
    moment("updated_at"),
    moment("accepted_at"),
    plain("estimate", lambda _, story: number(story.estimate)),
    attribute("story_type"),
    attribute("story_priority"),
    attribute("name"),
    plain("description", lambda _, story: story.description or None),
    attribute("current_state"),
    moment("deadline"),
    attribute("requested_by_id"),
    _nested_person("requested_by", lambda story: story.requested_by_id),
    attribute("external_id"),
    attribute("integration_id"),
    plain("url", lambda view, story: f"{view.world.base_url}/story/show/{story.id}"),
    attribute("project_id"),
    _nested_person("owned_by", _first_owner),
    plain("owner_ids", lambda _, story: list(story.owner_ids)),
    Member(
        "owners",
        lambda view, one, inner: PERSON.many(view, people(view, one.owner_ids), inner),
        default=False,
    ),
    Member(
        "labels",
        lambda view, one, inner: LABEL.many(view, [view.world.labels[i] for i in _labels(view, one.label_ids)], inner),
    ),
    plain("label_ids", lambda view, story: list(_labels(view, story.label_ids)), default=False),
    plain("task_ids", lambda _, story: [one.id for one in story.tasks], default=False),
    Member("tasks", lambda view, story, inner: TASK.many(view, story.tasks, inner), default=False),
    plain("comment_ids", lambda _, story: [one.id for one in story.comments], default=False),
    Member("comments", lambda view, story, inner: COMMENT.many(view, story.comments, inner), default=False),
    plain("follower_ids", lambda _, story: list(story.follower_ids), default=False),
    Member(
        "followers",
        lambda view, story, inner: PERSON.many(view, people(view, story.follower_ids), inner),
        default=False,
    ),
    plain("blocker_ids", lambda _, story: [one.id for one in story.blockers], default=False),
    Member("blockers", lambda view, story, inner: BLOCKER.many(view, story.blockers, inner), default=False),
    plain("blocked_story_ids", _blocked_by, default=False),
    plain("review_ids", lambda _, story: [one.id for one in story.reviews], default=False),
    Member("reviews", lambda view, story, inner: REVIEW.many(view, story.reviews, inner), default=False),
    plain("pull_requests", lambda _, story: list(story.pull_requests), default=False),
    plain("pull_request_ids", lambda _, story: [one["id"] for one in story.pull_requests], default=False),
    plain("branches", lambda *_: [], default=False),
    plain("branch_ids", lambda *_: [], default=False),
    plain("cicd_event_ids", lambda *_: [], default=False),
    plain("before_id", lambda view, story: _neighbour(view, story, 1), default=False),
    plain("after_id", lambda view, story: _neighbour(view, story, -1), default=False),
    Member(
        "transitions",
        lambda view, story, inner: TRANSITION.many(view, story.transitions, inner),
        default=False,
    ),
    plain("cycle_time_details", cycle_time, default=False),
    *_release_members(),
    plain("owned_by_id", lambda _, story: _first_owner(story)),
)

RELEASE: Resource[Story] = Resource(
    kind("release"),
    attribute("id"),
    moment("created_at"),
    moment("updated_at"),
    moment("accepted_at"),
    moment("deadline"),
    attribute("name"),
    plain("description", lambda _, story: story.description or None),
    attribute("current_state"),
    plain("url", lambda view, story: f"{view.world.base_url}/story/show/{story.id}"),
    attribute("project_id"),
    Member(
        "labels",
        lambda view, one, inner: LABEL.many(view, [view.world.labels[i] for i in _labels(view, one.label_ids)], inner),
    ),
    plain("label_ids", lambda view, story: list(_labels(view, story.label_ids)), default=False),
    plain("story_ids", lambda view, story: [one.id for one in release_stories(view, story)], default=False),
    *_release_members(),
)


def iteration_resource(project_id: int, velocity: int, label: str | None) -> Resource[Iteration]:
    """Members of one project's iterations; with a label, only the stories that carry it are shown."""

    def shown(view: View, iteration: Iteration) -> list[Story]:
        if label is None:
            return iteration.stories
        wanted = view.world.label_named(view.world.projects[project_id], label)
        return [story for story in iteration.stories if wanted and wanted.id in story.label_ids]

    return Resource(
        plain("velocity", lambda *_: velocity, default=False),
        plain("points", lambda _, one: number(float(points(one.stories))), default=False),
        plain("accepted_points", lambda _, one: number(float(points(_accepted(one.stories)))), default=False),
        plain("effective_points", lambda _, one: float(points(one.stories)), default=False),
        plain("accepted", lambda _, one: len(_accepted(one.stories)), default=False),
        plain(
            "created",
            lambda _, one: sum(one.start <= story.created_at < one.finish for story in one.stories),
            default=False,
        ),
        attribute("number"),
        plain("project_id", lambda *_: project_id),
        attribute("length"),
        plain("team_strength", lambda *_: 1),
        plain("story_ids", lambda view, one: [story.id for story in shown(view, one)], default=False),
        Member("stories", lambda view, one, inner: STORY.many(view, shown(view, one), inner)),
        moment("start"),
        moment("finish"),
        kind("iteration"),
        always="number",
    )

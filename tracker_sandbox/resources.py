"""Members of people, labels, epics, comments and the other small resources."""

from __future__ import annotations

from collections import Counter

from tracker_sandbox.clock import Moment, iso, millis
from tracker_sandbox.entities import (
    STATES,
    Activity,
    Blocker,
    Comment,
    Epic,
    Json,
    Label,
    Membership,
    Notification,
    Person,
    Review,
    ReviewType,
    Story,
    Task,
    Transition,
    Values,
)
from tracker_sandbox.render import Member, Resource, View, attribute, kind, moment, number, plain

PERSON: Resource[Person] = Resource(
    kind("person"),
    attribute("id"),
    attribute("name"),
    plain("email", lambda view, person: person.email if view.sees_email(person) else None),
    attribute("initials"),
    attribute("username"),
)


def people(view: View, ids: list[int]) -> list[Person]:
    """The people of these ids that this world still knows."""
    return [view.world.people[i] for i in ids if i in view.world.people]


def _counts(states: Counter[str] | dict[str, float]) -> Values:
    return {
        **{state: number(float(states.get(state, 0))) for state in STATES},
        "kind": "counts_by_story_state",
    }


def label_counts(view: View, label: Label) -> Values:
    """How many stories and points the label's carriers have in each state."""
    stories = view.world.stories_with_label(view.world.projects[label.project_id], label.id)
    sums: dict[str, float] = {}
    for story in stories:
        sums[story.current_state] = sums.get(story.current_state, 0) + (story.estimate or 0)
    zero = Counter(story.current_state for story in stories if story.estimate == 0)
    return {
        "number_of_zero_point_stories_by_state": _counts(zero),
        "sum_of_story_estimates_by_state": _counts(sums),
        "number_of_stories_by_state": _counts(Counter(story.current_state for story in stories)),
        "kind": "story_counts",
    }


LABEL: Resource[Label] = Resource(
    attribute("id"),
    attribute("project_id"),
    kind("label"),
    attribute("name"),
    moment("created_at"),
    moment("updated_at"),
    plain("counts", label_counts, default=False),
)

COMMENT: Resource[Comment] = Resource(
    kind("comment"),
    attribute("id"),
    attribute("story_id"),
    attribute("epic_id"),
    attribute("text"),
    attribute("person_id"),
    moment("created_at"),
    moment("updated_at"),
    plain("file_attachments", lambda *_: [], default=False),
    plain("google_attachments", lambda *_: [], default=False),
    plain("file_attachment_ids", lambda *_: [], default=False),
    plain("google_attachment_ids", lambda *_: [], default=False),
    Member(
        "person",
        lambda view, comment, fields: (
            PERSON.one(view, view.world.people[comment.person_id], fields)
            if comment.person_id in view.world.people
            else None
        ),
        default=False,
    ),
)

TASK: Resource[Task] = Resource(
    attribute("id"),
    kind("task"),
    attribute("description"),
    attribute("complete"),
    attribute("story_id"),
    attribute("position"),
    moment("created_at"),
    moment("updated_at"),
)

BLOCKER: Resource[Blocker] = Resource(
    kind("blocker"),
    attribute("id"),
    attribute("story_id"),
    attribute("person_id"),
    attribute("description"),
    attribute("resolved"),
    moment("created_at"),
    moment("updated_at"),
)

REVIEW_TYPE: Resource[ReviewType] = Resource(
    kind("review_type"),
    attribute("id"),
    attribute("project_id"),
    attribute("name"),
    plain("hidden", lambda *_: False),
    moment("created_at"),
    moment("updated_at"),
)

REVIEW: Resource[Review] = Resource(
    kind("review"),
    Member("review_type", lambda view, one, inner: REVIEW_TYPE.one(view, one.review_type, inner), default=False),
    attribute("id"),
    attribute("story_id"),
    plain("review_type_id", lambda _, review: review.review_type.id),
    attribute("reviewer_id"),
    attribute("status"),
    moment("created_at"),
    moment("updated_at"),
)

TRANSITION: Resource[Transition] = Resource(
    kind("story_transition"),
    attribute("state"),
    attribute("story_id"),
    attribute("project_id"),
    attribute("project_version"),
    moment("occurred_at"),
    attribute("performed_by_id"),
    always=None,
)


def carriers(view: View, epic: Epic) -> list[Story]:
    """The epic's stories: those that carry its label."""
    return view.world.stories_with_label(view.world.projects[epic.project_id], epic.label_id)


def done_stories(view: View, epic: Epic) -> list[Story]:
    """The epic's stories in past iterations."""
    current = view.schedule(view.world.projects[epic.project_id]).current
    return [story for story in carriers(view, epic) if story.accepted_at and story.accepted_at < current.start]


def epic_completed_at(view: View, epic: Epic) -> Json:
    """When the last of the epic's stories was accepted, if all are."""
    stories = carriers(view, epic)
    if not stories or any(story.accepted_at is None for story in stories):
        return None
    return view.when(Moment(max(story.accepted_at or 0 for story in stories)))


def epic_projected_completion(view: View, epic: Epic) -> Json:
    """When the last of the epic's stories is expected to be done, if any is still to do."""
    if not any(story.accepted_at is None for story in carriers(view, epic)):
        return None
    schedule = view.schedule(view.world.projects[epic.project_id])
    return view.when(schedule.finish_of(lambda story: epic.label_id in story.label_ids))


def epic_neighbour(view: View, epic: Epic, step: int) -> int | None:
    """The id of the epic so many places further in rank."""
    rank = view.world.projects[epic.project_id].epic_rank
    place = rank.index(epic.id) + step
    return rank[place] if 0 <= place < len(rank) else None


EPIC: Resource[Epic] = Resource(
    attribute("id"),
    kind("epic"),
    moment("created_at"),
    moment("updated_at"),
    attribute("project_id"),
    attribute("name"),
    attribute("label_id", default=False),
    plain("description", lambda _, epic: epic.description or None),
    plain("url", lambda view, epic: f"{view.world.base_url}/epic/show/{epic.id}"),
    Member("label", lambda view, epic, fields: LABEL.one(view, view.world.labels[epic.label_id], fields)),
    plain("comment_ids", lambda _, epic: [comment.id for comment in epic.comments], default=False),
    Member("comments", lambda view, epic, fields: COMMENT.many(view, epic.comments, fields), default=False),
    plain("follower_ids", lambda *_: [], default=False),
    plain("followers", lambda *_: [], default=False),
    plain("before_id", lambda view, epic: epic_neighbour(view, epic, 1), default=False),
    plain("after_id", lambda view, epic: epic_neighbour(view, epic, -1), default=False),
    plain("completed_at", epic_completed_at, default=False),
    plain("projected_completion", epic_projected_completion, default=False),
    plain(
        "past_done_story_estimates",
        lambda view, epic: number(float(sum(story.estimate or 0 for story in done_stories(view, epic)))),
        default=False,
    ),
    plain("past_done_stories_count", lambda view, epic: len(done_stories(view, epic)), default=False),
    plain(
        "past_done_stories_no_point_count",
        lambda view, epic: sum(not story.estimate for story in done_stories(view, epic)),
        default=False,
    ),
)

MEMBERSHIP: Resource[Membership] = Resource(
    kind("project_membership"),
    attribute("id"),
    attribute("project_id"),
    Member("person", lambda view, one, fields: PERSON.one(view, view.world.people[one.person_id], fields)),
    attribute("person_id", default=False),
    attribute("role"),
    attribute("project_color"),
    plain("favorite", lambda *_: False),
    moment("last_viewed_at"),
    plain("wants_comment_notification_emails", lambda *_: True),
    plain("will_receive_mention_notifications_or_emails", lambda *_: True),
    moment("created_at"),
    moment("updated_at"),
)


def times_within(view: View, value: Json) -> Json:
    """A stored change with its times in the form that the reader asked for."""
    if isinstance(value, Moment):
        return millis(value) if view.in_millis else iso(value)
    if isinstance(value, dict):
        return {key: times_within(view, one) for key, one in value.items()}
    if isinstance(value, list):
        return [times_within(view, one) for one in value]
    return value


def _with_addresses(view: View, activity: Activity) -> Json:
    """The primary resources; stories and epics get the address at which they are served now."""
    return [
        {**one, "url": f"{view.world.base_url}/{one['kind']}/show/{one['id']}"}
        if one["kind"] in ("story", "epic")
        else one
        for one in activity.primary_resources
    ]


ACTIVITY: Resource[Activity] = Resource(
    attribute("kind"),
    plain("guid", lambda _, activity: f"{activity.project_id}_{activity.project_version}"),
    attribute("project_version"),
    attribute("message"),
    attribute("highlight"),
    plain("changes", lambda view, activity: times_within(view, activity.changes)),
    plain("primary_resources", _with_addresses),
    plain("secondary_resources", lambda *_: []),
    plain(
        "project",
        lambda _, activity: {"kind": "project", "id": activity.project_id, "name": activity.project_name},
    ),
    attribute("performed_by"),
    moment("occurred_at"),
    always=None,
)


def _performer(view: View, one: Notification) -> Json:
    person = view.world.people[one.performer_id]
    return {"kind": "person", "id": person.id, "name": person.name}


def _story_summary(view: View, one: Notification) -> Json:
    story = view.world.stories.get(one.story_id)
    return {"kind": "story", "id": one.story_id, "name": story.name} if story else None


def _project_summary(view: View, project_id: int) -> Json:
    return {"kind": "project", "id": project_id, "name": view.world.projects[project_id].name}


NOTIFICATION: Resource[Notification] = Resource(
    kind("notification"),
    attribute("id"),
    plain("project", lambda view, one: _project_summary(view, one.project_id)),
    plain("performer", _performer),
    attribute("message"),
    attribute("notification_type"),
    attribute("action"),
    plain("story", _story_summary),
    attribute("comment_id"),
    attribute("context"),
    attribute("new_attachment_count"),
    moment("created_at"),
    moment("updated_at"),
)

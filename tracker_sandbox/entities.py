"""What a Tracker account is made of. Times are whole seconds since the epoch; None means no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tracker_sandbox.clock import Moment

STORY_TYPES = frozenset({"feature", "bug", "chore", "release"})
STATES = ("accepted", "delivered", "finished", "started", "rejected", "planned", "unstarted", "unscheduled")
IN_PROGRESS = frozenset({"delivered", "finished", "started", "rejected", "planned"})
PRIORITIES = ("p0", "p1", "p2", "p3", "none")

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Values: TypeAlias = "dict[str, Json]"


@dataclass(slots=True)
class Person:
    id: int
    name: str
    initials: str
    username: str
    email: str
    created_at: Moment
    updated_at: Moment
    time_zone: str = "Europe/Berlin"


@dataclass(slots=True)
class Membership:
    id: int
    project_id: int
    person_id: int
    role: str
    created_at: Moment
    updated_at: Moment
    project_color: str = "555555"
    last_viewed_at: Moment | None = None


@dataclass(slots=True)
class Label:
    id: int
    project_id: int
    name: str
    created_at: Moment
    updated_at: Moment


@dataclass(slots=True)
class Epic:
    id: int
    project_id: int
    name: str
    label_id: int
    created_at: Moment
    updated_at: Moment
    description: str | None = None
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class Comment:
    id: int
    text: str | None
    person_id: int
    created_at: Moment
    updated_at: Moment
    story_id: int | None = None
    epic_id: int | None = None


@dataclass(slots=True)
class Task:
    id: int
    story_id: int
    description: str
    complete: bool
    position: int
    created_at: Moment
    updated_at: Moment


@dataclass(slots=True)
class Blocker:
    id: int
    story_id: int
    person_id: int
    description: str
    resolved: bool
    created_at: Moment
    updated_at: Moment


@dataclass(slots=True)
class ReviewType:
    id: int
    project_id: int
    name: str
    created_at: Moment
    updated_at: Moment


@dataclass(slots=True)
class Review:
    id: int
    story_id: int
    review_type: ReviewType
    status: str
    created_at: Moment
    updated_at: Moment
    reviewer_id: int | None = None


@dataclass(slots=True)
class Transition:
    state: str
    story_id: int
    project_id: int
    project_version: int
    occurred_at: Moment
    performed_by_id: int


@dataclass(slots=True)
class Story:
    id: int
    project_id: int
    name: str
    requested_by_id: int
    created_at: Moment
    updated_at: Moment
    story_type: str = "feature"
    current_state: str = "unscheduled"
    story_priority: str | None = "none"
    description: str | None = None
    estimate: float | None = None
    accepted_at: Moment | None = None
    deadline: Moment | None = None
    owner_ids: list[int] = field(default_factory=list)
    label_ids: list[int] = field(default_factory=list)
    follower_ids: list[int] = field(default_factory=list)
    integration_id: int | None = None
    external_id: str | None = None
    transitions: list[Transition] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    blockers: list[Blocker] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    pull_requests: list[Values] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class Activity:
    """One change of a project, under exactly one version. Times inside `changes` are of the type Moment."""

    kind: str
    project_id: int
    project_name: str
    project_version: int
    message: str
    highlight: str
    changes: list[Values]
    primary_resources: list[Values]
    performed_by: Values
    occurred_at: Moment


@dataclass(slots=True)
class Project:
    id: int
    name: str
    start_time: Moment
    created_at: Moment
    updated_at: Moment
    account_id: int
    version: int = 1
    description: str | None = None
    profile_content: str | None = None
    iteration_length: int = 1
    week_start_day: str = "Monday"
    point_scale: str = "0,1,2,3"
    point_scale_is_custom: bool = False
    bugs_and_chores_are_estimatable: bool = False
    automatic_planning: bool = True
    time_zone: str = "Europe/Berlin"
    velocity_averaged_over: int = 3
    initial_velocity: int = 10
    public: bool = False
    project_type: str = "private"
    start_date: str | None = None
    shows_priority: bool = True
    api_access: bool = True
    archived: bool = False
    deleted: bool = False
    story_rank: list[int] = field(default_factory=list)
    label_ids: list[int] = field(default_factory=list)
    epic_rank: list[int] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)


@dataclass(slots=True)
class Workspace:
    id: int
    name: str
    person_id: int
    project_ids: list[int]


@dataclass(slots=True)
class Notification:
    id: int
    project_id: int
    performer_id: int
    person_id: int
    message: str
    action: str
    story_id: int
    created_at: Moment
    updated_at: Moment
    comment_id: int | None = None
    context: str | None = None
    new_attachment_count: int | None = None
    notification_type: str = "story"

"""Everything that a story can bring: one row for each field and each date, with what to ask Tracker for it.

Left out on purpose: `kind` and `id` (the External ID column), `name` and `description` (the item's own), `owned_by_id`
(the first of the owners), and what stands in `dates`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, Literal

from integrations.connectors.pivotal_tracker import colours, values
from integrations.connectors.pivotal_tracker.values import Lookups
from integrations.connectors.pivotal_tracker.wire import CycleTime, Number, Story
from integrations.records import Colour, DateSpec, FieldSpec, Progress, StateSpec, Value

#: A listing besides the stories, without which a value can't be read.
Need = Literal["epics", "people", "iterations", "project"]
#: Read a value from what a member of a story holds; not called where it holds nothing.
ReadValue = Callable[[Any, Lookups], Value | None]
ReadDate = Callable[[Any, Lookups], datetime | None]

#: Asked for always.
_BASE: Final = ("name", "description", "current_state", "url")
_BASE_KEYS: Final = {
    "name": "name",
    "title": "name",
    "description": "description",
    "current_state": "state",
    "url": "url",
}


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A field, what to ask Tracker for it, and how to read it.

    `whole` rows are read from all of the story, the others from the member that is asked for.
    """

    spec: FieldSpec
    ask: str
    read: ReadValue
    needs: Need | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class DateRow:
    """A date; as FieldRow."""

    spec: DateSpec
    ask: str
    read: ReadDate
    needs: Need | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Readers:
    """How the values of many stories are read fast: their members all at once, and for each a key and a reader."""

    keys: tuple[str, ...]
    reads: tuple[ReadValue, ...]
    members: Callable[[Story], tuple[object, ...]]

    @classmethod
    def of(cls, rows: Sequence[FieldRow | DateRow]) -> Readers:
        names = ["itself" if row.whole else _member(row) for row in rows]
        # With fewer than two names attrgetter answers no tuple; the two in excess pair with no key.
        return cls(
            keys=tuple(row.spec.key for row in rows),
            reads=tuple(row.read for row in rows),
            members=attrgetter(*names, "id", "id"),
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of the catalogue that a pull wants."""

    fields: Readers
    dates: Readers
    #: The value of Tracker's `fields` parameter.
    ask: str
    needs: frozenset[Need]
    #: Which of our keys suffer when a member of a story can't be read.
    keys_of_members: Mapping[str, tuple[str, ...]]


def select(wanted: frozenset[str]) -> Selection:
    """What to ask and read for these keys. A key that the catalogue does not know is left out."""
    fields = tuple(row for row in FIELDS if row.spec.key in wanted)
    dates = tuple(row for row in DATES if row.spec.key in wanted)
    rows: tuple[FieldRow | DateRow, ...] = (*fields, *dates)
    asked = dict.fromkeys((*_BASE, *(row.ask for row in rows if row.ask)))
    return Selection(
        fields=Readers.of(fields),
        dates=Readers.of(dates),
        ask=",".join(asked),
        needs=frozenset(row.needs for row in rows if row.needs),
        keys_of_members=_keys_of_members(rows),
    )


def states(*, automatic_planning: bool) -> tuple[StateSpec, ...]:
    """The states of a project. Only projects that plan by hand have "planned", which "unstarted" brings along."""
    if automatic_planning:
        return tuple(one for one in _STATES if one.key != "planned")
    return tuple(replace(one, help="Brings “Planned” along.") if one.key == "unstarted" else one for one in _STATES)


def with_planned(chosen: frozenset[str]) -> frozenset[str]:
    """Not begun is both "unstarted" and "planned": who chooses the first gets the second."""
    return chosen | {"planned"} if "unstarted" in chosen else chosen


def _keys_of_members(rows: Iterable[FieldRow | DateRow]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {member: (key,) for member, key in _BASE_KEYS.items()}
    for row in rows:
        found[_member(row)] = (*found.get(_member(row), ()), row.spec.key)
    return found


def _member(row: FieldRow | DateRow) -> str:
    """The member of a story that the row asks for."""
    return row.ask.partition("(")[0]


def _cycle(member: str, read: Callable[[Number], int | float]) -> ReadValue:
    read_member: Callable[[CycleTime], Number | None] = attrgetter(member)

    def read_cycle(details: CycleTime, lookups: Lookups) -> int | float | None:
        value = read_member(details)
        return None if value is None else read(value)

    return read_cycle


def _closed(key: str, label: str, labels: Mapping[str, str], shades: Mapping[str, Colour]) -> FieldSpec:
    return FieldSpec(key, label, "choice", options=tuple(labels.values()), colours=shades)


def _in_days(key: str, label: str, member: str) -> FieldRow:
    spec = FieldSpec(key, label, "number", "In days.")
    return FieldRow(spec, "cycle_time_details", _cycle(member, values.read_days))


def _how_often(key: str, label: str, member: str) -> FieldRow:
    spec = FieldSpec(key, label, "number", "How often the story came into this state.")
    return FieldRow(spec, "cycle_time_details", _cycle(member, values.read_number))


def _how_many(key: str, label: str, member: str, help: str = "How many.") -> FieldRow:  # noqa: A002  # FieldSpec's word
    return FieldRow(FieldSpec(key, label, "number", help), member, values.count)


def _of_release(key: str, label: str) -> FieldRow:
    return FieldRow(FieldSpec(key, label, "number", _RELEASES), key, values.number)


_RELEASES: Final = "Releases only."
_FORECAST: Final = "Of iterations to come it is Tracker's forecast."

_STATES: Final = (
    StateSpec("unscheduled", "Unscheduled (Icebox)", "later"),
    StateSpec("unstarted", "Unstarted", "next"),
    StateSpec("planned", "Planned", "next"),
    StateSpec("started", "Started", "doing"),
    StateSpec("finished", "Finished", "doing"),
    StateSpec("delivered", "Delivered", "doing"),
    StateSpec("rejected", "Rejected", "doing"),
    StateSpec("accepted", "Accepted", "done"),
)

FIELDS: Final[tuple[FieldRow, ...]] = (
    FieldRow(_closed("type", "Story Type", values.TYPE_LABELS, colours.TYPES), "story_type", values.story_type),
    FieldRow(_closed("state", "State", values.STATE_LABELS, colours.STATES), "current_state", values.state),
    FieldRow(
        _closed("priority", "Story Priority", values.PRIORITY_LABELS, colours.PRIORITIES),
        "story_priority",
        values.priority,
    ),
    FieldRow(FieldSpec("estimate", "Estimate", "number", "In points."), "estimate", values.number),
    FieldRow(FieldSpec("labels", "Labels", "choices"), "labels(name)", values.labels),
    FieldRow(
        FieldSpec("epics", "Epics", "choices", "The epics whose label the story has."),
        "labels(name)",
        values.epics,
        "epics",
    ),
    FieldRow(FieldSpec("owners", "Owners", "choices"), "owner_ids", values.owners, "people", whole=True),
    FieldRow(FieldSpec("requester", "Requester", "choice"), "requested_by_id", values.requester, "people", whole=True),
    FieldRow(FieldSpec("followers", "Followers", "choices"), "follower_ids", values.followers, "people"),
    FieldRow(FieldSpec("project", "Project", "choice"), "", values.project, "project", whole=True),
    FieldRow(
        FieldSpec("iteration", "Iteration", "number", f"Its number. {_FORECAST}"),
        "",
        values.iteration,
        "iterations",
        whole=True,
    ),
    FieldRow(FieldSpec("url", "Tracker URL", "link"), "url", values.url),
    FieldRow(
        FieldSpec("external_id", "Linked External ID", "text", "Of what the story is linked with elsewhere."),
        "external_id",
        values.external_id,
    ),
    FieldRow(
        FieldSpec("integration", "Linked Integration", "text", "The number of Tracker's own integration."),
        "integration_id",
        values.integration,
    ),
    FieldRow(FieldSpec("tasks", "Tasks", "text", "Done and all, such as 2/5."), "tasks(complete)", values.tasks),
    _how_many("comments", "Comments", "comment_ids"),
    FieldRow(FieldSpec("blockers", "Open Blockers", "number", "How many."), "blockers(resolved)", values.open_blockers),
    _how_many("blocks", "Stories Blocked", "blocked_story_ids", "How many stories wait for this one."),
    FieldRow(
        FieldSpec("reviews", "Reviews", "choices", "Each with its outcome, such as Design: pass."),
        "reviews(status,review_type(name))",
        values.reviews,
    ),
    _how_many("pull_requests", "Pull Requests", "pull_request_ids"),
    _how_many("branches", "Branches", "branch_ids"),
    _how_many("builds", "CI/CD Events", "cicd_event_ids"),
    FieldRow(
        FieldSpec("ranked_before", "Ranked Before", "text", "The next story in Tracker's order."),
        "before_id",
        values.neighbour,
    ),
    FieldRow(
        FieldSpec("ranked_after", "Ranked After", "text", "The story before it in Tracker's order."),
        "after_id",
        values.neighbour,
    ),
    _in_days("cycle_time", "Cycle Time", "total_cycle_time"),
    _in_days("time_started", "Time Started", "started_time"),
    _in_days("time_finished", "Time Finished", "finished_time"),
    _in_days("time_delivered", "Time Delivered", "delivered_time"),
    _in_days("time_rejected", "Time Rejected", "rejected_time"),
    _how_often("starts", "Starts", "started_count"),
    _how_often("finishes", "Finishes", "finished_count"),
    _how_often("deliveries", "Deliveries", "delivered_count"),
    _how_often("rejections", "Rejections", "rejected_count"),
    _of_release("points_accepted", "Points Accepted"),
    _of_release("points_total", "Points Total"),
    _of_release("counts_accepted", "Stories Accepted"),
    _of_release("counts_total", "Stories Total"),
)

DATES: Final[tuple[DateRow, ...]] = (
    DateRow(DateSpec("created", "Created"), "created_at", values.moment),
    DateRow(
        DateSpec("started", "First Started", "When work on the story began for the first time."),
        "transitions(state,occurred_at)",
        values.first_started,
    ),
    DateRow(DateSpec("accepted", "Accepted"), "accepted_at", values.moment),
    DateRow(DateSpec("deadline", "Deadline", _RELEASES), "deadline", values.moment),
    DateRow(
        DateSpec("projected", "Projected Completion", "Tracker's forecast. Releases only."),
        "projected_completion",
        values.moment,
        # The forecast moves when an iteration ends, although nothing else does.
        "iterations",
    ),
    DateRow(
        DateSpec("iteration_start", "Iteration Start", _FORECAST),
        "",
        values.iteration_start,
        "iterations",
        whole=True,
    ),
    DateRow(
        DateSpec("iteration_finish", "Iteration Finish", _FORECAST),
        "",
        values.iteration_finish,
        "iterations",
        whole=True,
    ),
    DateRow(DateSpec("updated", "Updated"), "updated_at", values.moment),
)

SUGGESTED_STATES: Final = ("unstarted", "started", "finished", "delivered", "accepted", "rejected")
SUGGESTED_START: Final = ("started", "iteration_start", "created")
#: A deadline comes last: a release that is late begins after it.
SUGGESTED_END: Final = ("accepted", "projected", "iteration_finish", "deadline")
SUGGESTED_FIELDS: Final = ("type", "state", "epics", "labels", "owners", "estimate")
PROGRESS: Final = Progress(
    by="epics",
    points="estimate",
    state="state",
    done=tuple(values.STATE_LABELS[one.key] for one in _STATES if one.category == "done"),
)

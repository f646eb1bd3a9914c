"""Tracker's answers as typed values, and how to read them when a part of one is not what it should be.

A page is decoded whole, which is fast. Only where that fails is it read entry by entry, and a bad entry member by
member, so that one poisoned story never costs its page and one bad value never costs its story. Absent and null mean
the same: no value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Annotated, Final, Generic, TypeVar

import msgspec

from integrations.connectors.pivotal_tracker.weight import FORGIVING, TYPED, refuse_heavy
from integrations.errors import UnexpectedResponse
from integrations.shapes import prepare

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
#: ISO 8601, or milliseconds since 1970.
Moment = datetime | int
Number = int | float


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What every resource has."""

    id: Id


class Named(Entry, frozen=True, kw_only=True):
    """A label, a person or a review type, nested in something else."""

    name: str | None = None


class Person(Entry, frozen=True, kw_only=True):
    name: str | None = None
    initials: str | None = None
    username: str | None = None


class Task(Entry, frozen=True, kw_only=True):
    complete: bool = False


class Blocker(Entry, frozen=True, kw_only=True):
    resolved: bool = False


class Review(Entry, frozen=True, kw_only=True):
    status: str | None = None
    review_type: Named | None = None


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    state: str | None = None
    occurred_at: Moment | None = None


class CycleTime(msgspec.Struct, frozen=True, kw_only=True):
    """Times are milliseconds, counts how often the story came into the state."""

    total_cycle_time: Number | None = None
    started_time: Number | None = None
    started_count: int | None = None
    finished_time: Number | None = None
    finished_count: int | None = None
    delivered_time: Number | None = None
    delivered_count: int | None = None
    rejected_time: Number | None = None
    rejected_count: int | None = None


class Story(Entry, frozen=True, kw_only=True):
    """A story, with all members that any field or date asks for. `title` is LiteTracker's word for `name`."""

    project_id: Id | None = None
    name: str | None = None
    title: str | None = None
    description: str | None = None
    url: str | None = None
    story_type: str | None = None
    story_priority: str | None = None
    current_state: str | None = None
    estimate: Number | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    accepted_at: Moment | None = None
    deadline: Moment | None = None
    projected_completion: Moment | None = None
    requested_by_id: Id | None = None
    requested_by: Person | None = None
    owned_by_id: Id | None = None
    owner_ids: list[Id] | None = None
    owners: list[Person] | None = None
    follower_ids: list[Id] | None = None
    labels: list[Named | str] | None = None
    external_id: str | None = None
    integration_id: int | None = None
    before_id: Id | None = None
    after_id: Id | None = None
    tasks: list[Task] | None = None
    comment_ids: list[int] | None = None
    blockers: list[Blocker] | None = None
    blocked_story_ids: list[int] | None = None
    reviews: list[Review] | None = None
    pull_request_ids: list[int] | None = None
    branch_ids: list[int] | None = None
    cicd_event_ids: list[int] | None = None
    transitions: list[Transition] | None = None
    cycle_time_details: CycleTime | None = None
    points_accepted: Number | None = None
    points_total: Number | None = None
    counts_accepted: Number | None = None
    counts_total: Number | None = None

    @property
    def itself(self) -> Story:
        """The story as if it were a member, for what is read from more than one."""
        return self


class Epic(Entry, frozen=True, kw_only=True):
    name: str | None = None
    label: Named | None = None


class Membership(Entry, frozen=True, kw_only=True):
    person: Person | None = None


class Iteration(msgspec.Struct, frozen=True, kw_only=True):
    number: int
    start: Moment | None = None
    finish: Moment | None = None
    story_ids: list[Id] | None = None


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What an activity points at."""

    kind: str | None = None
    id: int | None = None


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a project, the one that made it this version."""

    kind: str
    project_version: int
    changes: list[Resource] = msgspec.field(default_factory=list)
    primary_resources: list[Resource] = msgspec.field(default_factory=list)
    secondary_resources: list[Resource] = msgspec.field(default_factory=list)


class Project(Entry, frozen=True, kw_only=True):
    name: str | None = None
    title: str | None = None
    automatic_planning: bool = True


class MembershipSummary(msgspec.Struct, frozen=True, kw_only=True):
    project_id: Id
    project_name: str | None = None


class Me(Person, frozen=True, kw_only=True):
    """Whose token it is. The token itself is in the answer too, and is left there."""

    projects: list[MembershipSummary] = msgspec.field(default_factory=list)


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a 4xx; only `code` decides anything."""

    code: str = ""


prepare(Named, Person, Task, Blocker, Review, Transition, CycleTime, Story, Epic, Membership, Iteration)
prepare(Resource, Activity, Project, MembershipSummary, Me, Refusal)

T = TypeVar("T", bound=msgspec.Struct)
Decoded = TypeVar("Decoded")


@dataclass(frozen=True, slots=True)
class Fault:
    """A member that is not what it should be. `id` is empty where the entry has no usable one."""

    id: str
    member: str


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """The entries of an answer, the members that were left out of them, and what could not be read at all."""

    entries: list[T]
    faults: Mapping[str, tuple[Fault, ...]] = field(default_factory=dict)
    lost: tuple[Fault, ...] = ()

    @property
    def size(self) -> int:
        """How many entries the answer held, readable or not."""
        return len(self.entries) + len(self.lost)


_NOT_READABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read_one(body: bytes, kind: type[T]) -> T:
    """Decode an answer that is one resource. Raises UnexpectedResponse where it has no usable id, or holds too much."""
    try:
        whole: T = _decode(body, _decoder(kind))
    except _NOT_READABLE:
        raw = _loads(body)
    else:
        return whole
    entry, _ = _read_entry(raw, kind)
    if entry is None:
        raise UnexpectedResponse("The tracker's answer lacks what it must hold. Nothing was changed here.")
    return entry


def read_story(body: bytes, kind: type[T]) -> Listing[T]:
    """Decode an answer that is one resource, and say what was wrong with it. Raises UnexpectedResponse."""
    try:
        return Listing([_decode(body, _decoder(kind))])
    except _NOT_READABLE:
        return _read_entries([_loads(body)], kind)


def read_many(body: bytes, kind: type[T]) -> Listing[T]:
    """Decode an answer that is a list. Raises UnexpectedResponse where it is none, or holds too much."""
    try:
        return Listing(_decode(body, _list_decoder(kind)))
    except _NOT_READABLE:
        raw = _loads(body)
    if not isinstance(raw, list):
        raise UnexpectedResponse("The tracker sent something else than a list. Nothing was changed here.")
    return _read_entries(raw, kind)


def read_code(body: bytes) -> str | None:
    """The code of an error answer; None where the body is not the API's."""
    try:
        refusal: Refusal = _decode(body, _decoder(Refusal))
    except (*_NOT_READABLE, UnexpectedResponse):
        return None
    return refusal.code


@cache
def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(kind)


@cache
def _list_decoder(kind: type[T]) -> msgspec.json.Decoder[list[T]]:
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]  # mypy has no types made at run time


def _decode(body: bytes, decoder: msgspec.json.Decoder[Decoded]) -> Decoded:
    refuse_heavy(body, TYPED)
    return decoder.decode(body)


def _loads(body: bytes) -> object:
    """As forgiving as can be: lone surrogates, NaN and endless numbers come through, to be judged one by one."""
    refuse_heavy(body, FORGIVING)
    try:
        return json.loads(body.decode("utf-8"), parse_int=_parse_int)
    except (ValueError, RecursionError):
        pass
    raise UnexpectedResponse("The tracker sent an answer that is not readable JSON. Nothing was changed here.")


def _parse_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= 40 else float("inf")


def _read_entries(raw: list[object], kind: type[T]) -> Listing[T]:
    entries: list[T] = []
    faults: dict[str, tuple[Fault, ...]] = {}
    lost: list[Fault] = []
    for one in raw:
        entry, found = _read_entry(one, kind)
        if entry is None:
            lost += found[:1]
            continue
        entries.append(entry)
        if found:
            faults[found[0].id] = tuple(found)
    return Listing(entries, faults, tuple(lost))


def _read_entry(raw: object, kind: type[T]) -> tuple[T | None, list[Fault]]:
    """The entry without its bad members, and these; no entry where it can't be told which one it is."""
    if not isinstance(raw, dict):
        return None, [Fault("", "")]
    try:
        return msgspec.convert(raw, kind), []
    except (msgspec.ValidationError, RecursionError, OverflowError):
        return _read_members(raw, kind)


def _read_members(raw: Mapping[str, object], kind: type[T]) -> tuple[T | None, list[Fault]]:
    entry_id = _usable_id(raw)
    members: dict[str, object] = {}
    faults: list[Fault] = []
    for member in _members(kind):
        value = raw.get(member.encode_name)
        try:
            if value is not None or member.required:
                members[member.name] = msgspec.convert(value, member.type)
        except (msgspec.ValidationError, RecursionError, OverflowError):
            fault = Fault(entry_id, member.name)
            if member.required:
                return None, [fault]
            faults.append(fault)
    return kind(**members), faults


@cache
def _members(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _usable_id(raw: Mapping[str, object]) -> str:
    try:
        return str(msgspec.convert(raw.get("id"), Id))
    except msgspec.ValidationError:
        return ""

"""How each value is read from a story. Pure: no network, no clock.

A reader answers None where there is no value after all, and raises BadValue where there is one that can't be taken.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from integrations.connectors.pivotal_tracker.wire import (
    Blocker,
    Iteration,
    Moment,
    Named,
    Number,
    Person,
    Review,
    Story,
    Task,
    Transition,
)

Labels = list[Named | str]

STATE_LABELS: Final = {
    "unscheduled": "Unscheduled",
    "unstarted": "Unstarted",
    "planned": "Planned",
    "started": "Started",
    "finished": "Finished",
    "delivered": "Delivered",
    "rejected": "Rejected",
    "accepted": "Accepted",
}
TYPE_LABELS: Final = {"feature": "Feature", "bug": "Bug", "chore": "Chore", "release": "Release"}
PRIORITY_LABELS: Final = {"p0": "Critical", "p1": "High", "p2": "Medium", "p3": "Low"}

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LONGEST_NAME: Final = 255
_LARGEST_NUMBER: Final = 10**12
_HUNDREDTH_IN_MS: Final = 864_000
_SAFE_URL: Final = re.compile(r"https?://[^\s\x00-\x1f\x7f\ud800-\udfff\"<>]+")


class BadValue(Exception):
    """A value can't be taken. The message says why, for the sync's report."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """What a story only points at."""

    #: Names of epics by the id of their label: two labels can be twins by name.
    epics: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)
    #: The iteration that holds a story, by the story's id.
    iterations: Mapping[int, Iteration] = field(default_factory=dict)
    #: Every iteration, also those that hold no story.
    calendar: Sequence[Iteration] = ()
    project: str = ""


def clean_text(text: str) -> str:
    """Without NUL and lone surrogates, which no database takes."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


@lru_cache(maxsize=10_000)
def clean_name(text: str) -> str:
    """A name as a list value: one form of Unicode, no blanks around it, not too long."""
    cleaned = clean_text(text).strip()
    return (cleaned if cleaned.isascii() else unicodedata.normalize("NFC", cleaned))[:_LONGEST_NAME]


@lru_cache(maxsize=10_000)
def name_key(text: str) -> str:
    """What two names that differ only in case or Unicode form have in common."""
    return unicodedata.normalize("NFC", clean_name(text).casefold())


def person_name(person: Person) -> str:
    """The name to show for a person, with what there is."""
    known = next((text for text in (person.name, person.username, person.initials) if text), "")
    return clean_name(known) or f"Person {person.id}"


def read_moment(value: Moment | None) -> datetime | None:
    """A moment in UTC. Without a zone it is UTC already, as Tracker promises."""
    if value is None:
        return None
    try:
        moment = _EPOCH + timedelta(milliseconds=value) if isinstance(value, int) else value
        zone = moment.tzinfo
        if zone is not UTC:
            moment = moment.astimezone(UTC) if zone else moment.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        raise BadValue("The date is out of bounds.") from None
    if not 1900 <= moment.year <= 2200:
        raise BadValue(f"The year {moment.year} is not between 1900 and 2200.")
    return moment


def read_number(value: Number) -> int | float:
    """A number that is finite and not negative; an int where it is whole."""
    if type(value) is int and 0 <= value <= _LARGEST_NUMBER:
        return value
    if not math.isfinite(value):
        raise BadValue("The number is not finite.")
    if not 0 <= value <= _LARGEST_NUMBER:
        raise BadValue("The number is negative or too large.")
    return int(value) if value == int(value) else value


def read_days(milliseconds: Number) -> int | float:
    """Milliseconds as days, to a hundredth, halves up."""
    hundredths = (int(read_number(milliseconds)) + _HUNDREDTH_IN_MS // 2) // _HUNDREDTH_IN_MS
    return hundredths / 100 if hundredths % 100 else hundredths // 100


# --- Readers: what a member of a story holds, or all of the story, becomes a value. `catalog` says which reads what.


def number(value: Number, lookups: Lookups) -> int | float:
    return read_number(value)


def count(ids: list[int], lookups: Lookups) -> int:
    return len(ids)


def moment(value: Moment, lookups: Lookups) -> datetime | None:
    return read_moment(value)


def state(key: str, lookups: Lookups) -> str | None:
    return state_label(key) or None


def state_label(key: str) -> str:
    """The name of a state on the screen; an unknown one is shown as it is."""
    return STATE_LABELS.get(key) or clean_name(key)


def story_type(key: str, lookups: Lookups) -> str | None:
    return TYPE_LABELS.get(key) or clean_name(key) or None


def priority(key: str, lookups: Lookups) -> str | None:
    return None if key == "none" else PRIORITY_LABELS.get(key) or clean_name(key) or None


def labels(found: Labels, lookups: Lookups) -> tuple[str, ...] | None:
    return _ordered(tuple([label.name or "" if isinstance(label, Named) else label for label in found]))


def epics(found: Labels, lookups: Lookups) -> tuple[str, ...] | None:
    names = lookups.epics
    ids = [label.id for label in found if isinstance(label, Named)]
    return _ordered(tuple([names[one] for one in ids if one in names]))


def owners(story: Story, lookups: Lookups) -> tuple[str, ...] | None:
    if story.owners is not None:
        return _once(tuple(map(person_name, story.owners))) or None
    ids = story.owner_ids
    if ids is None:
        ids = [story.owned_by_id] if story.owned_by_id else []
    return _once(tuple([_person(person_id, lookups) for person_id in ids])) or None


def requester(story: Story, lookups: Lookups) -> str | None:
    if story.requested_by is not None:
        return person_name(story.requested_by)
    return None if story.requested_by_id is None else _person(story.requested_by_id, lookups)


def followers(ids: list[int], lookups: Lookups) -> tuple[str, ...] | None:
    return _ordered(tuple([_person(person_id, lookups) for person_id in ids]))


def reviews(found: list[Review], lookups: Lookups) -> tuple[str, ...] | None:
    return _ordered(
        tuple(
            f"{clean_name(review.review_type.name or '') if review.review_type else 'Review'}: "
            f"{clean_name(review.status or 'unstarted').replace('_', ' ')}"
            for review in found
        )
    )


def project(story: Story, lookups: Lookups) -> str | None:
    return lookups.project or None


def url(text: str, lookups: Lookups) -> str | None:
    return safe_url(text) or None


def safe_url(text: str | None) -> str:
    """The address if a browser may be sent there, else nothing."""
    address = text or ""
    return address if _SAFE_URL.fullmatch(address) else ""


def external_id(text: str, lookups: Lookups) -> str | None:
    return clean_name(text) or None


def integration(id_: int, lookups: Lookups) -> str:
    return str(id_)


def neighbour(id_: int, lookups: Lookups) -> str:
    return f"#{id_}"


def tasks(found: list[Task], lookups: Lookups) -> str | None:
    return f"{sum(task.complete for task in found)}/{len(found)}" if found else None


def open_blockers(found: list[Blocker], lookups: Lookups) -> int:
    return sum(not blocker.resolved for blocker in found)


def iteration(story: Story, lookups: Lookups) -> int | float | None:
    found = lookups.iterations.get(story.id)
    return None if found is None else read_number(found.number)


def iteration_start(story: Story, lookups: Lookups) -> datetime | None:
    found = lookups.iterations.get(story.id)
    return None if found is None else read_moment(found.start)


def iteration_finish(story: Story, lookups: Lookups) -> datetime | None:
    found = lookups.iterations.get(story.id)
    return None if found is None else read_moment(found.finish)


def first_started(transitions: list[Transition], lookups: Lookups) -> datetime | None:
    """When work began first: rejected and restarted stories begin more than once."""
    moments = [read_moment(one.occurred_at) for one in transitions if one.state == "started"]
    return min([moment for moment in moments if moment], default=None)


def _person(person_id: int, lookups: Lookups) -> str:
    return lookups.people.get(person_id) or f"Former member ({person_id})"


@lru_cache(maxsize=10_000)
def _ordered(names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Each name once, in alphabetical order, so that a tracker's own order never looks like a change; None for none."""
    return tuple(sorted(_once(names), key=name_key)) or None


@lru_cache(maxsize=10_000)
def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Each name once, without regard to case and Unicode form, in the order given.

    Remembered, because the same few labels and people stand on thousands of stories.
    """
    found: dict[str, str] = {}
    for name in names:
        cleaned = clean_name(name)
        if cleaned:
            found.setdefault(name_key(cleaned), cleaned)
    return tuple(found.values())

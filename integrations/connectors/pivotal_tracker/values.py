"""How each value is read from a story. Pure: no network, no clock.

A reader answers None where the story has no such value, and raises BadValue where it has one that can't be taken.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from integrations.connectors.pivotal_tracker.wire import Iteration, Moment, Named, Number, Person, Story

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
_DAY_IN_MS: Final = 86_400_000


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
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        raise BadValue("The date is out of bounds.") from None
    if not 1900 <= moment.year <= 2200:
        raise BadValue(f"The year {moment.year} is not between 1900 and 2200.")
    return moment


def read_number(value: Number | None) -> int | Decimal | None:
    """A number that is finite and not negative."""
    if value is None:
        return None
    if type(value) is int and 0 <= value <= _LARGEST_NUMBER:
        return value
    if not math.isfinite(value):
        raise BadValue("The number is not finite.")
    if not 0 <= value <= _LARGEST_NUMBER:
        raise BadValue("The number is negative or too large.")
    return int(value) if value == int(value) else Decimal(repr(value))


def state(story: Story, lookups: Lookups) -> str | None:
    return state_label(story.current_state or "") or None


def state_label(key: str) -> str:
    """The name of a state on the screen; an unknown one is shown as it is."""
    return STATE_LABELS.get(key) or clean_name(key)


def story_type(story: Story, lookups: Lookups) -> str | None:
    return TYPE_LABELS.get(story.story_type or "") or clean_name(story.story_type or "") or None


def priority(story: Story, lookups: Lookups) -> str | None:
    key = story.story_priority or "none"
    return None if key == "none" else PRIORITY_LABELS.get(key) or clean_name(key) or None


def estimate(story: Story, lookups: Lookups) -> int | Decimal | None:
    return read_number(story.estimate)


def labels(story: Story, lookups: Lookups) -> tuple[str, ...] | None:
    return _ordered(_label_names(story))


def epics(story: Story, lookups: Lookups) -> tuple[str, ...] | None:
    ids = [label.id for label in story.labels or () if isinstance(label, Named)]
    return _ordered(lookups.epics[one] for one in ids if one in lookups.epics)


def owners(story: Story, lookups: Lookups) -> tuple[str, ...] | None:
    if story.owners is not None:
        return _unique(map(person_name, story.owners))
    ids = story.owner_ids
    if ids is None:
        ids = [story.owned_by_id] if story.owned_by_id else []
    return _unique(_person(person_id, lookups) for person_id in ids)


def requester(story: Story, lookups: Lookups) -> str | None:
    if story.requested_by is not None:
        return person_name(story.requested_by)
    return None if story.requested_by_id is None else _person(story.requested_by_id, lookups)


def followers(story: Story, lookups: Lookups) -> tuple[str, ...] | None:
    return _ordered(_person(person_id, lookups) for person_id in story.follower_ids or ())


def reviews(story: Story, lookups: Lookups) -> tuple[str, ...] | None:
    return _ordered(
        f"{clean_name(review.review_type.name or '') if review.review_type else 'Review'}: "
        f"{clean_name(review.status or 'unstarted').replace('_', ' ')}"
        for review in story.reviews or ()
    )


def project(story: Story, lookups: Lookups) -> str | None:
    return lookups.project or None


def url(story: Story, lookups: Lookups) -> str | None:
    return safe_url(story.url) or None


def safe_url(text: str | None) -> str:
    """The address if a browser may be sent there, else nothing."""
    address = text or ""
    return address if re.fullmatch(r"https?://[^\s\x00-\x1f\x7f\ud800-\udfff\"<>]+", address) else ""


def external_id(story: Story, lookups: Lookups) -> str | None:
    return clean_name(story.external_id or "") or None


def integration(story: Story, lookups: Lookups) -> str | None:
    return None if story.integration_id is None else str(story.integration_id)


def ranked_before(story: Story, lookups: Lookups) -> str | None:
    return None if story.before_id is None else f"#{story.before_id}"


def ranked_after(story: Story, lookups: Lookups) -> str | None:
    return None if story.after_id is None else f"#{story.after_id}"


def tasks(story: Story, lookups: Lookups) -> str | None:
    if not story.tasks:
        return None
    return f"{sum(task.complete for task in story.tasks)}/{len(story.tasks)}"


def open_blockers(story: Story, lookups: Lookups) -> Decimal | None:
    return None if story.blockers is None else Decimal(sum(not blocker.resolved for blocker in story.blockers))


def iteration(story: Story, lookups: Lookups) -> int | Decimal | None:
    found = lookups.iterations.get(story.id)
    return None if found is None else read_number(found.number)


def iteration_start(story: Story, lookups: Lookups) -> datetime | None:
    found = lookups.iterations.get(story.id)
    return None if found is None else read_moment(found.start)


def iteration_finish(story: Story, lookups: Lookups) -> datetime | None:
    found = lookups.iterations.get(story.id)
    return None if found is None else read_moment(found.finish)


def first_started(story: Story, lookups: Lookups) -> datetime | None:
    """When work began first: rejected and restarted stories begin more than once."""
    moments = (read_moment(one.occurred_at) for one in story.transitions or () if one.state == "started")
    return min((moment for moment in moments if moment), default=None)


def read_days(milliseconds: Number | None) -> int | Decimal | None:
    """Milliseconds as days, to a hundredth."""
    value = read_number(milliseconds)
    return value and round(Decimal(value) / _DAY_IN_MS, 2)


def _label_names(story: Story) -> list[str]:
    return [label.name or "" if isinstance(label, Named) else label for label in story.labels or ()]


def _person(person_id: int, lookups: Lookups) -> str:
    return lookups.people.get(person_id) or f"Former member ({person_id})"


def _unique(names: Iterable[str]) -> tuple[str, ...] | None:
    """Each name once, without regard to case and Unicode form, in the order given; None where there is none."""
    return _once(tuple(names)) or None


def _ordered(names: Iterable[str]) -> tuple[str, ...] | None:
    """The same in alphabetical order, so that a tracker's own order never looks like a change."""
    return tuple(sorted(_once(tuple(names)), key=name_key)) or None


@lru_cache(maxsize=10_000)
def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same few labels and people stand on thousands of stories."""
    found: dict[str, str] = {}
    for name in names:
        cleaned = clean_name(name)
        if cleaned:
            found.setdefault(name_key(cleaned), cleaned)
    return tuple(found.values())

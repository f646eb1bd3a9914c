"""A story as Tracker sends it becomes a Record. Pure: no network, no clock."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from datetime import date, datetime
from typing import Any, Final

from integrations.connectors.pivotal_tracker.catalog import Readers, Selection
from integrations.connectors.pivotal_tracker.values import BadValue, Lookups, clean_text, safe_url
from integrations.connectors.pivotal_tracker.wire import Fault, Story
from integrations.records import Problem, Record, Value

NO_NAME: Final = "(no name)"
LONGEST_NAME: Final = 5_000
LONGEST_DESCRIPTION: Final = 20_000
_CUT: Final = " … (cut)"


def make_record(story: Story, *, selection: Selection, lookups: Lookups, faults: Iterable[Fault] = ()) -> Record:
    """The record of a story. What can't be taken is left out and becomes a problem."""
    record_id = str(story.id)
    problems = problems_of_faults(faults, selection=selection)
    values: dict[str, Value] = {}
    dates: dict[str, date | datetime] = {}
    _read(story, selection.fields, lookups, into=values, problems=problems)
    _read(story, selection.dates, lookups, into=dates, problems=problems)
    return Record(
        id=record_id,
        url=safe_url(story.url),
        name=_name(story, problems),
        description=_description(story, problems),
        state=story.current_state or "",
        values=values,
        dates=dates,
        problems=tuple(problems),
    )


def _read(
    story: Story, readers: Readers, lookups: Lookups, *, into: MutableMapping[str, Any], problems: list[Problem]
) -> None:
    for key, read, member in zip(readers.keys, readers.reads, readers.members(story), strict=False):
        if member is None:
            continue
        try:
            value = read(member, lookups)
        except BadValue as bad:
            problems.append(Problem(str(story.id), key, str(bad)))
            continue
        if value is not None:
            into[key] = value


def problems_of_faults(faults: Iterable[Fault], *, selection: Selection) -> list[Problem]:
    """What the user should hear about members that could not be read: those that the pull wants."""
    return [
        Problem(fault.id, key, "Tracker sent a value of the wrong kind, so it was left out.")
        for fault in faults
        for key in selection.keys_of_members.get(fault.member, ())
    ]


def set_aside(fault: Fault) -> Problem:
    """The problem of an entry that could not be read at all."""
    return Problem(fault.id, fault.member or "id", "Tracker sent a story that can't be read, so it was left out.")


def without_state(story: Story) -> Problem:
    """The problem of a story of which it can't be said whether it was chosen."""
    return Problem(str(story.id), "state", "Tracker sent a story without a state, so it was left as it was.")


def _name(story: Story, problems: list[Problem]) -> str:
    name = clean_text(story.name or story.title or "").strip()
    if not name:
        problems.append(Problem(str(story.id), "name", "The story has no name in Tracker."))
        return NO_NAME
    return _cut(name, LONGEST_NAME, story=story, key="name", problems=problems)


def _description(story: Story, problems: list[Problem]) -> str:
    text = clean_text(story.description or "")
    return _cut(text, LONGEST_DESCRIPTION, story=story, key="description", problems=problems)


def _cut(text: str, longest: int, *, story: Story, key: str, problems: list[Problem]) -> str:
    if len(text) <= longest:
        return text
    problems.append(Problem(str(story.id), key, f"The text was cut after {longest:,} characters."))
    return text[: longest - len(_CUT)] + _CUT

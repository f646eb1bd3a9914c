"""What became of stories that a listing no longer holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from integrations.connectors.pivotal_tracker.catalog import select, with_planned
from integrations.connectors.pivotal_tracker.client import BULK_IDS, Client
from integrations.connectors.pivotal_tracker.references import read_references
from integrations.connectors.pivotal_tracker.stories import make_record
from integrations.connectors.pivotal_tracker.values import Lookups, clean_name
from integrations.connectors.pivotal_tracker.wire import Fault, Listing, Story
from integrations.records import Fate, Query

_ID: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Found:
    story: Story
    faults: tuple[Fault, ...]


def find_fates(client: Client, query: Query, ids: Sequence[str]) -> dict[str, Fate]:
    """The fate of each id. Those that the project still holds cost one request for 500, the others one each."""
    selection = select(query.wanted)
    fields = f"{selection.ask},project_id"
    found, fates = _find(client, query.project_id, [*dict.fromkeys(ids)], fields=fields)
    present: list[_Found] = []
    chosen = with_planned(query.states)
    for one in found:
        story_id, state = str(one.story.id), clean_name(one.story.current_state or "")
        if str(one.story.project_id or query.project_id) != query.project_id:
            fates[story_id] = Fate("moved")
        elif state not in chosen:
            fates[story_id] = Fate("out_of_filter", state=state)
        else:
            present.append(one)
    lookups = _lookups(client, query) if present else Lookups()
    for one in present:
        record = make_record(one.story, selection=selection, lookups=lookups, faults=one.faults)
        fates[record.id] = Fate("present", state=record.state, record=record)
    return fates


def _find(client: Client, project_id: str, ids: Sequence[str], *, fields: str) -> tuple[list[_Found], dict[str, Fate]]:
    """The stories that still answer, and the fates of the others."""
    asked = [one for one in ids if _ID.fullmatch(one)]
    fates = {one: Fate("deleted") for one in ids if not _ID.fullmatch(one)}
    found: list[_Found] = []
    for start in range(0, len(asked), BULK_IDS):
        found += _found(client.bulk(project_id, asked[start : start + BULK_IDS], fields=fields).listing)
    here = {str(one.story.id) for one in found}
    for story_id in asked:
        if story_id in here:
            continue
        answer = client.story(project_id, story_id, fields=fields)
        if isinstance(answer, Listing):
            found += _found(answer)
        else:
            fates[story_id] = Fate(answer)
    return found, fates


def _found(listing: Listing[Story]) -> list[_Found]:
    return [_Found(story, listing.faults.get(str(story.id), ())) for story in listing.entries]


def _lookups(client: Client, query: Query) -> Lookups:
    """The references of stories that are still there; their stamps do not matter for single stories."""
    reading = read_references(client, query.project_id, select(query.wanted).needs)
    while True:
        try:
            next(reading)
        except StopIteration as end:
            lookups: Lookups = end.value
            return lookups

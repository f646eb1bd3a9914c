"""The pull: the whole listing, or, where the feed proves what changed, only that. Both give the same records.

What changed is read twice over: all that the feed names, and all that says so itself by `updated_after`. Stories that
are in another iteration than they were then are read too: they move when others do.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Final

from integrations.connectors.pivotal_tracker import catalog
from integrations.connectors.pivotal_tracker.catalog import Need, Selection
from integrations.connectors.pivotal_tracker.client import BULK_IDS, Client, Sheet
from integrations.connectors.pivotal_tracker.cursors import OVERLAP, Place, make_place, read_place
from integrations.connectors.pivotal_tracker.feed import changed_stories
from integrations.connectors.pivotal_tracker.references import read_references
from integrations.connectors.pivotal_tracker.stories import make_record, set_aside, without_state
from integrations.connectors.pivotal_tracker.values import Lookups
from integrations.connectors.pivotal_tracker.wire import Story, read_many
from integrations.records import Cursor, Page, Problem, Query, Record

#: Values that change when other stories do; with them only a whole listing is exact.
_OF_NEIGHBOURS: Final = frozenset({"ranked_before", "ranked_after", "blocks"})
#: What changes by itself, without an activity that says so.
_MOVING: Final[frozenset[Need]] = frozenset({"iterations"})
#: Values of releases that follow the stories before them, also in the icebox and long after acceptance.
_OF_RELEASES: Final = frozenset({"projected", "points_accepted", "points_total", "counts_accepted", "counts_total"})
#: No project has changed more often than this has digits for, and what is much longer can't be a number in Python.
_VERSION: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


def pull(client: Client, query: Query, cursor: Cursor | None) -> Iterator[Page]:
    """Yield the pages of one pull, the last one with the next cursor."""
    place = read_place(cursor, query)
    if place is None:
        yield from _everything(client, query)
        return
    stamp = client.project(query.project_id, fields="version").stamp
    version = _version(stamp)
    if version is not None and place.is_current(version, client.began_at):
        yield Page(stamp=stamp, unchanged=True, complete=False, cursor=cursor)
        return
    if version is not None and place.read_at is not None and not query.wanted & _OF_NEIGHBOURS:
        changed = yield from changed_stories(client, query.project_id, since=place.version, until=version)
        if changed is not None:
            yield from _changes(client, query, place, changed, stamp=stamp, since=place.read_at - OVERLAP)
            return
    yield from _everything(client, query)


def _everything(client: Client, query: Query) -> Iterator[Page]:
    selection = catalog.select(query.wanted)
    sheets = client.stories(query.project_id, fields=selection.ask)
    # The first answer tells which server this is; only then it is known which other listings it has.
    first = next(sheets)
    lookups = yield from read_references(client, query.project_id, selection.needs)
    # The version of the first answer: a change after it makes the next pull look again.
    following = _next_place(client, query, first.stamp, lookups)
    for sheet in chain([first], sheets):
        if not sheet.last:
            yield _page(sheet, query=query, selection=selection, lookups=lookups)
            continue
        sheet = replace(sheet, stamp=_stamp_of_end(sheet.stamp, following, client))
        cursor = following.cursor() if following else None
        yield _page(sheet, query=query, selection=selection, lookups=lookups, cursor=cursor)


def _changes(
    client: Client, query: Query, place: Place, changed: frozenset[int], *, stamp: str | None, since: datetime
) -> Iterator[Page]:
    selection = catalog.select(query.wanted)
    # The feed would have told of another name of an epic, a member or the project, and would not have come this far.
    fresh = yield from read_references(client, query.project_id, selection.needs & _MOVING)
    lookups = replace(fresh, epics=place.epics, people=place.people, project=place.project_name)
    releases: set[int] = set()
    if query.wanted & _OF_RELEASES:
        releases = yield from _releases(client, query.project_id)
    seen: set[int] = set()
    for sheet in client.stories(query.project_id, fields=selection.ask, updated_after=since):
        seen |= _ids(sheet)
        yield _page(sheet, query=query, selection=selection, lookups=lookups, complete=False)
    rest = sorted((changed | releases | place.moved(lookups.iterations)) - seen)
    for start in range(0, len(rest), BULK_IDS):
        asked = rest[start : start + BULK_IDS]
        sheet = client.bulk(query.project_id, [str(one) for one in asked], fields=selection.ask)
        gone = frozenset(str(one) for one in asked) - {str(one) for one in _ids(sheet)}
        yield _page(sheet, query=query, selection=selection, lookups=lookups, complete=False, gone=gone)
    following = _next_place(client, query, stamp, lookups)
    cursor = following.cursor() if following else None
    yield Page(stamp=_stamp_of_end(stamp, following, client), complete=False, cursor=cursor)


def _stamp_of_end(stamp: str | None, place: Place | None, client: Client) -> str | None:
    """The stamp of a pull's last page: another one where the iteration ended while the pull ran.

    The version does not move then, but what was read before is of the old iteration, and does not belong to the rest.
    """
    ends, now = place.iteration_ends if place else None, client.latest_at
    return f"{stamp} in the next iteration" if ends is not None and now is not None and now >= ends else stamp


def _releases(client: Client, project_id: str) -> Generator[Page, None, set[int]]:
    """The ids of all releases; yields a page without records for the stamp of each answer."""
    found: set[int] = set()
    for sheet in client.stories(project_id, fields="story_type", story_type="release"):
        yield Page(stamp=sheet.stamp)
        found |= _ids(sheet)
    return found


def _ids(sheet: Sheet[Story]) -> set[int]:
    return {story.id for story in sheet.listing.entries} | {int(one.id) for one in sheet.listing.lost if one.id}


class _Records:
    """The chosen stories of an answer as records, made each time that they are asked for.

    Kept as the answer's own bytes: made all at once, the records of a large project would fill the memory.
    """

    def __init__(self, body: bytes, chosen: frozenset[str], selection: Selection, lookups: Lookups) -> None:
        self._body, self._chosen, self._selection, self._lookups = body, chosen, selection, lookups

    def __iter__(self) -> Iterator[Record]:
        listing = read_many(self._body, Story)
        for story in listing.entries:
            if story.current_state in self._chosen:
                faults = listing.faults.get(str(story.id), ())
                yield make_record(story, selection=self._selection, lookups=self._lookups, faults=faults)


def _page(
    sheet: Sheet[Story],
    *,
    query: Query,
    selection: Selection,
    lookups: Lookups,
    cursor: Cursor | None = None,
    complete: bool = True,
    gone: frozenset[str] = frozenset(),
) -> Page:
    chosen = catalog.with_planned(query.states)
    states: list[tuple[str, str]] = []
    passed_over: dict[str, str] = {}
    aside: list[Problem] = [set_aside(fault) for fault in sheet.listing.lost]
    for story in sheet.listing.entries:
        state = story.current_state
        if state in chosen:
            states.append((str(story.id), state))
        elif state:
            passed_over[str(story.id)] = state
        else:
            aside.append(without_state(story))
    return Page(
        stamp=sheet.stamp,
        records=_Records(sheet.body, chosen, selection, lookups),
        states=states,
        passed_over=passed_over,
        set_aside=tuple(aside),
        announced=sheet.total,
        complete=complete,
        gone=gone,
        cursor=cursor,
    )


def _next_place(client: Client, query: Query, stamp: str | None, lookups: Lookups) -> Place | None:
    """Where the next pull may begin; None on a server without versions, whose changes can't be followed."""
    version = _version(stamp)
    if version is None:
        return None
    return make_place(query, version=version, read_at=client.began_at, lookups=lookups)


def _version(stamp: str | None) -> int | None:
    return int(stamp) if stamp is not None and _VERSION.fullmatch(stamp) else None

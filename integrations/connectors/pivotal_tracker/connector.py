"""Pivotal Tracker as a connector: the client's answers put together into what the rest asks for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from integrations.connectors.base import Auth
from integrations.connectors.pivotal_tracker import catalog, wire
from integrations.connectors.pivotal_tracker.catalog import Selection
from integrations.connectors.pivotal_tracker.client import SECRET_PATTERN, Client, Sheet
from integrations.connectors.pivotal_tracker.fates import find_fates
from integrations.connectors.pivotal_tracker.references import project_name, read_references
from integrations.connectors.pivotal_tracker.stories import make_record, set_aside, without_state
from integrations.connectors.pivotal_tracker.values import Lookups, clean_name, name_key, person_name
from integrations.connectors.pivotal_tracker.wire import Story
from integrations.errors import ProjectUnavailable
from integrations.records import Cursor, Description, Fate, Identity, Page, ProjectRef, Query, Record

_ID: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
#: Raise it when records come to mean something else, so that old cursors lead to a full listing.
_FORMAT: Final = 1


class PivotalTracker:
    """The connector for Pivotal Tracker v5 and servers that answer like it."""

    kind = "pivotal_tracker"
    label = "Pivotal Tracker"
    default_url = "https://www.pivotaltracker.com"
    secret_label = "Personal Access Token"  # noqa: S105  # a label on the screen
    secret_help = (
        "In Tracker, click your avatar in the top right corner and choose Profile. "  # noqa: S105  # help text
        "The API Token is at the bottom of that page."
    )
    secret_pattern = SECRET_PATTERN

    def verify(self, auth: Auth) -> Identity:
        """Ask Tracker whose token this is."""
        me = Client(auth).me()
        return Identity(id=str(me.id), name=person_name(me), projects=len(me.projects))

    def list_projects(self, auth: Auth) -> list[ProjectRef]:
        """Every active project that the token sees, by name."""
        client = Client(auth)
        projects = client.projects()
        if projects is None:
            projects = [wire.Project(id=one.project_id, name=one.project_name) for one in client.me().projects]
        refs = [_project_ref(auth, str(one.id), project_name(one)) for one in projects]
        return sorted(set(refs), key=lambda ref: (name_key(ref.name), ref.id))

    def describe(self, auth: Auth, project_id: str) -> Description:
        """What the project offers, and what the wizard suggests."""
        _check_project_id(project_id)
        sheet = Client(auth).project(project_id, fields="name,automatic_planning")
        project = sheet.listing.entries[0]
        return Description(
            project=_project_ref(auth, project_id, project_name(project)),
            states=catalog.states(automatic_planning=project.automatic_planning),
            fields=tuple(row.spec for row in catalog.FIELDS),
            dates=tuple(row.spec for row in catalog.DATES),
            suggested_states=catalog.SUGGESTED_STATES,
            suggested_start=catalog.SUGGESTED_START,
            suggested_end=catalog.SUGGESTED_END,
            suggested_fields=catalog.SUGGESTED_FIELDS,
        )

    def pull(self, auth: Auth, query: Query, cursor: Cursor | None) -> Iterator[Page]:
        """Yield the listing of all stories, or one unchanged page where the version is that of the cursor.

        Listings besides the stories come as pages without records, so that their stamps are seen too.
        """
        _check_project_id(query.project_id)
        client = Client(auth)
        if cursor is not None and _belongs(cursor, query):
            stamp = client.project(query.project_id, fields="version").stamp
            if stamp is not None and stamp == cursor.get("version"):
                yield Page(stamp=stamp, unchanged=True, cursor=cursor)
                return
        selection = catalog.select(query.wanted)
        sheets = client.stories(query.project_id, fields=selection.ask)
        # The first answer tells which server this is; only then it is known which other listings it has.
        first = next(sheets)
        lookups = yield from read_references(client, query.project_id, selection.needs)
        # The version of the first answer: a change after it makes the next pull look again.
        following = _new_cursor(query, version=first.stamp, profile=client.profile.name)
        for sheet in chain([first], sheets):
            yield _page(sheet, query=query, selection=selection, lookups=lookups, cursor=following)

    def lookup(self, auth: Auth, query: Query, ids: Sequence[str]) -> dict[str, Fate]:
        """What became of each story."""
        _check_project_id(query.project_id)
        return find_fates(Client(auth), query, ids)


def _page(sheet: Sheet[Story], *, query: Query, selection: Selection, lookups: Lookups, cursor: Cursor) -> Page:
    chosen = catalog.with_planned(query.states)
    listing = sheet.listing
    records: list[Record] = []
    passed_over: dict[str, str] = {}
    aside = [set_aside(fault) for fault in listing.lost]
    for story in listing.entries:
        state = story.current_state
        if state in chosen:
            faults = listing.faults.get(str(story.id), ())
            records.append(make_record(story, selection=selection, lookups=lookups, faults=faults))
        elif state:
            passed_over[str(story.id)] = clean_name(state)
        else:
            aside.append(without_state(story))
    return Page(
        stamp=sheet.stamp,
        records=tuple(records),
        passed_over=passed_over,
        set_aside=tuple(aside),
        announced=sheet.total,
        cursor=cursor if sheet.last else None,
    )


def _new_cursor(query: Query, *, version: str | None, profile: str) -> Cursor:
    return {**_mark(query), "version": version, "profile": profile}


def _belongs(cursor: Cursor, query: Query) -> bool:
    """Whether the cursor was made by the same pull in the same format; any other leads to a full listing."""
    return all(cursor.get(key) == value for key, value in _mark(query).items())


def _mark(query: Query) -> dict[str, str | int]:
    asked = f"{sorted(query.states)} {sorted(query.wanted)}"
    return {
        "format": _FORMAT,
        "project": query.project_id,
        "query": hashlib.sha256(asked.encode()).hexdigest()[:16],
    }


def _check_project_id(project_id: str) -> None:
    if not _ID.fullmatch(project_id):
        raise ProjectUnavailable("This is not the id of a Tracker project.")


def _project_ref(auth: Auth, project_id: str, name: str) -> ProjectRef:
    return ProjectRef(id=project_id, name=name, url=f"{auth.http.base_url}/n/projects/{project_id}")

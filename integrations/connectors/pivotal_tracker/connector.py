"""Pivotal Tracker as a connector: the client's answers put together into what the rest asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from integrations.connectors.base import Auth
from integrations.connectors.pivotal_tracker import catalog, wire
from integrations.connectors.pivotal_tracker.client import SECRET_PATTERN, Client
from integrations.connectors.pivotal_tracker.fates import find_fates
from integrations.connectors.pivotal_tracker.pulling import pull
from integrations.connectors.pivotal_tracker.references import project_name
from integrations.connectors.pivotal_tracker.values import name_key, person_name
from integrations.errors import ProjectUnavailable
from integrations.records import Cursor, Description, Fate, Identity, Page, ProjectRef, Query

_ID: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


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
    progress = catalog.PROGRESS
    type_key = "type"

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
        """Yield what changed since the cursor where that is provably all, else the listing of all stories.

        Other answers than those with stories come as pages without records, so that their stamps are seen too.
        """
        _check_project_id(query.project_id)
        return pull(Client(auth), query, cursor)

    def lookup(self, auth: Auth, query: Query, ids: Sequence[str]) -> dict[str, Fate]:
        """What became of each story."""
        _check_project_id(query.project_id)
        return find_fates(Client(auth), query, ids)


def _check_project_id(project_id: str) -> None:
    if not _ID.fullmatch(project_id):
        raise ProjectUnavailable("This is not the id of a Tracker project.")


def _project_ref(auth: Auth, project_id: str, name: str) -> ProjectRef:
    return ProjectRef(id=project_id, name=name, url=f"{auth.http.base_url}/n/projects/{project_id}")

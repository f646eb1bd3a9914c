"""A look at the project: what it holds, and the plan that follows from it. Nothing is written but progress.

The same look for a run and for a preview, so that both come to the same plan.
"""

from __future__ import annotations

from dataclasses import dataclass

from integrations.connectors.base import Auth, Connector
from integrations.models import ProjectLink
from integrations.records import Cursor, Fate, Query
from integrations.sync.heart import Heart
from integrations.sync.mapping import FieldColumn, Rules
from integrations.sync.plan import Known, Plan, make_plan, settle
from integrations.sync.snapshot import Read, Snapshot, agree, collect


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, at what, and how records become rows. `link` may be one that is not saved yet.

    Without `rules` they are the link's own, read once there is something to compare: mostly there is not.
    """

    link: ProjectLink
    connector: Connector
    auth: Auth
    query: Query
    heart: Heart
    rules: Rules | None = None

    def plan(self, cursor: Cursor | None) -> Plan | None:
        """The plan with every missing item's fate; None where nothing changed since the cursor."""
        snapshot = self.fetch(cursor)
        if snapshot.unchanged:
            return None
        self.heart.tell(stage="comparing")
        plan = self._compare(snapshot)
        if snapshot.stamp is None and (plan.flag or plan.missing):
            plan = self._compare(agree(snapshot, lambda: self.fetch(None)))
        return settle(plan, self._confirm(plan))

    def fetch(self, cursor: Cursor | None) -> Snapshot:
        """The snapshot under one version of the project, with progress for people."""

        def progress(read: Read) -> None:
            self.heart.tell(
                stage="reading",
                records_read=read.records,
                records_announced=read.announced,
                pages_read=read.pages,
                pages_announced=read.pages_announced,
            )

        return collect(lambda: self.connector.pull(self.auth, self.query, cursor), progress=progress)

    def _compare(self, snapshot: Snapshot) -> Plan:
        return make_plan(snapshot, known_items(self.link, snapshot), self.rules or rules_of(self.link))

    def _confirm(self, plan: Plan) -> dict[str, Fate]:
        """What became of the items that the listing no longer holds; asked only where there are any."""
        ids = [known.external_id for known in plan.missing]
        return self.connector.lookup(self.auth, self.query, ids) if ids else {}


def rules_of(link: ProjectLink) -> Rules:
    """The link's setup as the pure mapping needs it."""
    columns = tuple(
        FieldColumn(key=mapping.key, column=mapping.field.column, type=mapping.field.type)
        for mapping in link.mappings.select_related("field")
    )
    return rules_with(link, columns)


def rules_with(link: ProjectLink, columns: tuple[FieldColumn, ...]) -> Rules:
    """The same with other fields than the link's own."""
    return Rules(
        zone=link.account.zone,
        start=tuple(link.start_sources) or None,
        end=tuple(link.end_sources) or None,
        fields=columns,
    )


def query_of(link: ProjectLink) -> Query:
    """What the connector must fetch for the link's setup."""
    wanted = link.keys.union(link.start_sources, link.end_sources)
    return Query(project_id=link.project_id, states=frozenset(link.states), wanted=wanted)


def known_items(link: ProjectLink, snapshot: Snapshot) -> dict[str, Known]:
    """The items that the snapshot can speak of, by external id: from a complete one, all that the link keeps."""
    rows = link.items()
    if not snapshot.complete:
        named = [*snapshot.states, *snapshot.passed_over, *snapshot.set_aside, *snapshot.gone]
        rows = rows.filter(external_id__in=named)
    found = rows.values_list("id", "external_id", "source_hash", "source_state").iterator(chunk_size=5000)
    return {str(external_id): Known(id_, str(external_id), hash_, state) for id_, external_id, hash_, state in found}

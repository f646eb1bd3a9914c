"""The whole story of a run: claim, fetch, plan, confirm, apply, report.

Nothing is written before everything is known, and then in one transaction. A run that dies leaves nothing to repair.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from integrations import registry, vault
from integrations.auth import auth_for
from integrations.connectors.base import Auth, Connector
from integrations.errors import PullError
from integrations.models import ProjectLink, SyncRun
from integrations.records import Cursor, Fate, Query
from integrations.sync import brake, outcome
from integrations.sync.claim import LeaseLost, claim
from integrations.sync.heart import Heart
from integrations.sync.mapping import FieldColumn, Rules
from integrations.sync.plan import Known, Plan, make_plan, settle
from integrations.sync.snapshot import Snapshot, agree, collect
from integrations.sync.speed import at_full_speed

log = logging.getLogger(__name__)

#: At least this often a run reads the whole listing, whatever the cursor says.
FULL_LISTING_EVERY = timedelta(days=1)


def execute(run_id: int, *, on_progress: Callable[[SyncRun], None] | None = None) -> SyncRun | None:
    """Carry out a queued run to its end. None where it was not ours to take, or was taken from us."""
    run = claim(run_id)
    if run is None:
        return None
    try:
        with at_full_speed(), Heart(run) as heart:
            _pull(run, heart, on_progress or (lambda _: None))
    except LeaseLost:
        log.warning("Run %s was taken over or cancelled; this worker wrote nothing", run.pk)
        return None
    except PullError as error:
        outcome.fail(run, error)
    except vault.SealBroken as error:
        outcome.fail(run, outcome.SecretUnreadable(str(error)))
    except Exception:  # the boundary: whatever goes wrong, the run must say so
        log.exception("Run %s failed unexpectedly", run.pk)
        outcome.fail(run, outcome.InternalError("Something went wrong on our side. Nothing was changed here."))
    if run.is_live:  # how it ended was only written to the database
        run.refresh_from_db()
    return run


def _pull(run: SyncRun, heart: Heart, on_progress: Callable[[SyncRun], None]) -> None:
    link = run.link
    setup_version = link.setup_version
    connector = registry.get(link.kind)

    def before_request() -> None:
        heart.count_request()
        on_progress(run)

    auth = auth_for(link.credential, before_request=before_request, sleep=heart.sleep)
    query = query_of(link)
    snapshot = fetch(connector, auth, query, _cursor(link), heart)
    if snapshot.unchanged:
        outcome.finish_unchanged(run)
        return
    heart.tell(stage="comparing")
    rules = rules_of(link)
    plan = make_plan(snapshot, known_items(link, snapshot), rules)
    if snapshot.stamp is None and (plan.flag or plan.missing):
        snapshot = agree(snapshot, lambda: fetch(connector, auth, query, None, heart))
        plan = make_plan(snapshot, known_items(link, snapshot), rules)
    plan = settle(plan, _confirm(connector, auth, query, plan))
    if brake.must_hold(plan, run):
        brake.hold_for_owner(run, plan)
        return
    heart.tell(stage="saving")
    outcome.finish(run, plan, setup_version)


def fetch(connector: Connector, auth: Auth, query: Query, cursor: Cursor | None, heart: Heart) -> Snapshot:
    """The snapshot under one version of the project, with progress on the run."""

    def progress(read: int, announced: int | None) -> None:
        heart.tell(stage="reading", records_read=read, records_announced=announced)

    return collect(lambda: connector.pull(auth, query, cursor), progress=progress)


def _confirm(connector: Connector, auth: Auth, query: Query, plan: Plan) -> dict[str, Fate]:
    """What became of the items that the listing no longer holds; asked only where there are any."""
    ids = [known.external_id for known in plan.missing]
    return connector.lookup(auth, query, ids) if ids else {}


def _cursor(link: ProjectLink) -> Cursor | None:
    """Where to go on from; None for a whole listing: the first time, after a change of setup, and once a day."""
    if link.last_full_at is None or timezone.now() - link.last_full_at > FULL_LISTING_EVERY:
        return None
    return link.cursor


def rules_of(link: ProjectLink) -> Rules:
    """The link's setup as the pure mapping needs it."""
    columns = tuple(
        FieldColumn(key=mapping.key, column=mapping.field.column, type=mapping.field.type)
        for mapping in link.mappings.select_related("field")
    )
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

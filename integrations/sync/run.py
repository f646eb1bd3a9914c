"""The whole story of a run: claim, fetch, plan, confirm, apply, report.

Nothing is written before everything is known, and then in one transaction. A run that dies leaves nothing to repair.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import Error, connection
from django.utils import timezone

from accounts import log_ids, walls
from integrations import breaker, counters, registry, vault
from integrations.auth import auth_for
from integrations.errors import PullError
from integrations.models import ProjectLink, SyncRun
from integrations.records import Cursor
from integrations.sync import brake, outcome
from integrations.sync.claim import LeaseLost, claim, give_back, leave
from integrations.sync.heart import Heart
from integrations.sync.look import Look, query_of
from integrations.sync.speed import at_full_speed

log = logging.getLogger(__name__)

#: At least this often a run reads the whole listing, whatever the cursor says.
FULL_LISTING_EVERY = timedelta(days=1)


def execute(run_id: int, *, on_progress: Callable[[SyncRun], None] | None = None) -> SyncRun | None:
    """Carry out a queued run to its end. None where it was not ours to take, or was taken from us."""
    run = claim(run_id)
    if run is None:
        return None
    if not breaker.may_run(run):
        give_back(SyncRun, [run.pk])
        return None
    with walls.entered(run.account_id), log_ids.about(account=run.account_id, run=run.pk):
        return _carry_out(run, on_progress or (lambda _: None))


def _carry_out(run: SyncRun, on_progress: Callable[[SyncRun], None]) -> SyncRun | None:
    try:
        with at_full_speed(), Heart(run) as heart:
            _pull(run, heart, on_progress)
    except LeaseLost:
        log.warning("Run %s was taken over or cancelled; this worker wrote nothing", run.pk)
        return None
    except PullError as error:
        outcome.fail(run, error)
    except vault.SealBroken as error:
        outcome.fail(run, outcome.SecretUnreadable(str(error)))
    except Error as error:
        log.exception("Run %s: the database failed", run.pk)
        meant = outcome.of_database(error)
        # A connection that ended in a transaction is a new one by now, so that it is usable says nothing.
        if meant is None or not connection.is_usable():
            connection.close()
            leave(run)
            return None
        outcome.fail(run, meant)
    except Exception:  # the boundary: whatever goes wrong, the run must say so
        log.exception("Run %s failed unexpectedly", run.pk)
        outcome.fail(run, outcome.InternalError())
    if run.is_live:  # how it ended was only written to the database
        run.refresh_from_db()
    extra = {"state": run.state, "code": run.error_code, "requests": run.requests, "seconds": run.seconds}
    counters.count_run(run)
    breaker.learn(run)
    log.info("Run %s ended: %s", run.pk, run.state, extra=extra)
    return run


def _pull(run: SyncRun, heart: Heart, on_progress: Callable[[SyncRun], None]) -> None:
    link = run.link
    setup_version = link.setup_version
    connector = registry.get(link.kind)

    def before_request() -> None:
        heart.count_request()
        on_progress(run)

    auth = auth_for(link.credential, before_request=before_request, sleep=heart.sleep)
    look = Look(link, connector, auth, query_of(link), heart)
    plan = look.plan(_cursor(link))
    if plan is None:
        outcome.finish_unchanged(run)
        return
    if brake.must_ask(run, plan):
        brake.hold_for_owner(run, plan)
        return
    heart.announce("saving")
    outcome.finish(run, plan, setup_version)


def _cursor(link: ProjectLink) -> Cursor | None:
    """Where to go on from; None for a whole listing: the first time, after a change of setup, and once a day."""
    if link.last_full_at is None or timezone.now() - link.last_full_at > FULL_LISTING_EVERY:
        return None
    return link.cursor

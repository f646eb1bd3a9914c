"""Who works on a run: claim, lease and fence.

A claim marks the run with a fresh fence and a lease. Only who holds the fence may report progress, apply or finish; a
worker that slept past its lease finds the run taken and stops without having written anything. All times are the
database's own, so a wrong clock on a worker changes nothing.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun

#: How long a run belongs to a worker that gives no sign of life.
LEASE = timedelta(seconds=60)


class LeaseLost(Exception):
    """The run is no longer ours: cancelled, or taken by another worker. Nothing more may be written for it."""


def claim(run_id: int) -> SyncRun | None:
    """Take a queued run; None where somebody else has it, it is over, or its roadmap or credential is out of use."""
    # No join here: Django would put the conditions into a subquery, which PostgreSQL does not look at again after it
    # has waited for another worker's claim, and both would win.
    in_use = ProjectLink.objects.filter(pk=OuterRef("link_id"), roadmap__archived_at=None)
    taken = SyncRun.objects.filter(Exists(in_use), pk=run_id, state=SyncRun.State.QUEUED).update(
        state=SyncRun.State.RUNNING,
        fence=uuid.uuid4(),
        lease_until=Now() + LEASE,
        started_at=Now(),
        records_read=0,
        records_announced=None,
        stage="connecting",
    )
    return _loaded(run_id) if taken else None


def _loaded(run_id: int) -> SyncRun:
    return SyncRun.objects.select_related("account", "link__roadmap", "link__credential", "link__integration").get(
        pk=run_id
    )


def renew(run: SyncRun, **progress: object) -> None:
    """Show a sign of life, with progress to be shown to people. Raises LeaseLost."""
    held = SyncRun.objects.filter(pk=run.pk, fence=run.fence, state=SyncRun.State.RUNNING)
    if not held.update(lease_until=Now() + LEASE, **progress):
        raise LeaseLost


def hold(run: SyncRun) -> None:
    """Lock the run's row for the transaction that ends it. Raises LeaseLost."""
    held = SyncRun.objects.filter(pk=run.pk, fence=run.fence, state=SyncRun.State.RUNNING)
    if held.select_for_update(no_key=True).first() is None:
        raise LeaseLost


def cancel(run: SyncRun, *, member: Membership) -> bool:
    """Take a run that waits or works away from everybody. False where it had ended, or is held.

    Its worker finds the fence gone at the next sign of life, at the latest when it comes to save, and writes nothing.
    """
    own = SyncRun.objects.filter(pk=run.pk, account_id=member.account_id)
    taken = own.filter(state__in=[SyncRun.State.QUEUED, SyncRun.State.RUNNING]).update(
        state=SyncRun.State.CANCELLED,
        finished_at=Now(),
        fence=None,
        lease_until=None,
        stage="",
        error_code=SyncRun.CALLED_OFF,
        error="The owner cancelled this sync before it could save anything, so nothing was changed.",
    )
    return bool(taken)

"""Who works on a run: claim, lease and fence.

A claim marks the run with a fresh fence and a lease. Only who holds the fence may report progress, apply or finish; a
worker that slept past its lease finds the run taken and stops without having written anything. All times are the
database's own, so a wrong clock on a worker changes nothing.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from integrations.models import SyncRun

#: How long a run belongs to a worker that gives no sign of life.
LEASE = timedelta(seconds=60)


class LeaseLost(Exception):
    """The run is no longer ours: cancelled, or taken by another worker. Nothing more may be written for it."""


def claim(run_id: int) -> SyncRun | None:
    """Take a queued run; None where somebody else has it, it is over, or its roadmap or credential is out of use."""
    fence = uuid.uuid4()
    with transaction.atomic():
        taken = (
            SyncRun.objects.filter(pk=run_id, state=SyncRun.State.QUEUED)
            .filter(link__roadmap__archived_at=None)
            .update(
                state=SyncRun.State.RUNNING,
                fence=fence,
                lease_until=Now() + LEASE,
                started_at=Now(),
                records_read=0,
                records_announced=None,
                stage="connecting",
            )
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


def hold(run: SyncRun) -> SyncRun:
    """Lock the run's row for the transaction that ends it. Raises LeaseLost."""
    held = SyncRun.objects.select_for_update().filter(pk=run.pk, fence=run.fence, state=SyncRun.State.RUNNING)
    if not held.exists():
        raise LeaseLost
    return run

"""What is older than the operator wants to keep goes, a little at a time, so that nothing waits for it.

Of each link stay the newest run that went well, which says how fresh the roadmap is, all after it, and the newest that
changed anything, which can still be undone. The audit log stays as long as its account: nothing here may shorten it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from accounts import walls
from accounts.walls import Across
from integrations.models import Digest, ItemChange, Notice, SyncRun

#: Runs that one look takes, and rows that one statement deletes: a fraction of a second each.
RUNS: Final = 500
ROWS: Final = 2000
#: Seconds after which the rest is left for the next time.
BUDGET: Final = 20.0

#: Old runs in the order in which they were queued, and whether each may go. By the primary key, so that a look costs
#: the same with a million runs behind it.
LOOK: Final = """
SELECT run.id, run.queued_at < %(before)s,
    run.finished_at < %(before)s
    AND run.id < (
        SELECT newest.id FROM integrations_syncrun AS newest
        WHERE newest.link_id = run.link_id AND newest.state IN ('succeeded', 'partial')
        ORDER BY newest.id DESC LIMIT 1
    )
    AND (
        run.created + run.updated + run.revived + run.flagged = 0
        OR run.state NOT IN ('succeeded', 'partial')
        OR EXISTS (
            SELECT 1 FROM integrations_syncrun AS newer
            WHERE newer.link_id = run.link_id AND newer.id > run.id AND newer.state IN ('succeeded', 'partial')
                AND (newer.created > 0 OR newer.updated > 0 OR newer.revived > 0 OR newer.flagged > 0)
        )
    )
FROM (SELECT * FROM integrations_syncrun WHERE id > %(after)s ORDER BY id LIMIT %(runs)s) AS run
ORDER BY run.id
"""


@dataclass(slots=True)
class Pruned:
    """How many rows went."""

    runs: int = 0
    changes: int = 0
    letters: int = 0
    sessions: int = 0


@walls.every_account(Across.HOUSEKEEPING)
def prune(*, budget: float = BUDGET) -> Pruned:
    """Delete what is too old, for at most so many seconds and one batch. May run many times at once."""
    deadline = time.monotonic() + budget
    gone = Pruned()
    _prune_sessions(gone, deadline)
    if settings.KEEP_HISTORY_DAYS > 0:
        before = timezone.now() - timedelta(days=settings.KEEP_HISTORY_DAYS)
        _prune_runs(gone, before, deadline)
        gone.letters += _delete(Digest, deadline, created_at__lt=before)
    return gone


def _prune_sessions(gone: Pruned, deadline: float) -> None:
    gone.sessions += _delete(Session, deadline, expire_date__lt=timezone.now())


def _prune_runs(gone: Pruned, before: datetime, deadline: float) -> None:
    after = 0
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(LOOK, {"before": before, "after": after, "runs": RUNS})
            found = cursor.fetchall()
        _delete_runs(gone, [id_ for id_, _, may_go in found if may_go], deadline)
        if len(found) < RUNS or not all(old for _, old, _ in found):
            return
        after = found[-1][0]


def _delete_runs(gone: Pruned, ids: list[int], deadline: float) -> None:
    """Their changes first, in transactions of their own: a run may have changed ten thousand items."""
    if not ids:
        return
    gone.changes += _delete(ItemChange, deadline, run__in=ids)
    if ItemChange.objects.filter(run__in=ids).exists():
        return  # the time was up
    _, counts = SyncRun.objects.filter(pk__in=ids).delete()
    gone.runs += counts.get(SyncRun._meta.label, 0)
    gone.letters += counts.get(Notice._meta.label, 0)


def _delete(model: type[models.Model], deadline: float, **which: object) -> int:
    """Delete such rows, ROWS at a time, until there are none or the time is up."""
    total = 0
    while time.monotonic() < deadline:
        piece = model._default_manager.filter(**which).order_by("pk").values("pk")[:ROWS]
        number, _ = model._default_manager.filter(pk__in=piece).delete()
        total += number
        if number < ROWS:
            break
    return total

"""Who works on a run: claim, lease and fence.

A claim marks the run with a fresh fence and a lease. Only who holds the fence may report progress, apply or finish; a
worker that slept past its lease finds the run taken and stops without having written anything. All times are the
database's own, so a wrong clock on a worker changes nothing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db import Error, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts import walls
from accounts.models import Account, Membership
from accounts.walls import Across
from integrations.models import Credential, Preview, ProjectLink, SyncRun
from integrations.models.work import Work
from integrations.sync.rows import Rows

#: How long a run belongs to a worker that gives no sign of life.
LEASE = timedelta(seconds=60)


_ROWS = Rows(run=SyncRun, link=ProjectLink, account=Account, credential=Credential, owner=Membership)

#: Nobody waits for the disk: should the database forget a claim in a crash, the run is queued again, as if its worker
#: had died, and whoever works on it finds that it is not theirs.
WITHOUT_DELAY = "SET LOCAL synchronous_commit = off;"

#: One statement for all that a run needs. Not by Django's own UPDATE: that puts conditions on other tables into a
#: subquery, which PostgreSQL does not look at again after it has waited for another worker's claim, and both would win.
CLAIM = f"""{WITHOUT_DELAY}
WITH run AS (
    UPDATE integrations_syncrun AS run SET
        state = 'running', fence = %(fence)s, lease_until = now() + %(lease)s * interval '1 second', started_at = now(),
        records_read = 0, records_announced = NULL, pages_read = 0, pages_announced = NULL, stage = 'connecting'
    FROM integrations_projectlink AS link JOIN roadmaps_roadmap AS roadmap ON roadmap.id = link.roadmap_id
    WHERE run.id = %(run)s AND run.state = 'queued' AND link.id = run.link_id AND roadmap.archived_at IS NULL
    RETURNING run.*
)
SELECT {_ROWS.columns}, ARRAY(SELECT key FROM integrations_fieldmapping WHERE link_id = link.id)
FROM run
JOIN integrations_projectlink AS link ON link.id = run.link_id
JOIN accounts_account AS account ON account.id = link.account_id
JOIN integrations_credential AS credential ON credential.id = link.credential_id
JOIN accounts_membership AS owner ON owner.id = credential.owner_id
"""  # noqa: S608 - the names are ours


class LeaseLost(Exception):
    """The run is no longer ours: cancelled, or taken by another worker. Nothing more may be written for it."""


def claim(run_id: int) -> SyncRun | None:
    """Take a queued run; None where somebody else has it, it is over, or its roadmap is in the archive."""
    with walls.every_account(Across.CLAIM), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"run": run_id, "fence": uuid.uuid4(), "lease": LEASE.total_seconds()})
        row = cursor.fetchone()
    if row is None:
        return None
    (run, link, account, credential, owner), (keys,) = _ROWS.read(row)
    claimed: SyncRun = run
    claimed.link, claimed.account = link, account
    link.account, link.credential, link.keys = account, credential, frozenset(keys)
    credential.account, credential.owner, owner.account = account, owner, account
    return claimed


@walls.every_account(Across.CLAIM)
def claim_preview(preview_id: int) -> Preview | None:
    """Take a queued preview; None where somebody else has it, or it is over."""
    queued = Preview.objects.filter(pk=preview_id, state=Preview.State.QUEUED)
    fence = uuid.uuid4()
    taken = queued.update(
        state=Preview.State.RUNNING,
        fence=fence,
        lease_until=Now() + LEASE,
        started_at=Now(),
        stage="connecting",
        **dict.fromkeys(("records_read", "pages_read", "requests"), 0),
        **dict.fromkeys(("records_announced", "pages_announced")),
    )
    if not taken:
        return None
    return (
        Preview.objects.select_related("roadmap__account", "roadmap__owner").filter(pk=preview_id, fence=fence).first()
    )


def renew(work: Work, **progress: object) -> None:
    """Show a sign of life, with progress to be shown to people. Raises LeaseLost."""
    held = type(work)._default_manager.filter(pk=work.pk, fence=work.fence, state="running")
    if not held.update(lease_until=Now() + LEASE, **progress):
        raise LeaseLost


def lost() -> Q:
    """Worked on by somebody who shows no sign of life any more.

    A lease that ends later than any can was given before the database's clock was set back, maybe to somebody who is
    dead (R9); who lives and loses it by that only has to begin anew.
    """
    return Q(state="running") & (Q(lease_until__lt=Now()) | Q(lease_until__gt=Now() + 2 * LEASE))


def leave(run: SyncRun) -> None:
    """Give up a run because the database was away: its lease ends as soon as the database is back, not a minute later.

    Returns without it where that takes longer than the lease.
    """
    ends_at = time.monotonic() + LEASE.total_seconds()
    while time.monotonic() < ends_at:
        try:
            SyncRun.objects.filter(pk=run.pk, fence=run.fence, state="running").update(lease_until=Now())
            return
        except Error:
            connection.close()
            time.sleep(1)


def hold(run: SyncRun) -> None:
    """Lock the run's row for the transaction that ends it. Raises LeaseLost."""
    held = SyncRun.objects.filter(pk=run.pk, fence=run.fence, state=SyncRun.State.RUNNING)
    if held.select_for_update(no_key=True).first() is None:
        raise LeaseLost


@walls.every_account(Across.CLAIM)
def give_back(kind: type[SyncRun] | type[Preview], ids: Sequence[int]) -> list[int]:
    """Put what is worked on back into the queue, for another worker: this one was told to stop. Answers which it was.

    The work finds its fence gone at the next sign of life and writes nothing. A run that is just saving ends first.
    """
    held = kind._default_manager.filter(pk__in=ids, state="running").order_by("pk")
    with transaction.atomic():
        given = list(held.select_for_update(no_key=True).values_list("pk", flat=True))
        free = dict.fromkeys(("fence", "lease_until", "started_at", "sent_at"))
        kind._default_manager.filter(pk__in=given).update(state="queued", stage="", **free)
    return given


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

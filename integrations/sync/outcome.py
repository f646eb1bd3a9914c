"""How a run ends: applied, unchanged, or failed, and what that means for its link and credential."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta

from django.db import Error, InterfaceError, OperationalError, connection, transaction
from django.db.models import DateTimeField, Func
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from integrations import notices
from integrations.errors import CredentialRejected, OwnerLeft, PullError, RateLimited
from integrations.models import Credential, ProjectLink, SyncRun
from integrations.records import Cursor, Problem
from integrations.sync import progress
from integrations.sync.apply import Counts, apply_plan
from integrations.sync.claim import WITHOUT_DELAY, LeaseLost, hold, lost
from integrations.sync.plan import Plan
from roadmaps.models import Roadmap

#: Problems that a run keeps in full; the rest are counted.
PROBLEMS_KEPT = 100
#: Wait after a first failure, doubled with each more, never beyond the cap.
FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=6)

#: What PostgreSQL calls a disk without room.
DISK_FULL = "53100"
#: And a server that shuts down, crashed or ended the connection, or does not take one yet.
GOING_AWAY = frozenset({"57P01", "57P02", "57P03"})
#: How its codes begin that tell of the connection.
OF_CONNECTION = "08"

CLOSE_UNCHANGED = f"""{WITHOUT_DELAY}
UPDATE integrations_syncrun
SET state = 'succeeded', finished_at = now(), lease_until = NULL, stage = '', requests = %s
WHERE id = %s AND fence = %s AND state = 'running'
RETURNING state, finished_at
"""  # noqa: S608 - the piece is ours


class InternalError(PullError):
    """A fault of our own. The log has the details."""

    code = "internal"

    def __init__(self) -> None:
        super().__init__("Something went wrong on our side. Nothing was changed here.")


class NoRoom(PullError):
    """The database could not store the pull."""

    code = "no_room"

    def __init__(self) -> None:
        super().__init__(
            "There is no room left on the disk of the database, so nothing could be saved. Nothing was changed here. "
            "Who runs this site must make room; then the sync works again by itself."
        )


class WorkerDied(PullError):
    """The run was cut off several times."""

    code = "worker_died"

    def __init__(self) -> None:
        super().__init__(
            "The sync was cut off several times before it could finish. Nothing was changed. It will be tried again."
        )


class SecretUnreadable(PullError):
    """The stored secret does not open: the key that sealed it is gone."""

    code = "secret_unreadable"
    retry = False
    pauses = True


def of_database(error: Error) -> PullError | None:
    """What an error of the database means for the run that it ended; None where only the connection ended."""
    cause = error.__cause__
    code = getattr(cause, "pgcode", None) or ""
    # A quota or a limit of files is told under another code than a full disk, in these words.
    if code == DISK_FULL or "could not extend file" in str(cause):
        return NoRoom()
    # Without a code, nobody was there any more who would tell one.
    unheard = not code and isinstance(error, OperationalError | InterfaceError)
    return None if unheard or code in GOING_AWAY or code.startswith(OF_CONNECTION) else InternalError()


def finish(run: SyncRun, plan: Plan, setup_version: int) -> None:
    """Write the plan, the counts and the cursor, together. Raises LeaseLost where the run is no longer ours."""
    with transaction.atomic():
        hold(run)
        # Whoever writes many items of a roadmap at once locks it first, so that no two wait for each other's items.
        Roadmap.objects.select_for_update(no_key=True).get(pk=run.link.roadmap_id)
        link = ProjectLink.objects.select_for_update(no_key=True).get(pk=run.link_id)
        if link.setup_version != setup_version:
            _overtaken(run, link)
            return
        kept = link.items().count()
        counts = apply_plan(run, plan, progress.teller(run))
        _close(run, SyncRun.State.PARTIAL if counts.problems else SyncRun.State.SUCCEEDED, **_report(counts, kept=kept))
        _succeeded(run, link, plan.snapshot.cursor, complete=plan.snapshot.complete)


def finish_unchanged(run: SyncRun) -> None:
    """Nothing changed at the tracker since the cursor, so the cursor is still right. Raises LeaseLost.

    Where all was well before, only the run itself is written.
    """
    if run.link.is_well:
        with connection.cursor() as cursor:
            cursor.execute(CLOSE_UNCHANGED, [run.requests, run.pk, run.fence])
            closed = cursor.fetchone()
        if closed is None:
            raise LeaseLost
        run.state, run.finished_at = closed
        return
    with transaction.atomic():
        hold(run)
        link = ProjectLink.objects.select_for_update(no_key=True).get(pk=run.link_id)
        _close(run, SyncRun.State.SUCCEEDED)
        _succeeded(run, link, link.cursor, complete=False)


def fail(run: SyncRun, error: PullError) -> None:
    """Keep the error on the run, and decide when, or whether, the link tries again. Nothing of the pull is kept."""
    with transaction.atomic():
        try:
            hold(run)
        except LeaseLost:
            return
        link = ProjectLink.objects.select_for_update(no_key=True).get(pk=run.link_id)
        _close(run, SyncRun.State.FAILED, requests=run.requests, error_code=error.code, error=str(error)[:500])
        _failed(run, link, error)


def give_up(run_id: int) -> None:
    """Fail a run whose workers died again and again, unless one of them shows a sign of life just now."""
    with transaction.atomic():
        found = SyncRun.objects.filter(lost(), pk=run_id).select_related("link")
        run = found.select_for_update(no_key=True, skip_locked=True, of=["self"]).first()
        if run is None:
            return
        link = ProjectLink.objects.select_for_update(no_key=True).get(pk=run.link_id)
        error = WorkerDied()
        _close(run, SyncRun.State.FAILED, fence=None, error_code=error.code, error=str(error))
        _failed(run, link, error)


def _failed(run: SyncRun, link: ProjectLink, error: PullError) -> None:
    """What a failed run means for its link, which is locked: try again, wait, or pause until a person mends it."""
    if isinstance(error, CredentialRejected) and not _still_dead(error, run.link.credential, link):
        link.next_sync_at = Now()
        link.save(update_fields=["next_sync_at"])
        return
    link.failures += 1
    if error.pauses:
        _pause(link, error)
    elif error.retry:
        link.next_sync_at = next_try(link, error)
    link.save(update_fields=["failures", "next_sync_at", "paused_at", "paused_code", "paused_reason"])
    run.error_code, run.error = error.code, str(error)[:500]
    if isinstance(error, CredentialRejected):
        _stop_everything_with(run, error)
    else:
        notices.tell_of_trouble(run, link)


def next_try(link: ProjectLink, error: PullError) -> Combinable:
    """When to try again: after the tracker's own wish, or after a wait that doubles, with jitter against herds.

    By the database's clock: a wrong one on a worker delays nothing.
    """
    if isinstance(error, RateLimited) and error.retry_after is not None:
        wait = error.retry_after
    else:
        wait = FIRST_WAIT * 2 ** min(link.failures - 1, 10)
    jitter = 1 + random.random() * 0.2  # noqa: S311 - spreads load, guards nothing
    return Now() + min(wait * jitter, LONGEST_WAIT)


def _report(counts: Counts, *, kept: int) -> dict[str, object]:
    """What the run tells; `kept` is how many items the link had before."""
    return {
        "created": counts.created,
        "updated": counts.updated,
        "revived": counts.revived,
        "flagged": counts.flagged,
        "unchanged": kept - counts.updated - counts.revived - counts.flagged,
        "problem_count": len(counts.problems),
        "problems": [_problem(problem) for problem in counts.problems[:PROBLEMS_KEPT]],
    }


def _problem(problem: Problem) -> Mapping[str, str]:
    return {"record": problem.record_id, "field": problem.field, "message": problem.message}


def _close(run: SyncRun, state: SyncRun.State, **values: object) -> None:
    SyncRun.objects.filter(pk=run.pk).update(
        **{
            "requests": run.requests,
            "state": state,
            # The clock, not the begin of the transaction: whoever looks meanwhile sees it as news the next time.
            "finished_at": Func(function="clock_timestamp", output_field=DateTimeField()),
            "lease_until": None,
            "stage": "",
            "as_planned": run.as_planned,
            "plan": run.plan,
            **values,
        }
    )


def _succeeded(run: SyncRun, link: ProjectLink, cursor: Cursor | None, *, complete: bool) -> None:
    """The link is healthy again; its cursor moves in the same transaction as its rows."""
    link.failures = 0
    link.paused_at, link.paused_code, link.paused_reason = None, "", ""
    if link.cadence_minutes is None:
        link.next_sync_at = None
    link.cursor = dict(cursor) if cursor is not None else None
    if complete:
        link.last_full_at = Now()
    notices.tell_of_recovery(run, link)
    link.save()
    used = run.link.credential
    Credential.objects.filter(pk=used.pk, sealed=used.sealed).update(accepted_at=Now(), rejected_at=None)


def _overtaken(run: SyncRun, link: ProjectLink) -> None:
    """The setup changed while the run worked: what it read answers an old question. Ask anew, at once."""
    message = "The setup was changed while this sync ran, so nothing was saved. A new sync follows at once."
    _close(run, SyncRun.State.CANCELLED, error_code="setup_changed", error=message)
    link.next_sync_at = Now()
    link.save(update_fields=["next_sync_at"])


def _pause(link: ProjectLink, error: PullError) -> None:
    link.paused_at, link.paused_code, link.paused_reason = Now(), error.code, str(error)[:500]


def _still_dead(error: CredentialRejected, used: Credential, link: ProjectLink) -> bool:
    """Whether the link still has the secret that the run had: somebody may have mended it meanwhile."""
    same = Credential.objects.filter(pk=link.credential_id, sealed=used.sealed).select_related("owner").first()
    if same is None:
        return False
    return not (isinstance(error, OwnerLeft) and same.owner.can_create)


def _stop_everything_with(run: SyncRun, error: CredentialRejected) -> None:
    """One breaker per secret: no roadmap asks the tracker again with a secret that is refused (S11).

    A link that somebody else has locked ends a run of its own just now, and is left to that: two refusals at once must
    not wait for each other.
    """
    credential_id = run.link.credential_id
    Credential.objects.select_for_update(no_key=True).get(pk=credential_id)
    if not isinstance(error, OwnerLeft):
        Credential.objects.filter(pk=credential_id).update(rejected_at=Now(), last_rejected_at=Now())
    using = ProjectLink.objects.filter(credential_id=credential_id).select_related("roadmap__owner")
    free = using.select_for_update(no_key=True, skip_locked=True, of=["self"])
    links = [link for link in free if link.paused_at is None or link.pk == run.link_id]
    ProjectLink.objects.filter(pk__in=[link.pk for link in links], paused_at=None).update(
        paused_at=Now(), paused_code=error.code, paused_reason=str(error)[:500]
    )
    # What waits in the queue would ask the tracker once more each.
    waiting = SyncRun.objects.filter(link__in=links, state=SyncRun.State.QUEUED)
    ids = list(waiting.select_for_update(no_key=True, skip_locked=True, of=["self"]).values_list("pk", flat=True))
    SyncRun.objects.filter(pk__in=ids).update(
        state=SyncRun.State.FAILED, finished_at=Now(), error_code=error.code, error=str(error)[:500]
    )
    notices.tell_of_dead_secret(run, links)

"""When a run waits for the owner's word (B8): it would stop too many items at once, or do more than it was shown to do.

So neither a tracker that answers with nothing nor a slip of somebody's hand there empties a roadmap overnight.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts import audit
from accounts.audit import quoted
from accounts.models import AuditArea, Membership
from integrations import registry
from integrations.models import ProjectLink, SyncRun
from integrations.sync.claim import hold
from integrations.sync.outline import Outline, outline, read_outline
from integrations.sync.plan import Plan
from integrations.sync.schedule import send_asked

#: A run may stop this many items without a question, or this share of those that it keeps, whichever is more.
FREE_ITEMS = 20
FREE_SHARE = 0.2


def must_ask(run: SyncRun, plan: Plan) -> bool:
    """Whether the owner must be asked first.

    A plan that the owner saw and said yes to is carried out as it was shown. Where the tracker moved meanwhile, what it
    added or changed comes too, as with any sync; but no more items stop, and no more values are emptied, than were
    shown: then the owner is asked again, with the new plan. Notes on the run whether it is exactly what was shown.
    """
    stored = run.plan if run.plan is not None else _plan_of_failed_try(run)
    if stored is None:
        return _stops_too_many(run, plan)
    run.plan = stored
    would, shown = _outline(run, plan), read_outline(stored)
    run.as_planned = would.digest == shown.digest
    return would.takes_more_than(shown)


def _plan_of_failed_try(run: SyncRun) -> object | None:
    """What the owner said yes to before a run that failed: the yes stands until a sync comes through."""
    earlier = SyncRun.objects.filter(account_id=run.account_id, link_id=run.link_id, pk__lt=run.pk)
    telling = earlier.filter(Q(state__in=SyncRun.GOOD) | Q(state=SyncRun.State.FAILED, plan__isnull=False))
    last = telling.order_by("-id").first()
    return last.plan if last is not None and last.state == SyncRun.State.FAILED else None


def _stops_too_many(run: SyncRun, plan: Plan) -> bool:
    # A changed filter is the owner's own word.
    asked_for = {"out_of_filter"} if run.trigger == SyncRun.Trigger.MODIFY else set()
    flags = sum(flag.reason not in asked_for for flag in plan.flag)
    if flags == 0:
        return False
    if plan.snapshot.is_empty:
        return True
    return flags > FREE_ITEMS and flags > run.link.items().filter(source_state="").count() * FREE_SHARE


def hold_for_owner(run: SyncRun, plan: Plan) -> None:
    """Leave everything as it is, and keep on the run what it would do. Raises LeaseLost."""
    would = _outline(run, plan)
    with transaction.atomic():
        hold(run)
        SyncRun.objects.filter(pk=run.pk).update(
            state=SyncRun.State.HELD,
            lease_until=None,
            stage="",
            requests=run.requests,
            plan=would.as_json(),
            as_planned=run.as_planned,
        )


def _outline(run: SyncRun, plan: Plan) -> Outline:
    return outline(run.link, plan, type_key=registry.get(run.link.kind).type_key)


def let_go(run: SyncRun, *, member: Membership) -> bool:
    """The owner says yes: the run starts over and may do what it showed. False where it no longer waits."""
    with transaction.atomic():
        freed = SyncRun.objects.filter(pk=run.pk, account_id=member.account_id, state=SyncRun.State.HELD).update(
            state=SyncRun.State.QUEUED,
            asked_by=member,
            fence=None,
            sent_at=None,
            queued_at=Now(),
            requests=0,
        )
        if freed:
            stops = "1 item" if run.planned_flags == 1 else f"{run.planned_flags:,} items"
            done = f"Let the held sync of {quoted(run.link.roadmap)} go on, which may stop {stops}."
            audit.record(member, AuditArea.LINKS, done)
            transaction.on_commit(lambda: send_asked(run.pk))
    return bool(freed)


def turn_down(run: SyncRun, *, member: Membership) -> bool:
    """The owner says no: nothing is changed, and the link pauses until somebody asks for a sync again."""
    with transaction.atomic():
        stopped = SyncRun.objects.filter(pk=run.pk, account_id=member.account_id, state=SyncRun.State.HELD).update(
            state=SyncRun.State.CANCELLED,
            finished_at=Now(),
            asked_by=member,
            error_code=SyncRun.TURNED_DOWN,
            error="The owner said no to this sync, so nothing was changed.",
        )
        if stopped:
            # A pause for a graver reason, like a refused token, stays.
            ProjectLink.objects.filter(pk=run.link_id, paused_at=None).update(
                paused_at=Now(),
                paused_code=SyncRun.TURNED_DOWN,
                paused_reason="You said no to what the last sync would have done.",
            )
            done = f"Turned down the held sync of {quoted(run.link.roadmap)}, which pauses its syncing."
            audit.record(member, AuditArea.LINKS, done)
    return bool(stopped)

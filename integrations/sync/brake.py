"""The brake: a run that would stop too many items at once waits for the owner's word (B8).

So neither a tracker that answers with nothing nor a slip of somebody's hand there empties a roadmap overnight.
"""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun
from integrations.sync.claim import hold
from integrations.sync.plan import Plan, outline
from integrations.sync.schedule import send_runs
from roadmaps.models import Item

#: A run may stop this many items without a question, or this share of those that it keeps, whichever is more.
FREE_ITEMS = 20
FREE_SHARE = 0.2
#: Items that a held run shows by name.
SHOWN = 50


def counted_flags(plan: Plan, trigger: str) -> int:
    """Items that the plan would stop without anybody having asked for it: a changed filter is the owner's own word."""
    asked_for = {"out_of_filter"} if trigger == SyncRun.Trigger.MODIFY else set()
    return sum(flag.reason not in asked_for for flag in plan.flag)


def must_hold(plan: Plan, run: SyncRun) -> bool:
    """Whether the owner must be asked first."""
    flags = counted_flags(plan, run.trigger)
    if flags == 0 or flags <= run.approved_flags:
        return False
    if plan.snapshot.is_empty:
        return True
    return flags > FREE_ITEMS and flags > run.link.items().filter(source_state="").count() * FREE_SHARE


def hold_for_owner(run: SyncRun, plan: Plan) -> None:
    """Leave everything as it is, and keep on the run what it would do. Raises LeaseLost."""
    would = outline(plan)
    kept = run.link.items().count()
    with transaction.atomic():
        hold(run)
        SyncRun.objects.filter(pk=run.pk).update(
            state=SyncRun.State.HELD,
            lease_until=None,
            stage="",
            requests=run.requests,
            created=would.created,
            updated=would.updated,
            revived=would.revived,
            unchanged=kept - would.updated - would.revived - len(plan.flag),
            flagged=len(plan.flag),
            held_items=_shown(run, plan),
            held_reasons=Counter(flag.reason for flag in plan.flag),
        )


def _shown(run: SyncRun, plan: Plan) -> list[dict[str, object]]:
    reasons = {flag.item.item_id: flag.reason for flag in plan.flag[:SHOWN]}
    items = Item.objects.filter(account_id=run.account_id, pk__in=reasons).order_by("name", "id")
    return [{"item": pk, "name": name[:200], "reason": reasons[pk]} for pk, name in items.values_list("pk", "name")]


def let_go(run: SyncRun, *, member: Membership) -> bool:
    """The owner says yes: the run starts over and may stop as many items as it showed.

    False where it no longer waits.
    """
    with transaction.atomic():
        freed = SyncRun.objects.filter(pk=run.pk, account_id=member.account_id, state=SyncRun.State.HELD).update(
            state=SyncRun.State.QUEUED,
            approved_flags=F("flagged"),
            asked_by=member,
            fence=None,
            sent_at=None,
            queued_at=Now(),
            **dict.fromkeys(("created", "updated", "revived", "unchanged", "flagged", "requests"), 0),
        )
        if freed:
            transaction.on_commit(lambda: send_runs([run.pk]))
    return bool(freed)


def turn_down(run: SyncRun, *, member: Membership) -> bool:
    """The owner says no: nothing is changed, and the link pauses until somebody asks for a sync again."""
    with transaction.atomic():
        stopped = SyncRun.objects.filter(pk=run.pk, account_id=member.account_id, state=SyncRun.State.HELD).update(
            state=SyncRun.State.CANCELLED,
            finished_at=Now(),
            asked_by=member,
            error_code=SyncRun.TURNED_DOWN,
            error="The owner kept the items, so nothing was changed.",
            **dict.fromkeys(("created", "updated", "revived", "flagged"), 0),
        )
        if stopped:
            # A pause for a graver reason, like a refused token, stays.
            ProjectLink.objects.filter(pk=run.link_id, paused_at=None).update(
                paused_at=Now(),
                paused_code=SyncRun.TURNED_DOWN,
                paused_reason="The last sync would have stopped many items, and you kept them.",
            )
    return bool(stopped)

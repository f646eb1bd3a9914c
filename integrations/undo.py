"""Taking back what the latest sync did, whole, in one transaction (B5).

What people changed themselves since is left alone: a value goes back only where it still is what the run wrote. Items
that the run made are archived and say why, so that nothing written on them is lost. The link then rests, and its next
run reads everything: "Sync now", or a changed setup, brings the project's present state again.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.audit import quoted
from accounts.models import AuditArea, Membership
from integrations.models import ProjectLink, SyncRun
from roadmaps.models import Item, Roadmap

#: Why a link rests after an undo.
UNDONE = "undone"
RESTS = "Syncing rests until you press “Sync now” or change the setup."
PAUSE_REASON = "You took back what the last sync did."


class CannotUndo(Exception):
    """The run is not, or no longer, one that can be taken back. The message is a sentence for the page."""


def latest_undoable(link: ProjectLink) -> SyncRun | None:
    """The run whose changes can go back: the latest that changed anything, while none is under way."""
    if SyncRun.objects.filter(account_id=link.account_id, link=link, state__in=SyncRun.LIVE).exists():
        return None
    changing = SyncRun.objects.filter(account_id=link.account_id, link=link, state__in=SyncRun.GOOD)
    latest = changing.exclude(created=0, updated=0, revived=0, flagged=0).order_by("-id").first()
    return latest if latest is not None and latest.undone_at is None else None


def undo(run: SyncRun, *, member: Membership) -> int:
    """Take the run's changes back, and let the link rest; answers how many items went back. Raises CannotUndo."""
    with transaction.atomic():
        # The same order as a run that saves: its own row, the roadmap, the link.
        SyncRun.objects.select_for_update(no_key=True).get(pk=run.pk, account_id=member.account_id)
        roadmap = Roadmap.objects.select_for_update(no_key=True).get(pk=run.link.roadmap_id)
        link = ProjectLink.objects.select_for_update(no_key=True).get(pk=run.link_id)
        latest = latest_undoable(link)
        if latest is None or latest.pk != run.pk:
            raise CannotUndo(_refusal(link, run))
        back = _take_back(run, link)
        # Later runs found nothing to change in what goes back now: they no longer say how fresh the roadmap is.
        undone = SyncRun.objects.filter(account_id=link.account_id, link=link, state__in=SyncRun.GOOD, pk__gte=run.pk)
        undone.update(undone_at=Now(), undone_by=member)
        link.paused_code, link.paused_reason = UNDONE, PAUSE_REASON
        link.cursor, link.last_full_at = None, None
        link.save(update_fields=["paused_code", "paused_reason", "cursor", "last_full_at"])
        ProjectLink.objects.filter(pk=link.pk).update(paused_at=Now())
        when = f"{timezone.localtime(run.queued_at):%-d %b %Y, %H:%M}"
        audit.record(member, AuditArea.LINKS, f"Undid the sync of {quoted(roadmap)} that began on {when}.")
    return back


def _refusal(link: ProjectLink, run: SyncRun) -> str:
    if SyncRun.objects.filter(account_id=link.account_id, link=link, state__in=SyncRun.LIVE).exists():
        return "A sync is under way. When it has ended, the latest sync can be undone."
    if SyncRun.objects.filter(pk=run.pk, undone_at__isnull=False).exists():
        return "This sync was undone already."
    return "Only the latest sync that changed something can be undone, and this one is no longer it."


def _take_back(run: SyncRun, link: ProjectLink) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE_BACK,
            {
                "run": run.pk,
                "account": run.account_id,
                "roadmap": link.roadmap_id,
                "undone": Item.SourceState.UNDONE.value,
            },
        )
        return int(cursor.rowcount)


#: Column by column: what the run wrote goes back to what was there, what somebody changed since stays. The hash is
#: emptied, so that the next run compares the item anew. Dates that no longer fit each other stay both.
TAKE_BACK = """
WITH change AS (
    SELECT change.item_id, change.kind, change.changes,
        coalesce(fields.back, '{}'::jsonb) AS back, coalesce(fields.columns, '{}'::text[]) AS columns
    FROM integrations_itemchange AS change
    JOIN roadmaps_item AS item ON item.id = change.item_id
    CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(pair.key, pair.value->0) FILTER (WHERE pair.value->0 <> 'null') AS back,
            array_agg(pair.key) AS columns
        FROM jsonb_each(change.changes) AS pair
        WHERE pair.key ~ '^f[0-9]+$' AND coalesce(item."values"->pair.key, 'null') = pair.value->1
    ) AS fields
    WHERE change.run_id = %(run)s AND change.account_id = %(account)s
), goal AS (
    SELECT change.*, item.start_date AS start_now, item.end_date AS end_now,
        CASE WHEN changes ? 'start_date' AND to_jsonb(item.start_date) IS NOT DISTINCT FROM
            nullif(changes->'start_date'->1, 'null')
            THEN (changes->'start_date'->>0)::date ELSE item.start_date END AS start_back,
        CASE WHEN changes ? 'end_date' AND to_jsonb(item.end_date) IS NOT DISTINCT FROM
            nullif(changes->'end_date'->1, 'null')
            THEN (changes->'end_date'->>0)::date ELSE item.end_date END AS end_back
    FROM change JOIN roadmaps_item AS item ON item.id = change.item_id
)
UPDATE roadmaps_item AS item SET
    name = CASE WHEN item.name = changes->'name'->>1 THEN changes->'name'->>0 ELSE item.name END,
    description = CASE WHEN item.description = changes->'description'->>1
        THEN changes->'description'->>0 ELSE item.description END,
    start_date = CASE WHEN start_back > end_back THEN start_now ELSE start_back END,
    end_date = CASE WHEN start_back > end_back THEN end_now ELSE end_back END,
    "values" = (item."values" - columns) || back,
    source_hash = '',
    source_state = CASE kind
        WHEN 'created' THEN %(undone)s
        WHEN 'updated' THEN item.source_state
        ELSE changes->'source_state'->>0 END,
    source_state_at = CASE
        WHEN kind = 'created' OR (kind = 'revived' AND changes ? 'source_state') THEN now()
        WHEN kind = 'flagged' AND changes->'source_state'->>0 = '' THEN NULL
        ELSE item.source_state_at END,
    archived_at = CASE
        WHEN kind = 'created' OR changes ? 'archived_by_source' THEN coalesce(item.archived_at, now())
        WHEN kind = 'flagged' AND changes->'source_state'->>0 = '' AND item.archived_by_source THEN NULL
        ELSE item.archived_at END,
    archived_by_source = CASE
        WHEN kind = 'created' OR changes ? 'archived_by_source' THEN item.archived_by_source OR item.archived_at IS NULL
        WHEN kind = 'flagged' AND changes->'source_state'->>0 = '' THEN false
        ELSE item.archived_by_source END,
    updated_at = now()
FROM goal WHERE item.id = goal.item_id AND item.account_id = %(account)s AND item.roadmap_id = %(roadmap)s
"""

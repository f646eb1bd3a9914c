"""What the owner says to a sync: go on, keep the items, stop, or take it back (B5, B8)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.timesince import timeuntil
from django.views.decorators.http import require_POST

from integrations import undo as undoing
from integrations.models import ProjectLink, SyncRun
from integrations.status import SyncStatus, status_of
from integrations.sync import brake, claim
from roadmaps.access import Level, RoadmapRequest, roadmap_view

NO_LONGER = "This sync no longer waits for an answer. The sync history tells what became of it."


@require_POST
@roadmap_view(level=Level.OWNER, portfolios=False)
def apply(request: RoadmapRequest, run_id: int) -> HttpResponse:
    """Let a held run go on. A link that only new credentials can mend is left alone."""
    status, run = _found(request, run_id)
    if run.is_held and status.needs_setup:
        messages.error(request, f"Nothing was synced. {status.trouble} {status.advice}")
    elif brake.let_go(run, member=request.membership):
        count = f"{run.planned_flags} item" if run.planned_flags == 1 else f"{run.planned_flags} items"
        messages.success(request, f"The sync goes on, and may stop {count}. Each is marked with the reason.")
    else:
        messages.info(request, NO_LONGER)
    return _to_the_roadmap(request)


@require_POST
@roadmap_view(level=Level.OWNER, portfolios=False)
def keep(request: RoadmapRequest, run_id: int) -> HttpResponse:
    """Turn a held run down."""
    _, run = _found(request, run_id)
    if brake.turn_down(run, member=request.membership):
        messages.success(request, "Nothing was changed. Syncing is paused until you press “Sync now”.")
    else:
        messages.info(request, NO_LONGER)
    return _to_the_roadmap(request)


@require_POST
@roadmap_view(level=Level.OWNER, portfolios=False)
def cancel(request: RoadmapRequest, run_id: int) -> HttpResponse:
    """Cancel a run that waits for a worker or is at work."""
    status, run = _found(request, run_id)
    if claim.cancel(run, member=request.membership):
        messages.success(request, f"The sync was cancelled. Nothing was changed. {_next(status.link)}")
    elif run.is_held:
        messages.info(request, "This sync waits for your answer. “Keep the items” ends it.")
    else:
        messages.info(request, "It was too late to cancel: the sync had ended. The sync history tells what it did.")
    return _to_the_roadmap(request)


@require_POST
@roadmap_view(level=Level.OWNER)
def undo(request: RoadmapRequest, run_id: int) -> HttpResponse:
    """Take back what the latest sync did (B5)."""
    _, run = _found(request, run_id)
    try:
        back = undoing.undo(run, member=request.membership)
    except undoing.CannotUndo as refusal:
        messages.error(request, f"Nothing was undone. {refusal}")
    else:
        items = "1 item says again what it" if back == 1 else f"{back} items say again what they"
        messages.success(request, f"The sync was undone: {items} said before. {undoing.RESTS}")
    return redirect("integrations:run-detail", request.account.slug, request.roadmap.pk, run.pk)


def _found(request: RoadmapRequest, run_id: int) -> tuple[SyncStatus, SyncRun]:
    status = status_of(request.roadmap)
    if status is None:
        raise Http404
    run = get_object_or_404(SyncRun, account=request.account, link=status.link, pk=run_id)
    run.link = status.link
    return status, run


def _next(link: ProjectLink) -> str:
    if link.next_sync_at is None or link.paused_at is not None:
        return "“Sync now” starts another one."
    return f"The next one comes by itself in {timeuntil(link.next_sync_at, depth=1)}; “Sync now” asks for one at once."


def _to_the_roadmap(request: RoadmapRequest) -> HttpResponse:
    return redirect("roadmaps:items-table", request.account.slug, request.roadmap.pk)

"""A roadmap's syncs: ask for one, watch it, and read what each of them did (D8, D9, D19, B4)."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from integrations import history, panel, registry, setup
from integrations.history_filter import ChangeFilter, RunFilter
from integrations.models import ItemChange, ProjectLink, SyncRun
from integrations.shown_plan import ShownPlan, of_run
from integrations.status import stage_of, status_of
from integrations.sync.progress import written_by
from integrations.sync.schedule import request_run
from integrations.undo import latest_undoable
from integrations.views.fragments import is_fragment, sign_in_first
from roadmaps.access import Level, RoadmapRequest, roadmap_view

RUNS_SHOWN = 25
CHANGES_SHOWN = 50


@require_POST
@roadmap_view(level=Level.OWNER, portfolios=False)
def sync_now(request: RoadmapRequest) -> HttpResponse:
    """Ask for a sync; the one that is under way counts. A link that only new credentials can mend is left alone."""
    status = status_of(request.roadmap)
    if status is None:
        return redirect("integrations:setup", request.account.slug, request.roadmap.pk)
    if status.needs_setup:
        messages.error(request, f"Nothing was synced. {status.trouble} {status.advice}")
    else:
        run = request_run(link=status.link, trigger=SyncRun.Trigger.MANUAL, asked_by=request.membership)
        if status.held is not None and status.held.pk == run.pk:
            messages.warning(request, "The last sync waits for your answer first.")
        elif status.live is not None and status.live.pk == run.pk:
            messages.info(request, "A sync is under way already.")
    return redirect(reverse("roadmaps:items-table", args=[request.account.slug, request.roadmap.pk]))


@require_safe
@sign_in_first
@roadmap_view(portfolios=False)
def status(request: RoadmapRequest) -> HttpResponse:
    """The state of the link as a fragment; 204 while it says what the page shows already."""
    return panel.answer(request)


@require_safe
@roadmap_view(portfolios=False)
def runs(request: RoadmapRequest) -> HttpResponse:
    """All syncs of the roadmap, the newest first."""
    status = panel.remembered_status(request)
    if status is None:
        raise Http404
    link = status.link
    asked = RunFilter(request.GET)
    found = asked.apply(SyncRun.objects.filter(account=request.account, link=link)).select_related("asked_by__user")
    page = Paginator(found.order_by("-id"), RUNS_SHOWN).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "asked": asked,
        "live": any(run.is_live and not run.is_held for run in page),
        "item": asked.item_in(request.roadmap),
        **_frame(request, link),
    }
    return render(request, "integrations/runs.html", context)


@require_safe
@roadmap_view(portfolios=False)
def run(request: RoadmapRequest, run_id: int) -> HttpResponse:
    """What one sync did: counts, problems, the error, and each item that it changed."""
    link = setup.link_of(request.roadmap)
    if link is None:
        raise Http404
    found = SyncRun.objects.select_related("asked_by__user", "undone_by__user")
    shown = get_object_or_404(found, account=request.account, link=link, pk=run_id)
    if is_fragment(request) and not shown.is_live:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    asked = ChangeFilter(request.GET)
    changes = asked.apply(ItemChange.objects.filter(account=request.account, run=shown)).select_related("item")
    page = Paginator(changes.order_by("id"), CHANGES_SHOWN).get_page(request.GET.get("page"))
    for change in page:
        change.run = shown
    is_owner = request.level == Level.OWNER and request.roadmap.archived_at is None
    context = {
        "run": shown,
        "page": page,
        "asked": asked,
        "is_owner": is_owner,
        "running": shown.is_live and not shown.is_held,
        "stage": stage_of(shown),
        "written": written_by(shown),
        "may_undo": is_owner and shown.has_changes and _is_undoable(shown, link),
        "plan": _plan(request, shown, link),
        "may_answer": shown.is_held and is_owner,
        "entries": history.entries(request.account.pk, page),
        **_frame(request, link),
    }
    return render(request, "integrations/run.html", context)


def _is_undoable(run: SyncRun, link: ProjectLink) -> bool:
    latest = latest_undoable(link)
    return latest is not None and latest.pk == run.pk


def _plan(request: RoadmapRequest, run: SyncRun, link: ProjectLink) -> ShownPlan | None:
    """What a held run would do, or what the owner turned down; for the owner."""
    if request.level != Level.OWNER or not (run.is_held or run.is_turned_down):
        return None
    return of_run(run, link)


def _frame(request: RoadmapRequest, link: ProjectLink) -> dict[str, object]:
    return {
        "link": link,
        "connector": registry.get(link.kind),
        "cadence": setup.CADENCES.get(link.cadence_minutes, f"Every {link.cadence_minutes} minutes"),
        "roadmap_url": reverse("roadmaps:items-table", args=[request.account.slug, request.roadmap.pk]),
    }

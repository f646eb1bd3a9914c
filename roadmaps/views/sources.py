"""The sources of a portfolio: which roadmaps it shows, through which views, and in which order (S32, D28)."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from roadmaps import access, portfolio, scope, services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.latest import read_number
from roadmaps.models import Roadmap, Source, View
from roadmaps.portfolio import Portfolio
from roadmaps.services.sources import ALL_DATA, MAX_SOURCES, may_be_added
from roadmaps.views.items import ITEMS_CHANGED
from roadmaps.views.shared import page_context, to_roadmap

#: More roadmaps to choose from are found by a part of their name.
OFFERED = 200


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, standard=False)
def sources(request: RoadmapRequest) -> HttpResponse:
    """The sources, and the form for one more; by a post, one is added."""
    if request.method == "POST":
        return _act(request, lambda: _add(request))
    shown = portfolio.look(scope.of(request.roadmap))
    views = _views(request, shown)
    context = {
        **page_context(request),
        "portfolio": shown,
        "rows": [(line, views.get(line.roadmap.pk)) for line in shown.lines],
        "all_data": ALL_DATA,
        "offered": _brief(may_be_added(request.roadmap, request.membership))[:OFFERED],
        "is_full": len(shown.lines) >= MAX_SOURCES,
    }
    return render(request, "roadmaps/sources.html", context)


@require_safe
@roadmap_view(standard=False)
def state(request: RoadmapRequest) -> HttpResponse:
    """For an open page: how fresh the sources are; where they changed since it was `seen`, the items come anew."""
    shown = portfolio.look(scope.of(request.roadmap))
    context = {"account": request.account, "roadmap": request.roadmap, "portfolio": shown}
    response = render(request, "roadmaps/portfolio_state.html", context)
    if request.GET.get("seen") != shown.digest:
        response["HX-Trigger"] = ITEMS_CHANGED
    return response


@require_POST
@roadmap_view(level=Level.EDITOR, standard=False)
def show_through(request: RoadmapRequest, source_id: int) -> HttpResponse:
    """Show the source through another view."""
    source, view = _get(request, source_id), request.POST.get("view", "")
    return _act(request, lambda: _show(request, source, view))


@require_POST
@roadmap_view(level=Level.EDITOR, standard=False)
def move(request: RoadmapRequest, source_id: int) -> HttpResponse:
    """Move the source up or down."""
    step = -1 if request.POST.get("to") == "up" else 1
    services.move_source(source=_get(request, source_id), step=step, by=request.membership)
    return to_roadmap(request, "sources")


@require_POST
@roadmap_view(level=Level.EDITOR, standard=False)
def remove(request: RoadmapRequest, source_id: int) -> HttpResponse:
    """Show nothing of that roadmap any more."""
    source = _get(request, source_id)
    services.remove_source(source=source, by=request.membership)
    messages.success(request, "The source is no longer shown here. The roadmap itself is as it was.")
    return to_roadmap(request, "sources")


def _act(request: RoadmapRequest, act: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, act())
    except services.Refused as refused:
        messages.error(request, str(refused))
    return to_roadmap(request, "sources")


def _add(request: RoadmapRequest) -> str:
    wanted = read_number(request.POST.get("roadmap", "")) or 0
    made = services.add_source(portfolio=request.roadmap, roadmap_id=wanted, by=request.membership)
    return f"“{made.roadmap}” is a source now, with all its data."


def _show(request: RoadmapRequest, source: Source, view: str) -> str:
    services.show_through(source=source, view=view, by=request.membership)
    return f"“{source.roadmap}” is shown through “{source.view or 'All Data'}” now."


def _get(request: RoadmapRequest, source_id: int) -> Source:
    found = Source.objects.filter(account=request.account, portfolio=request.roadmap)
    return get_object_or_404(found.select_related("roadmap", "portfolio"), pk=source_id)


def _views(request: RoadmapRequest, shown: Portfolio) -> dict[int, list[View]]:
    """The views to choose from, by the roadmap; of those alone that the person may see."""
    seen = access.visible_to(request.membership).filter(pk__in=[line.roadmap.pk for line in shown.lines])
    found: dict[int, list[View]] = {pk: [] for pk in seen.values_list("pk", flat=True)}
    for view in View.objects.filter(account=request.account, roadmap__in=found):
        found[view.roadmap_id].append(view)
    return found


def _brief(roadmaps: QuerySet[Roadmap]) -> QuerySet[Roadmap]:
    return roadmaps.only("name", "kind", "account_id")

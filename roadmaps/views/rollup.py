"""The Roll-up: epics, or any other list, as bars with the progress of their items (B15)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from roadmaps import filter_form, rollup_page, rollup_settings, saved_views
from roadmaps.access import RoadmapRequest, roadmap_view
from roadmaps.rollup_page import Rollup
from roadmaps.rollup_settings import Settings
from roadmaps.saved_views import Asked
from roadmaps.views.axis import toolbar, way_through_time
from roadmaps.views.shared import editable_roadmaps, view_context


@require_safe
@roadmap_view()
def rollup(request: RoadmapRequest) -> HttpResponse:
    """One window of the roadmap's bars, as the address asks for them; the items of one of them where it says so."""
    params = dict(request.GET.lists())
    told = saved_views.ask(request.roadmap, params)
    filtering = filter_form.answer(params, told.query, told.columns)
    if filtering.query:
        return redirect(request.path + filtering.query.address())
    if len(params.get("done", ())) > 1:
        return redirect(request.path + told.query.address())
    today = timezone.localdate()
    frame = view_context(request, told, editable_roadmaps(request, told.scope))
    shown = rollup_page.build(told.scope, told.query, today=today)
    context = {
        **frame,
        **toolbar(request, told),
        **(_chart(request, told, shown) if shown else {}),
        "filter_form": filtering.form,
        "told": told,
        "shown": shown,
    }
    return render(request, "roadmaps/rollup.html", context)


def _chart(request: RoadmapRequest, told: Asked, shown: Rollup) -> dict[str, object]:
    return {
        **way_through_time(told.query, shown.settings.zoom, shown.layout, timezone.localdate()),
        "chart": shown.chart,
        "table_url": reverse("roadmaps:items-table", args=[request.account.slug, request.roadmap.pk]),
        "settings_form": _settings_form(told, shown),
    }


def _settings_form(told: Asked, shown: Rollup) -> dict[str, object]:
    settings, known = shown.settings, told.columns
    return {
        "pairs": rollup_settings.without_settings(told.query),
        "selects": (
            ("by", "A bar for each", rollup_settings.lists_of(known), settings.by, ""),
            ("points", "Points", rollup_settings.numbers_of(known), settings.points, "Count items alone"),
            ("state", "Done is told by", rollup_settings.states_of(known), settings.state, "Nothing"),
        ),
        "done": _done_choices(settings),
    }


def _done_choices(settings: Settings) -> list[tuple[int, str, bool]]:
    """The values that can mean done, and whether each does; none where a checkbox says it."""
    offered = settings.state.labels(keep=settings.done) if settings.state else {}
    return [(pk, label, pk in settings.done) for pk, label in offered.items()]

"""The Timeline, the dates that people drag on it, and its pictures to take along."""

from __future__ import annotations

import re

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from roadmaps import (
    columns,
    export,
    filter_form,
    freshness,
    saved_views,
    services,
    timeline_items,
    timeline_settings,
)
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.columns import Column
from roadmaps.models import Item, View
from roadmaps.saved_views import Asked
from roadmaps.scope import Scope
from roadmaps.timeline_axis import shift
from roadmaps.timeline_items import Timeline, show_day
from roadmaps.timeline_page import WIDTH, make_chart
from roadmaps.timeline_picture import PICTURE_WIDTH, draw_png, draw_svg
from roadmaps.views.axis import toolbar, way_through_time
from roadmaps.views.card import find_with_columns
from roadmaps.views.export import TOO_OFTEN, asks_too_often
from roadmaps.views.shared import editable_roadmaps, layout_url, view_context
from roadmaps.views.slips import compare_menu, known_context

UNITS = ("week", "month", "quarter", "year", "years5", "years10", "years50")
DATES = {"start": ("start_date", "Start"), "end": ("end_date", "End")}


@require_safe
@roadmap_view()
def timeline(request: RoadmapRequest) -> HttpResponse:
    """One window of the roadmap's items, as the address asks for them (S31, D26)."""
    params = dict(request.GET.lists())
    told = saved_views.ask(request.roadmap, params)
    filtering = filter_form.answer(params, told.query, told.columns)
    if filtering.query:
        return redirect(request.path + filtering.query.address())
    if len(params.get("label", ())) > 1:
        return redirect(request.path + told.query.address())
    today = timezone.localdate()
    frame = view_context(request, told, editable_roadmaps(request, told.scope))
    shown = timeline_items.build(told.scope, told.query, today=today, width=WIDTH)
    context = {
        **frame,
        **toolbar(request, told),
        **way_through_time(told.query, shown.settings.zoom, shown.layout, today),
        **_files(request, told),
        "filter_form": filtering.form,
        "shown": shown,
        "chart": make_chart(shown),
        "settings_form": _settings_form(told, shown),
        **_comparison(request, told, shown),
    }
    return render(request, "roadmaps/timeline.html", context)


@require_safe
@roadmap_view()
def timeline_svg(request: RoadmapRequest) -> HttpResponse:
    """The same window as a file of its own, for documents and slides."""
    return _download(request, _picture(request), "svg", "image/svg+xml")


@require_safe
@roadmap_view()
def timeline_png(request: RoadmapRequest) -> HttpResponse:
    """The same window as a picture; painting a thousand bars takes seconds, so there are only so many a minute."""
    if asks_too_often(request):
        messages.error(request, TOO_OFTEN)
        told = saved_views.ask(request.roadmap, dict(request.GET.lists()))
        return redirect(layout_url(request, View.Layout.TIMELINE) + told.query.address())
    return _download(request, draw_png(_picture(request)), "png", "image/png")


@require_POST
@roadmap_view(level=Level.EDITOR, of_items=True)
def item_dates(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """Move an item, or one of its ends: to the days that were posted, or by so many units. Answers with a sentence."""
    item, known = find_with_columns(request, item_id, level=Level.EDITOR)
    texts = _dates_posted(request, item)
    if locked := _locked(item, list(texts), known):
        return HttpResponse(locked, status=422, content_type="text/plain; charset=utf-8")
    try:
        services.update_item(item=item, texts=texts, by=request.membership, known=known)
    except ValidationError as problem:
        return HttpResponse(problem.messages[0], status=422, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


def _dates_posted(request: RoadmapRequest, item: Item) -> dict[str, list[str]]:
    """`start_date` and `end_date` as they come; or `edge` ("start", "end" or both) with `by` and `unit`."""
    if "by" not in request.POST:
        return {name: [request.POST[name]] for name, _ in DATES.values() if name in request.POST}
    unit, text = request.POST.get("unit", ""), request.POST.get("by", "")
    count = int(text) if re.fullmatch(r"-?[0-9]{1,4}", text) else 0
    edges = [request.POST["edge"]] if request.POST.get("edge") in DATES else list(DATES)
    names = [DATES[edge][0] for edge in edges if getattr(item, DATES[edge][0])]
    unit = unit if unit in UNITS else "week"
    return {name: [shift(getattr(item, name), unit, count).isoformat()] for name in names}


def _locked(item: Item, wanted: list[str], known: list[Column]) -> str:
    """Why those dates can't be changed here; "" where they can (D10)."""
    kept = {column.name for column in known if columns.is_locked(item, column)}
    labels = [label for name, label in DATES.values() if name in kept]
    if not kept.intersection(wanted):
        return ""
    source = item.roadmap.source_label or "its source"
    return (
        f"{' and '.join(labels)} {'come' if len(labels) > 1 else 'comes'} from {source}, and can only be changed there."
    )


def _comparison(request: RoadmapRequest, told: Asked, shown: Timeline) -> dict[str, object]:
    """What the page compares with, the list of all slips, and whether the history reaches so far."""
    since = shown.comparison.since if shown.comparison else None
    return {
        "compare": compare_menu(told.query, since),
        "slips_url": reverse("roadmaps:slips", args=[request.account.slug, request.roadmap.pk]) + told.query.address(),
        **known_context(told.scope, since),
    }


def _files(request: RoadmapRequest, told: Asked) -> dict[str, object]:
    """The pictures to take along, of what the page shows."""
    args, asked = [request.account.slug, request.roadmap.pk], told.query.address()
    return {
        "svg_url": reverse("roadmaps:timeline-svg", args=args) + asked,
        "png_url": reverse("roadmaps:timeline-png", args=args) + asked,
    }


def _settings_form(told: Asked, shown: Timeline) -> dict[str, object]:
    settings = shown.settings
    groupable = [column for column in told.columns if column.is_list or column.type == "checkbox"]
    selects = (
        ("head", "Header", settings.head),
        ("sub", "Sub-header", settings.sub),
        ("colour", "Colour", settings.colour),
    )
    return {
        "pairs": timeline_settings.without_settings(told.query),
        "groupable": groupable,
        "selects": selects,
        "labels": [
            (column, column in settings.labels) for column in told.columns if column.in_table and not column.long
        ],
    }


def _picture(request: RoadmapRequest) -> str:
    told = saved_views.ask(request.roadmap, dict(request.GET.lists()))
    now = timezone.localtime()
    shown = timeline_items.build(told.scope, told.query, today=now.date(), width=PICTURE_WIDTH)
    return draw_svg(timeline=shown, title=request.roadmap.name, freshness=_freshness(told.scope), now=now)


def _freshness(scope: Scope) -> str:
    """How old the (oldest) data is, in a sentence without its stop; "" where people fill the roadmap by hand (B11)."""
    homes = [*scope.homes.values()]
    fresh = freshness.of_each(homes)
    oldest = freshness.oldest(homes, fresh)
    if oldest is None:
        return ""
    told, only = fresh[oldest.pk], "" if oldest == scope.roadmap else f" to {oldest.name}"
    if told.synced_at is None:
        return f"Nothing has come from {told.source}{only} yet"
    at = timezone.localtime(told.synced_at)
    last = "the oldest of its sources" if only else "last"
    return f"Synced from {told.source}{only}, {last} on {show_day(at.date())}, {at:%H:%M}"


def _download(request: RoadmapRequest, body: str | bytes, extension: str, kind: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    name = export.file_name(request.roadmap, extension)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response

"""What the pages with an axis of time have in common: what is asked of the items, and the way through time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.urls import reverse

from roadmaps import menus, timeline_items, timeline_zoom
from roadmaps.access import RoadmapRequest
from roadmaps.query import Query
from roadmaps.saved_views import Asked
from roadmaps.table import chosen_filters
from roadmaps.timeline import Layout
from roadmaps.timeline_zoom import Zoom


def toolbar(request: RoadmapRequest, told: Asked) -> dict[str, object]:
    """What is asked of the items, the same as for the table, and the addresses that leave the page with it."""
    asked, args = told.query, [request.account.slug, request.roadmap.pk]
    return {
        "query": asked,
        "page_url": request.path,
        "filters": chosen_filters(asked, told.columns),
        "cleared": replace(asked, filters=(), search="", page=1).address(),
        "filter_links": menus.filter_links(asked.address(), told.columns, has_source=told.scope.has_source),
        "search_pairs": replace(asked, search="", page=1).pairs(),
        "filter_pairs": replace(asked, page=1).pairs(),
        "toggle_archived": replace(asked, archived=not asked.archived, page=1).address(),
        "undated_url": reverse("roadmaps:items-table", args=args) + timeline_items.without_dates(asked).address(),
        "back": asked.address(),
    }


def way_through_time(query: Query, zoom: Zoom, layout: Layout, today: date) -> dict[str, object]:
    """The links to other scales and other times."""
    scales = timeline_zoom.scale_moves(query, zoom, layout.window, today)
    return {
        "scales": scales,
        "fit_url": scales[0].address,
        "moves": timeline_zoom.time_moves(query, zoom, today),
        "unit": timeline_zoom.unit_of(zoom, layout.axis.unit),
    }

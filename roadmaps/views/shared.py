"""What every page of a roadmap knows."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from roadmaps.access import Level, RoadmapRequest, may_hand_over

#: The ways to look at a roadmap: label, icon, URL name. A further one is one more line.
VISUALIZATIONS = (
    ("Items Table", "table-2", "roadmaps:items-table"),
    ("Swimlane", "square-kanban", "roadmaps:swimlane"),
)


@dataclass(frozen=True, slots=True)
class Visualization:
    """One entry of the switch in the toolbar."""

    label: str
    icon: str
    url: str
    current: bool


def page_context(request: RoadmapRequest) -> dict[str, object]:
    """The roadmap, and what the person may do with it."""
    roadmap, active = request.roadmap, request.roadmap.archived_at is None
    return {
        "account": request.account,
        "roadmap": roadmap,
        "roadmap_url": reverse("roadmaps:items-table", args=[request.account.slug, roadmap.pk]),
        "is_owner": request.level == Level.OWNER,
        "can_edit": active and request.level >= Level.EDITOR,
        "can_manage": active and request.level == Level.OWNER,
        "can_hand_over": may_hand_over(request.membership, roadmap),
        "visualizations": [
            Visualization(
                label,
                icon,
                reverse(name, args=[request.account.slug, roadmap.pk]),
                bool(request.resolver_match and request.resolver_match.view_name == name),
            )
            for label, icon, name in VISUALIZATIONS
        ],
    }


def to_roadmap(request: RoadmapRequest, name: str = "items-table", *args: int) -> HttpResponseRedirect:
    """Go to a page of the request's roadmap."""
    return redirect(f"roadmaps:{name}", request.account.slug, request.roadmap.pk, *args)


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for the inside of the card's dialog, rather than a browser for a page."""
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers


def varying(response: HttpResponse) -> HttpResponse:
    """Keep caches from giving the fragment to those who want the page."""
    patch_vary_headers(response, ["HX-Request"])
    return response

"""What every page of a roadmap knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from roadmaps import freshness, looks, portfolio, scope
from roadmaps.access import Level, RoadmapRequest, editable_by, may_hand_over
from roadmaps.models import Item, View
from roadmaps.saved_views import ALL_DATA, Asked
from roadmaps.scope import Scope
from roadmaps.services.views import MAX_VIEWS

#: The ways to look at a roadmap: label, icon, URL name, and the layout of the views that open there. A further one is
#: one more line.
VISUALIZATIONS = (
    ("Items Table", "table-2", "roadmaps:items-table", View.Layout.TABLE),
    ("Timeline", "chart-gantt", "roadmaps:timeline", View.Layout.TIMELINE),
    ("Swimlane", "square-kanban", "roadmaps:swimlane", View.Layout.SWIMLANE),
    ("Roll-up", "list-tree", "roadmaps:rollup", View.Layout.ROLLUP),
)


@dataclass(frozen=True, slots=True)
class Visualization:
    """One entry of the switch in the toolbar."""

    label: str
    icon: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view, or "All Data", as a tab."""

    name: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class ViewBar:
    """The tabs of views, and what can be done with the one that is open. `view` is None on "All Data"."""

    tabs: tuple[Tab, ...]
    view: View | None
    edited: bool
    #: What the page asks, for the forms that save it, and the layout that it is asked on.
    address: str
    layout: str
    #: The name of that layout, where the view opens on another one.
    other_layout: str
    reset: str
    is_full: bool

    @property
    def is_first(self) -> bool:
        return len(self.tabs) > 1 and self.tabs[1].current

    @property
    def is_last(self) -> bool:
        return self.tabs[-1].current

    @property
    def is_only(self) -> bool:
        return len(self.tabs) == 2


def page_context(request: RoadmapRequest, asked: Asked | None = None) -> dict[str, object]:
    """The roadmap, and what the person may do with it. The switch of layouts keeps what was `asked`."""
    roadmap, active = request.roadmap, request.roadmap.archived_at is None
    return {
        "account": request.account,
        "roadmap": roadmap,
        "roadmap_url": reverse("roadmaps:items-table", args=[request.account.slug, roadmap.pk]),
        "is_owner": request.level == Level.OWNER,
        "can_edit": active and request.level >= Level.EDITOR,
        "can_manage": active and request.level == Level.OWNER,
        "can_hand_over": may_hand_over(request.membership, roadmap),
        "visualizations": _switch(request, asked.address if asked else ""),
    }


def editable_roadmaps(request: RoadmapRequest, shown: Scope) -> frozenset[int]:
    """The ids of the roadmaps whose items the person may write on this page; a query on a portfolio alone."""
    if request.roadmap.archived_at is not None:
        return frozenset()
    if request.roadmap.is_portfolio:
        return editable_by(request.membership, shown.homes.values()) if shown.homes else frozenset()
    return frozenset({request.roadmap.pk} if request.level >= Level.EDITOR else ())


def view_context(request: RoadmapRequest, asked: Asked, editable: frozenset[int]) -> dict[str, object]:
    """What every layout's page knows: `page_context`, whose items may be written, and the bar of views.

    On a portfolio also how its sources are. Make it before the items are read, as `freshness.note` wants.
    """
    freshness.note(request)
    here = _layout_of(request)
    opens_here = asked.view is None or asked.view.layout == here
    bar = ViewBar(
        tabs=tuple(_tabs(request, asked, here)),
        view=asked.view,
        edited=asked.edited,
        address=asked.address,
        layout=here,
        other_layout="" if opens_here else View.Layout(here).label,
        reset=layout_url(request, here) + asked.saved_address,
        is_full=len(asked.views) >= MAX_VIEWS,
    )
    return {
        **page_context(request, asked),
        "view_bar": bar,
        "editable": editable,
        "can_edit_items": bool(editable),
        "looked_since": None if request.roadmap.is_portfolio else looks.look(request.roadmap, request.membership),
        "portfolio": portfolio.look(asked.scope) if request.roadmap.is_portfolio else None,
    }


def layout_url(request: RoadmapRequest, layout: str) -> str:
    """The page of the request's roadmap that shows this layout; the Items Table where there is none."""
    names = {each: name for _, _, name, each in VISUALIZATIONS}
    return reverse(names.get(View.Layout(layout), "roadmaps:items-table"), args=_place(request))


def _layout_of(request: RoadmapRequest) -> str:
    shown = request.resolver_match.view_name if request.resolver_match else ""
    return next((layout for _, _, name, layout in VISUALIZATIONS if name == shown), View.Layout.TABLE)


def _switch(request: RoadmapRequest, address: str) -> list[Visualization]:
    here = request.resolver_match.view_name if request.resolver_match else ""
    return [
        Visualization(label, icon, reverse(name, args=_place(request)) + address.rstrip("?"), name == here)
        for label, icon, name, _ in VISUALIZATIONS
    ]


def _tabs(request: RoadmapRequest, asked: Asked, here: str) -> Iterator[Tab]:
    """ "All Data" opens where one is; a view where it was saved."""
    yield Tab("All Data", f"{layout_url(request, here)}?view={ALL_DATA}", asked.view is None)
    urls = {layout: layout_url(request, layout) for layout in View.Layout.values}
    for view in asked.views:
        yield Tab(view.name, f"{urls[view.layout]}?view={view.pk}", view == asked.view)


def _place(request: RoadmapRequest) -> list[object]:
    return [request.account.slug, request.roadmap.pk]


def to_roadmap(request: RoadmapRequest, name: str = "items-table", *args: int) -> HttpResponseRedirect:
    """Go to a page of the request's roadmap."""
    return redirect(f"roadmaps:{name}", request.account.slug, request.roadmap.pk, *args)


def to_item(request: RoadmapRequest, item: Item) -> HttpResponseRedirect:
    """Go to the item's card; to the table of a portfolio that, since the item changed, does not show it any more."""
    if request.roadmap.is_portfolio and not scope.of(request.roadmap).items().filter(pk=item.pk).exists():
        messages.info(request, "It no longer fits what this portfolio shows of its roadmap, so it isn’t listed here.")
        return to_roadmap(request)
    return to_roadmap(request, "item", item.pk)


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for the inside of the card's dialog, rather than a browser for a page."""
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers


def varying(response: HttpResponse) -> HttpResponse:
    """Keep caches from giving the fragment to those who want the page."""
    patch_vary_headers(response, ["HX-Request"])
    return response

"""Links between items: a part of the card, whose search is also a page of its own."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from roadmaps import linked, services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.latest import read_number
from roadmaps.models import Item
from roadmaps.services.links import links_of
from roadmaps.views.card import find_item, part_context
from roadmaps.views.shared import to_roadmap, varying, wants_fragment


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, of_items=True)
def links(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """Find items to link; by a post, link one."""
    item = find_item(request, item_id, level=Level.EDITOR)
    if request.method == "POST":
        return _link(request, item)
    found = linked.find(item, request.membership, request.GET.get("find", ""))
    name = "_link_results" if wants_fragment(request) else "links"
    return varying(render(request, f"roadmaps/{name}.html", {**part_context(request, item), "found": found}))


@require_POST
@roadmap_view(level=Level.EDITOR, of_items=True)
def unlink(request: RoadmapRequest, item_id: int, link_id: int) -> HttpResponse:
    """Take away a link that the member sees."""
    item = find_item(request, item_id, level=Level.EDITOR)
    link = get_object_or_404(links_of(item), pk=link_id)
    if all(each.link_id != link.pk for each in linked.of_item(item, request.membership).shown):
        raise Http404
    services.unlink(link=link)
    return _done(request, item, "The link is removed. Both items are as they were.")


def _link(request: RoadmapRequest, item: Item) -> HttpResponse:
    other = read_number(request.POST.get("item", "")) or 0
    try:
        services.link_items(item=item, other_id=other, by=request.membership)
    except services.Refused as refused:
        if wants_fragment(request):
            return _part(request, item, refused=str(refused))
        messages.error(request, str(refused))
        return to_roadmap(request, "item", item.pk)
    return _done(request, item, "The two items are linked.")


def _done(request: RoadmapRequest, item: Item, message: str) -> HttpResponse:
    if wants_fragment(request):
        return _part(request, item)
    messages.success(request, message)
    return redirect(f"{part_context(request, item)['item_url']}#links-{item.pk}")


def _part(request: RoadmapRequest, item: Item, *, refused: str = "") -> HttpResponse:
    context = {
        **part_context(request, item),
        "links": linked.of_item(item, request.membership),
        "refused": refused,
        "focus": "title",
    }
    return varying(render(request, "roadmaps/_card_links.html", context, status=422 if refused else 200))

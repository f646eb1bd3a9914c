"""Item Cards, over the table or as pages of their own, and the forms of items."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from roadmaps import activity, cells, columns, services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.columns import Column
from roadmaps.forms import ItemForm, add_errors
from roadmaps.latest import read_number
from roadmaps.models import Item
from roadmaps.views.card import find_item, find_with_columns, part_context, show_card
from roadmaps.views.shared import page_context, to_item, to_roadmap, varying, wants_fragment

#: Tells the table behind the dialog that its items changed.
ITEMS_CHANGED = "items-changed"


@require_safe
@roadmap_view()
def item(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """The Item Card: every field, the description, notes, where it comes from, and what syncs did to it."""
    return show_card(request, *find_with_columns(request, item_id))


@require_safe
@roadmap_view()
def history(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """What people changed on the item, as far back as the address asks."""
    found = find_item(request, item_id)
    edits = activity.of_item(found, before=read_number(request.GET.get("before", "")))
    name = "_edit_rows" if wants_fragment(request) else "item_history"
    context = {**part_context(request, found), "edits": edits, "continued": True}
    return varying(render(request, f"roadmaps/{name}.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, portfolios=False)
def new(request: RoadmapRequest) -> HttpResponse:
    """Add an item by hand."""
    known = columns.load(request.roadmap)
    form = ItemForm(known, data=_posted(request))
    if form.is_bound:
        try:
            made = services.create_item(roadmap=request.roadmap, texts=form.texts(), by=request.membership, known=known)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            return _done(request, made, known, f"“{_brief(made)}” is on the roadmap.")
    return _form(request, form, known, None)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, of_items=True)
def edit(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """Change what people may change of an item; what its source keeps is shown locked."""
    found, known = find_with_columns(request, item_id, level=Level.EDITOR)
    form = ItemForm(known, item=found, data=_posted(request))
    if form.is_bound:
        try:
            saved = services.update_item(item=found, texts=form.texts(), by=request.membership, known=known)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            saved.roadmap = found.roadmap
            return _done(request, saved, known, "The item is saved.")
    return _form(request, form, known, found)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, portfolios=False)
def delete(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """Ask, and then delete an item that was made by hand."""
    found = find_item(request, item_id)
    if request.method == "POST":
        try:
            services.delete_item(item=found)
        except services.Refused as refused:
            messages.error(request, str(refused))
            return to_roadmap(request, "item", item_id)
        messages.success(request, f"“{_brief(found)}” is deleted.")
        return to_roadmap(request)
    return render(request, "roadmaps/item_delete.html", {**page_context(request), "item": found})


def _posted(request: RoadmapRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _brief(found: Item) -> str:
    return found.name if len(found.name) <= 60 else f"{found.name[:60].rstrip()}…"


def _done(request: RoadmapRequest, found: Item, known: Sequence[Column], message: str) -> HttpResponse:
    """The card in the dialog, or the item's page with a message."""
    if wants_fragment(request):
        response = show_card(request, found, known)
        response["HX-Trigger"] = ITEMS_CHANGED
        return response
    messages.success(request, message)
    return to_item(request, found)


def _form(request: RoadmapRequest, form: ItemForm, known: Sequence[Column], found: Item | None) -> HttpResponse:
    locked = [
        cells.make_cell(found, column) for column in known if found is not None and columns.is_locked(found, column)
    ]
    context = {**page_context(request), "form": form, "item": found, "locked": locked}
    in_dialog = wants_fragment(request)
    status = 422 if form.is_bound and in_dialog else 200
    template = "roadmaps/_item_form.html" if in_dialog else "roadmaps/item_form.html"
    return varying(render(request, template, {**context, "in_dialog": in_dialog}, status=status))

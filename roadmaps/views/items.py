"""Item Cards, over the table or as pages of their own, and the forms of items."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from roadmaps import cells, columns, services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.columns import Column
from roadmaps.forms import ItemForm, add_errors
from roadmaps.models import Item
from roadmaps.views.shared import page_context, to_roadmap, varying, wants_fragment

#: Tells the table behind the dialog that its items changed.
ITEMS_CHANGED = "items-changed"


@require_safe
@roadmap_view()
def item(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """The Item Card: every field, the description, notes, where it comes from, and what syncs did to it."""
    return _card(request, _get(request, item_id))


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
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
            return _done(request, made, f"“{_brief(made)}” is on the roadmap.")
    return _form(request, form, known, None)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def edit(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """Change what people may change of an item; what its source keeps is shown locked."""
    found = _get(request, item_id)
    known = columns.load(request.roadmap)
    form = ItemForm(known, item=found, data=_posted(request))
    if form.is_bound:
        try:
            found = services.update_item(item=found, texts=form.texts(), by=request.membership, known=known)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            return _done(request, found, "The item is saved.")
    return _form(request, form, known, found)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def delete(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """Ask, and then delete an item that was made by hand."""
    found = _get(request, item_id)
    if request.method == "POST":
        try:
            services.delete_item(item=found)
        except services.Refused as refused:
            messages.error(request, str(refused))
            return to_roadmap(request, "item", item_id)
        messages.success(request, f"“{_brief(found)}” is deleted.")
        return to_roadmap(request)
    return render(request, "roadmaps/item_delete.html", {**page_context(request), "item": found})


def _get(request: RoadmapRequest, item_id: int) -> Item:
    found = get_object_or_404(Item, roadmap=request.roadmap, account=request.account, pk=item_id)
    found.roadmap = request.roadmap
    return found


def _posted(request: RoadmapRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _brief(found: Item) -> str:
    return found.name if len(found.name) <= 60 else f"{found.name[:60].rstrip()}…"


def _done(request: RoadmapRequest, found: Item, message: str) -> HttpResponse:
    """The card in the dialog, or the item's page with a message."""
    if wants_fragment(request):
        found.roadmap = request.roadmap
        response = _card(request, found)
        response["HX-Trigger"] = ITEMS_CHANGED
        return response
    messages.success(request, message)
    return to_roadmap(request, "item", found.pk)


def _card(request: RoadmapRequest, found: Item) -> HttpResponse:
    known = columns.load(request.roadmap)
    context = {
        **page_context(request),
        "item": found,
        "reason": found.get_source_state_display() if found.source_state else "",
        "cells": [cells.make_cell(found, column) for column in known if _is_fact(column, found)],
        "description_locked": any(columns.is_locked(found, each) for each in known if each.name == "description"),
    }
    template = "roadmaps/_card.html" if wants_fragment(request) else "roadmaps/item.html"
    return varying(render(request, template, context))


def _is_fact(column: Column, found: Item) -> bool:
    """Name and texts have places of their own; an External ID is shown where there is one."""
    if column.name == "external_id":
        return bool(found.external_id)
    return column.in_table and not column.long and column.name != "name"


def _form(request: RoadmapRequest, form: ItemForm, known: Sequence[Column], found: Item | None) -> HttpResponse:
    locked = [
        cells.make_cell(found, column) for column in known if found is not None and columns.is_locked(found, column)
    ]
    context = {**page_context(request), "form": form, "item": found, "locked": locked}
    in_dialog = wants_fragment(request)
    status = 422 if form.is_bound and in_dialog else 200
    template = "roadmaps/_item_form.html" if in_dialog else "roadmaps/item_form.html"
    return varying(render(request, template, {**context, "in_dialog": in_dialog}, status=status))

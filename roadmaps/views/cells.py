"""One value of an item, edited where it stands: in the Items Table, on the Item Card, or, without htmx, on a page."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from roadmaps import cells, columns, services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.columns import Column
from roadmaps.forms import ItemForm, add_errors
from roadmaps.models import Item
from roadmaps.rows import Place, write_name
from roadmaps.views.card import find_with_columns
from roadmaps.views.items import ITEMS_CHANGED
from roadmaps.views.shared import page_context, to_item, varying, wants_fragment


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, of_items=True)
def cell(request: RoadmapRequest, item_id: int, column: str) -> HttpResponse:
    """The form of one value; posted, the value as it is now, or the form again with what is wrong."""
    item, known = find_with_columns(request, item_id, level=Level.EDITOR)
    asked = next((each for each in known if each.name == column), None)
    if asked is None or not (asked.editable or columns.is_locked(item, asked)):
        raise Http404
    if columns.is_locked(item, asked):
        return _locked(request, item, asked)
    form = ItemForm([asked], item=item, data=request.POST if request.method == "POST" else None)
    form.auto_id = f"cell-{item.pk}-%s"
    if form.is_bound:
        try:
            item = _save(request, item, form, known)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            return _saved(request, item, asked)
    return _answer(request, item, asked, form=form, status=422 if form.is_bound else 200)


def _save(request: RoadmapRequest, item: Item, form: ItemForm, known: Sequence[Column]) -> Item:
    saved = services.update_item(item=item, texts=form.texts(), by=request.membership, known=known)
    saved.roadmap = item.roadmap
    return saved


def _saved(request: RoadmapRequest, item: Item, column: Column) -> HttpResponse:
    """The value for its place. The table shows nothing else of it; behind a card, the table is asked to look again."""
    if not wants_fragment(request):
        messages.success(request, f"“{column.label}” is saved.")
        return to_item(request, item)
    response = _answer(request, item, column)
    if _place(request) == "card":
        response["HX-Trigger"] = ITEMS_CHANGED
    return response


def _locked(request: RoadmapRequest, item: Item, column: Column) -> HttpResponse:
    """What a source keeps is shown, and not changed, whatever was sent (D10)."""
    return _answer(request, item, column, status=422 if request.method == "POST" else 200)


def _answer(
    request: RoadmapRequest, item: Item, column: Column, *, form: ItemForm | None = None, status: int = 200
) -> HttpResponse:
    place = _place(request)
    items_url = reverse("roadmaps:item", args=[request.account.slug, request.roadmap.pk, 0]).removesuffix("0/")
    shown = cells.make_cell(item, column, brief=place != "card")
    context = {
        **page_context(request),
        "can_edit": True,
        "item": item,
        "cell": shown,
        "name": write_name(item, shown, Place(items_url)),
        "field": form[column.name] if form else None,
        "form": form,
        "place": place,
        "refused": columns.refusal(item.roadmap) if columns.is_locked(item, column) else "",
        "item_url": f"{items_url}{item.pk}/",
    }
    if not wants_fragment(request):
        return varying(render(request, "roadmaps/cell.html", context, status=status))
    template = "roadmaps/_cell_form.html" if form else "roadmaps/_editable_cell.html"
    return varying(render(request, template, context, status=status))


def _place(request: RoadmapRequest) -> str:
    given = request.POST if request.method == "POST" else request.GET
    return "card" if given.get("in") == "card" else "table"

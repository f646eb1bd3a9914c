"""The Swimlane: the same items as the table's, laid out in columns and rows, and moved between them (S31, D27)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from roadmaps import filter_form, menus, query_sql, saved_views, services, swimlane_move, swimlane_page
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.models import Item
from roadmaps.saved_views import Asked
from roadmaps.swimlane import Axis
from roadmaps.swimlane_move import Target
from roadmaps.swimlane_page import Swimlane
from roadmaps.views.card import find_item
from roadmaps.views.items import ITEMS_CHANGED
from roadmaps.views.shared import editable_roadmaps, page_context, varying, view_context, wants_fragment


@require_safe
@roadmap_view()
def swimlane(request: RoadmapRequest) -> HttpResponse:
    """The roadmap's items in columns and rows, as the address asks for them."""
    params = dict(request.GET.lists())
    told = saved_views.ask(request.roadmap, params)
    filtering = filter_form.answer(params, told.query, told.columns)
    if filtering.query:
        return redirect(request.path + filtering.query.address())
    if len(params.get("card", ())) > 1:
        return redirect(request.path + told.query.address())
    frame = view_context(request, told, editable_roadmaps(request, told.scope))
    page = swimlane_page.build(told.scope, told.query, today=timezone.localdate())
    context = {
        **frame,
        "page": page,
        "filter_form": filtering.form,
        "swimlane_url": request.path,
        **_menus(page, told),
        **_narrowing(request, told),
    }
    return render(request, "roadmaps/swimlane.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, of_items=True)
def move(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """Ask where to, or move the item: its values become those of the cell. The address is the Swimlane's own."""
    params = dict(request.GET.lists())
    onto = params.pop(swimlane_page.ONTO, [])
    told = saved_views.ask(request.roadmap, params)
    found = find_item(request, item_id, level=Level.EDITOR, within=told.scope)
    axes = _axes(request, told, onto)
    if request.method != "POST":
        return _ask(request, found, axes, told)
    targets = [Target(axis, request.POST[name]) for name, axis in axes.items() if axis and name in request.POST]
    try:
        texts = swimlane_move.find_texts(found, targets)
        after = found
        if texts:
            after = services.update_item(
                item=found, texts=texts, by=request.membership, known=told.scope.columns_of(found)
            )
    except (services.Refused, ValidationError) as problem:
        return _ask(request, found, axes, told, problem=" ".join(_sentences(problem)))
    changed = [column for column in told.columns if column.name in texts]
    return _done(request, found, told, swimlane_move.describe(found, after, changed))


def _axes(request: RoadmapRequest, told: Asked, onto: list[str]) -> dict[str, Axis | None]:
    """The axes that the board had; an address that does not name them is laid out as the board would be."""
    asked = told.query.laying_out(lanes=onto[0], rows=onto[1]) if len(onto) == 2 else told.query
    items = query_sql.apply(asked, told.scope.items(), told.columns)
    lanes, rows, _ = swimlane_page.choose_axes(asked, told.columns, items)
    return {"lane": lanes, "row": rows}


def _menus(page: Swimlane, told: Asked) -> dict[str, object]:
    shown = {column.name for column in page.look.fields}
    return {
        "column_choices": swimlane_page.column_choices(page, told.columns),
        "row_choices": swimlane_page.row_choices(page, told.columns),
        "empty_columns": swimlane_page.empty_choice(page, "lanes", page.axis),
        "empty_rows": swimlane_page.empty_choice(page, "rows", page.row_axis),
        "colour_choices": swimlane_page.colour_choices(page, told.columns),
        "card_fields": [(each, each.name in shown) for each in told.columns if each.in_table and each.name != "name"],
    }


def _narrowing(request: RoadmapRequest, told: Asked) -> dict[str, object]:
    asked = told.query
    return {
        "filter_links": menus.filter_links(asked.address(), told.columns, has_source=told.scope.has_source),
        "hidden_for": {
            "search": replace(asked, search="", page=1).pairs(),
            "card": asked.laying_out(card="").pairs(),
            "filter": replace(asked, page=1).pairs(),
        },
        "toggle_archived": replace(asked, archived=not asked.archived, page=1).address(),
    }


def _sentences(problem: services.Refused | ValidationError) -> list[str]:
    return problem.messages if isinstance(problem, ValidationError) else [str(problem)]


def _ask(
    request: RoadmapRequest, found: Item, axes: Mapping[str, Axis | None], told: Asked, *, problem: str = ""
) -> HttpResponse:
    """The form, in the dialog or as a page; with what was wrong."""
    in_dialog = wants_fragment(request)
    context = {
        **page_context(request),
        "item": found,
        "questions": swimlane_move.ask(found, axes, today=timezone.localdate()),
        "problem": problem,
        "action": request.get_full_path(),
        "back": _swimlane_url(request, told),
    }
    template = "roadmaps/_swimlane_move.html" if in_dialog else "roadmaps/swimlane_move.html"
    response = varying(render(request, template, context, status=422 if problem and in_dialog else 200))
    if problem and in_dialog:
        response["HX-Trigger"] = json.dumps({"item-refused": {"text": problem}})
    return response


def _done(request: RoadmapRequest, found: Item, told: Asked, changes: str) -> HttpResponse:
    name = found.name if len(found.name) <= 60 else f"{found.name[:60].rstrip()}…"
    text = f"“{name}” is moved. {changes}." if changes else f"“{name}” is there already; nothing changed."
    if wants_fragment(request):
        moved = {"text": text, "item": found.pk}
        return varying(
            HttpResponse(status=204, headers={"HX-Trigger": json.dumps({ITEMS_CHANGED: {}, "item-moved": moved})})
        )
    messages.success(request, text)
    return redirect(f"{_swimlane_url(request, told)}#lane-card-{found.pk}")


def _swimlane_url(request: RoadmapRequest, told: Asked) -> str:
    return reverse("roadmaps:swimlane", args=[request.account.slug, request.roadmap.pk]) + told.query.address()

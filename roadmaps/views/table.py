"""The Items Table. All of what it shows stands in its address; htmx only saves the rest of the page a reload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from roadmaps import filter_form, menus, saved_views, table, table_layout
from roadmaps.access import RoadmapRequest, roadmap_view
from roadmaps.columns import Column
from roadmaps.query import Query
from roadmaps.services.bulk import MAX_ITEMS
from roadmaps.views.shared import editable_roadmaps, view_context


@require_safe
@roadmap_view()
def items_table(request: RoadmapRequest) -> HttpResponse:
    """One page of the roadmap's items as the address asks for them."""
    params = dict(request.GET.lists())
    told = saved_views.ask(request.roadmap, params)
    known, asked = told.columns, told.query
    filtering = filter_form.answer(params, asked, known)
    pressed = table_layout.press(params, asked, table.visible(asked, known), known)
    leads_to = filtering.query or pressed or (asked if len(params.get("cols", ())) > 1 else None)
    if leads_to:
        return redirect(request.path + leads_to.address())
    editable = editable_roadmaps(request, told.scope)
    frame = view_context(request, told, editable)
    context = {
        **frame,
        **_menus(asked, known, has_source=told.scope.has_source),
        "table": table.build(told.scope, asked, editable=editable),
        "bulk_limit": MAX_ITEMS,
        "filter_form": filtering.form,
    }
    return render(request, "roadmaps/table.html", context)


def _menus(asked: Query, known: Sequence[Column], *, has_source: bool) -> dict[str, object]:
    """What can be chosen in the toolbar, and the rest of the address for each of its forms."""
    shown = table.visible(asked, known)
    here = {column.name for column in shown}
    hidden = [column for column in known if column.in_table and column.name not in here]
    sorted_by = {each.column for each in asked.sorts}
    first = replace(asked, page=1)
    return {
        "menu": {
            "columns": menus.picks(shown[1:], hidden),
            "filters": menus.choices("filter", menus.filterable(known, has_source=has_source)),
            "groups": menus.choices(
                "group", filter(table_layout.can_group, known), table_layout.group_of(asked, known)
            ),
            "sorts": menus.choices("then", (each for each in known if each.in_table and each.name not in sorted_by)),
        },
        "hidden_for": {
            "search": replace(first, search="").pairs(),
            "columns": replace(asked, columns=()).pairs(),
            "filter": first.pairs(),
            "group": first.laying_out(group="").pairs(),
            "widths": asked.laying_out(widths="").pairs(),
        },
        "toggle_archived": replace(first, archived=not asked.archived).address(),
    }

"""The Items Table. All of what it shows stands in its address; htmx only saves the rest of the page a reload."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from roadmaps import filter_form, saved_views, table
from roadmaps.access import RoadmapRequest, roadmap_view
from roadmaps.views.shared import view_context


@require_safe
@roadmap_view()
def items_table(request: RoadmapRequest) -> HttpResponse:
    """One page of the roadmap's items as the address asks for them."""
    params = dict(request.GET.lists())
    told = saved_views.ask(request.roadmap, params)
    known, asked = told.columns, told.query
    filtering = filter_form.answer(params, asked, known)
    if filtering.query:
        return redirect(request.path + filtering.query.address())
    if len(params.get("cols", ())) > 1:
        return redirect(request.path + asked.address())
    shown = table.build(request.roadmap, asked, known)
    names = {column.name for column in table.visible(asked, known)}
    context = {
        **view_context(request, told),
        "table": shown,
        "filter_form": filtering.form,
        "columns": [(column, column.name in names) for column in known if column.in_table],
        "filterable": [column for column in known if column.type != "source" or request.roadmap.source_label],
        "hidden_for": {
            "search": replace(asked, search="", page=1).pairs(),
            "columns": replace(asked, columns=(), page=1).pairs(),
            "filter": replace(asked, page=1).pairs(),
        },
        "toggle_archived": replace(asked, archived=not asked.archived, page=1).address(),
    }
    return render(request, "roadmaps/table.html", context)

"""Exports: what the view shows, all pages of it, as a file."""

from __future__ import annotations

import tempfile
from dataclasses import replace

from django.contrib import messages
from django.core.cache import cache
from django.http import FileResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from accounts import walls
from roadmaps import export, saved_views
from roadmaps.access import RoadmapRequest, roadmap_view
from roadmaps.saved_views import Asked
from roadmaps.spreadsheet import Sheet, csv_chunks, write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Exports of one person in a minute; files of all items and painted pictures are the dearest pages that there are.
PER_MINUTE = 12
TOO_OFTEN = "That were many exports in a short time. Wait a minute, then try again."


@require_safe
@roadmap_view()
def as_csv(request: RoadmapRequest) -> HttpResponseBase:
    """The view as CSV, sent while it is read."""
    asked = saved_views.ask(request.roadmap, dict(request.GET.lists()))
    if (refused := _refused(request, asked, export.items(asked).count())) is not None:
        return refused
    rows = export.rows(export.items(asked), export.shown_columns(asked))
    response = StreamingHttpResponse(csv_chunks(walls.carry(rows)), content_type="text/csv; charset=utf-8")
    name = export.file_name(request.roadmap, "csv", age=export.age(asked.scope))
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@require_safe
@roadmap_view()
def as_xlsx(request: RoadmapRequest) -> HttpResponseBase:
    """The view as a workbook, with a second sheet about where it comes from. It is written to disk, then sent."""
    asked = saved_views.ask(request.roadmap, dict(request.GET.lists()))
    found = export.items(asked)
    count = found.count()
    if (refused := _refused(request, asked, count)) is not None:
        return refused
    about = export.about(
        asked,
        count=count,
        by=request.membership.user.name,
        address=request.build_absolute_uri(_table(request, asked)),
    )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        columns = export.shown_columns(asked)
        items = Sheet("Items", export.rows(found, columns), widths=[50] + [18] * (len(columns) - 1))
        write_xlsx(file, [items, Sheet("About", about, widths=[20, 60])])
        file.seek(0)
    except BaseException:
        file.close()
        raise
    name = export.file_name(request.roadmap, "xlsx")
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


def _refused(request: RoadmapRequest, asked: Asked, count: int) -> HttpResponseRedirect | None:
    """The way back to the table, with a sentence, where the export would be too large or is one of too many."""
    if count > export.MAX_ITEMS:
        sentence = (
            f"This view holds {count:,} items, and an export at most {export.MAX_ITEMS:,}. "
            "Narrow it with a filter, and export it in parts."
        )
    elif asks_too_often(request):
        sentence = TOO_OFTEN
    else:
        return None
    messages.error(request, sentence)
    return redirect(_table(request, asked))


def asks_too_often(request: RoadmapRequest) -> bool:
    """Whether the person had their exports of this minute; else this is one of them."""
    key = f"exports-of-{request.membership.pk}"
    cache.add(key, 0, timeout=60)
    try:
        return int(cache.incr(key)) > PER_MINUTE
    except ValueError:  # it ran out just now
        return False


def _table(request: RoadmapRequest, asked: Asked) -> str:
    where = reverse("roadmaps:items-table", args=[request.account.slug, request.roadmap.pk])
    return where + replace(asked.query, page=1).address()

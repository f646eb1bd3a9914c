"""Many items at once: choose a column and a value for them, or delete them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from roadmaps import query_sql, saved_views, services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.columns import Column
from roadmaps.forms import ItemForm
from roadmaps.models import Item
from roadmaps.saved_views import Asked
from roadmaps.services import bulk
from roadmaps.views.shared import editable_roadmaps, page_context, varying, wants_fragment


@dataclass(frozen=True, slots=True)
class Selection:
    """The items that a form is about; `pairs` are the hidden fields that name them in the next form."""

    items: QuerySet[Item]
    asked: Asked
    count: int
    own: int
    pairs: Sequence[tuple[str, str]]

    @property
    def synced(self) -> int:
        """How many of them a source keeps."""
        return self.count - self.own


@require_POST
@roadmap_view(level=Level.EDITOR, of_items=True)
def edit(request: RoadmapRequest) -> HttpResponse:
    """Choose a column, then a value for it, and set that on all chosen items."""
    chosen = _selection(request)
    editable = editable_roadmaps(request, chosen.asked.scope)
    if not editable:
        raise PermissionDenied
    if not 0 < chosen.count <= bulk.MAX_ITEMS:
        return _nothing_to_do(request, chosen)
    column = next((each for each in chosen.asked.columns if each.name == request.POST.get("column")), None)
    if column is None or not column.editable:
        return _form(request, chosen, None)
    way = request.POST.get("way", "")
    if "apply" not in request.POST:
        return _form(request, chosen, column, way=way)
    texts = ItemForm([column], data=request.POST).texts().get(column.name, [])
    try:
        report = _change(request, chosen, column, way, texts, editable)
    except ValidationError as problem:
        return _form(request, chosen, column, way=way, error=" ".join(problem.messages))
    except services.Refused as refused:
        messages.error(request, str(refused))
    else:
        tell = messages.success if report.changed else messages.warning
        tell(request, report.sentence(request.roadmap.source_label or column.source))
    return _to_table(request, chosen.asked)


def _change(
    request: RoadmapRequest, chosen: Selection, column: Column, way: str, texts: list[str], editable: frozenset[int]
) -> services.BulkReport:
    if request.roadmap.is_portfolio:
        homes = [home for pk, home in chosen.asked.scope.homes.items() if pk in editable]
        return services.change_items_of_sources(
            homes=homes, items=chosen.items, column=column, way=way, texts=texts, by=request.membership
        )
    return services.change_items(
        roadmap=request.roadmap, items=chosen.items, column=column, way=way, texts=texts, by=request.membership
    )


@require_POST
@roadmap_view(level=Level.EDITOR, portfolios=False)
def delete(request: RoadmapRequest) -> HttpResponse:
    """Ask, naming how many; then delete those of the chosen items that were made by hand."""
    chosen = _selection(request)
    if not 0 < chosen.count <= bulk.MAX_ITEMS:
        return _nothing_to_do(request, chosen)
    if request.POST.get("confirmed") != str(chosen.own) or not chosen.own:
        known = request.POST.get("confirmed")
        context = {
            **page_context(request),
            "chosen": chosen,
            "moved": bool(known),
            "back": _address(request, chosen.asked),
        }
        return render(request, "roadmaps/bulk_delete.html", context)
    try:
        gone = services.delete_items(roadmap=request.roadmap, items=chosen.items)
    except services.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{gone:,} item{'' if gone == 1 else 's'} deleted.")
    return _to_table(request, chosen.asked)


def _selection(request: RoadmapRequest) -> Selection:
    """The ticked items, or, with `all`, everything that the view's question finds."""
    question = request.POST.get("question", "").removeprefix("?")
    asked = saved_views.ask(request.roadmap, dict(QueryDict(question).lists()))
    items = asked.scope.items()
    pairs = [("question", question)]
    if request.POST.get("all"):
        items = query_sql.apply(asked.query, items, asked.columns).order_by()
        pairs.append(("all", "1"))
    else:
        ids = [text for text in request.POST.getlist("item") if text.isascii() and text.isdigit() and len(text) < 19]
        items = items.filter(pk__in=ids)
        pairs += [("item", text) for text in ids]
    counted = items.aggregate(count=Count("pk"), own=Count("pk", filter=Q(origin="")))
    return Selection(items, asked, counted["count"], counted["own"], pairs)


def _form(
    request: RoadmapRequest, chosen: Selection, column: Column | None, *, way: str = "", error: str = ""
) -> HttpResponse:
    ways = bulk.ways(column) if column else {}
    item_form = ItemForm([column], data=request.POST if error else None) if column else None
    context = {
        **page_context(request),
        "title": f"Edit {chosen.count} item{'' if chosen.count == 1 else 's'}",
        "chosen": chosen,
        "columns": [each for each in chosen.asked.columns if each.editable],
        "column": column,
        "field": item_form[column.name] if item_form and column else None,
        "ways": ways,
        "way": way if way in ways else bulk.SET,
        "error": error,
        "locked": _count_locked(chosen, column),
        "back": _address(request, chosen.asked),
    }
    in_dialog = wants_fragment(request)
    template = "roadmaps/_bulk_form.html" if in_dialog else "roadmaps/bulk_edit.html"
    return varying(render(request, template, context, status=422 if error and in_dialog else 200))


def _count_locked(chosen: Selection, column: Column | None) -> int:
    """How many of the items a source keeps in that column."""
    if column is None or not column.synced:
        return 0
    if column.synced_on is None:
        return chosen.synced
    return chosen.items.filter(roadmap__in=column.synced_on).exclude(origin="").count()


def _nothing_to_do(request: RoadmapRequest, chosen: Selection) -> HttpResponse:
    messages.warning(
        request, bulk.TOO_MANY if chosen.count else "No item is chosen. Tick the boxes beside the items first."
    )
    return _to_table(request, chosen.asked)


def _address(request: RoadmapRequest, asked: Asked) -> str:
    where = reverse("roadmaps:items-table", args=[request.account.slug, request.roadmap.pk])
    return where + replace(asked.query, notes=()).address()


def _to_table(request: RoadmapRequest, asked: Asked) -> HttpResponse:
    """Back to the table that the person came from, as a page: the message stands there."""
    if wants_fragment(request):
        return HttpResponse(headers={"HX-Redirect": _address(request, asked)})
    return redirect(_address(request, asked))

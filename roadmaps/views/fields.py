"""A roadmap's own fields, for its editors."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from roadmaps import saved_views
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.field_forms import NewFieldForm
from roadmaps.models import Field
from roadmaps.views import field_editing
from roadmaps.views.shared import page_context, to_roadmap, varying, wants_fragment

PAGE_SIZE = 50
OFFERED = Count("options", filter=Q(options__archived_at=None))
#: Marks the address of a new field's form that was opened from the table: all else in it is the table's own address.
FROM_TABLE = "from_table"


@require_safe
@roadmap_view(level=Level.EDITOR, portfolios=False)
def own_fields(request: RoadmapRequest) -> HttpResponse:
    """The fields that this roadmap alone has; archived ones come last."""
    own = Field.objects.filter(account=request.account, roadmap=request.roadmap).annotate(offered=OFFERED)
    ordered = own.order_by(F("archived_at").asc(nulls_first=True), "position", "pk")
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "roadmaps/own_fields.html", {**page_context(request), "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, portfolios=False)
def new_own_field(request: RoadmapRequest) -> HttpResponse:
    """Make a field of this roadmap, or, as an admin, of all; from the fields' page, or over the table."""
    may_share = request.membership.is_admin
    form = NewFieldForm(request.POST if request.method == "POST" else None, may_share=may_share)
    made, alike = field_editing.create(request, form, request.roadmap)
    if made:
        where = "is on this roadmap now" if made.roadmap_id else f"is on every roadmap of {request.account} now"
        messages.success(request, f"The field “{made}” {where}.")
        return _after_making(request, made)
    in_dialog = wants_fragment(request)
    context = {**page_context(request), "form": form, "alike": alike, "cancel_url": _came_from(request)}
    template = "roadmaps/_own_field_new.html" if in_dialog else "roadmaps/own_field_new.html"
    return varying(render(request, template, context, status=422 if form.is_bound and in_dialog else 200))


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR, portfolios=False)
def own_field(request: RoadmapRequest, field_id: int) -> HttpResponse:
    """Rename an own field of the roadmap, or change its list."""
    editing = field_editing.make_form(request, _get(request, field_id))
    saved = field_editing.save(request, editing["form"])
    if saved:
        return saved
    context = {**page_context(request), **editing, "is_admin": request.membership.is_admin}
    return render(request, "roadmaps/own_field.html", context)


@require_POST
@roadmap_view(level=Level.EDITOR, portfolios=False)
def archive_own_field(request: RoadmapRequest, field_id: int) -> HttpResponse:
    """Take an own field off the roadmap; its values stay."""
    found = _get(request, field_id)
    field_editing.put_aside(request, found)
    return to_roadmap(request, "own-fields")


@require_POST
@roadmap_view(level=Level.EDITOR, portfolios=False)
def restore_own_field(request: RoadmapRequest, field_id: int) -> HttpResponse:
    """Bring an archived own field back."""
    found = _get(request, field_id)
    field_editing.bring_back(request, found)
    return to_roadmap(request, "own-field", found.pk)


def _get(request: RoadmapRequest, field_id: int) -> Field:
    return get_object_or_404(Field, account=request.account, roadmap=request.roadmap, pk=field_id)


def _table_address(request: RoadmapRequest, made: Field | None = None) -> str:
    """The table as it was when the form was opened from it, with a column for the field."""
    params = {name: texts for name, texts in request.GET.lists() if name != FROM_TABLE}
    asked = saved_views.ask(request.roadmap, params).query
    if made and asked.columns and made.column not in asked.columns:
        asked = replace(asked, columns=(*asked.columns, made.column))
    table = reverse("roadmaps:items-table", args=[request.account.slug, request.roadmap.pk])
    return f"{table}{asked.address()}"


def _after_making(request: RoadmapRequest, made: Field) -> HttpResponseRedirect:
    if FROM_TABLE in request.GET:
        return redirect(_table_address(request, made))
    return to_roadmap(request, "own-fields")


def _came_from(request: RoadmapRequest) -> str:
    if FROM_TABLE in request.GET:
        return _table_address(request)
    return reverse("roadmaps:own-fields", args=[request.account.slug, request.roadmap.pk])

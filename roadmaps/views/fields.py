"""Own fields: of a roadmap, for its editors, and of the whole account, for admins (the tab "Fields")."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import AccountRequest, account_view
from accounts.models import Account, Role
from roadmaps import services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.forms import FieldForm, NewFieldForm, add_errors
from roadmaps.models import Field, Roadmap
from roadmaps.views.shared import page_context, to_roadmap

PAGE_SIZE = 50
OFFERED = Count("options", filter=Q(options__archived_at=None))


@require_safe
@account_view(role=Role.ADMIN)
def fields(request: AccountRequest) -> HttpResponse:
    """The fields that all roadmaps of the account share, and where each comes from."""
    shared = Field.objects.filter(account=request.account, roadmap=None).annotate(offered=OFFERED)
    page = Paginator(shared.order_by("source_label", "position", "pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "roadmaps/fields.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.ADMIN)
def new_field(request: AccountRequest) -> HttpResponse:
    """Make a field of the account."""
    form = NewFieldForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = _create(form, request.account)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, f"Every roadmap of {request.account} has the field “{made}” now.")
            return redirect("roadmaps:fields", request.account.slug)
    return render(request, "roadmaps/field_new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.ADMIN)
def field(request: AccountRequest, field_id: int) -> HttpResponse:
    """Rename a field of the account, or change its list; a synced field is shown as it is."""
    found = get_object_or_404(Field, account=request.account, roadmap=None, pk=field_id)
    form = FieldForm(request.POST if request.method == "POST" else None, field=found)
    if _saved(request, form):
        return redirect("roadmaps:field", request.account.slug, found.pk)
    return render(request, "roadmaps/field.html", {"form": form, "field": found})


@require_safe
@roadmap_view(level=Level.EDITOR)
def own_fields(request: RoadmapRequest) -> HttpResponse:
    """The fields that this roadmap alone has."""
    own = Field.objects.filter(account=request.account, roadmap=request.roadmap).annotate(offered=OFFERED)
    page = Paginator(own.order_by("position", "pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "roadmaps/own_fields.html", {**page_context(request), "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def new_own_field(request: RoadmapRequest) -> HttpResponse:
    """Make a field that this roadmap alone has."""
    form = NewFieldForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = _create(form, request.account, request.roadmap)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, f"The field “{made}” is on this roadmap now.")
            return to_roadmap(request, "own-fields")
    return render(request, "roadmaps/own_field_new.html", {**page_context(request), "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def own_field(request: RoadmapRequest, field_id: int) -> HttpResponse:
    """Rename an own field of the roadmap, or change its list."""
    found = get_object_or_404(Field, account=request.account, roadmap=request.roadmap, pk=field_id)
    form = FieldForm(request.POST if request.method == "POST" else None, field=found)
    if _saved(request, form):
        return to_roadmap(request, "own-field", found.pk)
    return render(request, "roadmaps/own_field.html", {**page_context(request), "form": form, "field": found})


def _create(form: NewFieldForm, account: Account, roadmap: Roadmap | None = None) -> Field:
    name, type_ = form.cleaned_data["name"], form.cleaned_data["type"]
    return services.create_field(account=account, roadmap=roadmap, name=name, type_=type_, labels=form.labels())


def _saved(request: HttpRequest, form: FieldForm) -> bool:
    """Do what the form asks: all of its changes, or none."""
    if not form.is_bound:
        return False
    try:
        if "archive" in request.POST:
            services.archive_option(field=form.field, option_id=request.POST["archive"])
        elif form.is_valid():
            name = str(form.cleaned_data["name"])
            services.change_field(field=form.field, name=name, renamed=form.renamed(), labels=form.labels())
        else:
            return False
    except ValidationError as problem:
        add_errors(form, problem)
        return False
    except services.Refused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, "The field is saved.")
    return True

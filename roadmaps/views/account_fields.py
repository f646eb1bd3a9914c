"""The tab "Fields" of Account Settings, for admins: what all roadmaps share, and what only one of them has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import AccountRequest, account_view
from accounts.models import Account, Role
from roadmaps import field_usage, lookalikes
from roadmaps.field_forms import NewFieldForm
from roadmaps.fields import clean_text
from roadmaps.lookalikes import Lookalike
from roadmaps.models import Field
from roadmaps.services.fields import NAME_LENGTH
from roadmaps.views import field_editing

PAGE_SIZE = 50
#: The folded part with archived fields, and the list of roadmaps on a field's page, show so many; a page shows all.
SHORT = 10
OFFERED = Count("options", filter=Q(options__archived_at=None))
PARTS = {"": "On every roadmap", "roadmap": "On one roadmap", "archived": "Archived"}


@dataclass(frozen=True, slots=True)
class Row:
    """A field in the list: how many roadmaps use it, and which other one looks like it."""

    field: Field
    roadmaps: int
    lookalike: Lookalike | None


@require_safe
@account_view(role=Role.ADMIN)
def fields(request: AccountRequest) -> HttpResponse:
    """The account's fields with where each comes from and is used; those of single roadmaps; archived ones."""
    part = request.GET.get("part", "")
    part = part if part in PARTS else ""
    search = clean_text(request.GET.get("q", "")[:NAME_LENGTH])
    found = _of_part(request.account, part).filter(name__icontains=search)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    archived = _of_part(request.account, "archived")
    context = {
        "page": page,
        "rows": _rows(request.account, page.object_list),
        "part": part,
        "parts": PARTS,
        "search": search,
        "archived": archived[: SHORT + 1] if part != "archived" else [],
        "short": SHORT,
    }
    return render(request, "roadmaps/fields.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.ADMIN)
def new_field(request: AccountRequest) -> HttpResponse:
    """Make a field of the account."""
    form = NewFieldForm(request.POST if request.method == "POST" else None)
    made, alike = field_editing.create(request, form, None)
    if made:
        messages.success(request, f"Every roadmap of {request.account} has the field “{made}” now.")
        return redirect("roadmaps:fields", request.account.slug)
    return render(request, "roadmaps/field_new.html", {"form": form, "alike": alike})


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.ADMIN)
def field(request: AccountRequest, field_id: int) -> HttpResponse:
    """Change a field of the account: its name and list, or, where it is synced, how its list looks. See where it is."""
    found = _get(request, field_id)
    editing = field_editing.make_form(request, found)
    if request.method == "POST":
        if found.roadmap_id:
            raise PermissionDenied  # its roadmap's editors change it
        saved = field_editing.save(request, editing["form"])
        if saved:
            return saved
    using = field_usage.roadmaps_using(found)
    context = {**editing, "using": using[: SHORT + 1], "short": SHORT}
    return render(request, "roadmaps/field.html", context)


@require_safe
@account_view(role=Role.ADMIN)
def field_roadmaps(request: AccountRequest, field_id: int) -> HttpResponse:
    """Every roadmap that uses the field."""
    found = _get(request, field_id)
    page = Paginator(field_usage.roadmaps_using(found), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "roadmaps/field_roadmaps.html", {"field": found, "page": page})


@require_POST
@account_view(role=Role.ADMIN)
def archive_field(request: AccountRequest, field_id: int) -> HttpResponse:
    """Take a field off every roadmap; its values stay."""
    found = get_object_or_404(Field, account=request.account, roadmap=None, pk=field_id)
    field_editing.put_aside(request, found)
    return redirect("roadmaps:field", request.account.slug, found.pk)


@require_POST
@account_view(role=Role.ADMIN)
def restore_field(request: AccountRequest, field_id: int) -> HttpResponse:
    """Bring an archived field back to every roadmap."""
    found = get_object_or_404(Field, account=request.account, roadmap=None, pk=field_id)
    field_editing.bring_back(request, found)
    return redirect("roadmaps:field", request.account.slug, found.pk)


def _get(request: AccountRequest, field_id: int) -> Field:
    fields = Field.objects.select_related("roadmap", "created_by__user")
    return get_object_or_404(fields, account=request.account, pk=field_id)


def _of_part(account: Account, part: str) -> QuerySet[Field]:
    fields = Field.objects.filter(account=account).select_related("roadmap", "created_by__user")
    fields = fields.annotate(offered=OFFERED)
    match part:
        case "archived":
            return fields.exclude(archived_at=None).order_by("-archived_at", "pk")
        case "roadmap":
            return fields.filter(archived_at=None).exclude(roadmap=None).order_by("roadmap__name", "position", "pk")
        case _:
            return fields.filter(archived_at=None, roadmap=None).order_by("source_label", "position", "pk")


def _rows(account: Account, shown: Iterable[Field]) -> list[Row]:
    """Three queries, however many fields."""
    shown = list(shown)
    used = field_usage.count_roadmaps(account, shown)
    alike = lookalikes.of_fields(account, shown)
    return [Row(field, used.get(field.pk, 0), alike.get(field.pk)) for field in shown]

"""The list of roadmaps, and what happens to a roadmap as a whole."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import AccountRequest, account_view
from accounts.models import Membership, Role
from roadmaps import item_counts, services
from roadmaps.access import Level, RoadmapRequest, roadmap_view, visible_to
from roadmaps.forms import NewRoadmapForm, RoadmapForm, add_errors
from roadmaps.models import Roadmap, Share
from roadmaps.views.shared import page_context, to_roadmap

PAGE_SIZE = 25


class SubqueryCount(Subquery):
    """How many rows a subquery finds, without joining them."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


SHARES = SubqueryCount(Share.objects.filter(roadmap=OuterRef("pk")))
TABS = {"mine": "Mine", "shared": "Shared with me", "all": "All", "archived": "Archived"}


@require_safe
@account_view()
def roadmap_list(request: AccountRequest) -> HttpResponse:
    """The roadmaps that the member may see: theirs, shared ones, for admins all, and the archive."""
    member = request.membership
    tabs = {name: label for name, label in TABS.items() if name != "all" or member.is_admin}
    if not member.can_create:
        del tabs["mine"]
    first = next(iter(tabs))
    tab = request.GET.get("tab", first)
    tab = tab if tab in tabs else first
    found = _of_tab(member, tab).annotate(item_count=item_counts.EACH, share_count=SHARES).select_related("owner__user")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "tab": tab,
        "tabs": tabs,
        "can_create": member.can_create,
    }
    return render(request, "roadmaps/list.html", context)


def _of_tab(member: Membership, tab: str) -> QuerySet[Roadmap]:
    roadmaps = visible_to(member).order_by(F("archived_at").desc(), "name", "pk")
    if tab == "archived":
        return roadmaps.exclude(archived_at=None)
    active = roadmaps.filter(archived_at=None)
    if tab == "mine":
        return active.filter(owner=member)
    if tab == "shared":
        return active.filter(shares__member=member).exclude(owner=member)
    return active


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.COLLABORATOR)
def new(request: AccountRequest) -> HttpResponse:
    """Make a roadmap, of which the member is the owner."""
    form = NewRoadmapForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            roadmap = services.create_roadmap(owner=request.membership, **form.cleaned_data)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            page = "sources" if roadmap.is_portfolio else "items-table"
            return redirect(f"roadmaps:{page}", request.account.slug, roadmap.pk)
    return render(request, "roadmaps/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.OWNER)
def settings(request: RoadmapRequest) -> HttpResponse:
    """Name and description, and the ways to other owners and to the archive."""
    roadmap = request.roadmap
    initial = {"name": roadmap.name, "description": roadmap.description}
    form = RoadmapForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            services.rename(roadmap=roadmap, **form.cleaned_data, by=request.membership)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, "The settings are saved.")
            return to_roadmap(request, "settings")
    return render(request, "roadmaps/settings.html", {**page_context(request), "form": form})


@require_POST
@roadmap_view(level=Level.OWNER)
def archive(request: RoadmapRequest) -> HttpResponse:
    """Put the roadmap into the archive."""
    services.archive(roadmap=request.roadmap, by=request.membership)
    paused = ", and its sync is paused" if request.roadmap.source_label else ""
    messages.success(request, f"“{request.roadmap}” is in the archive. Nothing was removed{paused}.")
    return to_roadmap(request)


@require_POST
@roadmap_view(level=Level.OWNER, archived=True)
def restore(request: RoadmapRequest) -> HttpResponse:
    """Take the roadmap out of the archive."""
    services.restore(roadmap=request.roadmap, by=request.membership)
    resumed = ", and its sync goes on" if request.roadmap.source_label else ""
    messages.success(request, f"“{request.roadmap}” is back{resumed}.")
    return to_roadmap(request)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.OWNER, archived=True)
def delete(request: RoadmapRequest) -> HttpResponse:
    """Ask, and then delete an archived roadmap for good."""
    roadmap = request.roadmap
    if request.method == "POST":
        name = roadmap.name
        try:
            services.delete(roadmap=roadmap, by=request.membership)
        except services.Refused as refused:
            messages.error(request, str(refused))
            return to_roadmap(request)
        messages.success(request, f"“{name}” is deleted.")
        return redirect("roadmaps:list", request.account.slug)
    return render(request, "roadmaps/delete.html", {**page_context(request), "items": roadmap.items.count()})

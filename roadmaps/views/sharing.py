"""The page on which an owner shares a roadmap, and the one on which it gets another owner."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST

from roadmaps import services
from roadmaps.access import Level, RoadmapRequest, may_hand_over, roadmap_view
from roadmaps.forms import HandOverForm, ShareForm, add_errors
from roadmaps.models import Share
from roadmaps.views.shared import page_context, to_roadmap


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.OWNER)
def share(request: RoadmapRequest) -> HttpResponse:
    """Who sees the roadmap, and the form for one more."""
    form = ShareForm(request.POST if request.method == "POST" else None, roadmap=request.roadmap)
    if form.is_bound and form.is_valid():
        try:
            made = services.share(roadmap=request.roadmap, by=request.membership, **form.cleaned_data)
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, f"{made.member} is {_article(made.level)} of this roadmap now.")
            return to_roadmap(request, "share")
    shares = request.roadmap.shares.select_related("member__user")
    context = {**page_context(request), "form": form, "shares": shares, "levels": Share.Level.choices}
    return render(request, "roadmaps/share.html", context)


@require_POST
@roadmap_view(level=Level.OWNER)
def change_share(request: RoadmapRequest, share_id: int) -> HttpResponse:
    """Make a viewer an editor, or the other way round."""
    found = get_object_or_404(request.roadmap.shares.select_related("member__user"), pk=share_id)
    try:
        level = request.POST.get("level", "")
        services.share(roadmap=request.roadmap, member=found.member, level=level, by=request.membership)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"{found.member} is {_article(request.POST['level'])} now.")
    return to_roadmap(request, "share")


@require_POST
@roadmap_view(level=Level.OWNER)
def unshare(request: RoadmapRequest, share_id: int) -> HttpResponse:
    """Take the roadmap away from somebody."""
    found = get_object_or_404(request.roadmap.shares.select_related("member__user"), pk=share_id)
    services.unshare(roadmap=request.roadmap, member=found.member, by=request.membership)
    messages.success(request, f"{found.member} no longer sees this roadmap.")
    return to_roadmap(request, "share")


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view()
def hand_over(request: RoadmapRequest) -> HttpResponse:
    """Give the roadmap to somebody else; for its owner, or for admins where the owner is gone."""
    if not may_hand_over(request.membership, request.roadmap):
        raise PermissionDenied
    form = HandOverForm(request.POST if request.method == "POST" else None, roadmap=request.roadmap)
    if form.is_bound and form.is_valid():
        try:
            services.hand_over(roadmap=request.roadmap, by=request.membership, **form.cleaned_data)
        except ValidationError as problem:
            add_errors(form, problem)
        except services.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{request.roadmap.owner} owns “{request.roadmap}” now.")
            return to_roadmap(request)
    return render(request, "roadmaps/hand_over.html", {**page_context(request), "form": form})


def _article(level: str) -> str:
    return "an editor" if level == Share.Level.EDITOR else "a viewer"

"""Comments on an item: parts of its card, each also a page of its own."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from roadmaps import services, talk
from roadmaps.access import RoadmapRequest, roadmap_view
from roadmaps.latest import read_number
from roadmaps.models import Comment, Item
from roadmaps.services.comments import may_delete, may_edit
from roadmaps.views.card import find_item, part_context
from roadmaps.views.shared import varying, wants_fragment


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view()
def comments(request: RoadmapRequest, item_id: int) -> HttpResponse:
    """Earlier comments, as the address asks for them; or, by a post, one more."""
    item = find_item(request, item_id)
    if request.method == "POST":
        return _add(request, item)
    before = read_number(request.GET.get("before", ""))
    context = {**part_context(request, item), "talk": talk.of_item(item, request.membership, before=before)}
    name = "_comment_rows" if wants_fragment(request) else "comments"
    return varying(render(request, f"roadmaps/{name}.html", {**context, "before": before}))


@require_safe
@roadmap_view()
def comment(request: RoadmapRequest, item_id: int, comment_id: int) -> HttpResponse:
    """One comment in the list; as an address of its own it leads to the card."""
    item = find_item(request, item_id)
    return _comment(request, _get(item, comment_id))


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view()
def edit(request: RoadmapRequest, item_id: int, comment_id: int) -> HttpResponse:
    """Let its author say it differently."""
    found = _get(find_item(request, item_id), comment_id)
    _check(request, allowed=may_edit(found, request.membership))
    if request.method != "POST":
        return _form(request, found, found.text)
    text = request.POST.get("text", "")
    try:
        services.edit_comment(comment=found, by=request.membership, text=text)
    except ValidationError as problem:
        return _form(request, found, text, problem.messages)
    return _comment(request, found)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view()
def delete(request: RoadmapRequest, item_id: int, comment_id: int) -> HttpResponse:
    """Ask, and then delete a comment."""
    item = find_item(request, item_id)
    found = _get(item, comment_id)
    _check(request, allowed=may_delete(found, request.membership))
    if request.method == "POST":
        services.delete_comment(comment=found, by=request.membership)
        if wants_fragment(request):
            return _part(request, item, focus="title")
        messages.success(request, "The comment is deleted.")
        return redirect(_card_address(request, item))
    context = {**part_context(request, item), "said": talk.said(found, request.membership)}
    name = "_comment_delete" if wants_fragment(request) else "comment_delete"
    return varying(render(request, f"roadmaps/{name}.html", context))


def _add(request: RoadmapRequest, item: Item) -> HttpResponse:
    _check(request, allowed=True)
    text = request.POST.get("text", "")
    try:
        made = services.add_comment(item=item, by=request.membership, text=text)
    except ValidationError as problem:
        return _part(request, item, typed=text, errors=problem.messages)
    return (
        _part(request, item, focus="form") if wants_fragment(request) else redirect(_card_address(request, item, made))
    )


def _part(
    request: RoadmapRequest, item: Item, *, typed: str = "", errors: Sequence[str] = (), focus: str = ""
) -> HttpResponse:
    """The part of the card that holds the comments; the page of them where a form without htmx went wrong."""
    context = {
        **part_context(request, item),
        "talk": talk.of_item(item, request.membership),
        "typed": typed,
        "errors": errors,
        "focus": focus,
    }
    in_card = wants_fragment(request)
    name = "_card_comments" if in_card else "comments"
    return varying(render(request, f"roadmaps/{name}.html", context, status=422 if errors and in_card else 200))


def _comment(request: RoadmapRequest, found: Comment) -> HttpResponse:
    if not wants_fragment(request):
        return varying(redirect(_card_address(request, found.item, found)))
    said = talk.said(found, request.membership)
    return varying(
        render(
            request, "roadmaps/_comment.html", {**part_context(request, found.item), "said": said, "focus": found.pk}
        )
    )


def _form(request: RoadmapRequest, found: Comment, typed: str, errors: Sequence[str] = ()) -> HttpResponse:
    said = talk.said(found, request.membership)
    context = {**part_context(request, found.item), "said": said, "typed": typed, "errors": errors}
    in_card = wants_fragment(request)
    name = "_comment_edit" if in_card else "comment_edit"
    return varying(render(request, f"roadmaps/{name}.html", context, status=422 if errors and in_card else 200))


def _get(item: Item, comment_id: int) -> Comment:
    comments = Comment.objects.filter(account_id=item.account_id, item=item).select_related("author__user")
    found = get_object_or_404(comments, pk=comment_id)
    found.item = item
    return found


def _check(request: RoadmapRequest, *, allowed: bool) -> None:
    """An archived roadmap can be read, and that is all."""
    if not allowed or request.roadmap.archived_at is not None:
        raise PermissionDenied


def _card_address(request: RoadmapRequest, item: Item, found: Comment | None = None) -> str:
    address = reverse("roadmaps:item", args=[request.account.slug, request.roadmap.pk, item.pk])
    return f"{address}#comment-{found.pk}" if found else f"{address}#comments-{item.pk}"

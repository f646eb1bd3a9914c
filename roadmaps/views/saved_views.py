"""Saving, naming, moving and deleting views. Each form posts what its page asks (`address`) and on which `layout`."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from roadmaps import saved_views, services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.forms import ViewForm, add_errors
from roadmaps.models import View
from roadmaps.views.shared import layout_url, page_context

MAX_PARTS = 500


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def new(request: RoadmapRequest) -> HttpResponse:
    """Save what the page asks under a new name."""
    form = ViewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_view(
                roadmap=request.roadmap,
                by=request.membership,
                name=form.cleaned_data["name"],
                query=_question(request),
                layout=_layout(request),
            )
        except ValidationError as problem:
            add_errors(form, problem)
        except services.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"“{made}” is saved. Everybody who sees this roadmap can open it.")
            return _open(request, made)
    return _form(request, form, None)


@require_POST
@roadmap_view(level=Level.EDITOR)
def save(request: RoadmapRequest, view_id: int) -> HttpResponse:
    """Let the view ask what the page asks."""
    view = _get(request, view_id)
    try:
        services.save_view(view=view, query=_question(request), layout=_layout(request), by=request.membership)
    except services.Refused as refused:
        messages.error(request, str(refused))
        return _back(request, view)
    messages.success(request, f"“{view}” is saved.")
    return _open(request, view)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def rename(request: RoadmapRequest, view_id: int) -> HttpResponse:
    """Call the view something else; what the page asks stays."""
    view = _get(request, view_id)
    form = ViewForm(request.POST or None, initial={"name": view.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.rename_view(view=view, name=form.cleaned_data["name"])
        except ValidationError as problem:
            add_errors(form, problem)
            view.refresh_from_db()
        else:
            messages.success(request, f"The view is called “{view}” now.")
            return _back(request, view)
    return _form(request, form, view)


@require_POST
@roadmap_view(level=Level.EDITOR)
def duplicate(request: RoadmapRequest, view_id: int) -> HttpResponse:
    """Copy the view as it is saved, and open the copy."""
    try:
        made = services.duplicate_view(view=_get(request, view_id), by=request.membership)
    except services.Refused as refused:
        messages.error(request, str(refused))
        return _back(request, _get(request, view_id))
    messages.success(request, f"This is “{made}”, the copy.")
    return _open(request, made)


@require_POST
@roadmap_view(level=Level.EDITOR)
def move(request: RoadmapRequest, view_id: int) -> HttpResponse:
    """Move the view one place to the left or to the right."""
    view = _get(request, view_id)
    services.move_view(view=view, step=-1 if request.POST.get("to") == "left" else 1)
    return _back(request, view)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def delete(request: RoadmapRequest, view_id: int) -> HttpResponse:
    """Ask, and then delete the view."""
    view = _get(request, view_id)
    if request.method == "POST":
        name = view.name
        try:
            services.delete_view(view=view, by=request.membership)
        except services.Refused as refused:
            messages.error(request, str(refused))
            return _open(request, view)
        messages.success(request, f"The view “{name}” is deleted. All items are still there.")
        return redirect(layout_url(request, View.Layout.TABLE))
    context = {**page_context(request), "view": view, "view_url": _url(request, view)}
    return render(request, "roadmaps/view_delete.html", context)


def _get(request: RoadmapRequest, view_id: int) -> View:
    found = get_object_or_404(View, roadmap=request.roadmap, account=request.account, pk=view_id)
    found.roadmap = request.roadmap
    return found


def _address(request: RoadmapRequest) -> str:
    """What the page asks, as its forms send it: at most so much, or parsing it would raise."""
    sent = request.POST if request.method == "POST" else request.GET
    parts = sent.get("address", "")[:20_000].removeprefix("?").split("&")
    return "&".join(parts[:MAX_PARTS])


def _layout(request: RoadmapRequest) -> str:
    """The layout of the page that posted. What is none, `services` refuses."""
    sent = request.POST if request.method == "POST" else request.GET
    return sent.get("layout", View.Layout.TABLE)


def _question(request: RoadmapRequest) -> str:
    """The posted address, read as the pages read it, so that a view holds nothing that means nothing."""
    params = parse_qs(_address(request), keep_blank_values=True)
    return saved_views.to_save(saved_views.ask(request.roadmap, params).query)


def _url(request: RoadmapRequest, view: View) -> str:
    return f"{layout_url(request, view.layout)}?view={view.pk}"


def _open(request: RoadmapRequest, view: View) -> HttpResponseRedirect:
    """Go to the view as it is saved."""
    return redirect(_url(request, view))


def _back(request: RoadmapRequest, view: View) -> HttpResponseRedirect:
    """Go to where the form stood: with what was asked there, under the view."""
    return redirect(_here(request, view))


def _here(request: RoadmapRequest, view: View | None) -> str:
    """The page that the form stood on."""
    asked = [(name, text) for name, text in parse_qsl(_address(request)) if name != "view" or not view]
    named = [("view", str(view.pk))] if view else []
    layout = _layout(request) if _layout(request) in View.Layout.values else View.Layout.TABLE
    return f"{layout_url(request, layout)}?{urlencode([*named, *asked], safe=',:-')}"


def _form(request: RoadmapRequest, form: ViewForm, view: View | None) -> HttpResponse:
    context = {
        **page_context(request),
        "form": form,
        "view": view,
        "cancel_url": _here(request, view),
        "kept": [("address", _address(request)), ("layout", _layout(request))],
    }
    return render(request, "roadmaps/view_form.html", context)

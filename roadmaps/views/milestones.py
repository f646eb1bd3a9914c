"""Milestones, as forms in the dialog over the Timeline or as pages of their own."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from roadmaps import services
from roadmaps.access import Level, RoadmapRequest, roadmap_view
from roadmaps.forms import add_errors
from roadmaps.models import FieldOption, Milestone
from roadmaps.views.shared import page_context, varying, wants_fragment

MAX_BACK = 4000


class MilestoneForm(forms.Form):
    """A day and its name; `services` hold the rules."""

    name = forms.CharField(required=False, widget=forms.TextInput({"autocomplete": "off"}))
    date = forms.CharField(
        required=False, label="Day", widget=forms.DateInput({"type": "date", "min": "1900-01-01", "max": "2200-12-31"})
    )
    colour = forms.ChoiceField(
        required=False,
        widget=forms.RadioSelect,
        choices=[(str(number), f"Colour {number}") for number in range(1, FieldOption.COLOURS + 1)],
    )


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def new(request: RoadmapRequest) -> HttpResponse:
    """Name a day of the roadmap."""
    if request.method != "POST":
        return _form(request, MilestoneForm(initial={"date": request.GET.get("date", ""), "colour": "1"}))
    form = MilestoneForm(request.POST)
    try:
        made = services.create_milestone(roadmap=request.roadmap, texts=request.POST.dict())
    except ValidationError as problem:
        return _refuse(request, form, problem)
    messages.success(request, f"The milestone “{made}” is on the Timeline.")
    return _back(request)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def edit(request: RoadmapRequest, milestone_id: int) -> HttpResponse:
    """Change a milestone."""
    found = _get(request, milestone_id)
    if request.method != "POST":
        initial = {"name": found.name, "date": found.date.isoformat(), "colour": str(found.colour)}
        return _form(request, MilestoneForm(initial=initial), found)
    form = MilestoneForm(request.POST)
    try:
        services.change_milestone(milestone=found, texts=request.POST.dict())
    except ValidationError as problem:
        return _refuse(request, form, problem, _get(request, milestone_id))
    messages.success(request, "The milestone is saved.")
    return _back(request)


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.EDITOR)
def delete(request: RoadmapRequest, milestone_id: int) -> HttpResponse:
    """Ask, and then delete a milestone."""
    found = _get(request, milestone_id)
    if request.method == "POST":
        services.delete_milestone(milestone=found)
        messages.success(request, f"The milestone “{found}” is deleted. No item was changed.")
        return _back(request)
    context = {**page_context(request), "milestone": found, "timeline_url": _timeline_url(request)}
    return render(request, "roadmaps/timeline_milestone_delete.html", {**context, "back": _asked(request)})


def _get(request: RoadmapRequest, milestone_id: int) -> Milestone:
    return get_object_or_404(Milestone, roadmap=request.roadmap, account=request.account, pk=milestone_id)


def _refuse(
    request: RoadmapRequest, form: MilestoneForm, problem: ValidationError, found: Milestone | None = None
) -> HttpResponse:
    form.full_clean()
    add_errors(form, problem)
    return _form(request, form, found)


def _form(request: RoadmapRequest, form: MilestoneForm, found: Milestone | None = None) -> HttpResponse:
    in_dialog = wants_fragment(request)
    context = {
        **page_context(request),
        "form": form,
        "milestone": found,
        "back": _asked(request),
        "timeline_url": _timeline_url(request) + _asked(request),
    }
    template = "roadmaps/_timeline_milestone.html" if in_dialog else "roadmaps/timeline_milestone.html"
    return varying(render(request, template, context))


def _asked(request: RoadmapRequest) -> str:
    """What the Timeline was asked before, from `back`: never more than parameters of that one page."""
    given = (request.POST.get("back") or request.GET.get("back", ""))[:MAX_BACK].removeprefix("?")
    pairs = [(name, value) for name, values in parse_qs(given).items() for value in values]
    return f"?{urlencode(pairs, safe=',:-')}" if pairs else ""


def _timeline_url(request: RoadmapRequest) -> str:
    return reverse("roadmaps:timeline", args=[request.account.slug, request.roadmap.pk])


def _back(request: RoadmapRequest) -> HttpResponseRedirect:
    return redirect(_timeline_url(request) + _asked(request))

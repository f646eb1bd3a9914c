"""What the setup in hand would do: those parts of the wizard's pages that a worker fills (B1-B3)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from integrations import coverage, preview, promotion
from integrations.errors import PullError
from integrations.models import Preview
from integrations.shown_plan import show
from integrations.sync.outline import read_outline
from integrations.views.fragments import is_fragment, sign_in_first
from integrations.wizard import Step, Wizard
from integrations.wizard_forms import DatesForm
from roadmaps.access import Level, RoadmapRequest, roadmap_view

#: The step whose page shows it.
STEPS = {"dates": "dates", "plan": "review"}


@require_http_methods(["GET", "HEAD", "POST"])
@sign_in_first
@roadmap_view(level=Level.OWNER)
def part(request: RoadmapRequest, purpose: str) -> HttpResponse:
    """The part of the page; a post lets a worker look, anew where somebody had looked already."""
    wizard, step = _found(request, purpose)
    if request.method == "POST":
        preview.ask(wizard.draft, purpose)
    if not is_fragment(request):
        return redirect(wizard.url(step))
    try:
        context = context_of(request, wizard, purpose)
    except PullError:
        # The page itself says what is the matter.
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "integrations/wizard/_preview.html", {"wizard": wizard, **context})


@require_POST
@roadmap_view(level=Level.OWNER)
def cancel(request: RoadmapRequest, purpose: str) -> HttpResponse:
    """Stop looking."""
    wizard, step = _found(request, purpose)
    found = preview.find(wizard.draft, purpose)
    if found is not None and preview.cancel(found, member=request.membership):
        messages.info(request, "We stopped looking. Nothing was changed.")
    return redirect(wizard.url(step))


def _found(request: RoadmapRequest, purpose: str) -> tuple[Wizard, Step]:
    wizard = Wizard(request.roadmap, request.membership)
    step = wizard.step(STEPS.get(purpose, ""))
    if step is None or not wizard.can_reach(step):
        raise Http404
    return wizard, step


def context_of(request: RoadmapRequest, wizard: Wizard, purpose: str) -> dict[str, object]:
    """What the part of the page needs. Raises errors of `integrations.errors`."""
    found = preview.find(wizard.draft, purpose)
    context: dict[str, object] = {
        "purpose": purpose,
        "preview": found,
        "account": request.account,
        "roadmap": request.roadmap,
    }
    if found is None or found.state != Preview.State.READY:
        return context
    if purpose == Preview.Purpose.DATES:
        return context | _coverage(request, wizard, found)
    return context | _plan(wizard, found)


def _coverage(request: RoadmapRequest, wizard: Wizard, found: Preview) -> dict[str, object]:
    step = wizard.step("dates")
    if step is None:
        raise LookupError("Every wizard has a step for its dates.")
    form = DatesForm(request.GET if is_fragment(request) and request.GET else None, wizard=wizard, step=step)
    start, end = form.selected("start"), form.selected("end")
    have = [(spec.label, coverage.with_date(found.answer, spec.key)) for spec in wizard.description.dates]
    return {"coverage": coverage.coverage(found.answer, start, end), "have": have}


def _plan(wizard: Wizard, found: Preview) -> dict[str, object]:
    outline = read_outline(found.answer)
    chosen = [spec for key, spec in wizard.offers.items() if key in wizard.draft.fields]
    return {
        "plan": show(outline, wizard.link_or_new),
        "fates": promotion.field_fates(wizard.roadmap.account, wizard.connector, chosen),
        "state": wizard.state_of_link,
        "step_url": wizard.url(wizard.review),
    }

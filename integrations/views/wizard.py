"""The setup wizard's pages, and "Modify Setup", which is the same wizard over a link's own values (S12-S22, S27)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations import preview, setup
from integrations.credentials import LabelTaken
from integrations.errors import CredentialRejected, PullError
from integrations.forms import posted
from integrations.models import Preview
from integrations.sync.outline import Outline, read_outline
from integrations.views import previews
from integrations.wizard import REVIEW, Step, Wizard
from integrations.wizard_forms import FORMS, PROJECTS_SHOWN, DatesForm, ProjectForm, StepForm
from roadmaps.access import Level, RoadmapRequest, roadmap_view


@require_safe
@roadmap_view(level=Level.OWNER, portfolios=False)
def start(request: RoadmapRequest) -> HttpResponse:
    """Go on where the setup stands: at the first step that is not done; for a linked roadmap at the first step."""
    wizard = Wizard(request.roadmap, request.membership)
    here = wizard.steps[0] if wizard.link else wizard.first_undone
    return redirect(wizard.url(here))


@require_http_methods(["GET", "HEAD", "POST"])
@roadmap_view(level=Level.OWNER, portfolios=False)
def step(request: RoadmapRequest, step_name: str) -> HttpResponse:
    """One page of the wizard."""
    wizard = Wizard(request.roadmap, request.membership)
    current = wizard.step(step_name)
    if current is None:
        return _no_such_step(request, wizard, step_name)
    if not wizard.can_reach(current):
        return redirect(wizard.url(wizard.first_undone))
    try:
        if current == REVIEW:
            return _review(request, wizard)
        return _step(request, wizard, current)
    except PullError as error:
        return _page(request, wizard, current, "unreachable", status=200, error=error, **_help_for(error, wizard))


def _no_such_step(request: RoadmapRequest, wizard: Wizard, step_name: str) -> HttpResponse:
    if step_name == "project" and wizard.link is not None:
        messages.info(request, f"The project of a linked roadmap never changes: it stays {wizard.link.project_name}.")
        return redirect(wizard.url(wizard.steps[0]))
    raise Http404


def _step(request: RoadmapRequest, wizard: Wizard, current: Step) -> HttpResponse:
    form = FORMS[current.name](posted(request), wizard=wizard, step=current)
    if form.is_valid() and _store(form):
        wizard.save(current)
        if form.said:
            messages.success(request, form.said)
        target = REVIEW if "review" in request.POST and wizard.can_reach(REVIEW) else wizard.after(current)
        return redirect(wizard.url(target))
    status = 422 if form.errors else 200
    return _page(request, wizard, current, current.name, status=status, form=form, **_extras(request, form))


def _store(form: StepForm) -> bool:
    try:
        form.store()
    except LabelTaken as error:
        form.add_error("label", str(error))
        return False
    return True


def _extras(request: RoadmapRequest, form: StepForm) -> dict[str, object]:
    """What the page of that step shows besides its form."""
    if isinstance(form, DatesForm):
        return previews.context_of(request, form.wizard, "dates")
    if not isinstance(form, ProjectForm):
        return {}
    search = request.GET.get("q", "")[:200]
    found = form.matching(search)
    return {"search": search, "projects": found[:PROJECTS_SHOWN], "found": len(found)}


def _review(request: RoadmapRequest, wizard: Wizard) -> HttpResponse:
    if request.method == "POST":
        if request.POST.get("state") != wizard.state_of_link:
            return _stale(request, wizard)
        try:
            return _carry_out(request, wizard)
        except setup.AlreadyLinked as refusal:
            messages.info(request, str(refusal))
            return redirect(_roadmap_url(request))
        except setup.SetupRefused as refusal:
            return _review_page(request, wizard, status=422, refusal=str(refusal))
    return _review_page(request, wizard, status=200)


def _review_page(request: RoadmapRequest, wizard: Wizard, *, status: int, refusal: str = "") -> HttpResponse:
    context = _summary(wizard) | previews.context_of(request, wizard, "plan")
    return _page(request, wizard, REVIEW, "review", status=status, refusal=refusal, **context)


def _stale(request: RoadmapRequest, wizard: Wizard) -> HttpResponse:
    """The post came twice, from an old tab, or was made up: what it was made for is over."""
    if wizard.link is None:
        return redirect(wizard.url(REVIEW))
    messages.info(request, "This setup was saved already, so nothing more was changed.")
    return redirect(_roadmap_url(request))


def _carry_out(request: RoadmapRequest, wizard: Wizard) -> HttpResponse:
    plan = _seen_plan(request, wizard)
    if wizard.link is None:
        setup.finish(wizard.draft, member=request.membership, plan=plan)
        return redirect("integrations:setup-ready", request.account.slug, request.roadmap.pk)
    setup.modify(wizard.link, wizard.draft, member=request.membership, plan=plan)
    messages.success(request, "The setup was changed. A sync with the new setup has started.")
    return redirect(_roadmap_url(request))


def _seen_plan(request: RoadmapRequest, wizard: Wizard) -> Outline:
    """The plan that the owner looked at when they pressed the button. Raises SetupRefused where it is another now."""
    found = preview.find(wizard.draft, Preview.Purpose.PLAN)
    if found is None or found.state != Preview.State.READY:
        raise setup.SetupRefused("Please look first at what this setup would do. Nothing was changed yet.")
    plan = read_outline(found.answer)
    if plan.digest != request.POST.get("plan"):
        raise setup.SetupRefused("The preview is another one than you saw. Please look at it again.")
    return plan


def _summary(wizard: Wizard) -> dict[str, object]:
    """Every choice in words, for the page that asks whether all is right."""
    draft, description = wizard.draft, wizard.description
    states = {state.key: state.label for state in description.states}
    dates = {spec.key: spec.label for spec in description.dates}
    return {
        "cadence": setup.CADENCES.get(draft.cadence_minutes, f"Every {draft.cadence_minutes} minutes"),
        "states": [states[key] for key in draft.states if key in states],
        "start": [dates[key] for key in draft.start_sources if key in dates],
        "end": [dates[key] for key in draft.end_sources if key in dates],
        "fields": [wizard.field_names[key] for key in draft.fields if key in wizard.field_names],
        "links": {one.name: wizard.url(one) for one in wizard.steps},
    }


def _page(
    request: RoadmapRequest, wizard: Wizard, current: Step, template: str, *, status: int, **context: object
) -> HttpResponse:
    previous = wizard.before(current)
    context |= {
        "wizard": wizard,
        "step": current,
        "steps": wizard.step_links(current),
        "number": [*(one.name for one in wizard.steps), REVIEW.name].index(current.name) + 1,
        "back_url": wizard.url(previous) if previous else "",
        "roadmap_url": _roadmap_url(request),
    }
    return render(request, f"integrations/wizard/{template}.html", context, status=status)


def _help_for(error: PullError, wizard: Wizard) -> dict[str, object]:
    """Where a tracker that does not answer can be mended: with other credentials, or by waiting."""
    credentials = wizard.step("credentials")
    return {
        "refused": isinstance(error, CredentialRejected),
        "credentials_url": credentials and wizard.url(credentials),
    }


@require_safe
@roadmap_view(level=Level.OWNER, portfolios=False)
def ready(request: RoadmapRequest) -> HttpResponse:
    """The confirmation screen (S20)."""
    link = setup.link_of(request.roadmap)
    if link is None:
        return redirect("integrations:setup", request.account.slug, request.roadmap.pk)
    context = {"link": link, "connector": link.get_kind_display(), "roadmap_url": _roadmap_url(request)}
    return render(request, "integrations/wizard/ready.html", context)


@require_POST
@roadmap_view(level=Level.OWNER, portfolios=False)
def discard(request: RoadmapRequest) -> HttpResponse:
    """Forget what was entered in the wizard; a link stays as it is."""
    setup.discard_draft(request.roadmap)
    messages.info(request, "What you had entered was discarded. Nothing else was changed.")
    return redirect(_roadmap_url(request))


def _roadmap_url(request: RoadmapRequest) -> str:
    return reverse("roadmaps:items-table", args=[request.account.slug, request.roadmap.pk])

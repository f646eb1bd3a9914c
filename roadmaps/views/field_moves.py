"""Where a field's values go: from one roadmap to all of them, or from one field into another. For admins."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.access import AccountRequest, account_view
from accounts.models import Role
from roadmaps import services
from roadmaps.field_forms import MergeForm, PromoteForm
from roadmaps.forms import add_errors
from roadmaps.models import Field
from roadmaps.services.fields import NAME_LENGTH, namesake
from roadmaps.services.merging import Plan, may_merge, plan_merge, why_not


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.ADMIN)
def promote(request: AccountRequest, field_id: int) -> HttpResponse:
    """Give a roadmap's field to every roadmap, under its own name or, where that is taken, another one."""
    found = _get(request, field_id, roadmap__isnull=False)
    form = PromoteForm(request.POST) if request.method == "POST" else PromoteForm(initial={"name": _free_name(found)})
    wanted = found.name
    if form.is_bound and form.is_valid():
        wanted = str(form.cleaned_data["name"])
        try:
            services.promote_field(field=found, name=wanted, by=request.membership)
        except ValidationError as problem:
            add_errors(form, problem)
            found = _get(request, field_id, roadmap__isnull=False)
        else:
            messages.success(request, f"Every roadmap of {request.account} has the field “{found}” now.")
            return redirect("roadmaps:field", request.account.slug, found.pk)
    twin = namesake(found, wanted)
    mergeable = twin is not None and may_merge(lose=found, keep=twin)
    context = {"field": found, "form": form, "twin": twin, "mergeable": mergeable}
    return render(request, "roadmaps/field_promote.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.ADMIN)
def merge(request: AccountRequest, field_id: int) -> HttpResponse:
    """Choose the field to merge into, see what would happen, and let it happen."""
    lose = _get(request, field_id, source_kind="")
    told = request.POST if request.method == "POST" else request.GET
    form = MergeForm(told if "into" in told else None, lose=lose)
    keep: Field | None = form.cleaned_data["into"] if form.is_bound and form.is_valid() else None
    if keep is not None and request.method == "POST":
        try:
            done = services.merge_fields(lose=lose, keep=keep, by=request.membership)
        except services.Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _told(done, lose, keep))
            return redirect("roadmaps:field", request.account.slug, keep.pk)
    plan = plan_merge(lose=lose, keep=keep) if keep else None
    problem = why_not(plan, keep) if plan and keep and not plan.is_possible else ""
    context = {"field": lose, "form": form, "keep": keep, "plan": plan, "problem": problem}
    return render(request, "roadmaps/field_merge.html", context)


def _get(request: AccountRequest, field_id: int, **scope: object) -> Field:
    """A field that is in use; archived ones are brought back first."""
    fields = Field.objects.select_related("roadmap")
    return get_object_or_404(fields, account=request.account, pk=field_id, archived_at=None, **scope)


def _free_name(field: Field) -> str:
    """Its own name, or, where all roadmaps have a field of that name, with the roadmap's behind it."""
    if namesake(field, field.name) is None:
        return field.name
    return f"{field.name} ({field.roadmap})"[:NAME_LENGTH]


def _told(plan: Plan, lose: Field, keep: Field) -> str:
    moved = f"The values of {plan.moved:,} item{'' if plan.moved == 1 else 's'} moved to “{keep}”"
    both = f", {plan.both:,} kept what they had there" if plan.both else ""
    return f"{moved}{both}. “{lose}” is archived."

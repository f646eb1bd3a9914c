"""The tab "Integrations" of Account Settings: the account's connectors. For Account Admins only (S3-S8, D2, D3)."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import AccountRequest, account_view
from accounts.models import Role
from integrations import registry, services
from integrations.connectors.base import Connector
from integrations.forms import IntegrationForm, posted
from integrations.models import Integration

PAGE_SIZE = 50


@require_safe
@account_view(role=Role.ADMIN)
def integrations(request: AccountRequest) -> HttpResponse:
    """All connectors of the account, and the menu of kinds that can be added."""
    found = (
        Integration.objects.filter(account=request.account)
        .select_related("created_by__user")
        .annotate(roadmaps=Count("links"))
        .order_by("name", "pk")
    )
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        {
            "integration": integration,
            "url": registry.base_url(integration.kind),
            "may_edit": services.may_edit(integration, request.membership),
        }
        for integration in page
    ]
    context = {"page": page, "rows": rows, "kinds": registry.choices()}
    return render(request, "integrations/integrations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.ADMIN)
def add(request: AccountRequest, kind: str) -> HttpResponse:
    """Add a connector under a name."""
    connector = connector_or_404(kind)
    form = IntegrationForm(posted(request), member=request.membership, kind=kind)
    if form.is_valid():
        try:
            made = services.create_integration(request.membership, kind=kind, name=form.cleaned_data["name"])
        except services.NameTaken as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"“{made}” is ready. Every roadmap of {request.account} can use it now.")
            return redirect("integrations:integrations", request.account.slug)
    return _form(request, form, connector)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view(role=Role.ADMIN)
def edit(request: AccountRequest, integration_id: int) -> HttpResponse:
    """Change a connector's name."""
    integration = _integration_or_404(request, integration_id)
    if not services.may_edit(integration, request.membership):
        raise PermissionDenied
    form = IntegrationForm(posted(request), member=request.membership, kind=integration.kind, instance=integration)
    if form.is_valid():
        try:
            services.rename_integration(integration, name=form.cleaned_data["name"], by=request.membership)
        except services.NameTaken as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"The integration is called “{integration}” now, for everybody.")
            return redirect("integrations:integrations", request.account.slug)
    return _form(request, form, connector_or_404(integration.kind), integration=integration)


@require_POST
@account_view(role=Role.ADMIN)
def delete(request: AccountRequest, integration_id: int) -> HttpResponse:
    """Delete a connector that no roadmap uses."""
    integration = _integration_or_404(request, integration_id)
    name = integration.name
    try:
        services.delete_integration(integration, by=request.membership)
    except services.InUse as refusal:
        messages.error(request, f"“{name}” was not deleted. {refusal}")
    else:
        messages.success(request, f"“{name}” was deleted.")
    return redirect("integrations:integrations", request.account.slug)


def _form(
    request: AccountRequest, form: IntegrationForm, connector: Connector, *, integration: Integration | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "connector": connector,
        "url": registry.base_url(connector.kind),
        "integration": integration,
    }
    return render(request, "integrations/integration_form.html", context, status=422 if form.errors else 200)


def connector_or_404(kind: str) -> Connector:
    """The connector of that kind. Raises Http404."""
    try:
        return registry.get(kind)
    except registry.UnknownKind:
        raise Http404 from None


def _integration_or_404(request: AccountRequest, integration_id: int) -> Integration:
    found = Integration.objects.select_related("created_by")
    return get_object_or_404(found, account=request.account, pk=integration_id)

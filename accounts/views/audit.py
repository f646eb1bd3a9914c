"""The tab "Audit log" of Account Settings. For Account Admins only."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.access import AccountRequest, account_view
from accounts.forms import AuditForm
from accounts.models import AuditEvent, Role

PAGE_SIZE = 50


@require_safe
@account_view(role=Role.ADMIN)
def audit_log(request: AccountRequest) -> HttpResponse:
    """Who did what, the newest first. A filter that means nothing shows nothing, and says why."""
    form = AuditForm(request.GET, account=request.account)
    wanted = form.wanted() if form.is_valid() else None
    found = audit.events(request.account, wanted) if wanted else AuditEvent.objects.none()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "is_narrowed": wanted != audit.Filter()}
    return render(request, "accounts/audit_log.html", context)

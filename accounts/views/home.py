"""The front door: from a signed-in person to the account that they work in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts import walls
from accounts.access import active_memberships, last_membership
from accounts.models import User
from accounts.walls import Across

PAGE_SIZE = 50


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The roadmaps of the only account or of the one used last; the choice of accounts where asked or unclear."""
    if not isinstance(request.user, User):
        return redirect("account_login")
    last = None if "choose" in request.GET else last_membership(request)
    if last is not None:
        return redirect("roadmaps:list", last.account.slug)
    with walls.every_account(Across.SIGN_IN):
        members = active_memberships(request.user)
        page = Paginator(members, PAGE_SIZE).get_page(request.GET.get("page"))
        if page.paginator.count == 1:
            return redirect("roadmaps:list", page.object_list[0].account.slug)
        return render(request, "accounts/choose_account.html", {"page": page})

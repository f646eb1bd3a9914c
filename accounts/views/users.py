"""The tab "Users" of Account Settings: members, roles and open invitations. For Account Admins only."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import invitations, members, second_factor
from accounts.access import AccountRequest, account_view
from accounts.errors import Refused
from accounts.forms import InviteForm, RoleForm
from accounts.models import Invitation, Membership, Role

PAGE_SIZE = 50


@require_safe
@account_view(role=Role.ADMIN)
def users(request: AccountRequest) -> HttpResponse:
    """Who is in, who has been invited, and the form for the next one."""
    return _page(request, InviteForm())


def _page(request: AccountRequest, form: InviteForm) -> HttpResponse:
    everybody = (
        Membership.objects.filter(account=request.account)
        .select_related("user")
        .annotate(has_second_factor=second_factor.of_members())
        .order_by(F("deactivated_at").asc(nulls_first=True), "user__name", "pk")
    )
    open_ones = Invitation.objects.filter(account=request.account, accepted_at=None)
    context = {
        "form": form,
        "page": Paginator(everybody, PAGE_SIZE).get_page(request.GET.get("page")),
        "invitations": open_ones.select_related("invited_by__user")[: invitations.MAX_OPEN],
        "roles": Role.choices,
    }
    return render(request, "accounts/users.html", context)


@require_POST
@account_view(role=Role.ADMIN)
def invite(request: AccountRequest) -> HttpResponse:
    """Open an invitation and send its letter."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            letter = invitations.invite(inviter=request.membership, **form.cleaned_data)
        except Refused as refused:
            form.add_error("email", str(refused))
        else:
            _send(request, letter)
            return _back(request)
    return _page(request, form)


@require_POST
@account_view(role=Role.ADMIN)
def resend(request: AccountRequest, invitation_id: int) -> HttpResponse:
    """Send a new letter; the link in the old one stops working."""
    invitation = _invitation_or_404(request, invitation_id)
    try:
        _send(request, invitations.renew(invitation, by=request.membership))
    except Refused as refused:
        messages.error(request, str(refused))
    return _back(request)


@require_POST
@account_view(role=Role.ADMIN)
def withdraw(request: AccountRequest, invitation_id: int) -> HttpResponse:
    """Make the link of an invitation worthless."""
    invitation = _invitation_or_404(request, invitation_id)
    invitations.revoke(invitation, by=request.membership)
    messages.success(request, f"The invitation of {invitation.email} was withdrawn.")
    return _back(request)


@require_POST
@account_view(role=Role.ADMIN)
def change_role(request: AccountRequest, member_id: int) -> HttpResponse:
    """Give a member another role."""
    member = _member_or_404(request, member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose a role from the list. Nothing was changed.")
        return _back(request)
    role, by = Role(form.cleaned_data["role"]), request.membership
    changed = _try(request, lambda: f"{members.change_role(member, role=role, by=by)} now has the role {role.label}.")
    stepped_down = changed and member == request.membership
    return redirect("accounts:settings" if stepped_down else "accounts:users", request.account.slug)


@require_POST
@account_view(role=Role.ADMIN)
def deactivate(request: AccountRequest, member_id: int) -> HttpResponse:
    """Shut a member out."""
    member = _member_or_404(request, member_id)
    if member == request.membership:
        messages.error(request, "You can't deactivate yourself. Ask another Account Admin.")
    else:
        _try(
            request,
            lambda: (
                f"{members.deactivate(member, by=request.membership)} can't enter {request.account} any more, and "
                "nothing syncs with their credentials."
            ),
        )
    return _back(request)


@require_POST
@account_view(role=Role.ADMIN)
def reactivate(request: AccountRequest, member_id: int) -> HttpResponse:
    """Let a member in again."""
    member = _member_or_404(request, member_id)
    _try(request, lambda: f"{members.reactivate(member, by=request.membership)} can enter {request.account} again.")
    return _back(request)


def _try(request: AccountRequest, change: Callable[[], str]) -> bool:
    """Do it, and tell the person what was done or why not; say whether it was done."""
    try:
        messages.success(request, change())
    except Refused as refused:
        messages.error(request, str(refused))
        return False
    return True


def _send(request: AccountRequest, letter: invitations.Letter) -> None:
    link = settings.SITE_URL + reverse("invitations:show", args=[letter.token])
    email = letter.invitation.email
    if invitations.send(letter, link=link):
        messages.success(request, f"An invitation was sent to {email}. It works for {invitations.VALID_FOR.days} days.")
    else:
        messages.error(
            request, f'{email} is invited, but the letter could not be sent. Try "Send again" in a few minutes.'
        )


def _member_or_404(request: AccountRequest, member_id: int) -> Membership:
    return get_object_or_404(Membership, account=request.account, pk=member_id)


def _invitation_or_404(request: AccountRequest, invitation_id: int) -> Invitation:
    return get_object_or_404(Invitation, account=request.account, pk=invitation_id, accepted_at=None)


def _back(request: AccountRequest) -> HttpResponse:
    return redirect("accounts:users", request.account.slug)

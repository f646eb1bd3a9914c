"""Where the link in an invitation leads: join as somebody new, or accept as the one who is signed in."""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import invitations
from accounts.errors import InvitationClosed, Refused
from accounts.forms import JoinForm
from accounts.models import Invitation, Membership, User


@never_cache
@require_safe
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites whom to what, and offer the one next step."""
    try:
        found = invitations.find_open(token)
    except InvitationClosed as closed:
        return _closed(request, closed)
    return _page(request, found, token=token)


@never_cache
@require_POST
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Become a member, as the person who is signed in."""
    if not isinstance(request.user, User):
        return redirect("invitations:show", token)
    try:
        member = invitations.accept(token=token, user=request.user)
    except InvitationClosed as closed:
        return _closed(request, closed)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("invitations:show", token)
    return _welcome(request, member)


@never_cache
@require_POST
@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Sign up as the invited person, and become a member."""
    if request.user.is_authenticated:
        return redirect("invitations:show", token)
    try:
        found = invitations.find_open(token)
        form = JoinForm(request.POST, email=found.email)
        if not form.is_valid():
            return _page(request, found, token=token, form=form)
        member = invitations.join(token=token, **form.cleaned_data)
    except InvitationClosed as closed:
        return _closed(request, closed)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("invitations:show", token)
    messages.success(request, _greeting(member))
    # By allauth, so that the session stands in the person's list of sessions.
    response: HttpResponse = perform_login(request, member.user, redirect_url=_roadmaps(member))
    return response


def _page(request: HttpRequest, found: Invitation, *, token: str, form: JoinForm | None = None) -> HttpResponse:
    user = request.user
    context = {
        "invitation": found,
        "token": token,
        "signed_in": isinstance(user, User),
        "is_for_user": isinstance(user, User) and invitations.is_for(found, user),
        "is_known": invitations.is_known(found.email),
        "form": form or JoinForm(email=found.email),
    }
    return render(request, "accounts/invitation.html", context)


def _closed(request: HttpRequest, reason: InvitationClosed) -> HttpResponse:
    return render(request, "accounts/invitation_closed.html", {"reason": str(reason)}, status=410)


def _welcome(request: HttpRequest, member: Membership) -> HttpResponse:
    messages.success(request, _greeting(member))
    return redirect(_roadmaps(member))


def _greeting(member: Membership) -> str:
    return f"Welcome to {member.account}."


def _roadmaps(member: Membership) -> str:
    return reverse("roadmaps:list", args=[member.account.slug])

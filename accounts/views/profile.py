"""The tab "Profile" of Account Settings: the person and, for admins, the account itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import AccountRequest, account_view
from accounts.forms import AccountForm, ProfileForm
from accounts.models import Account, Role, User
from accounts.second_factor import has_second_factor
from accounts.services import change_account


@require_safe
@account_view()
def settings(request: AccountRequest) -> HttpResponse:
    """ "Account Settings" opens at the tab that everybody has."""
    return redirect("accounts:profile", request.account.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@account_view()
def profile(request: AccountRequest) -> HttpResponse:
    """Show the profile; a POST saves it."""
    if request.method != "POST":
        return _page(request)
    user = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST, instance=user, member=request.membership)
    if form.is_valid():
        form.save()
        messages.success(request, "Your profile was saved.")
        return redirect("accounts:profile", request.account.slug)
    return _page(request, profile_form=form)


@require_POST
@account_view(role=Role.ADMIN)
def account(request: AccountRequest) -> HttpResponse:
    """Save the account's name and time zone."""
    form = AccountForm(request.POST, instance=Account.objects.get(pk=request.account.pk), by=request.membership)
    if form.is_valid():
        change_account(request.account, by=request.membership, **form.cleaned_data)
        messages.success(request, "The account was saved.")
        return redirect("accounts:profile", request.account.slug)
    return _page(request, account_form=form)


def _page(
    request: AccountRequest,
    *,
    profile_form: ProfileForm | None = None,
    account_form: AccountForm | None = None,
) -> HttpResponse:
    context = {
        "account_form": account_form or AccountForm(instance=request.account, by=request.membership),
        "has_second_factor": has_second_factor(request.user),
        "profile_form": profile_form or ProfileForm(instance=request.user, member=request.membership),
    }
    return render(request, "accounts/profile.html", context)

"""From an address to an account and a membership, or 404: every view of an account starts here.

A stranger gets 404, so that nobody learns which accounts exist; a member without the right gets 403.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from accounts.models import Account, Membership, Role, User

P = ParamSpec("P")

#: Each role may do what the ones before it may.
RANK = {Role.REVIEWER: 0, Role.COLLABORATOR: 1, Role.ADMIN: 2}


class AccountRequest(HttpRequest):
    """A request inside an account, as `account_view` hands it on."""

    user: User
    account: Account
    membership: Membership


class AccountView(Protocol[P]):
    """A view behind `account_view`: it takes the account's slug and a plain request."""

    def __call__(
        self, request: HttpRequest, account_slug: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase: ...


def has_role(membership: Membership, role: Role) -> bool:
    """Whether the member is active and has that role or a stronger one."""
    return membership.is_active and RANK[Role(membership.role)] >= RANK[role]


def membership_or_404(user: User, account_slug: str) -> Membership:
    """The user's active membership in that account, with the account. Raises Http404."""
    found = (
        Membership.objects.select_related("account", "user")
        .filter(user=user, account__slug=account_slug, deactivated_at=None)
        .first()
    )
    if found is None:
        raise Http404
    return found


def account_view(
    *, role: Role = Role.REVIEWER
) -> Callable[[Callable[Concatenate[AccountRequest, P], HttpResponseBase]], AccountView[P]]:
    """Let in active members with at least `role`; the view gets `request.account` and `.membership`."""

    def decorate(view: Callable[Concatenate[AccountRequest, P], HttpResponseBase]) -> AccountView[P]:
        @wraps(view)
        def inside(
            request: HttpRequest, account_slug: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            membership = enter(request, account_slug)
            if not has_role(membership, role):
                raise PermissionDenied
            return view(request, *args, **kwargs)  # type: ignore[arg-type]  # `enter` made it an AccountRequest

        return login_required(inside)

    return decorate


def enter(request: HttpRequest, account_slug: str) -> Membership:
    """Put the account and the membership on the request. Raises Http404 for strangers."""
    if not isinstance(request.user, User):
        raise Http404
    membership = membership_or_404(request.user, account_slug)
    request.account = membership.account  # type: ignore[attr-defined]  # this is what makes an AccountRequest
    request.membership = membership  # type: ignore[attr-defined]  # the same
    return membership

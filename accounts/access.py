"""From an address to an account and a membership, or 404: every view of an account starts here.

A stranger gets 404, so that nobody learns which accounts exist; a member without the right gets 403.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts import log_ids, walls
from accounts.models import Account, Membership, Role, User
from accounts.second_factor import has_second_factor, was_used
from accounts.walls import Across

P = ParamSpec("P")

#: Where the session keeps the slug of the account that the person used last.
LAST_ACCOUNT = "last_account"
#: The switcher shows so many accounts; the page "Choose an account" shows all.
SWITCHER_SIZE = 20

#: Each role may do what the ones before it may.
RANK = {Role.REVIEWER: 0, Role.COLLABORATOR: 1, Role.ADMIN: 2}


class SecondFactorNeeded(PermissionDenied):
    """The account asks for a second factor, and the member has none or did not use it in this session.

    `roadmunk.pages` shows the way.
    """

    def __init__(self, account: Account, *, has_one: bool) -> None:
        super().__init__()
        self.account = account
        self.has_one = has_one


class AccountRequest(HttpRequest):
    """A request inside an account, as `account_view` hands it on."""

    user: User
    account: Account
    membership: Membership
    #: The accounts that the frame of a page offers to switch to.
    memberships: Sequence[Membership]


class AccountView(Protocol[P]):
    """A view behind `account_view`: it takes the account's slug and a plain request."""

    def __call__(
        self, request: HttpRequest, account_slug: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase: ...


def has_role(membership: Membership, role: Role) -> bool:
    """Whether the member is active and has that role or a stronger one."""
    return membership.is_active and RANK[Role(membership.role)] >= RANK[role]


def active_memberships(user: User) -> QuerySet[Membership]:
    """The accounts that the user may enter, by name."""
    members = Membership.objects.select_related("account", "user").filter(user=user, deactivated_at=None)
    return members.order_by("account__name", "pk")


def membership_or_404(user: User, account_slug: str) -> Membership:
    """The user's active membership in that account, with the account. Raises Http404."""
    found = active_memberships(user).filter(account__slug=account_slug).first()
    if found is None:
        raise Http404
    return found


def last_membership(request: HttpRequest) -> Membership | None:
    """The membership that a signed-in person used last in this browser, if it still holds."""
    slug = request.session.get(LAST_ACCOUNT)
    if slug is None or not isinstance(request.user, User):
        return None
    with walls.every_account(Across.SIGN_IN):
        return active_memberships(request.user).filter(account__slug=slug).first()


def account_view(
    *, role: Role = Role.REVIEWER
) -> Callable[[Callable[Concatenate[AccountRequest, P], HttpResponseBase]], AccountView[P]]:
    """Let in active members with at least `role`; the view gets `request.account` and `.membership`."""

    def decorate(view: Callable[Concatenate[AccountRequest, P], HttpResponseBase]) -> AccountView[P]:
        @wraps(view)
        def inside(request: HttpRequest, account_slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            membership = enter(request, account_slug)
            if not has_role(membership, role):
                raise PermissionDenied
            with walls.entered(membership.account_id):
                return view(request, *args, **kwargs)  # type: ignore[arg-type]  # `enter` made it an AccountRequest

        return login_required(inside)

    return decorate


def enter(request: HttpRequest, account_slug: str) -> Membership:
    """Put the account and the memberships on the request, and show times in the account's zone.

    The caller lets statements in (`walls.entered`). Raises Http404 for strangers, and SecondFactorNeeded. One query; a
    second one in an account that is beyond the switcher, and one more in an account that asks for a second factor.
    """
    if not isinstance(request.user, User):
        raise Http404
    with walls.every_account(Across.SIGN_IN):
        offered = list(active_memberships(request.user)[:SWITCHER_SIZE])
        here = next((member for member in offered if member.account.slug == account_slug), None)
        membership = here or membership_or_404(request.user, account_slug)
    if membership.account.requires_second_factor:
        _check_second_factor(request, request.user, membership.account)
    request.memberships = offered  # type: ignore[attr-defined]  # this is what makes an AccountRequest
    request.account = membership.account  # type: ignore[attr-defined]  # the same
    request.membership = membership  # type: ignore[attr-defined]  # the same
    log_ids.add(account=membership.account_id, member=membership.pk)
    timezone.activate(membership.account.zone)
    if request.session.get(LAST_ACCOUNT) != account_slug:
        request.session[LAST_ACCOUNT] = account_slug
    return membership


def _check_second_factor(request: HttpRequest, user: User, account: Account) -> None:
    has_one = has_second_factor(user)
    if not has_one or not was_used(request, user):
        raise SecondFactorNeeded(account, has_one=has_one)

"""What the frame around each page shows: the tabs of Account Settings and the accounts to switch to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django import template
from django.template import RequestContext
from django.urls import reverse

from accounts import walls
from accounts.access import SWITCHER_SIZE, AccountRequest, active_memberships, has_role
from accounts.models import Role, User
from accounts.walls import Across

register = template.Library()

#: Label, URL name, and the least role that sees the tab. A tab of another app is known by its URL name alone.
#: Only Account Admins keep connectors; everybody else meets them in the setup wizard, so the tab is not theirs.
TABS = (
    ("Profile", "accounts:profile", Role.REVIEWER),
    ("Users", "accounts:users", Role.ADMIN),
    ("Credentials", "integrations:credentials", Role.COLLABORATOR),
    ("Fields", "roadmaps:fields", Role.ADMIN),
    ("Integrations", "integrations:integrations", Role.ADMIN),
    ("Audit log", "accounts:audit-log", Role.ADMIN),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go, and whether we are there."""

    label: str
    url: str
    current: bool

    @property
    def name(self) -> str:
        return self.label


@register.simple_tag(takes_context=True)
def settings_tabs(context: RequestContext) -> list[Link]:
    """The tabs of Account Settings that the member may open."""
    request = cast(AccountRequest, context.request)
    slug, member = request.account.slug, request.membership
    shown = [(label, reverse(url_name, args=[slug])) for label, url_name, role in TABS if has_role(member, role)]
    return [Link(label, url, request.path.startswith(url)) for label, url in shown]


@register.simple_tag(takes_context=True)
def account_choices(context: RequestContext) -> list[Link]:
    """The accounts that the person may switch to; one query on pages outside of accounts."""
    request = context.request
    if not isinstance(request.user, User):
        return []
    current = getattr(request, "account", None)
    members = getattr(request, "memberships", None)
    if members is None:
        with walls.every_account(Across.SIGN_IN):
            members = list(active_memberships(request.user)[:SWITCHER_SIZE])
    accounts = [member.account for member in members]
    return [
        Link(account.name, reverse("roadmaps:list", args=[account.slug]), account == current) for account in accounts
    ]

"""The demo account: three people to sign in as, a roadmap made by hand, three that fill themselves, and a portfolio.
On an embedded database only."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Membership, User
from accounts.services import create_person, open_account
from integrations.models import ProjectLink
from roadmunk.demo.kestrel import make_portfolio, make_shop_and_platform
from roadmunk.demo.linked import connect
from roadmunk.demo.people import PASSWORD, PEOPLE, SignIn
from roadmunk.demo.rider_app import make_rider_app
from roadmunk.demo.strategy import make_strategy

__all__ = ["PASSWORD", "PEOPLE", "SignIn", "context", "link_roadmaps", "load"]


@transaction.atomic
def load() -> bool:
    """Make the demo account with its people and the roadmap made by hand; say whether it was made now.

    Nothing is made where one of the people was ever made. Raises ImproperlyConfigured on a database that is not
    embedded: everybody knows these passwords.
    """
    if not settings.EMBEDDED:
        raise ImproperlyConfigured("The demo is loaded into an embedded database only.")
    if User.objects.filter(email__in=[person.email for person in PEOPLE]).exists():
        return False
    first, *others = (create_person(email=each.email, name=each.name, password=each.password) for each in PEOPLE)
    admin = open_account(name="Demo", admin=first)
    for person, sign_in in zip(others, PEOPLE[1:], strict=True):
        Membership.objects.create(account=admin.account, user=person, role=sign_in.rights)
    make_strategy(*_members(), today=timezone.localdate())
    return True


@transaction.atomic
def link_roadmaps() -> list[ProjectLink]:
    """Give the demo's owner a roadmap for each project of the sandbox, and a portfolio over them.

    None where there is no sandbox. Raises an error of `integrations.errors` where it does not answer.
    """
    if not settings.SANDBOX:
        return []
    admin, owner, viewer = _members()
    today = timezone.localdate()
    connection = connect(settings.SANDBOX, admin=admin, owner=owner)
    rider_app = make_rider_app(connection, admin, owner, viewer, today=today)
    links = [rider_app, *make_shop_and_platform(connection, owner, viewer)]
    make_portfolio([link.roadmap for link in links], owner, viewer, today=today)
    return links


def context(request: HttpRequest) -> dict[str, object]:
    """Give templates the demo's sign-ins and the sandbox's token, where there is a demo."""
    if not settings.EMBEDDED:
        return {}
    token = settings.SANDBOX.token if settings.SANDBOX else ""
    return {"demo_sign_ins": PEOPLE, "demo_token": token}


def _members() -> tuple[Membership, Membership, Membership]:
    """The admin, the owner and the viewer."""
    people = Membership.objects.select_related("account", "user")
    admin, owner, viewer = (people.get(user__email=person.email) for person in PEOPLE)
    return admin, owner, viewer

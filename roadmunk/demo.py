"""The demo account: three people to sign in as. It exists on an embedded database only."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest

from accounts.models import Membership, Role, User
from accounts.services import create_person, open_account

PASSWORD = "roadmunk-demo"  # noqa: S105  shown to everybody, on a database that never leaves its machine


@dataclass(frozen=True, slots=True)
class SignIn:
    """One of the demo's people."""

    name: str
    email: str
    rights: Role
    password: str = PASSWORD

    @property
    def role(self) -> str:
        """The role's name on the screen."""
        return self.rights.label


PEOPLE = (
    SignIn("Alice", "admin@demo.test", Role.ADMIN),
    SignIn("Olga", "owner@demo.test", Role.COLLABORATOR),
    SignIn("Vera", "viewer@demo.test", Role.REVIEWER),
)


@transaction.atomic
def load() -> bool:
    """Make the demo account with its people, unless one of them was ever made; say whether it was made now.

    Raises ImproperlyConfigured on a database that is not embedded: everybody knows these passwords.
    """
    if not settings.EMBEDDED:
        raise ImproperlyConfigured("The demo is loaded into an embedded database only.")
    if User.objects.filter(email__in=[person.email for person in PEOPLE]).exists():
        return False
    admin, *others = (create_person(email=each.email, name=each.name, password=each.password) for each in PEOPLE)
    account = open_account(name="Demo", admin=admin).account
    for person, sign_in in zip(others, PEOPLE[1:], strict=True):
        Membership.objects.create(account=account, user=person, role=sign_in.rights)
    return True


def context(request: HttpRequest) -> dict[str, object]:
    """Give templates the demo's sign-ins and the sandbox's token, where there is a demo."""
    if not settings.EMBEDDED:
        return {}
    token = settings.SANDBOX.token if settings.SANDBOX else ""
    return {"demo_sign_ins": PEOPLE, "demo_token": token}

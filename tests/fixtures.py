"""The cast of the tests: Acme with Alice, Olga and Vera, and Evil with Mallory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.access import LAST_ACCOUNT
from accounts.models import Account, Membership, Role
from tests import factories


@pytest.fixture
def acme(db: None) -> Account:
    """The account that most tests happen in."""
    return factories.make_account("Acme")


@pytest.fixture
def alice(acme: Account) -> Membership:
    """Admin of Acme."""
    return factories.make_member(acme, Role.ADMIN, name="Alice Acker")


@pytest.fixture
def olga(acme: Account, alice: Membership) -> Membership:
    """Collaborator of Acme, and the owner of its roadmaps."""
    return factories.make_member(acme, Role.COLLABORATOR, name="Olga Olsen")


@pytest.fixture
def vera(acme: Account, alice: Membership) -> Membership:
    """Reviewer of Acme."""
    return factories.make_member(acme, Role.REVIEWER, name="Vera Viljanen")


@pytest.fixture
def evil(db: None) -> Account:
    """Another account, which must never see or touch Acme."""
    return factories.make_account("Evil")


@pytest.fixture
def mallory(evil: Account) -> Membership:
    """Admin of Evil."""
    return factories.make_member(evil, Role.ADMIN, name="Mallory Malone")


@pytest.fixture
def signed_in() -> Callable[[Membership], Client]:
    """A browser in which that member is signed in: `signed_in(alice).get(...)`."""

    def sign_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user)
        # Known from an earlier visit, so that counting queries does not count its saving.
        session = client.session
        session[LAST_ACCOUNT] = member.account.slug
        session.save()
        return client

    return sign_in

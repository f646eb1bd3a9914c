"""S33, S34: a stranger learns nothing, a member without the right is refused, and only members get in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts import members
from accounts.models import Membership, Role
from tests.factories import make_invitation, make_user

SignedIn = Callable[[Membership], Client]

FOR_ALL = ["settings", "profile"]
FOR_ADMINS = ["users", "audit-log"]
POSTS_FOR_ADMINS = ["account", "invite"]
POSTS_ABOUT_SOMEBODY = ["change-role", "deactivate", "reactivate"]
POSTS_ABOUT_AN_INVITATION = ["resend-invitation", "withdraw-invitation"]


def address(name: str, *args: object) -> str:
    return reverse(f"accounts:{name}", args=["acme", *args])


@pytest.mark.parametrize("name", [*FOR_ALL, *FOR_ADMINS])
def test_nobody_signs_in_first(acme: object, client: Client, name: str) -> None:
    response = client.get(address(name))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", [*FOR_ALL, *FOR_ADMINS])
def test_a_stranger_does_not_learn_that_the_account_exists(
    acme: object, mallory: Membership, signed_in: SignedIn, name: str
) -> None:
    assert signed_in(mallory).get(address(name)).status_code == 404
    assert signed_in(mallory).get("/a/no-such-account/settings/users/").status_code == 404


@pytest.mark.parametrize("name", FOR_ADMINS)
def test_only_admins_see_what_is_for_admins(
    alice: Membership, olga: Membership, vera: Membership, signed_in: SignedIn, name: str
) -> None:
    assert signed_in(alice).get(address(name)).status_code == 200
    assert signed_in(olga).get(address(name)).status_code == 403
    assert signed_in(vera).get(address(name)).status_code == 403


@pytest.mark.parametrize("name", POSTS_FOR_ADMINS)
def test_only_admins_change_the_account(olga: Membership, mallory: Membership, signed_in: SignedIn, name: str) -> None:
    assert signed_in(olga).post(address(name)).status_code == 403
    assert signed_in(mallory).post(address(name)).status_code == 404


@pytest.mark.parametrize("name", POSTS_ABOUT_SOMEBODY)
def test_only_admins_change_members(olga: Membership, mallory: Membership, signed_in: SignedIn, name: str) -> None:
    assert signed_in(olga).post(address(name, olga.pk), {"role": Role.ADMIN}).status_code == 403
    assert signed_in(mallory).post(address(name, olga.pk), {"role": Role.ADMIN}).status_code == 404
    olga.refresh_from_db()
    assert (olga.role, olga.is_active) == (Role.COLLABORATOR, True)


@pytest.mark.parametrize("name", POSTS_ABOUT_SOMEBODY)
def test_an_admin_reaches_nobody_in_another_account(
    alice: Membership, mallory: Membership, signed_in: SignedIn, name: str
) -> None:
    response = signed_in(alice).post(address(name, mallory.pk), {"role": Role.REVIEWER})
    assert response.status_code == 404
    mallory.refresh_from_db()
    assert mallory.is_admin


@pytest.mark.parametrize("name", POSTS_ABOUT_AN_INVITATION)
def test_an_admin_reaches_no_invitation_of_another_account(
    alice: Membership, mallory: Membership, signed_in: SignedIn, name: str
) -> None:
    theirs = make_invitation(mallory)
    assert signed_in(alice).post(address(name, theirs.pk)).status_code == 404
    before = theirs.token_hash
    theirs.refresh_from_db()
    assert theirs.token_hash == before


@pytest.mark.parametrize("name", [*POSTS_FOR_ADMINS, *POSTS_ABOUT_SOMEBODY, *POSTS_ABOUT_AN_INVITATION])
def test_reading_an_address_changes_nothing(alice: Membership, signed_in: SignedIn, name: str) -> None:
    args = [] if name in POSTS_FOR_ADMINS else [alice.pk]
    assert signed_in(alice).get(address(name, *args)).status_code == 405


def test_forms_from_elsewhere_are_refused(alice: Membership, olga: Membership) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice.user)
    assert client.post(address("deactivate", olga.pk)).status_code == 403
    olga.refresh_from_db()
    assert olga.is_active


def test_a_deactivated_member_is_out_at_the_next_request(
    alice: Membership, olga: Membership, signed_in: SignedIn
) -> None:
    browser = signed_in(olga)
    assert browser.get(address("profile")).status_code == 200
    members.deactivate(olga, by=alice)
    assert browser.get(address("profile")).status_code == 404
    members.reactivate(olga, by=alice)
    assert browser.get(address("profile")).status_code == 200


def test_deactivating_somebody_here_leaves_their_other_accounts(
    alice: Membership, olga: Membership, mallory: Membership, signed_in: SignedIn
) -> None:
    Membership.objects.create(account=mallory.account, user=olga.user, role=Role.REVIEWER)
    browser = signed_in(olga)
    members.deactivate(olga, by=alice)
    assert browser.get(reverse("accounts:profile", args=["evil"])).status_code == 200


def test_a_person_without_account_gets_in_nowhere(acme: object, client: Client) -> None:
    client.force_login(make_user())
    assert client.get(address("profile")).status_code == 404

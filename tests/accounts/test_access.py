"""S34: who left is out at once, and only here. tests/matrix asks every address as everybody."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from accounts import members
from accounts.models import Membership, Role
from tests.factories import make_user

SignedIn = Callable[[Membership], Client]


def address(name: str, *args: object) -> str:
    return reverse(f"accounts:{name}", args=["acme", *args])


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


def test_another_role_acts_on_the_next_request_of_an_open_session(
    alice: Membership, olga: Membership, signed_in: SignedIn
) -> None:
    """W3: both ways."""
    browser, users, new = signed_in(olga), address("users"), reverse("roadmaps:new", args=["acme"])
    assert [browser.get(where).status_code for where in (users, new)] == [403, 200]
    members.change_role(olga, role=Role.ADMIN, by=alice)
    assert [browser.get(where).status_code for where in (users, new)] == [200, 200]
    members.change_role(olga, role=Role.REVIEWER, by=alice)
    assert [browser.get(where).status_code for where in (users, new)] == [403, 403]

"""S34: the Users tab, with roles, deactivating and invitations."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Invitation, Membership, Role
from tests.factories import make_invitation, make_member

SignedIn = Callable[[Membership], Client]


def address(name: str, *args: object) -> str:
    return reverse(f"accounts:{name}", args=["acme", *args])


@pytest.fixture
def browser(alice: Membership, signed_in: SignedIn) -> Client:
    """Alice's."""
    return signed_in(alice)


def test_it_lists_members_with_role_and_state(browser: Client, olga: Membership, mallory: Membership) -> None:
    make_member(olga.account, Role.REVIEWER, name="Gone Person", deactivated_at=timezone.now())
    page = browser.get(address("users")).content.decode()
    for text in ("Olga Olsen", olga.user.email, "Collaborator", "Gone Person", "Deactivated"):
        assert text in page
    assert "Mallory" not in page


def test_an_admin_changes_a_role(browser: Client, olga: Membership) -> None:
    response = browser.post(address("change-role", olga.pk), {"role": Role.REVIEWER}, follow=True)
    assert "Olga Olsen now has the role Reviewer." in response.content.decode()
    olga.refresh_from_db()
    assert olga.role == Role.REVIEWER


def test_a_role_that_does_not_exist_changes_nothing(browser: Client, olga: Membership) -> None:
    response = browser.post(address("change-role", olga.pk), {"role": "emperor"}, follow=True)
    assert "Choose a role from the list" in response.content.decode()
    olga.refresh_from_db()
    assert olga.role == Role.COLLABORATOR


def test_the_last_admin_reads_why_not(browser: Client, alice: Membership) -> None:
    response = browser.post(address("change-role", alice.pk), {"role": Role.REVIEWER}, follow=True)
    assert "Make somebody else an Account Admin first" in response.content.decode()
    assert response.request["PATH_INFO"] == address("users")


def test_an_admin_who_steps_down_lands_where_they_may_be(browser: Client, alice: Membership, olga: Membership) -> None:
    browser.post(address("change-role", olga.pk), {"role": Role.ADMIN})
    response = browser.post(address("change-role", alice.pk), {"role": Role.REVIEWER}, follow=True)
    assert response.status_code == 200
    assert response.request["PATH_INFO"] == address("profile")


def test_an_admin_deactivates_and_reactivates(browser: Client, olga: Membership) -> None:
    response = browser.post(address("deactivate", olga.pk), follow=True)
    assert (
        "Olga Olsen can&#x27;t enter Acme any more, and nothing syncs with their credentials."
        in response.content.decode()
    )
    olga.refresh_from_db()
    assert not olga.is_active
    browser.post(address("reactivate", olga.pk))
    olga.refresh_from_db()
    assert olga.is_active


def test_nobody_deactivates_themselves(browser: Client, alice: Membership) -> None:
    make_member(alice.account, Role.ADMIN)
    response = browser.post(address("deactivate", alice.pk), follow=True)
    assert "You can&#x27;t deactivate yourself" in response.content.decode()
    alice.refresh_from_db()
    assert alice.is_active


def test_inviting_sends_a_letter_with_a_link_to_this_site(browser: Client) -> None:
    response = browser.post(address("invite"), {"email": "Nina@Example.test", "role": Role.REVIEWER}, follow=True)
    assert "An invitation was sent to nina@example.test." in response.content.decode()
    [letter] = mail.outbox
    link = re.search(r"http://testserver(/invitations/\S+/)", letter.body)
    assert link is not None
    assert letter.to == ["nina@example.test"]
    assert Client().get(link[1]).status_code == 200


@pytest.mark.parametrize(
    ("email", "message"),
    [
        ("", "This field is required."),
        ("not an address", "Enter a valid email address."),
        ("a@example.test\nBcc: b@example.test", "Enter a valid email address."),
        ("x" * 5000 + "@example.test", "at most 254 characters"),
    ],
)
def test_a_wrong_address_is_an_error_on_its_field(browser: Client, email: str, message: str) -> None:
    response = browser.post(address("invite"), {"email": email, "role": Role.REVIEWER})
    assert message in response.content.decode()
    assert not Invitation.objects.exists()
    assert mail.outbox == []


def test_a_member_is_an_error_on_the_field(browser: Client, olga: Membership) -> None:
    response = browser.post(address("invite"), {"email": olga.user.email, "role": Role.REVIEWER})
    assert "is a member already" in response.content.decode()


def test_a_letter_is_sent_again(browser: Client, alice: Membership) -> None:
    invitation = make_invitation(alice, "nina@example.test", expires_at=timezone.now() - timedelta(days=1))
    assert "Expired" in browser.get(address("users")).content.decode()
    browser.post(address("resend-invitation", invitation.pk))
    assert [letter.to for letter in mail.outbox] == [["nina@example.test"]]


def test_an_invitation_is_withdrawn(browser: Client, alice: Membership) -> None:
    invitation = make_invitation(alice, "nina@example.test")
    response = browser.post(address("withdraw-invitation", invitation.pk), follow=True)
    assert "The invitation of nina@example.test was withdrawn." in response.content.decode()
    assert not Invitation.objects.exists()


def test_names_are_shown_as_text(browser: Client, alice: Membership) -> None:
    make_member(alice.account, name="<script>alert(1)</script>")
    assert "<script>alert" not in browser.get(address("users")).content.decode()


def test_the_list_is_paged_and_costs_the_same_for_many(
    browser: Client, alice: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        make_member(alice.account, name=f"Zoe {number:02}")
    make_invitation(alice, "one@example.test", token="1")
    make_invitation(alice, "two@example.test", token="2")
    # session, user, memberships; count, members, invitations
    with django_assert_num_queries(6):
        first = browser.get(address("users")).content.decode()
    assert "Zoe 48" in first
    assert "Zoe 49" not in first
    assert "Zoe 59" in browser.get(f"{address('users')}?page=2").content.decode()
    assert "Zoe 59" in browser.get(f"{address('users')}?page=999").content.decode()
    assert "Zoe 00" in browser.get(f"{address('users')}?page=nonsense").content.decode()

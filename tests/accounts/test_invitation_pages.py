"""S34: where the link of an invitation leads, for everybody who may open it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, Membership, Role, User
from tests.factories import PASSWORD, make_invitation, make_user

SignedIn = Callable[[Membership], Client]

TOKEN = "secret-of-the-letter"
SHOW = f"/invitations/{TOKEN}/"
ACCEPT = f"/invitations/{TOKEN}/accept/"
JOIN = f"/invitations/{TOKEN}/join/"


def test_somebody_new_joins_with_a_password_and_is_inside(alice: Membership, client: Client) -> None:
    make_invitation(alice, "nina@example.test", role=Role.REVIEWER)
    page = client.get(SHOW).content.decode()
    assert "<bdi>Alice Acker</bdi> invites <strong>nina@example.test</strong> to <bdi>Acme</bdi> as Reviewer" in page
    response = client.post(JOIN, {"name": "Nina", "password": PASSWORD})
    assert response.headers["Location"] == reverse("roadmaps:list", args=["acme"])
    assert client.get(reverse("accounts:profile", args=["acme"])).status_code == 200
    member = Membership.objects.get(user__email="nina@example.test")
    assert (member.account, member.role) == (alice.account, Role.REVIEWER)
    assert member.user.memberships.count() == 1


def test_the_address_comes_from_the_letter_and_not_from_the_form(alice: Membership, client: Client) -> None:
    make_invitation(alice, "nina@example.test")
    client.post(JOIN, {"name": "Nina", "password": PASSWORD, "email": "evil@example.test"})
    assert User.objects.filter(email="nina@example.test").exists()
    assert not User.objects.filter(email="evil@example.test").exists()


def test_a_weak_password_is_an_error_on_its_field(alice: Membership, client: Client) -> None:
    make_invitation(alice, "nina@example.test")
    page = client.post(JOIN, {"name": "Nina", "password": "short"}).content.decode()
    assert "This password is too short" in page
    assert not User.objects.filter(email="nina@example.test").exists()


def test_somebody_with_a_sign_in_signs_in_and_comes_back(
    alice: Membership, mallory: Membership, client: Client
) -> None:
    make_invitation(alice, mallory.user.email)
    page = client.get(SHOW).content.decode()
    assert "Sign in to accept" in page
    assert JOIN not in page
    data = {"login": mallory.user.email, "password": PASSWORD, "next": SHOW}
    assert client.post(reverse("account_login"), data).headers["Location"] == SHOW
    assert "Accept invitation" in client.get(SHOW).content.decode()
    assert client.post(ACCEPT).headers["Location"] == reverse("roadmaps:list", args=["acme"])
    assert mallory.user.memberships.count() == 2


def test_somebody_else_reads_whom_it_is_for(alice: Membership, mallory: Membership, signed_in: SignedIn) -> None:
    make_invitation(alice, "nina@example.test")
    browser = signed_in(mallory)
    page = browser.get(SHOW).content.decode()
    assert "Sign out first, then open this link again as nina@example.test" in page
    response = browser.post(ACCEPT, follow=True)
    assert "This invitation is for nina@example.test" in response.content.decode()
    assert browser.post(JOIN, {"name": "x", "password": PASSWORD}).headers["Location"] == SHOW
    assert Invitation.objects.get().accepted_at is None
    assert not User.objects.filter(email="nina@example.test").exists()


def test_nobody_accepts_without_signing_in(alice: Membership, client: Client) -> None:
    make_invitation(alice, "nina@example.test")
    make_user("Nina")
    assert client.post(ACCEPT).headers["Location"] == SHOW
    assert Invitation.objects.get().accepted_at is None


def test_opening_the_link_alone_accepts_nothing(alice: Membership, client: Client) -> None:
    make_invitation(alice, "nina@example.test")
    client.force_login(make_user("Nina"))
    assert client.get(SHOW).status_code == 200
    assert client.get(ACCEPT).status_code == 405
    assert Invitation.objects.get().accepted_at is None


def test_a_used_link_says_so(alice: Membership, client: Client) -> None:
    make_invitation(alice, "nina@example.test")
    client.force_login(make_user("Nina"))
    client.post(ACCEPT)
    for response in (client.get(SHOW), client.post(ACCEPT)):
        assert response.status_code == 410
        assert "accepted already" in response.content.decode()


def test_an_expired_link_says_whom_to_ask(alice: Membership, client: Client) -> None:
    make_invitation(alice, expires_at=timezone.now() - timedelta(seconds=1))
    for response in (client.get(SHOW), client.post(JOIN, {"name": "Nina", "password": PASSWORD})):
        assert response.status_code == 410
        assert "Ask Alice Acker to send it again" in response.content.decode()
    assert not User.objects.filter(email="new@example.test").exists()


def test_a_made_up_link_tells_nothing(client: Client, db: None) -> None:
    assert "does not exist any more" in client.get("/invitations/made-up/").content.decode()

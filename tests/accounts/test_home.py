"""S34: a person may belong to several accounts, and switches between them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Account, Membership, Role
from tests.factories import make_account, make_member, make_user

SignedIn = Callable[[Membership], Client]


def roadmaps_of(slug: str) -> str:
    return reverse("roadmaps:list", args=[slug])


@pytest.fixture
def olga_elsewhere(olga: Membership) -> Membership:
    """Olga reviews for Beta, too."""
    return make_member(make_account("Beta"), Role.REVIEWER, user=olga.user)


def test_nobody_is_asked_to_sign_in(client: Client) -> None:
    assert client.get("/").headers["Location"].startswith(reverse("account_login"))


def test_the_only_account_opens_by_itself(olga: Membership, client: Client) -> None:
    client.force_login(olga.user)
    assert client.get("/").headers["Location"] == roadmaps_of("acme")


def test_with_several_accounts_one_chooses(olga_elsewhere: Membership, client: Client) -> None:
    client.force_login(olga_elsewhere.user)
    page = client.get("/").content.decode()
    assert roadmaps_of("acme") in page
    assert roadmaps_of("beta") in page


def test_the_account_used_last_opens_next_time(olga_elsewhere: Membership, client: Client) -> None:
    client.force_login(olga_elsewhere.user)
    client.get(reverse("accounts:profile", args=["beta"]))
    assert client.get("/").headers["Location"] == roadmaps_of("beta")
    client.get(reverse("accounts:profile", args=["acme"]))
    assert client.get("/").headers["Location"] == roadmaps_of("acme")
    assert client.get("/?choose").status_code == 200


def test_an_account_that_let_one_go_is_not_opened(olga_elsewhere: Membership, client: Client) -> None:
    client.force_login(olga_elsewhere.user)
    client.get(reverse("accounts:profile", args=["beta"]))
    Membership.objects.filter(pk=olga_elsewhere.pk).update(deactivated_at=timezone.now())
    assert client.get("/").headers["Location"] == roadmaps_of("acme")


def test_who_belongs_nowhere_reads_what_to_do(client: Client, db: None) -> None:
    client.force_login(make_user("Nina"))
    page = client.get("/").content.decode()
    assert "You are in no account" in page
    assert "Ask an Account Admin" in page


def test_the_switcher_offers_the_other_accounts_only_to_their_members(
    olga_elsewhere: Membership, vera: Membership, evil: Account, signed_in: SignedIn
) -> None:
    profile = reverse("accounts:profile", args=["acme"])
    assert "Switch account" in (page := signed_in(olga_elsewhere).get(profile).content.decode())
    assert roadmaps_of("beta") in page
    assert roadmaps_of("evil") not in page
    assert "Switch account" not in signed_in(vera).get(profile).content.decode()


def test_the_choice_costs_the_same_for_two_and_for_twenty_accounts(
    olga_elsewhere: Membership, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(olga_elsewhere.user)
    for number in range(18):
        make_member(make_account(f"More {number}"), user=olga_elsewhere.user)
    with django_assert_num_queries(4):  # session, user, count, accounts
        client.get("/")

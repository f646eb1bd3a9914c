"""S1, S2: the avatar's menu, and the tabs of Account Settings by role."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts import access
from accounts.models import Membership, Role
from tests.factories import make_account, make_member

SignedIn = Callable[[Membership], Client]

TABS = {
    "alice": ["Profile", "Users", "Credentials", "Fields", "Integrations", "Audit log"],
    "olga": ["Profile", "Credentials"],
    "vera": ["Profile"],
}


def profile_page(browser: Client) -> str:
    return browser.get(reverse("accounts:profile", args=["acme"])).content.decode()


@pytest.mark.parametrize("name", TABS)
def test_each_role_has_its_tabs(
    name: str, alice: Membership, olga: Membership, vera: Membership, signed_in: SignedIn
) -> None:
    member = {"alice": alice, "olga": olga, "vera": vera}[name]
    page = profile_page(signed_in(member))
    assert re.findall(r'class="tabs__tab"[^>]*>([^<]+)<', page) == TABS[name]


def test_the_tab_that_is_open_says_so(alice: Membership, signed_in: SignedIn) -> None:
    page = signed_in(alice).get(reverse("accounts:users", args=["acme"])).content.decode()
    assert re.findall(r'class="tabs__tab"[^>]*aria-current="page"[^>]*>([^<]+)<', page) == ["Users"]


def test_the_avatar_opens_a_menu_with_account_settings(vera: Membership, signed_in: SignedIn) -> None:
    menu = profile_page(signed_in(vera)).partition('class="sidebar__foot"')[2]
    assert "Account Settings" in menu.partition("</details>")[0]
    assert reverse("accounts:settings", args=["acme"]) in menu
    assert reverse("account_logout") in menu


def test_account_settings_open_at_the_profile(vera: Membership, signed_in: SignedIn) -> None:
    response = signed_in(vera).get(reverse("accounts:settings", args=["acme"]))
    assert response.headers["Location"] == reverse("accounts:profile", args=["acme"])


def test_the_frame_of_a_page_costs_three_queries(
    olga: Membership, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = signed_in(olga)
    # Session, user, memberships with accounts; and one of the page itself: whether there is a second factor.
    with django_assert_num_queries(3 + 1):
        browser.get(reverse("accounts:profile", args=["acme"]))


def test_an_account_beyond_the_switcher_opens_too(
    olga: Membership, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_member(make_account("Aaa"), Role.REVIEWER, user=olga.user)
    monkeypatch.setattr(access, "SWITCHER_SIZE", 1)
    assert re.findall(r'class="tabs__tab"[^>]*>([^<]+)<', profile_page(signed_in(olga))) == TABS["olga"]

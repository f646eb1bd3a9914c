"""W16, P6: a member sets up the second factor that the account asks for, and signs in with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Account, Membership
from tests.accounts.test_second_factor import code_of
from tests.browser.people import person
from tests.browser.test_every_page import judge
from tests.factories import PASSWORD

OpenPage = Callable[..., Page]


def look(page: Page, heading: str) -> None:
    """The page has come, and is as good as every other."""
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    assert judge(page) == []


def type_code(page: Page, code: str, button: str) -> None:
    page.get_by_label("code").fill(code)
    page.get_by_role("button", name=button, exact=True).click()


@pytest.mark.django_db(transaction=True)
def test_a_member_is_led_to_a_second_factor_and_signs_in_with_it(
    acme: Account, olga: Membership, open_page: OpenPage
) -> None:
    Account.objects.update(requires_second_factor=True)
    page = open_page(person(olga))
    look(page, "Acme asks for a second factor")
    page.get_by_role("link", name="Set up a second factor").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    look(page, "Set up a second factor")
    assert page.locator(".auth__code").evaluate("image => image.naturalWidth") > 0
    secret = page.locator(".secret").inner_text()
    type_code(page, code_of(secret), "Switch on")
    look(page, "Recovery codes")
    codes = page.get_by_role("list", name="Unused recovery codes").get_by_role("listitem").all_inner_texts()
    page.get_by_role("link", name="Make new ones").click()
    look(page, "Make new recovery codes?")
    page.get_by_role("link", name="Keep the old ones").click()
    look(page, "Second factor")
    page.get_by_role("link", name="Back to your roadmaps").click()
    look(page, "Acme asks for a second factor")
    page.get_by_role("link", name="Enter a code").click()
    look(page, "Is it you?")
    type_code(page, code_of(secret), "Go on")
    expect(page.get_by_role("heading", name="Roadmaps", exact=True)).to_be_visible()

    other = open_page(person(olga))
    look(other, "One more step")
    type_code(other, "000000", "Sign in")
    expect(other.locator(".errorlist")).to_contain_text("Wait for the next one")
    type_code(other, codes[0], "Sign in")
    expect(other.get_by_role("heading", name="Roadmaps", exact=True)).to_be_visible()

    page.goto("/auth/sessions/")
    expect(page.get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="Sign out everywhere else").click()
    look(page, "Where you are signed in")
    other.goto("/")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()

    page.goto("/auth/second-factor/totp/deactivate/")
    look(page, "Switch off the second factor?")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Your second factor is off.")).to_be_visible()

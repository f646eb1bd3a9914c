"""W16: somebody who lost a telephone signs it out from their desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from tests.browser.people import person

OpenPage = Callable[..., Page]
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.mark.django_db(transaction=True)
def test_a_lost_telephone_is_signed_out_and_the_desk_stays(olga: Membership, open_page: OpenPage) -> None:
    desk, phone = open_page(person(olga)), open_page(person(olga), user_agent=PHONE)
    desk.goto("/a/acme/settings/profile/")
    desk.get_by_role("link", name="Show sessions").click()
    expect(desk.get_by_text("This browser")).to_have_count(1)
    desk.get_by_role("button", name="Sign out Safari on iPhone").click()
    expect(desk.get_by_text("That browser is signed out.")).to_be_visible()
    expect(desk.get_by_text("Safari on iPhone")).to_have_count(0)
    phone.goto("/a/acme/settings/profile/")
    expect(phone).to_have_url("/auth/login/?next=/a/acme/settings/profile/")
    desk.goto("/a/acme/settings/profile/")
    expect(desk.get_by_role("heading", name="Profile")).to_be_visible()

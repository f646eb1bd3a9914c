"""S33: an admin finds out who did what."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from tests.browser.people import person

OpenPage = Callable[..., Page]


@pytest.mark.django_db(transaction=True)
def test_an_admin_does_something_and_finds_it_in_the_audit_log(
    alice: Membership, olga: Membership, open_page: OpenPage
) -> None:
    page = open_page(person(alice))
    page.goto("/a/acme/settings/users/")
    page.get_by_label("Change Olga Olsen").click()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("link", name="Audit log").click()
    row = page.get_by_role("row", name="Deactivated Olga Olsen.")
    expect(row).to_contain_text("Alice Acker")
    page.get_by_label("Area").select_option(label="Credentials")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Show everything").first.click()
    expect(row).to_be_visible()

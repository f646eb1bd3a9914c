"""People as the browser tests know them: by what they type at sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client
from playwright.sync_api import Page, expect

from accounts.models import Membership
from tests.factories import PASSWORD


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    email: str

    def sign_in(self, page: Page) -> None:
        """Sign in as people do, by the form."""
        page.goto("/auth/login/")
        page.get_by_label("Email").fill(self.email)
        page.get_by_label("Password", exact=False).first.fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page).not_to_have_url("/auth/login/")


def person(member: Membership) -> Person:
    """The member as a person at a browser."""
    return Person(member.user.email)


def enter(page: Page, client: Client) -> None:
    """Be signed in as that client is; quicker than by the form."""
    page.goto("/healthz")
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": page.url}])

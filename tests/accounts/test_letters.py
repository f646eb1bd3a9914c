"""Letters about a person's sign-in: their links lead to this site, whatever a request calls it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Membership
from tests.factories import PASSWORD

SITE = "https://roadmunk.example"
KNOWN, UNKNOWN = "alice-acker@example.test", "nobody@example.test"
NEW = "a-wholly-different-horse"


def ask_for_a_reset(browser: Client, email: str) -> None:
    browser.post(reverse("account_reset_password"), {"email": email})


def sign_up(browser: Client, email: str) -> None:
    data = {"name": "Ida", "account_name": "New", "email": email, "password1": PASSWORD}
    browser.post(reverse("account_signup"), data)


def change_the_address(browser: Client, email: str) -> None:
    browser.post(reverse("account_login"), {"login": KNOWN, "password": PASSWORD})
    browser.post(reverse("account_email"), {"email": email, "action_add": ""})


def change_the_password(browser: Client, email: str) -> None:
    browser.post(reverse("account_login"), {"login": KNOWN, "password": PASSWORD})
    browser.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})


def invite(browser: Client, email: str) -> None:
    browser.post(reverse("account_login"), {"login": KNOWN, "password": PASSWORD})
    browser.post(reverse("accounts:invite", args=["acme"]), {"email": email, "role": "reviewer"})


@pytest.mark.parametrize(
    ("act", "email"),
    [
        (ask_for_a_reset, KNOWN),
        (ask_for_a_reset, UNKNOWN),
        (sign_up, KNOWN),
        (sign_up, UNKNOWN),
        (change_the_address, UNKNOWN),
        (change_the_password, KNOWN),
        (invite, UNKNOWN),
    ],
)
def test_no_letter_leads_where_the_host_header_says(
    act: Callable[[Client, str], None], email: str, alice: Membership, settings: Settings
) -> None:
    settings.SITE_URL = SITE
    act(Client(HTTP_HOST="testserver:1337"), email)
    [letter] = mail.outbox
    addresses = re.findall(r"https?://\S+", str(letter.body))
    assert addresses
    assert {f"{urlsplit(each).scheme}://{urlsplit(each).netloc}" for each in addresses} == {SITE}
    assert "1337" not in str(letter.message())


def test_a_link_of_ours_in_a_letter_works(alice: Membership, settings: Settings, client: Client) -> None:
    settings.SITE_URL = SITE
    ask_for_a_reset(Client(HTTP_HOST="testserver:1337"), alice.user.email)
    found = re.search(rf"{SITE}(\S+)", str(mail.outbox[-1].body))
    assert found is not None
    assert "Choose a new password" in client.get(found[1], follow=True).content.decode()

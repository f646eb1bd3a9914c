"""allauth's pages and letters wear our look and our words (S34)."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.look.urls")]

MARK = '<a class="auth__brand"'


@pytest.fixture(autouse=True)
def nobody_is_throttled(settings: object) -> None:
    settings.ACCOUNT_RATE_LIMITS = False  # type: ignore[attr-defined]  # pytest-django's settings fixture


def _page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def _link_in(letter: mail.EmailMessage) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", str(letter.body))
    assert found, letter.body
    return found.group(1)


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("account_login", "Sign in"),
        ("account_signup", "Make an account"),
        ("account_reset_password", "Reset your password"),
        ("account_reset_password_done", "Look into your mailbox"),
        ("account_reset_password_from_key_done", "Your password is changed"),
        ("account_email_verification_sent", "Look into your mailbox"),
        ("account_inactive", "This sign-in is switched off"),
    ],
)
def test_signed_out_pages(client: Client, name: str, heading: str) -> None:
    page = _page(client, reverse(name))
    assert f"<h1>{heading}</h1>" in page
    assert MARK in page


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("account_logout", "Sign out?"),
        ("account_change_password", "Change your password"),
        ("account_email", "Change your e-mail address"),
        ("account_reset_password", "Reset your password"),
    ],
)
def test_signed_in_pages(client: Client, name: str, heading: str) -> None:
    client.force_login(factories.make_user())
    page = _page(client, reverse(name))
    assert f"<h1>{heading}</h1>" in page
    assert MARK in page


def test_a_wrong_password_is_said_above_the_form_and_nothing_typed_is_lost(client: Client) -> None:
    user = factories.make_user()
    page = client.post(reverse("account_login"), {"login": user.email, "password": "wrong"}).content.decode()
    assert 'role="alert"' in page
    assert f'value="{user.email}"' in page


def test_an_error_is_tied_to_its_field(client: Client) -> None:
    page = client.post(reverse("account_reset_password"), {"email": "no address"}).content.decode()
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_email_error"' in page
    assert 'id="id_email_error"' in page


def test_the_letter_of_a_reset_leads_to_a_new_password(client: Client) -> None:
    user = factories.make_user()
    client.post(reverse("account_reset_password"), {"email": user.email})
    (letter,) = mail.outbox
    assert letter.subject == "Choose a new password"
    assert "The link works once." in str(letter.body)
    page = client.get(_link_in(letter), follow=True).content.decode()
    assert "<h1>Choose a new password</h1>" in page


def test_a_used_up_link_says_so(client: Client) -> None:
    url = reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "set-password"})
    page = _page(client, url)
    assert "<h1>This link no longer works</h1>" in page


def test_a_confirmation_that_is_too_old_says_so(client: Client) -> None:
    page = _page(client, reverse("account_confirm_email", args=["no-such-key"]))
    assert "<h1>This link no longer works</h1>" in page


def test_the_letter_of_a_confirmation_asks_before_it_confirms(client: Client) -> None:
    user = factories.make_user(verified=False)
    client.force_login(user)
    client.post(reverse("account_email"), {"email": user.email, "action_send": ""})
    (letter,) = mail.outbox
    assert letter.subject == "Confirm your e-mail address"
    page = _page(client, _link_in(letter))
    assert "<h1>Confirm your address</h1>" in page
    assert user.email in page


def test_a_changed_password_is_told_by_letter_without_markup(client: Client, settings: object) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True  # type: ignore[attr-defined]  # pytest-django's settings fixture
    client.force_login(factories.make_user())
    new = "another-long-battery"
    client.post(
        reverse("account_change_password"), {"oldpassword": factories.PASSWORD, "password1": new, "password2": new}
    )
    (letter,) = mail.outbox
    assert letter.subject == "Your password was changed"
    assert "If that was not you" in str(letter.body)
    assert "&#x27;" not in str(letter.body)

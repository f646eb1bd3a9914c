"""E-mail addresses in every form that takes one: refused, or in one spelling (section 6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Invitation, Membership, User
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

SignedIn = Callable[[Membership], Client]

REFUSED = [
    "olga@example.test\r\nBcc: mallory@evil.test",
    "olga@example.test\nSubject: Hello",
    "olga\r\n@example.test",
    "olga@example.test\x00",
    "olga@example.test, mallory@evil.test",
    "Olga <olga@example.test>",
    "olga@@example.test",
    "olga example@example.test",
    "оlga@example.test",  # a Cyrillic o
    "o\N{LATIN SMALL LETTER LONG S}a@example.test",  # in upper case it is our S
    "olga\N{RIGHT-TO-LEFT OVERRIDE}@example.test",
    "olga@\N{ZERO WIDTH SPACE}",
    "olga@" + "x" * 64 + ".test",
    "olga",
]
ONE = [
    ("Olga@Example.TEST", "olga@example.test"),
    ("  olga@example.test ", "olga@example.test"),
    ("olga+roadmaps@example.test", "olga+roadmaps@example.test"),
    ("olga@b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.test", "olga@xn--bcher-kva.test"),
    ("olga@ex\N{CYRILLIC SMALL LETTER A}mple.test", "olga@xn--exmple-4nf.test"),  # not the one that it looks like
]


def sign_up(email: str, alice: Membership, signed_in: SignedIn) -> None:
    data = {"name": "Nina", "account_name": "New", "email": email, "password1": PASSWORD}
    Client().post(reverse("account_signup"), data)


def change_address(email: str, alice: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    browser.post(reverse("account_email"), {"email": email, "action_add": ""})


def invite(email: str, alice: Membership, signed_in: SignedIn) -> None:
    signed_in(alice).post(reverse("accounts:invite", args=["acme"]), {"email": email, "role": "reviewer"})


def reset(email: str, alice: Membership, signed_in: SignedIn) -> None:
    Client().post(reverse("account_reset_password"), {"email": email})


FORMS = [sign_up, change_address, invite, reset]


@pytest.mark.parametrize("fill_in", FORMS)
@pytest.mark.parametrize("email", REFUSED)
def test_an_address_that_could_mean_two_things_is_refused(
    email: str, fill_in: Callable[..., None], alice: Membership, signed_in: SignedIn
) -> None:
    fill_in(email, alice, signed_in)
    assert mail.outbox == []
    assert (User.objects.count(), Invitation.objects.count(), Account.objects.count()) == (1, 0, 1)


@pytest.mark.parametrize("fill_in", FORMS)
@pytest.mark.parametrize(("email", "kept"), ONE)
def test_each_address_has_one_spelling(
    email: str, kept: str, fill_in: Callable[..., None], alice: Membership, signed_in: SignedIn
) -> None:
    fill_in(email, alice, signed_in)
    assert {address for letter in mail.outbox for address in letter.to} == {kept}


@pytest.mark.parametrize("fill_in", FORMS)
def test_no_letter_goes_to_a_mailbox_that_is_only_written_alike(
    fill_in: Callable[..., None], alice: Membership, signed_in: SignedIn
) -> None:
    """In lower case the sign is our k: a reset would be for Mike, and go to somebody else."""
    make_user("Mike")
    fill_in("mi\N{KELVIN SIGN}e@example.test", alice, signed_in)
    assert {address for letter in mail.outbox for address in letter.to} <= {"mike@example.test"}


@pytest.mark.parametrize("email", ["NINA@example.test", " nina@EXAMPLE.test"])
def test_another_spelling_makes_no_twin(email: str, alice: Membership, signed_in: SignedIn) -> None:
    make_user("Nina")
    for fill_in in (sign_up, change_address):
        fill_in(email, alice, signed_in)
    assert User.objects.count() == 2
    assert not User.objects.filter(pk=alice.user_id, email__iexact="nina@example.test").exists()


@pytest.mark.parametrize("email", REFUSED)
def test_the_operators_command_takes_none_either(email: str) -> None:
    with pytest.raises(CommandError, match="Nothing was made"):
        call_command("create_account", "New", admin=email, password_stdin=True)

"""`manage.py create_account`, the operator's way to a first account."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Account, Membership, Role, User
from tests import factories

pytestmark = pytest.mark.django_db


def create(monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "correct-horse-battery\n") -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    said = io.StringIO()
    call_command("create_account", *words, "--password-stdin", stdout=said)
    return said.getvalue()


def test_it_makes_an_account_and_an_admin_who_can_sign_in(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    said = create(monkeypatch, "Acme Rockets", "--admin", "Alice@Acme.test")
    member = Membership.objects.get()
    assert (member.account.name, member.role) == ("Acme Rockets", Role.ADMIN)
    assert (member.user.email, member.user.check_password("correct-horse-battery")) == ("alice@acme.test", True)
    assert "/a/acme-rockets/" in said
    assert "correct-horse-battery" not in said
    assert client.login(email="alice@acme.test", password="correct-horse-battery")


def test_a_known_person_keeps_their_password(monkeypatch: pytest.MonkeyPatch) -> None:
    alice = factories.make_user("Alice", email="alice@acme.test")
    said = create(monkeypatch, "Second", "--admin", "alice@acme.test", typed="another-password\n")
    alice.refresh_from_db()
    assert alice.check_password(factories.PASSWORD)
    assert "keeps the password" in said
    assert Membership.objects.get().user == alice


@pytest.mark.parametrize(
    ("name", "email", "password", "words"),
    [
        ("Acme", "alice@acme.test", "short", "too short"),
        ("Acme", "alice@acme.test", "", "password is empty"),
        ("Acme", "no address", "correct-horse-battery", "valid email address"),
        ("x" * 5000, "alice@acme.test", "correct-horse-battery", "at most 80 characters"),
        ("", "alice@acme.test", "correct-horse-battery", "cannot be blank"),
    ],
)
def test_bad_input_makes_nothing_and_says_why(
    monkeypatch: pytest.MonkeyPatch, name: str, email: str, password: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        create(monkeypatch, name, "--admin", email, typed=f"{password}\n")
    assert not Account.objects.exists()
    assert not User.objects.exists()


def test_a_password_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["correct-horse-battery", "correct-horse-batery"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    with pytest.raises(CommandError, match="differ"):
        call_command("create_account", "Acme", "--admin", "alice@acme.test")
    assert not Account.objects.exists()

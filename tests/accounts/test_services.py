"""S34: accounts and people, made for the command line and for sign-up."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.models import Account, Role, User
from accounts.services import create_account, free_slug, open_account
from tests.factories import PASSWORD, make_account, make_user

pytestmark = pytest.mark.django_db


def test_an_account_starts_with_its_first_admin() -> None:
    member = create_account(name=" Acme ", admin_email=" Alice@Example.Test ", password=PASSWORD)
    assert (member.role, member.account.name, member.account.slug) == (Role.ADMIN, "Acme", "acme")
    assert member.user.email == "alice@example.test"
    assert member.user.check_password(PASSWORD)
    assert member.user.emailaddress_set.get().verified


def test_somebody_who_is_here_already_keeps_name_and_password() -> None:
    olga = make_user("Olga")
    member = create_account(name="Second", admin_email=olga.email, password="another-long-password")
    assert member.user == olga
    olga.refresh_from_db()
    assert olga.name == "Olga"
    assert olga.check_password(PASSWORD)


def test_without_a_password_nobody_signs_in_until_one_is_set() -> None:
    assert not create_account(name="Acme", admin_email="a@example.test").user.has_usable_password()


@pytest.mark.parametrize(
    "wrong",
    [
        {"admin_email": "not an address"},
        {"name": ""},
        {"name": "x" * 5000},
        {"password": "short"},
        {"time_zone": "Mars/Olympus"},
    ],
)
def test_bad_input_makes_nothing(wrong: dict[str, str]) -> None:
    good = {"name": "Acme", "admin_email": "a@example.test", "password": PASSWORD}
    with pytest.raises(ValidationError):
        create_account(**(good | wrong))  # type: ignore[arg-type]  # all values are text
    assert not Account.objects.exists()
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Acme", "acme-2"),
        ("Acme & Söhne", "acme-sohne"),
        ("日本", "team"),
        ("Admin", "admin-2"),
        ("!!!", "team"),
        ("a" * 80, "a" * 40),
    ],
)
def test_a_slug_follows_the_name_and_is_free(name: str, slug: str) -> None:
    make_account("Acme")
    assert free_slug(name) == slug


def test_many_accounts_of_one_name_live_side_by_side() -> None:
    admin = make_user()
    slugs = [open_account(name="Acme", admin=admin).account.slug for _ in range(3)]
    assert slugs == ["acme", "acme-2", "acme-3"]


def test_an_ending_that_is_taken_is_chosen_anew() -> None:
    admin, endings = make_user(), iter(["acme-aaaa", "acme-aaaa", "acme-bbbb"])
    slugs = [open_account(name="Acme", admin=admin, make_slug=lambda _: next(endings)).account.slug for _ in range(2)]
    assert slugs == ["acme-aaaa", "acme-bbbb"]

"""S34: sign-up that opens an account, sign-in, sign-out, and password and address by e-mail."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership, Role, User
from tests.factories import PASSWORD, make_account, make_user

pytestmark = pytest.mark.django_db

NEW = {
    "name": "Nina New",
    "account_name": "Acme",
    "email": "Nina@Example.test",
    "password1": PASSWORD,
}


def link_in_last_letter() -> str:
    found = re.search(r"http://testserver(/auth/\S+)", mail.outbox[-1].body)
    assert found is not None
    return found[1]


def test_signing_up_opens_an_account_with_its_first_admin(client: Client) -> None:
    client.post(reverse("account_signup"), NEW)
    member = Membership.objects.select_related("account", "user").get()
    assert (member.role, member.account.name) == (Role.ADMIN, "Acme")
    assert (member.user.name, member.user.email) == ("Nina New", "nina@example.test")


def test_an_address_of_an_account_does_not_tell_whether_others_have_its_name(client: Client) -> None:
    make_account("Acme")
    for number, name in enumerate(["Acme", "Acme", "Nobody", "Admin", "日本"]):
        client.post(reverse("account_signup"), NEW | {"account_name": name, "email": f"nina{number}@example.test"})
    slugs = [member.account.slug for member in Membership.objects.select_related("account").order_by("pk")]
    assert [slug.rpartition("-")[0] for slug in slugs] == ["acme", "acme", "nobody", "admin", "team"]
    assert all(re.fullmatch("[a-z2-9]{4}", slug.rpartition("-")[2]) for slug in slugs)
    assert len({slug.rpartition("-")[2] for slug in slugs}) > 1


def test_the_address_is_confirmed_before_the_first_sign_in(client: Client) -> None:
    assert client.post(reverse("account_signup"), NEW).headers["Location"] == reverse("account_email_verification_sent")
    assert client.get("/").headers["Location"].startswith(reverse("account_login"))
    client.post(link_in_last_letter())
    client.post(reverse("account_login"), {"login": "NINA@example.test", "password": PASSWORD})
    assert client.get("/").headers["Location"] == reverse("roadmaps:list", args=[Account.objects.get().slug])


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("account_name", "", "This field is required."),
        ("account_name", "x" * 5000, "at most 80 characters"),
        ("name", "x" * 5000, "at most 120 characters"),
        ("email", "nonsense", "Enter a valid email address."),
        ("email", "x" * 300 + "@example.test", "at most 254 characters"),
        ("password1", "short", "This password is too short"),
        ("password1", "1234567890123", "This password is entirely numeric"),
    ],
)
def test_bad_input_is_an_error_on_its_field_and_makes_nothing(
    client: Client, field: str, value: str, message: str
) -> None:
    response = client.post(reverse("account_signup"), NEW | {field: value})
    assert message in response.content.decode()
    assert not User.objects.exists()
    assert not Account.objects.exists()


def test_an_address_that_is_taken_gets_a_letter_and_no_second_account(client: Client) -> None:
    nina = make_user("Nina")
    client.post(reverse("account_signup"), NEW | {"email": nina.email})
    assert not Account.objects.exists()
    assert User.objects.count() == 1
    assert mail.outbox[-1].to == [nina.email]


def test_a_wrong_password_does_not_say_whether_the_person_exists(client: Client) -> None:
    nina = make_user("Nina")
    pages = [
        client.post(reverse("account_login"), {"login": email, "password": "wrong-password"})
        for email in (nina.email, "nobody@example.test")
    ]
    for page in pages:
        assert "are not correct" in page.content.decode()


def test_guessing_is_slowed_down(client: Client) -> None:
    nina = make_user("Nina")
    for _ in range(6):
        page = client.post(reverse("account_login"), {"login": nina.email, "password": "wrong-password"})
    assert "Too many failed" in page.content.decode()
    page = client.post(reverse("account_login"), {"login": nina.email, "password": PASSWORD})
    assert page.status_code == 200


def test_signing_out_needs_a_post_and_ends_the_session(client: Client) -> None:
    client.force_login(make_user())
    client.get(reverse("account_logout"))
    assert client.get("/").status_code == 200
    client.post(reverse("account_logout"))
    assert client.get("/").headers["Location"].startswith(reverse("account_login"))


def test_a_forgotten_password_is_set_anew_by_letter(client: Client) -> None:
    nina = make_user("Nina")
    client.post(reverse("account_reset_password"), {"email": nina.email})
    page = client.get(link_in_last_letter(), follow=True)
    new = "a-wholly-different-horse"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    nina.refresh_from_db()
    assert nina.check_password(new)


def test_a_reset_for_nobody_looks_the_same(client: Client) -> None:
    known = client.post(reverse("account_reset_password"), {"email": make_user().email})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.test"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])


def test_a_new_address_takes_over_once_it_is_confirmed(client: Client) -> None:
    nina = make_user("Nina")
    client.force_login(nina)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("account_email"), {"email": "NINA@new.test", "action_add": ""})
    nina.refresh_from_db()
    assert nina.email == "nina@example.test"
    client.post(link_in_last_letter())
    nina.refresh_from_db()
    assert nina.email == "nina@new.test"
    assert [address.email for address in nina.emailaddress_set.all()] == ["nina@new.test"]


def test_a_new_address_that_does_not_fit_is_an_error_on_its_field(client: Client) -> None:
    client.force_login(make_user())
    data = {"email": "x" * 300 + "@example.test", "action_add": ""}
    assert "at most 254 characters" in client.post(reverse("account_email"), data).content.decode()


def test_a_changed_password_leads_back_to_the_profile(client: Client) -> None:
    nina = make_user("Nina")
    client.force_login(nina)
    new = "a-wholly-different-horse"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), data).headers["Location"] == reverse("home")
    nina.refresh_from_db()
    assert nina.check_password(new)

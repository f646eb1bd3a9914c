"""S34, D29: the Profile tab, and the account's name and time zone for its admins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Membership
from tests.factories import make_invitation

SignedIn = Callable[[Membership], Client]


def address(name: str) -> str:
    return reverse(f"accounts:{name}", args=["acme"])


def test_a_person_changes_their_name(vera: Membership, signed_in: SignedIn) -> None:
    response = signed_in(vera).post(address("profile"), {"name": "Vera V."}, follow=True)
    assert "Your profile was saved." in response.content.decode()
    vera.user.refresh_from_db()
    assert vera.user.name == "Vera V."


def test_a_name_that_is_too_long_is_an_error_on_its_field(vera: Membership, signed_in: SignedIn) -> None:
    response = signed_in(vera).post(address("profile"), {"name": "x" * 5000})
    assert "at most 120 characters" in response.content.decode()
    vera.user.refresh_from_db()
    assert vera.user.name == "Vera Viljanen"


def test_the_profile_leads_to_password_and_address(vera: Membership, signed_in: SignedIn) -> None:
    page = signed_in(vera).get(address("profile")).content.decode()
    assert reverse("account_change_password") in page
    assert reverse("account_email") in page


def test_only_admins_see_the_account(alice: Membership, vera: Membership, signed_in: SignedIn) -> None:
    assert address("account") in signed_in(alice).get(address("profile")).content.decode()
    assert address("account") not in signed_in(vera).get(address("profile")).content.decode()


def test_an_admin_changes_name_and_zone_of_the_account(alice: Membership, signed_in: SignedIn) -> None:
    data = {"name": "Acme Ltd", "time_zone": "Asia/Tokyo", "slug": "stolen"}
    signed_in(alice).post(address("account"), data)
    account = Account.objects.get(pk=alice.account_id)
    assert (account.name, account.time_zone, account.slug) == ("Acme Ltd", "Asia/Tokyo", "acme")


def test_a_zone_that_does_not_exist_is_an_error_on_its_field(alice: Membership, signed_in: SignedIn) -> None:
    page = signed_in(alice).post(address("account"), {"name": "Changed", "time_zone": "Mars/Olympus"})
    assert "Select a valid choice" in page.content.decode()
    assert Account.objects.get(pk=alice.account_id).name == "Acme"


def test_times_are_shown_in_the_zone_of_the_account(alice: Membership, signed_in: SignedIn) -> None:
    Account.objects.filter(pk=alice.account_id).update(time_zone="Asia/Tokyo")
    make_invitation(alice, expires_at=datetime(2035, 3, 1, 20, 0, tzinfo=UTC))
    page = signed_in(alice).get(reverse("accounts:users", args=["acme"])).content.decode()
    assert "2 Mar 2035, 05:00" in page


def test_the_zone_of_one_request_does_not_reach_the_next(alice: Membership, signed_in: SignedIn) -> None:
    alice.account.time_zone = "Asia/Tokyo"
    alice.account.save()
    signed_in(alice).get(address("profile"))
    shown = Template("{{ moment|date:'H:i' }}").render(Context({"moment": datetime(2026, 1, 1, 20, tzinfo=UTC)}))
    assert shown == "20:00"
    assert timezone.get_current_timezone_name() == "UTC"

"""W16: a second factor by an app, with recovery codes; of one's own will, or because the account asks for it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Account, Membership
from integrations import vault
from integrations.second_factor import CONTEXT
from tests.factories import PASSWORD, make_invitation, make_roadmap

SignedIn = Callable[[Membership], Client]
PERIOD_SECONDS = 30
#: What stands in front of the wall: the pages that a member reaches by name, each of another part of the site.
INSIDE = ["accounts:profile", "roadmaps:list", "integrations:credentials"]


def code_of(secret: str) -> str:
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD_SECONDS))


def set_up(browser: Client) -> str:
    """Set the second factor up as a person does, and answer the app's secret."""
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = browser.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'<p class="secret"><code>([A-Z2-7]+)</code>', page)
    assert found is not None
    answer = browser.post(reverse("mfa_activate_totp"), {"code": code_of(found[1])})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    return found[1]


def confirm(browser: Client, secret: str) -> None:
    """Show in this session that the app is at hand."""
    browser.post(reverse("mfa_reauthenticate"), {"code": code_of(secret)})


def recovery_codes(browser: Client) -> list[str]:
    page = browser.get(reverse("mfa_view_recovery_codes")).content.decode()
    return re.findall(r"<li><code>(\d{8})</code></li>", page)


def sign_in(member: Membership) -> Client:
    """A browser in which the password was right."""
    browser = Client()
    browser.post(reverse("account_login"), {"login": member.user.email, "password": PASSWORD})
    return browser


def enter_code(browser: Client, code: str) -> str:
    """Where the code leads to; "" where it is refused."""
    return browser.post(reverse("mfa_authenticate"), {"code": code}).headers.get("Location", "")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that the test moves: a code is good once."""
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def secret(olga: Membership, signed_in: SignedIn, clock: time_machine.Traveller) -> str:
    """Olga's app."""
    secret = set_up(signed_in(olga))
    clock.shift(timedelta(seconds=PERIOD_SECONDS))
    return secret


def test_without_a_second_factor_the_password_is_enough(olga: Membership) -> None:
    assert sign_in(olga).get(reverse("accounts:profile", args=["acme"])).status_code == 200


def test_with_one_the_password_alone_opens_nothing(olga: Membership, secret: str) -> None:
    browser = sign_in(olga)
    for address in ("/", reverse("accounts:profile", args=["acme"]), reverse("mfa_index")):
        assert browser.get(address).headers["Location"].startswith(reverse("account_login"))
    assert enter_code(browser, code_of(secret)) == "/"
    assert browser.get(reverse("accounts:profile", args=["acme"])).status_code == 200


def test_the_secret_waits_sealed_in_the_session_until_the_first_code(olga: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(olga)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = browser.get(reverse("mfa_activate_totp")).content.decode()
    found = re.search(r'<p class="secret"><code>([A-Z2-7]+)</code>', page)
    assert found is not None
    kept = str(dict(browser.session.items()))
    assert "v1." in kept
    assert found[1] not in kept
    again = browser.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
    assert found[1] in again  # a slip of the finger asks for no new scan
    assert browser.post(reverse("mfa_activate_totp"), {"code": code_of(found[1])}).status_code == 302
    assert "v1." not in str(dict(browser.session.items()))


def test_a_key_that_is_gone_meanwhile_means_a_new_scan(
    olga: Membership, signed_in: SignedIn, settings: Settings
) -> None:
    browser = signed_in(olga)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    browser.get(reverse("mfa_activate_totp"))
    settings.CREDENTIAL_KEYS = [vault.new_key()]
    page = browser.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
    assert '<p class="secret"><code>' in page
    assert "Wait for the next one in your app" in page


def test_a_code_is_good_once(olga: Membership, secret: str) -> None:
    code = code_of(secret)
    assert enter_code(sign_in(olga), code) == "/"
    assert enter_code(sign_in(olga), code) == ""


def test_an_old_code_and_a_wrong_one_are_refused(olga: Membership, secret: str, clock: time_machine.Traveller) -> None:
    code = code_of(secret)
    clock.shift(timedelta(seconds=2 * PERIOD_SECONDS))
    browser = sign_in(olga)
    assert enter_code(browser, code) == ""
    page = browser.post(reverse("mfa_authenticate"), {"code": "x" * 5000}).content.decode()
    assert "Wait for the next one in your app" in page


def test_guessing_codes_is_slowed_down_from_wherever_it_comes(olga: Membership, secret: str) -> None:
    """5 tries in 5 minutes for each person; then even the right code waits."""
    for number in range(5):
        browser = sign_in(olga)
        browser.post(reverse("mfa_authenticate"), {"code": "000000"}, REMOTE_ADDR=f"192.0.2.{number}")
    assert enter_code(browser, code_of(secret)) == ""


def test_each_recovery_code_opens_once(olga: Membership, secret: str, signed_in: SignedIn) -> None:
    inside = sign_in(olga)
    enter_code(inside, code_of(secret))
    inside.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    codes = recovery_codes(inside)
    assert len(set(codes)) == 10
    assert enter_code(sign_in(olga), codes[0]) == "/"
    assert enter_code(sign_in(olga), codes[0]) == ""
    assert codes[0] not in recovery_codes(inside)
    assert codes[1] in inside.get(reverse("mfa_download_recovery_codes")).content.decode()


def test_codes_and_switches_ask_for_the_password_again(olga: Membership, secret: str, signed_in: SignedIn) -> None:
    """A browser left open shows no recovery codes and switches nothing off."""
    browser = signed_in(olga)
    for name in ("mfa_view_recovery_codes", "mfa_download_recovery_codes", "mfa_generate_recovery_codes"):
        assert browser.get(reverse(name)).headers["Location"].startswith(reverse("account_reauthenticate"))
    browser.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=olga.user, type="totp").exists()


@pytest.mark.django_db(transaction=True)
def test_the_person_learns_of_each_change_by_letter(olga: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(olga)
    set_up(browser)
    browser.post(reverse("mfa_generate_recovery_codes"))
    browser.post(reverse("mfa_deactivate_totp"))
    assert [letter.subject for letter in mail.outbox] == [
        "Your second factor is on",
        "You have new recovery codes",
        "Your second factor is off",
    ]
    assert mail.outbox[0].to == [olga.user.email]
    assert not Authenticator.objects.exists()


def test_what_the_database_keeps_opens_only_with_the_servers_keys(olga: Membership, secret: str) -> None:
    kept = {each.type: each.data for each in Authenticator.objects.filter(user=olga.user)}
    assert secret not in str(kept)
    assert vault.open_sealed(kept["totp"]["secret"], CONTEXT) == secret
    assert len(vault.open_sealed(kept["recovery_codes"]["seed"], CONTEXT)) == 80


def test_rotated_keys_leave_every_second_factor_working(olga: Membership, secret: str, settings: Settings) -> None:
    """W5."""
    new, old = vault.new_key(), settings.CREDENTIAL_KEYS
    settings.CREDENTIAL_KEYS = [new, *old]
    call_command("rotate_keys")
    settings.CREDENTIAL_KEYS = [new]
    assert enter_code(sign_in(olga), code_of(secret)) == "/"


def test_the_operator_helps_who_lost_app_and_codes(olga: Membership, secret: str) -> None:
    with pytest.raises(CommandError, match="Nobody signs in as"):
        call_command("reset_second_factor", "nobody@example.test")
    call_command("reset_second_factor", olga.user.email.upper())
    assert sign_in(olga).get("/").headers["Location"] == reverse("roadmaps:list", args=["acme"])
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("reset_second_factor", olga.user.email)


# --- Required by the account


@pytest.fixture
def strict(acme: Account) -> Account:
    """Acme, where everybody needs one."""
    acme.requires_second_factor = True
    acme.save()
    return acme


@pytest.mark.parametrize("name", INSIDE)
def test_a_member_without_one_is_led_to_it_before_anything_of_the_account(
    strict: Account, olga: Membership, signed_in: SignedIn, name: str
) -> None:
    answer = signed_in(olga).get(reverse(name, args=["acme"]))
    assert answer.status_code == 403
    assert f'href="{reverse("mfa_activate_totp")}"' in answer.content.decode()


def test_neither_posts_nor_parts_of_pages_get_past(strict: Account, olga: Membership, signed_in: SignedIn) -> None:
    roadmap = make_roadmap(olga)
    browser = signed_in(olga)
    assert browser.post(reverse("roadmaps:archive", args=["acme", roadmap.pk])).status_code == 403
    assert browser.get(reverse("roadmaps:export-csv", args=["acme", roadmap.pk])).status_code == 403
    roadmap.refresh_from_db()
    assert roadmap.archived_at is None


def test_once_it_is_set_up_and_used_everything_opens(strict: Account, olga: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(olga)
    confirm(browser, set_up(browser))
    for name in INSIDE:
        assert browser.get(reverse(name, args=["acme"])).status_code == 200


def test_a_session_from_before_does_not_count_until_a_code_is_given(
    strict: Account, olga: Membership, signed_in: SignedIn, clock: time_machine.Traveller
) -> None:
    """Whoever holds an older session has not shown the app. The clock stands still: a code may not change meanwhile."""
    older, browser = signed_in(olga), signed_in(olga)
    secret = set_up(browser)
    answer = older.get(reverse("accounts:profile", args=["acme"]))
    assert answer.status_code == 403
    assert "Enter a code" in answer.content.decode()
    assert reverse("mfa_reauthenticate") + "?next=%2Fa%2Facme%2Fsettings%2Fprofile%2F" in answer.content.decode()
    confirm(older, secret)
    assert older.get(reverse("accounts:profile", args=["acme"])).status_code == 200


def test_whoever_switches_it_off_is_led_to_it_again(strict: Account, olga: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(olga)
    confirm(browser, set_up(browser))
    browser.post(reverse("mfa_deactivate_totp"))
    answer = browser.get(reverse("accounts:profile", args=["acme"]))
    assert answer.status_code == 403
    assert "Set up a second factor" in answer.content.decode()


def test_other_accounts_of_the_person_stay_open(
    strict: Account, olga: Membership, mallory: Membership, signed_in: SignedIn
) -> None:
    Membership.objects.create(account=mallory.account, user=olga.user, role="reviewer")
    assert signed_in(olga).get(reverse("accounts:profile", args=["evil"])).status_code == 200


def test_a_stranger_learns_nothing_of_what_the_account_asks(
    strict: Account, mallory: Membership, signed_in: SignedIn
) -> None:
    assert signed_in(mallory).get(reverse("accounts:profile", args=["acme"])).status_code == 404


def test_an_admin_asks_for_it_only_after_setting_up_their_own(alice: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    data = {"name": "Acme", "time_zone": "UTC", "requires_second_factor": "on"}
    page = browser.post(reverse("accounts:account", args=["acme"]), data).content.decode()
    assert "Set up your own second factor first" in page
    set_up(browser)
    assert browser.post(reverse("accounts:account", args=["acme"]), data).status_code == 302
    assert Account.objects.get().requires_second_factor


def test_admins_see_who_has_one(alice: Membership, olga: Membership, secret: str, signed_in: SignedIn) -> None:
    page = signed_in(alice).get(reverse("accounts:users", args=["acme"])).content.decode()
    rows = {name: row for name in ("Alice", "Olga") for row in page.split("<tr") if f"{name} " in row}
    assert "<td>On</td>" in rows["Olga"]
    assert "<td>On</td>" not in rows["Alice"]


def test_an_invitation_says_so_before_and_leads_there_after(
    strict: Account, alice: Membership, client: Client, signed_in: SignedIn
) -> None:
    browser = signed_in(alice)
    confirm(browser, set_up(browser))
    browser.post(reverse("accounts:invite", args=["acme"]), {"email": "ida@example.test", "role": "reviewer"})
    assert "Acme asks for a second factor, so have an authenticator app at hand." in str(mail.outbox[-1].body)
    make_invitation(alice, "nina@example.test", token="secret-of-nina")
    assert "asks for a second factor" in client.get("/invitations/secret-of-nina/").content.decode()
    page = client.post("/invitations/secret-of-nina/join/", {"name": "Nina", "password": PASSWORD}, follow=True)
    assert page.status_code == 403
    assert reverse("mfa_activate_totp") in page.content.decode()

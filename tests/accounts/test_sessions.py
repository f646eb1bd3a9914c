"""W16: sessions change at sign-in, are listed and end; a link to a new password works once."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
from allauth.account.views import PasswordResetFromKeyView
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from tests.accounts.racing import both_at_once
from tests.accounts.test_sign_in import LOGIN, ask_for_a_reset, is_inside, signed_in_by_form
from tests.accounts.test_sign_up import link_in_last_letter
from tests.factories import PASSWORD, make_invitation, make_user

pytestmark = pytest.mark.django_db


def test_signing_in_changes_the_session_so_that_a_planted_one_is_worthless() -> None:
    browser = Client()
    browser.get(LOGIN)
    session = browser.session
    session["planted"] = True
    session.save()
    browser.cookies["sessionid"] = planted = str(session.session_key)
    browser.post(LOGIN, {"login": make_user("Nina").email, "password": PASSWORD})
    assert browser.cookies["sessionid"].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_signing_out_makes_the_session_worthless() -> None:
    browser = signed_in_by_form(make_user("Nina"))
    thief = Client()
    thief.cookies["sessionid"] = browser.cookies["sessionid"].value
    assert is_inside(thief)
    browser.post(reverse("account_logout"))
    assert not is_inside(thief)


def test_a_person_sees_their_own_sessions_and_ends_the_others() -> None:
    nina, olaf = make_user("Nina"), make_user("Olaf")
    here = signed_in_by_form(nina, HTTP_USER_AGENT="Firefox at home", REMOTE_ADDR="192.0.2.1")
    there = signed_in_by_form(nina, HTTP_USER_AGENT="Chrome at work", REMOTE_ADDR="192.0.2.2")
    other = signed_in_by_form(olaf, HTTP_USER_AGENT="Safari of Olaf")
    page = here.get(reverse("usersessions_list")).content.decode()
    assert "Firefox at home" in page
    assert "Chrome at work" in page
    assert "192.0.2.2" in page
    assert "Safari of Olaf" not in page
    here.post(reverse("usersessions_list"))
    assert [is_inside(browser) for browser in (here, there, other)] == [True, False, True]


def test_a_person_ends_one_session_and_the_others_stay() -> None:
    nina, olaf = make_user("Nina"), make_user("Olaf")
    here, lost, there = (signed_in_by_form(nina, HTTP_USER_AGENT=name) for name in ("here", "lost", "there"))
    other = signed_in_by_form(olaf, HTTP_USER_AGENT="other")

    def end(name: str) -> HttpResponse:
        return here.post(reverse("session-end", args=[UserSession.objects.get(user_agent=name).pk]), follow=True)

    page = end("lost").content.decode()
    assert "That browser is signed out." in page
    assert "lost" not in page
    assert end("other").status_code == 404
    assert "Sign out?" in end("here").content.decode()  # this one is asked first, as everywhere
    assert [is_inside(each) for each in (here, lost, there, other)] == [True, False, True, True]


def test_somebody_who_joined_by_invitation_has_a_session_in_the_list(alice: Membership, client: Client) -> None:
    make_invitation(alice, "ida@example.test", token="secret-of-ida")
    client.post("/invitations/secret-of-ida/join/", {"name": "Ida", "password": PASSWORD})
    assert UserSession.objects.get().user.email == "ida@example.test"


def test_a_changed_password_ends_the_other_sessions() -> None:
    nina = make_user("Nina")
    here, there = signed_in_by_form(nina), signed_in_by_form(nina)
    new = "a-wholly-different-horse"
    here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert [is_inside(here), is_inside(there)] == [True, False]
    assert mail.outbox[-1].subject == "Your password was changed"


def test_a_reset_password_ends_all_sessions_and_its_link_works_once(client: Client) -> None:
    nina = make_user("Nina")
    there = signed_in_by_form(nina)
    client.post(reverse("account_reset_password"), {"email": nina.email})
    link = link_in_last_letter()
    page = client.get(link, follow=True)
    new = "a-wholly-different-horse"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})
    assert not is_inside(there)
    again = Client().get(link, follow=True)
    assert "This link no longer works" in again.content.decode()
    nina.refresh_from_db()
    assert nina.check_password(new)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_use_a_reset_link_at_the_same_moment_one_is_told_that_it_was_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nina = make_user("Nina")
    ask_for_a_reset(nina.email)
    browsers, passwords = (Client(), Client()), ("the-first-new-password", "the-other-new-password")
    forms = [browser.get(link_in_last_letter(), follow=True).request["PATH_INFO"] for browser in browsers]
    checked, save = threading.Barrier(2), PasswordResetFromKeyView.form_valid

    def save_when_both_were_checked(*args: Any) -> HttpResponse:
        checked.wait(5)
        return save(*args)

    monkeypatch.setattr(PasswordResetFromKeyView, "form_valid", save_when_both_were_checked)
    pages: dict[str, str] = {}

    def choose(browser: Client, form: str, new: str) -> None:
        pages[new] = browser.post(form, {"password1": new, "password2": new}, follow=True).content.decode()

    acts = [partial(choose, *each) for each in zip(browsers, forms, passwords, strict=True)]
    assert both_at_once(acts[0], acts[1]) == []
    [chosen] = [new for new, page in pages.items() if "Your password is changed" in page]
    [late] = [new for new, page in pages.items() if "It was used already" in page]
    nina.refresh_from_db()
    assert nina.check_password(chosen)
    assert not nina.check_password(late)
    assert [letter.subject for letter in mail.outbox].count("Your password was reset") == 1

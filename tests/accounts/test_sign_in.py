"""W16: guesses are slowed down, nobody learns who has a sign-in, and a new address needs the password."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core import mail
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Membership, User
from accounts.tasks import send_confirmation
from tests.accounts.test_sign_up import link_in_last_letter
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

LOGIN = "/auth/login/"
SLOW = "Too many failed"
#: Tries for each address, and how far the middle ones may be apart.
TRIES, APART = 200, 0.2


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that the test moves."""
    with time_machine.travel(timezone.now(), tick=False) as traveller:
        yield traveller


def try_to_sign_in(
    email: str, password: str = "wrong-password", *, address: str = "192.0.2.1", host: str = "testserver"
) -> str:
    """The page that answers from that address; "" is the way in."""
    browser = Client(REMOTE_ADDR=address, HTTP_HOST=host)
    answer = browser.post(LOGIN, {"login": email, "password": password})
    return "" if answer.status_code == 302 else answer.content.decode()


def signed_in_by_form(user: User, **headers: str) -> Client:
    browser = Client(**headers)
    browser.post(LOGIN, {"login": user.email, "password": PASSWORD})
    return browser


def form_in(page: HttpResponse, **typed: str) -> tuple[str, dict[str, str]]:
    """Where the form of a page goes and what it carries, with what somebody types into it."""
    html = page.content.decode()
    found = re.search(r'<form class="form" method="post" action="([^"]+)"', html)
    assert found is not None
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    return found[1], hidden | typed


def is_inside(browser: Client) -> bool:
    return browser.get(reverse("usersessions_list")).status_code == 200


# --- Guessing


def test_a_name_has_five_wrong_tries_from_wherever_they_come() -> None:
    nina = make_user("Nina")
    pages = [try_to_sign_in(nina.email, address=f"192.0.2.{number}") for number in range(100)]
    assert [SLOW in page for page in pages] == [False] * 5 + [True] * 95
    assert SLOW in try_to_sign_in(nina.email, PASSWORD, address="198.51.100.1")


@pytest.mark.parametrize("host", ["testserver:{}", "TESTSERVER:{}", "testserver.:{}"])
def test_a_name_has_five_wrong_tries_whatever_the_site_is_called_by(host: str) -> None:
    nina = make_user("Nina")
    pages = [try_to_sign_in(nina.email, address=f"192.0.2.{n}", host=host.format(1000 + n)) for n in range(7)]
    assert [SLOW in page for page in pages] == [False] * 5 + [True] * 2
    assert SLOW in try_to_sign_in(nina.email, PASSWORD, address="198.51.100.1", host="localhost")


def test_the_old_password_has_five_wrong_tries_when_somebody_changes_it(clock: time_machine.Traveller) -> None:
    browser = signed_in_by_form(make_user("Nina"))
    new = "a-wholly-different-horse"
    data = {"password1": new, "password2": new}
    answers = []
    for number in range(7):
        clock.shift(timedelta(seconds=30))
        answers.append(browser.post(reverse("account_change_password"), data | {"oldpassword": f"guess-{number}"}))
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2


def test_an_address_has_ten_wrong_tries_a_minute_whoever_they_are_for() -> None:
    pages = [try_to_sign_in(f"person{number}@example.test") for number in range(100)]
    assert [SLOW in page for page in pages[:11]] == [False] * 10 + [True]
    nina = make_user("Nina")
    assert try_to_sign_in(nina.email, PASSWORD) != ""
    assert try_to_sign_in(nina.email, PASSWORD, address="192.0.2.2") == ""


def test_the_address_is_the_visitors_and_not_what_the_visitor_claims(settings: Settings) -> None:
    """Behind one proxy, only what the proxy added counts."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        claimed = f"203.0.113.{number}, 198.51.100.7"
        data = {"login": f"person{number}@example.test", "password": "wrong-password"}
        Client(headers={"x-forwarded-for": claimed}).post(LOGIN, data)
    last = {"login": "somebody@example.test", "password": "wrong-password"}
    same = Client(headers={"x-forwarded-for": "203.0.113.99, 198.51.100.7"}).post(LOGIN, last)
    other = Client(headers={"x-forwarded-for": "203.0.113.99, 198.51.100.8"}).post(LOGIN, last)
    assert SLOW in same.content.decode()
    assert SLOW not in other.content.decode()


def test_tries_are_counted_for_all_processes_together(settings: Settings) -> None:
    """In Redis: a count in each process would multiply every limit."""
    try_to_sign_in("nina@example.test")
    assert settings.CACHES["default"]["BACKEND"] == "django.core.cache.backends.redis.RedisCache"
    redis = caches["default"]._cache.get_client(None)  # type: ignore[attr-defined]  # Django's own client of Redis
    assert [key for key in redis.keys("*login_failed*") if not key.endswith(b":lock")]


def test_a_name_waits_five_minutes() -> None:
    """From other addresses each time, so that only the name counts."""
    nina = make_user("Nina")
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False) as clock:
        for number in range(5):
            try_to_sign_in(nina.email, address=f"192.0.2.{number}")
        clock.shift(299)
        assert SLOW in try_to_sign_in(nina.email, PASSWORD, address="192.0.2.6")
        clock.shift(2)
        assert try_to_sign_in(nina.email, PASSWORD, address="192.0.2.7") == ""


def test_an_address_waits_a_minute() -> None:
    nina = make_user("Nina")
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False) as clock:
        for number in range(10):
            try_to_sign_in(f"person{number}@example.test")
        clock.shift(59)
        assert SLOW in try_to_sign_in(nina.email, PASSWORD)
        clock.shift(2)
        assert try_to_sign_in(nina.email, PASSWORD) == ""


# --- Nobody learns who has a sign-in


class ShorterHasher(PBKDF2PasswordHasher):
    """Production's way, with a thirtieth of its work: most of a try still, and 400 tries don't take a minute."""

    iterations = PBKDF2PasswordHasher.iterations // 30


def ask_for_a_reset(email: str) -> None:
    assert Client().post(reverse("account_reset_password"), {"email": email}).status_code == 302


@pytest.mark.parametrize("ask", [try_to_sign_in, ask_for_a_reset])
def test_known_and_unknown_people_wait_equally_long(ask: Callable[[str], object], settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    settings.PASSWORD_HASHERS = [f"{__name__}.{ShorterHasher.__name__}"]
    nina = User.objects.create_user("nina@example.test", PASSWORD, name="Nina")
    EmailAddress.objects.create(user=nina, email=nina.email, verified=True, primary=True)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(TRIES):
        for email, taken in zip((nina.email, "nobody@example.test"), times, strict=True):
            started = time.perf_counter()
            ask(email)
            taken.append(time.perf_counter() - started)
    known, unknown = (statistics.median(taken) for taken in times)
    assert abs(known - unknown) < APART * max(known, unknown), f"{known * 1000:.2f} and {unknown * 1000:.2f} ms"


def test_a_sign_up_hashes_a_password_whether_or_not_somebody_has_the_address(hashed: list[str]) -> None:
    """A fifth of a second in production; what differs besides takes a twentieth of that."""
    counts = []
    for email in (make_user("Nina").email, "nobody@example.test"):
        sign_up(email)
        counts.append(len(hashed))
    assert counts == [1, 2]


@pytest.mark.parametrize("name", ["account_login", "account_reset_password"])
def test_pages_answer_known_and_unknown_people_alike(name: str) -> None:
    pages = []
    for email in (make_user("Nina").email, "none@example.test"):
        browser = Client()
        data = {"login": email, "password": "wrong-password", "email": email}
        page = browser.post(reverse(name), data, follow=True).content.decode()
        token = browser.cookies["csrftoken"].value if "csrftoken" in browser.cookies else "-"
        pages.append(page.replace(email, "E").replace(token, "T"))
    first, second = ([line for line in page.splitlines() if "csrf" not in line] for page in pages)
    assert first == second


def test_neither_sign_up_nor_a_new_address_tells_that_somebody_has_it() -> None:
    """Only the letter differs, and it goes to the address itself."""
    nina, olaf = make_user("Nina"), make_user("Olaf")
    answers = []
    for email in (nina.email, "nobody@example.test"):
        data = {"name": "Ida", "account_name": "Acme", "email": email, "password1": PASSWORD}
        stranger, member = Client().post(reverse("account_signup"), data), signed_in_by_form(olaf)
        moved = member.post(reverse("account_email"), {"email": email, "action_add": ""}, follow=True)
        said = [str(message).replace(email, "E") for message in moved.context["messages"]]
        answers.append((stranger.status_code, stranger.headers.get("Location"), moved.redirect_chain, said))
    assert answers[0] == answers[1]


def sign_up(email: str, password: str = PASSWORD) -> None:
    data = {"name": "Ida", "account_name": "Acme", "email": email, "password1": password}
    assert Client().post(reverse("account_signup"), data).status_code == 302


def move_to(email: str, user: User) -> None:
    """The address waits for its confirmation."""
    signed_in_by_form(user).post(reverse("account_email"), {"email": email, "action_add": ""})
    assert EmailAddress.objects.get(user=user, email=email).verified is False


def answer_to(email: str, password: str) -> tuple[object, ...]:
    """All of what a browser is told that tries to sign in."""
    browser = Client()
    answer = browser.post(LOGIN, {"login": email, "password": password})
    page = [line.replace(email, "E") for line in answer.content.decode().splitlines() if "csrf" not in line]
    new_each_time = {"X-Request-ID", "Expires", "Content-Length"}
    headers = {name: text for name, text in answer.headers.items() if name not in new_each_time}
    return answer.status_code, page, headers, sorted(answer.cookies)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> list[str]:
    """A sign for each hashed password: nearly all of the time that an answer takes."""
    signs, encode = list[str](), ShorterHasher.encode
    settings.PASSWORD_HASHERS = [f"{__name__}.{ShorterHasher.__name__}"]
    monkeypatch.setattr(ShorterHasher, "encode", lambda *args, **kw: signs.append("!") or encode(*args, **kw))
    return signs


def test_who_signed_up_with_an_address_learns_by_signing_in_not_whether_somebody_has_it(hashed: list[str]) -> None:
    known, unknown = make_user("Nina").email, "nobody@example.test"
    guess = "a-password-of-their-own"
    for email in (known, unknown):
        sign_up(email, guess)
    assert answer_to(known, guess) == answer_to(unknown, guess) == answer_to(known, "wrong-password")
    for email in (known, unknown):
        hashed.clear()
        try_to_sign_in(email, guess)
        assert len(hashed) == 1


def test_who_moves_to_an_address_learns_by_signing_in_not_whether_somebody_has_it(hashed: list[str]) -> None:
    nina, olaf, otto = (User.objects.create_user(f"{name}@example.test") for name in ("nina", "olaf", "otto"))
    for person, password in ((nina, "Ninas-own-password-9"), (olaf, PASSWORD), (otto, PASSWORD)):
        person.set_password(password)
        person.save()
        EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    answers, counts = [], []
    for email in (nina.email, "nobody@example.test"):
        for each in (olaf, otto):
            move_to(email, each)
        hashed.clear()
        answers.append(answer_to(email, PASSWORD))
        counts.append(len(hashed))
        EmailAddress.objects.filter(email=email, verified=False).delete()
    assert answers[0] == answers[1] == answer_to("somebody@example.test", "wrong-password")
    assert counts == [1, 1]


def test_who_moves_to_an_address_still_signs_in_with_the_old_one() -> None:
    olaf = make_user("Olaf")
    move_to("olaf@new.test", olaf)
    assert try_to_sign_in("olaf@new.test", PASSWORD) != ""
    assert try_to_sign_in(olaf.email, PASSWORD) == ""


def test_an_address_that_somebody_moves_to_gets_no_link_to_their_password() -> None:
    """It may be a slip of the finger, and the mailbox a stranger's."""
    move_to("stranger@example.test", make_user("Olaf"))
    ask_for_a_reset("stranger@example.test")
    assert mail.outbox[-1].subject == "No account with this address"


def test_a_right_password_counts_as_a_wrong_one_until_the_address_is_confirmed() -> None:
    """Else the throttle would tell."""
    sign_up("nobody@example.test")
    pages = [try_to_sign_in("nobody@example.test", PASSWORD, address=f"192.0.2.{number}") for number in range(7)]
    assert [SLOW in page for page in pages] == [False] * 5 + [True] * 2


# --- Who comes back without having confirmed the address


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Addresses whose confirmation a worker is asked to mail."""
    asked = list[int]()
    monkeypatch.setattr(send_confirmation, "delay", asked.append)
    return asked


def test_who_comes_back_unconfirmed_is_told_of_the_letter_and_gets_another(
    client: Client, queue: list[int], clock: time_machine.Traveller
) -> None:
    sign_up("ida@example.test")
    clock.shift(timedelta(minutes=4))
    assert "Just signed up? Then first open the link in our letter." in try_to_sign_in("ida@example.test", PASSWORD)
    assert len(mail.outbox) == 1
    send_confirmation(*queue)
    assert [letter.to for letter in mail.outbox] == [["ida@example.test"]] * 2
    client.post(link_in_last_letter())
    assert try_to_sign_in("ida@example.test", PASSWORD) == ""


def test_letters_that_confirm_an_address_are_minutes_apart(queue: list[int], clock: time_machine.Traveller) -> None:
    sign_up("ida@example.test")
    try_to_sign_in("ida@example.test", PASSWORD)
    assert queue == []
    clock.shift(timedelta(minutes=4))
    for _ in range(3):
        try_to_sign_in("ida@example.test", PASSWORD)
    assert len(queue) == 1


def test_a_wrong_password_sends_nobody_a_letter(queue: list[int], clock: time_machine.Traveller) -> None:
    sign_up("ida@example.test")
    clock.shift(timedelta(minutes=4))
    try_to_sign_in("ida@example.test")
    assert queue == []


def test_where_no_address_need_be_confirmed_none_is_asked_for(queue: list[int], settings: Settings) -> None:
    """On one's own machine, where no letter leaves."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "optional"
    assert try_to_sign_in(make_user(verified=False).email, PASSWORD) == ""
    assert queue == []


def test_a_letter_that_waited_too_long_is_not_sent() -> None:
    nina = make_user("Nina")
    send_confirmation(EmailAddress.objects.get(user=nina).pk)
    send_confirmation(0)
    assert mail.outbox == []


def test_a_mail_server_that_is_away_stops_no_worker(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    send_confirmation(EmailAddress.objects.get(user=make_user(verified=False)).pk)


def test_a_reset_writes_to_known_and_unknown_people(client: Client) -> None:
    """So the answer takes as long, and whoever asks by mistake learns it in their own mailbox alone."""
    for email in (make_user("Nina").email, "nobody@example.test"):
        client.post(reverse("account_reset_password"), {"email": email})
    assert [letter.to for letter in mail.outbox] == [["nina@example.test"], ["nobody@example.test"]]
    assert "/reset/key/" not in str(mail.outbox[1].body)


@pytest.mark.parametrize("email", ["nina@example.test", "nobody@example.test"])
def test_a_mail_server_that_is_away_is_told_to_everybody_alike(email: str, client: Client, settings: Settings) -> None:
    make_user("Nina")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    data = {"name": "Ida", "account_name": "Acme", "email": email, "password1": PASSWORD}
    for name in ("account_reset_password", "account_signup"):
        page = client.post(reverse(name), data, follow=True)
        assert page.status_code == 200
        assert "The letter could not be sent. Please try again in a few minutes." in page.content.decode()


def test_inviting_somebody_tells_an_admin_nothing_of_other_accounts(
    alice: Membership, mallory: Membership, signed_in: Callable[[Membership], Client]
) -> None:
    browser = signed_in(alice)
    answers = []
    for email in (mallory.user.email, "nobody@example.test"):
        page = browser.post(
            reverse("accounts:invite", args=["acme"]), {"email": email, "role": "reviewer"}, follow=True
        )
        said = [str(message) for message in page.context["messages"]]
        answers.append([text.replace(email, "E") for text in said])
        assert email in page.content.decode()
    assert answers[0] == answers[1] == ["An invitation was sent to E. It works for 7 days."]


# --- The address


def change_address(browser: Client) -> HttpResponse:
    return browser.post(reverse("account_email"), {"email": "new@example.test", "action_add": ""}, follow=True)


def test_who_finds_an_open_session_needs_the_password_to_change_the_address(
    clock: time_machine.Traveller,
) -> None:
    browser = signed_in_by_form(make_user("Nina"))
    clock.shift(timedelta(minutes=6))
    page = change_address(browser)
    assert "Is it you?" in page.content.decode()
    again = browser.post(*form_in(page, password="guess"))
    assert "Incorrect password" in again.content.decode()
    assert mail.outbox == []
    assert not EmailAddress.objects.filter(email="new@example.test").exists()


def test_with_the_password_the_change_goes_on_where_it_was_stopped() -> None:
    browser = Client()
    browser.force_login(make_user("Nina"))
    page = change_address(browser)
    wrong = browser.post(*form_in(page, password="guess"))
    page = browser.post(*form_in(wrong, password=PASSWORD), follow=True)
    assert page.request["PATH_INFO"] == reverse("account_email")
    assert "new@example.test waits to be confirmed" in page.content.decode()
    assert [letter.to for letter in mail.outbox] == [["new@example.test"]]


def test_right_after_sign_in_the_password_is_not_asked_again() -> None:
    browser = signed_in_by_form(make_user("Nina"))
    assert "new@example.test waits to be confirmed" in change_address(browser).content.decode()


def test_right_after_sign_in_a_second_factor_still_asks_for_the_password() -> None:
    browser = signed_in_by_form(make_user("Nina"))
    answer = browser.get(reverse("mfa_activate_totp"))
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))


# --- Passwords


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short-1", "too short"),
        ("password123", "too common"),
        ("12345678901234", "entirely numeric"),
        ("nina@example.test", "too similar"),
    ],
)
def test_weak_passwords_are_refused(client: Client, password: str, reason: str) -> None:
    nina = make_user("Nina")
    client.force_login(nina)
    data = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert reason in client.post(reverse("account_change_password"), data).content.decode()
    nina.refresh_from_db()
    assert nina.check_password(PASSWORD)

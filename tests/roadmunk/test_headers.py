"""W11, W12, W17: what every answer says to browsers, what cookies look like, and what no answer ever takes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.base import BaseHandler
from django.db.models import FileField
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import ResolverMatch, reverse

from accounts.models import Membership
from tests.browser.every_page import ARGUMENTS
from tests.factories import PASSWORD, make_roadmap
from tests.roadmunk.headers import HSTS, problems, production
from tests.roadmunk.test_settings import PRODUCTION, manage

SignedIn = Callable[[Membership], Client]
ROOT = Path(__file__).parents[2]


def every_address(member: Membership) -> dict[str, str]:
    """Each address of the site, by its name. The account and the roadmap are there; of the rest, most is not."""
    known = {"account_slug": "acme", "roadmap_id": make_roadmap(member).pk}
    return {
        name: reverse(name, kwargs={each: known.get(each, 1) for each in arguments})
        for name, arguments in ARGUMENTS.items()
    }


def test_every_address_answers_with_every_header(alice: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    answers = {name: browser.get(address) for name, address in every_address(alice).items()}
    assert {name: said for name, answer in answers.items() if (said := problems(answer.headers))} == {}
    # Pages, redirects, refusals, missing things, and what only takes posts.
    assert {200, 302, 404, 405} <= {answer.status_code for answer in answers.values()}
    for answer in answers.values():
        answer.close()  # a download may still hold a file


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("Something is wrong.")


def test_our_own_mistakes_answer_with_every_header_too(
    alice: Membership, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(alice)
    browser.raise_request_exception = False
    # By module: the package's own `home` is the view.
    monkeypatch.setattr(sys.modules["accounts.views.home"], "last_membership", broken)
    answer = browser.get("/")
    assert answer.status_code == 500
    assert problems(answer.headers) == []


def test_whatever_view_fails_shows_a_number_and_nothing_of_the_inside(
    alice: Membership, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W21: each view raises, with a token in its mouth."""
    resolve = BaseHandler.resolve_request

    def fail(*args: object, **kwargs: object) -> HttpResponse:
        raise RuntimeError("canary0123456789, SELECT * FROM integrations_credential")

    def resolve_to_failure(handler: BaseHandler, request: HttpRequest) -> ResolverMatch:
        found: ResolverMatch = resolve(handler, request)
        return ResolverMatch(fail, found.args, found.kwargs, found.url_name, route=found.route)

    browser, wrong = signed_in(alice), {}
    addresses = every_address(alice)
    monkeypatch.setattr(BaseHandler, "resolve_request", resolve_to_failure)
    browser.raise_request_exception = False
    for name, address in addresses.items():
        answer = browser.get(address)
        page = answer.content.decode()
        inside = [word for word in ("canary", "SELECT", "Traceback", "RuntimeError", "/views/") if word in page]
        if answer.status_code != 500 or answer["X-Request-ID"] not in page or inside or problems(answer.headers):
            wrong[name] = (answer.status_code, inside)
    assert wrong == {}
    assert len(addresses) > 100


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example.com", "testserver.evil.example.com", "testserver@evil.example.com"])
def test_a_foreign_host_is_refused_with_every_header(host: str) -> None:
    answer = Client(HTTP_HOST=host).get("/auth/login/")
    assert answer.status_code == 400
    assert problems(answer.headers) == []


@pytest.mark.django_db
@pytest.mark.parametrize("secure", [False, True])
def test_in_production_every_refusal_has_every_header_too(secure: bool) -> None:
    """Also what is refused, or sent elsewhere, before anything of ours is asked."""
    asked = [
        Client(HTTP_HOST="evil.example.com").get,
        Client().get,
        Client().post,
        Client().put,
    ]
    with override_settings(**production()):
        answers = [ask(path, secure=secure) for ask in asked for path in ("/auth/login/", "/static/css/no.css")]
    assert {answer.status_code for answer in answers} == ({301, 400} if not secure else {200, 400, 404, 405})
    assert [said for answer in answers if (said := problems(answer.headers))] == []


@pytest.mark.django_db
def test_no_letter_leads_to_a_host_that_somebody_made_up(mailoutbox: list[Any], alice: Membership) -> None:
    browser = Client(HTTP_X_FORWARDED_HOST="evil.example.com")
    browser.post(reverse("account_reset_password"), {"email": alice.user.email})
    assert "http://testserver/auth/password/reset/key/" in mailoutbox[0].body
    assert "evil" not in mailoutbox[0].body


def test_no_address_takes_a_post_without_its_token(alice: Membership) -> None:
    """W12. Mail programs post the link that ends the weekly e-mail by themselves: its signature is the proof."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice.user)
    answers = {name: browser.post(address).status_code for name, address in every_address(alice).items()}
    assert {name: status for name, status in answers.items() if status != 403} == {"unsubscribe": 404}
    assert len(answers) > 100


# --- In production


def test_in_production_cookies_belong_to_one_host_on_https_and_no_script_reads_them(alice: Membership) -> None:
    """W17."""
    with override_settings(**production()):
        browser = Client()
        browser.get("/auth/login/", secure=True)
        browser.post("/auth/login/", {"login": alice.user.email, "password": PASSWORD}, secure=True)
        assert browser.get("/auth/sessions/", secure=True).status_code == 200
        browser.post(reverse("accounts:profile", args=["acme"]), {"name": "Alice"}, secure=True)
    assert browser.cookies.keys() == {"__Host-sessionid", "__Host-csrftoken", "__Host-messages"}
    for cookie in browser.cookies.values():
        if cookie.value:
            assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax"), cookie.key
            assert (cookie["domain"], cookie["path"]) == ("", "/"), cookie.key


@pytest.mark.django_db
def test_in_production_everything_is_https_for_a_year() -> None:
    """W17. Only the two questions of a supervisor are answered to plain HTTP."""
    with override_settings(**production()):
        plain, secure, health = Client().get("/"), Client().get("/", secure=True), Client().get("/healthz")
        proxied = Client().get("/auth/login/", headers={"x-forwarded-proto": "https"})
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://testserver/")
    assert secure.headers["Strict-Transport-Security"] == HSTS
    assert (health.status_code, proxied.status_code) == (200, 200)


def test_production_hashes_passwords_slowly() -> None:
    """The tests use a quick hash; the site must not."""
    script = "from django.contrib.auth.hashers import make_password; print(make_password('x').split('$')[:2])"
    done = manage("shell", "--no-imports", "-v", "0", "-c", script, **PRODUCTION)
    algorithm, rounds = re.findall(r"'([^']+)'", done.stdout)
    assert algorithm == "pbkdf2_sha256"
    assert int(rounds) >= 600_000
    assert make_password("x").startswith("md5$")


# --- Uploads


def test_a_file_that_somebody_sends_is_read_past(alice: Membership, signed_in: SignedIn) -> None:
    browser = signed_in(alice)
    address = reverse("accounts:profile", args=["acme"])
    answer = browser.post(address, {"name": "Alice A.", "file": SimpleUploadedFile("shell.php", b"x" * 5_000_000)})
    assert answer.status_code == 302
    assert answer.wsgi_request.FILES == {}
    alice.user.refresh_from_db()
    assert alice.user.name == "Alice A."


def test_no_form_offers_an_upload_and_no_row_keeps_a_file() -> None:
    templates = [*(ROOT / "templates").rglob("*.html")]
    assert [path.name for path in templates if re.search(r'type="file"|multipart/form-data', path.read_text())] == []
    kept = [field for model in apps.get_models() for field in model._meta.get_fields() if isinstance(field, FileField)]
    assert kept == []

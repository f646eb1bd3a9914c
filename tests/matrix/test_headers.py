"""W11, W17: how every page that is there travels in production. That all other answers do, the matrix itself asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.browser.every_page import PAGES
from tests.matrix.asking import HTMX, address_of, send, taken_back
from tests.matrix.site import Site
from tests.matrix.table import TABLE, expected
from tests.roadmunk.headers import HSTS, problems, production

pytestmark = pytest.mark.django_db

#: Who looks, by their names in the table of pages.
LOOKS = {"": "nobody", "olga": "owner", "alice": "admin"}


def test_in_production_each_page_and_each_part_of_one_has_every_header_and_careful_cookies(site: Site) -> None:
    wrong: list[str] = []
    pages: set[str] = set()
    named: set[str] = set()
    with override_settings(**production()):
        there = replace(site, browsers={who: in_production(site, who) for who in LOOKS.values()})
        for who, address, status in looks(site):
            for headers in ({}, HTMX):
                with taken_back(there, who) as browser:
                    answer, _ = send(browser, "GET", address, headers=headers)
                said = problems(answer.headers) + problems_of_cookies(answer.cookies)
                if answer.headers.get("Strict-Transport-Security") != HSTS:
                    said.append("Strict-Transport-Security")
                # Some pages say first who they are for, and show themselves at a second address.
                if answer.status_code not in {status, 302} and not headers:
                    said.append(f"answered {answer.status_code} and not {status}")
                wrong += [f"{address}, by {who}: {said}"] if said else []
                named |= answer.cookies.keys()
                if answer.status_code == 200:
                    pages.add(address)
    assert wrong == []
    assert named == {"__Host-csrftoken", "__Host-sessionid"}
    assert len(pages) > 130


def in_production(site: Site, who: str) -> Client:
    """A browser with the same session, whose cookie has its name there."""
    browser = Client(headers={"x-forwarded-proto": "https"})
    if session := site.browsers[who].cookies.get("sessionid"):
        browser.cookies[settings.SESSION_COOKIE_NAME] = session.value
    return browser


def looks(site: Site) -> Iterator[tuple[str, str, int]]:
    """Every page, in each of its states; and whatever else one can look at, by who is let in furthest."""
    for (_, who), visits in PAGES.items():
        for visit in visits:
            yield LOOKS[who], visit.address(site.things), visit.status
    for name, row in TABLE.items():
        who = "owner" if "owner" in row.may else "admin"
        yield who, address_of(name, row, site.things), expected(name, who, "GET")


def problems_of_cookies(cookies: SimpleCookie) -> list[str]:
    """Which of the cookies that an answer sets would leave the host or HTTPS, or be read by a script."""
    return [
        f"cookie {name}"
        for name, cookie in cookies.items()
        if cookie.value  # else it is taken away
        and (
            not name.startswith("__Host-")
            or (cookie["secure"], cookie["httponly"], cookie["samesite"]) != (True, True, "Lax")
            or (cookie["domain"], cookie["path"]) != ("", "/")
        )
    ]

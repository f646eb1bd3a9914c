"""How the matrix asks: one question in a savepoint, and what came of it; twins about foreign and missing things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse

from tests.browser.every_page import ARGUMENTS
from tests.browser.everything import Things
from tests.matrix.site import Site
from tests.matrix.table import Row
from tests.matrix.watch import Watched, watched

#: Pages differ in these from request to request.
_ONCE_SAID = {"content-length", "x-request-id"}
_ONCE = re.compile(rb'(csrfmiddlewaretoken" value|csrf-token" content|until" value)="[^"]+"')
#: What htmx says with each of its requests.
HTMX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Got:
    """An answer and what was done for it."""

    status: int
    body: bytes
    headers: dict[str, str]
    watched: Watched

    @property
    def same(self) -> tuple[int, bytes, dict[str, str]]:
        """What two requests about nothing different have in common."""
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _ONCE_SAID}
        return self.status, _ONCE.sub(b"", self.body), headers

    def without(self, named: re.Pattern[str]) -> tuple[int, str, dict[str, str]]:
        """The same, without what the request itself had named."""
        status, body, headers = self.same
        said = {name: named.sub("?", value) for name, value in headers.items()}
        return status, named.sub("?", body.decode(errors="replace")), said


@contextmanager
def taken_back(site: Site, who: str) -> Iterator[Client]:
    """That person's browser. Whatever is done with it in the block is taken back, cookies included."""
    browser = site.browsers[who]
    cookies = browser.cookies.output()
    browser.raise_request_exception = False
    with transaction.atomic():
        yield browser
        transaction.set_rollback(True)
    cache.clear()  # nor is the letter counted that did not leave
    browser.cookies.clear()
    browser.cookies.load(cookies.replace("Set-Cookie: ", ""))


def send(
    browser: Client,
    method: str,
    address: str,
    body: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[HttpResponseBase, bytes]:
    """The answer, and its content to the end."""
    if method == "POST":
        answer = browser.post(address, body or {}, headers=headers)
    else:
        answer = browser.generic(method, address, headers=headers)
    return answer, b"".join(answer.streaming_content) if answer.streaming else answer.content


def ask(
    site: Site,
    who: str,
    method: str,
    address: str,
    body: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Got:
    """Ask, and take back whatever it did."""
    with taken_back(site, who) as browser, watched() as seen:
        answer, content = send(browser, method, address, body, headers)
    headers = {name: value for name, value in answer.headers.items() if name != "Set-Cookie"}
    return Got(answer.status_code, content, headers, seen)


def address_of(name: str, row: Row, things: Things) -> str:
    """Where it is, on a site with these things."""
    asked = {each: row.args.get(each, each) for each in ARGUMENTS[name]}
    path = reverse(name, kwargs={each: things.get(thing, thing) for each, thing in asked.items()})
    return path + row.query.format(**things)


def filled(row: Row, things: Things) -> dict[str, str]:
    """The good post, about these things."""
    return {name.format(**things): text.format(**things) for name, text in row.body.items()}


Sent = tuple[str, dict[str, str]]


def foreign_and_missing(name: str, row: Row, site: Site, *, thorough: bool) -> Iterator[tuple[str, Sent, Sent]]:
    """Requests about things of the other account, each with its twin about things that do not exist."""
    if "account_slug" not in ARGUMENTS[name]:
        return
    own, good = address_of(name, row, site.things), filled(row, site.things)
    methods = [method for method, taken in (("GET", row.get), ("POST", row.post)) if taken][0 if thorough else -1 :]
    together = _changed_together(ARGUMENTS[name])
    for arguments in together if thorough else together[-1:]:
        theirs, missing = (
            address_of(name, row, {**site.things, **_only(row, arguments, things)})
            for things in (site.theirs, site.missing)
        )
        if own not in (theirs, missing):
            for method in methods:
                yield method, (theirs, good), (missing, good)
    where = own.partition("?")[0]
    for question in row.asks if thorough else row.asks[:1]:
        yield "GET", *((where + question.format(**things), {}) for things in (site.theirs, site.missing))  # type: ignore[misc]  # two
    if any("{" in text for pair in row.body.items() for text in pair):
        yield "POST", (own, filled(row, site.theirs)), (own, filled(row, site.missing))


def _changed_together(arguments: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Each by itself, and all below the account."""
    return [*((each,) for each in arguments), *([arguments[1:]] if len(arguments) > 2 else [])]


def _only(row: Row, arguments: tuple[str, ...], things: Things) -> Things:
    names = [row.args.get(each, each) for each in arguments]
    return {name: things[name] for name in names if name in things}

"""Each page of the site, with all that can be on it: readable, usable by keyboard, and in one piece at any width."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from accounts.models import Membership
from tests.browser.axe import serious_findings
from tests.browser.every_page import ARGUMENTS, NO_PAGES, ONLY_POSTS, PAGES
from tests.browser.everything import Things
from tests.browser.judging import sticking_out, unseen_focus
from tests.browser.people import enter

OpenPage = Callable[..., Page]
SignIn = Callable[[Membership], Client]
HEIGHT = 900


def test_every_address_is_a_page_or_known_to_be_none() -> None:
    pages = {visit.name for visits in PAGES.values() for visit in visits}
    assert pages | ONLY_POSTS | NO_PAGES.keys() == ARGUMENTS.keys()
    assert not pages & (ONLY_POSTS | NO_PAGES.keys())


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ONLY_POSTS))
def test_what_only_takes_posts_has_no_page(name: str, client: Client) -> None:
    assert client.get(reverse(name, kwargs=dict.fromkeys(ARGUMENTS[name], 1))).status_code == 405


def picture(page: Page, scheme: str) -> None:
    """With SCREENSHOTS=<folder>, what the page looks like."""
    if folder := os.environ.get("SCREENSHOTS"):
        place = re.sub(r"\W+", "-", page.url.split("/", 3)[3])[:120].strip("-")
        page.screenshot(path=Path(folder) / f"{scheme}--{place}.png")


def judge(page: Page) -> list[str]:
    """What is wrong with the page that is open, light and wide at first, then dark and narrow."""
    found = []
    page.set_viewport_size({"width": 1280, "height": HEIGHT})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found += serious_findings(page)
    picture(page, "light")
    found += unseen_focus(page)
    for width in (2560, 1280, 768, 375):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if said := sticking_out(page):
            found.append(f"at {width} px: {said}")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    picture(page, "dark")
    found += [f"dark: {finding}" for finding in serious_findings(page)]
    return found


@pytest.mark.parametrize(("area", "who"), PAGES)
def test_each_page_holds(
    area: str, who: str, things: Things, open_page: OpenPage, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    page = open_page()
    if who:
        enter(page, signed_in(request.getfixturevalue(who)))
    found = {}
    for visit in PAGES[area, who]:
        address = visit.address(things)
        answer = page.goto(address)
        wrong = judge(page)
        if answer is None or answer.status != visit.status or wrong:
            found[address] = [f"answered {answer and answer.status}", *wrong]
    assert found == {}

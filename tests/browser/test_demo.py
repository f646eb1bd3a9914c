"""The first minutes with the demo: sign in, find a roadmap that fills itself, and see it in each layout."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from roadmunk import demo
from roadmunk.sandbox import DEMO_TOKEN
from roadmunk.sandbox import Sandbox as SandboxPlace
from tests.browser.axe import serious_findings
from tracker_sandbox.server import Sandbox

OpenPage = Callable[..., Page]


@pytest.fixture
def site(worker: None, tracker: Sandbox, settings: Settings) -> None:
    """What `manage.py up` has made when it greets."""
    settings.EMBEDDED = True
    settings.SANDBOX = SandboxPlace(port=int(tracker.url.rpartition(":")[2]), token=DEMO_TOKEN)
    demo.load()
    demo.link_roadmaps()


def sign_in(page: Page, who: str) -> None:
    """By the button that the sign-in page offers where there is a demo."""
    page.goto("/auth/login/")
    page.get_by_role("button", name=f"Sign in as {who}@demo.test").click()
    expect(page.get_by_role("heading", name="Roadmaps")).to_be_visible()


def open_view(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")


def test_the_owner_sees_the_roadmap_fill_itself_and_finds_every_layout(site: None, open_page: OpenPage) -> None:
    """S20, S31, D24 to D28."""
    page = open_page(viewport={"width": 1280, "height": 900})
    sign_in(page, "owner")
    page.get_by_role("link", name="Rider App").click()
    expect(page.locator("#sync-status").get_by_text("Synced from Pivotal Tracker")).to_be_visible()
    expect(page.get_by_text("Plain-language mode")).to_be_visible()
    open_view(page, "Timeline by epic")
    expect(page.locator(".tl-item", has_text="Unlock two bikes with one phone")).to_be_visible()
    expect(page.locator(".tl-item", has_text="Winter tariff")).to_be_visible()
    open_view(page, "Board")
    expect(page.get_by_text("Hire a second Android developer")).to_be_visible()
    page.get_by_label("Breadcrumb").get_by_role("link", name="Roadmaps").click()
    expect(page.get_by_text("Healthy")).to_have_count(3)
    page.get_by_role("link", name="All of Kestrel").click()
    open_view(page, "Everything by roadmap")
    expect(page.locator(".tl-item", has_text="Unlock two bikes with one phone")).to_be_visible()
    expect(page.locator(".tl-item", has_text="Returns without a printer")).to_be_visible()
    assert serious_findings(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_viewer_finds_the_strategy_and_what_was_said(site: None, open_page: OpenPage, scheme: str) -> None:
    """S31, D27."""
    page = open_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    sign_in(page, "viewer")
    page.get_by_role("link", name="Kestrel strategy").click()
    for name in ("Now, next, later", "Where the money goes", "Timeline by theme"):
        open_view(page, name)
        assert serious_findings(page) == []
    page.locator(".tl-item", has_text="Guest rides").click()
    expect(page.get_by_text("It is. We keep the number")).to_be_visible()

"""What opens over a page: every menu, form and dialog of a roadmap holds to axe, light and dark (D30)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from playwright.sync_api import Locator, Page, expect

from accounts.models import Membership
from tests.browser.axe import serious_findings
from tests.browser.everything import Things
from tests.browser.judging import sticking_out
from tests.browser.people import enter

OpenPage = Callable[..., Page]
SignIn = Callable[[Membership], Client]


@pytest.fixture(params=[("light", 1280), ("dark", 375)], ids=["light", "dark"])
def page(open_page: OpenPage, signed_in: SignIn, olga: Membership, request: pytest.FixtureRequest) -> Page:
    """Olga's window, wide and light or narrow and dark."""
    scheme, width = request.param
    viewport = {"width": width, "height": 900}
    opened = open_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    enter(opened, signed_in(olga))
    return opened


def roadmap_url(things: Things) -> str:
    return f"/a/{things['account_slug']}/roadmaps/{things['roadmap_id']}/"


def open_menus(page: Page) -> dict[str, list[str]]:
    """Open one menu after the other by keyboard; what is wrong with each."""
    found = {}
    menus = page.locator("#main details.menu > summary:visible")
    for place in range(menus.count()):
        summary = menus.nth(place)
        if not in_toolbar(summary):
            continue
        summary.press("Enter")
        panel = summary.locator("xpath=..")
        expect(panel).to_have_attribute("open", "")
        wrong = serious_findings(page) + [text for text in (sticking_out(page), out_of_sight(panel)) if text]
        if wrong:
            found[summary.inner_text() or str(summary.get_attribute("aria-label"))] = wrong
        page.keyboard.press("Escape")
        expect(panel).not_to_have_attribute("open", "")
        expect(summary).to_be_focused()
    return found


def in_toolbar(summary: Locator) -> bool:
    """Not one of the many alike in rows."""
    return bool(summary.evaluate("each => !each.closest('table, ul')"))


def out_of_sight(menu: Locator) -> str:
    """Whether a part of the menu is cut off at a side of the window."""
    return str(
        menu.locator(".menu__panel").first.evaluate(
            "each => { const box = each.getBoundingClientRect();"
            " return box.left < 0 || box.right > innerWidth ? `from ${box.left} to ${box.right}` : ''; }"
        )
    )


@pytest.mark.parametrize("layout", ["", "timeline/", "swimlane/"])
def test_every_menu_of_a_layout(page: Page, things: Things, layout: str) -> None:
    page.goto(roadmap_url(things) + layout)
    assert open_menus(page) == {}


def test_the_menus_of_the_frame(page: Page, things: Things) -> None:
    page.goto(roadmap_url(things) + "share/")
    for summary in page.locator(".sidebar details > summary").all():
        summary.press("Enter")
        assert serious_findings(page) == []
        page.keyboard.press("Escape")
        expect(summary).to_be_focused()


def test_the_dialogs_over_the_table(page: Page, things: Things) -> None:
    page.goto(roadmap_url(things))
    dialog = page.get_by_role("dialog")
    for opener in (
        page.get_by_role("rowheader").get_by_role("link").first,
        page.get_by_role("link", name="Add item"),
        page.get_by_role("link", name="Add a field"),
    ):
        opener.press("Enter")
        expect(dialog).to_be_visible()
        assert serious_findings(page) == []
        assert sticking_out(page) == ""
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
    page.get_by_role("checkbox", name="Choose all items on this page").press("Space")
    expect(page.locator(".bulk")).to_be_visible()
    assert serious_findings(page) == []

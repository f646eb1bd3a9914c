"""The main job on a roadmap, by somebody without a mouse (D30)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Membership
from roadmaps.models import Comment, Item, Roadmap
from tests import factories
from tests.browser.people import person

OpenPage = Callable[..., Page]


@pytest.fixture
def roadmap(transactional_db: None, olga: Membership) -> Roadmap:
    made = factories.make_roadmap(olga, "Apollo")
    team = factories.make_field(made.account, "Team", roadmap=made)
    for number in range(6):
        factories.make_item(made, f"Station {number}", values={team.column: "Red" if number % 2 else "Blue"})
    return made


def tab_to(page: Page, target: Locator, *, back: bool = False) -> None:
    """Press Tab until that has the focus."""
    for _ in range(60):
        if target.count() and target.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"Tab never comes to {target}")


def to_first_cell(page: Page) -> None:
    """The table is one stop of Tab; inside, arrows walk."""
    tab_to(page, page.locator("table :focus"))
    page.keyboard.press("Control+Home")
    expect(page.get_by_label("Choose all items on this page")).to_be_focused()


def test_a_roadmap_is_found_asked_and_saved_as_a_view(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    tab_to(page, page.get_by_role("link", name="Apollo"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Apollo")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Search items"))
    page.keyboard.type("station")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=station"))

    tab_to(page, page.locator("summary", has_text="Filter"))
    page.keyboard.press("Enter")
    tab_to(page, page.locator(".menu[open]").get_by_role("button", name="Team"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Condition")).to_be_focused()
    tab_to(page, page.get_by_label("Text", exact=True))
    page.keyboard.type("red")
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader")).to_have_count(3)

    to_first_cell(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-sort=ascending] a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[aria-sort=descending] a")).to_be_focused()
    expect(page.get_by_role("rowheader").first).to_contain_text("Station 5")

    tab_to(page, page.locator("summary", has_text="Save as new view"), back=True)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Name of the new view"))
    page.keyboard.type("Reds")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Reds")).to_have_attribute("aria-current", "page")
    assert roadmap.views.get(name="Reds").query.startswith("q=station")


def test_a_card_is_opened_talked_on_and_closed_and_the_layout_changed(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    page = open_page(person(olga))
    page.goto(f"/a/{roadmap.account.slug}/roadmaps/{roadmap.pk}/")
    name = page.get_by_role("link", name="Station 0")
    to_first_cell(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(name).to_be_focused()
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog")
    expect(card.get_by_role("heading", name="Station 0")).to_be_focused()
    tab_to(page, card.get_by_label("Add a comment"))
    page.keyboard.type("By keys alone")
    page.keyboard.press("Control+Enter")
    expect(card.get_by_role("listitem").filter(has_text="By keys alone")).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(name).to_be_focused()

    page.keyboard.press("F2")
    expect(page.get_by_label("Name of Station 0")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Station zero")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Station zero")).to_be_focused()
    assert Item.objects.filter(name="Station zero").exists()
    assert Comment.objects.get().text == "By keys alone"

    for layout in ("Timeline", "Swimlane", "Items Table"):
        link = page.get_by_role("group", name="Layout").get_by_role("link", name=layout)
        tab_to(page, link, back=layout == "Timeline")
        page.keyboard.press("Enter")
        expect(link).to_have_attribute("aria-current", "page")

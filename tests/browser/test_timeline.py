"""The Timeline as people use it: look, go through time, drag, mark days, take a picture along (S31, D10, D24, D26)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Membership
from roadmaps.models import Item, Milestone, Roadmap
from tests import factories
from tests.browser.axe import serious_findings
from tests.browser.people import person

OpenPage = Callable[..., Page]
YEAR = "?scale=months&from=2026-01-01"


@pytest.fixture
def roadmap(transactional_db: None, olga: Membership) -> Roadmap:
    """A roadmap with one item made by hand, one from the source, and one without dates."""
    made = factories.make_roadmap(
        olga, "Apollo", source_label="Pivotal Tracker", synced_columns=["name", "start_date", "end_date"]
    )
    factories.make_item(made, "Own plan", start_date="2026-03-01", end_date="2026-07-31")
    factories.make_item(made, "From Tracker", start_date="2026-05-01", end_date="2026-08-31", external_id="1")
    factories.make_item(made, "Someday")
    return made


@pytest.fixture
def page(open_page: OpenPage, olga: Membership, roadmap: Roadmap) -> Page:
    """The owner's window, on a year of the Timeline."""
    opened = open_page(person(olga), viewport={"width": 1280, "height": 900})
    opened.goto(f"/a/acme/roadmaps/{roadmap.pk}/timeline/{YEAR}")
    expect(bar(opened, "Own plan")).to_be_visible()
    return opened


def bar(page: Page, name: str) -> Locator:
    return page.locator(".tl-item", has_text=name)


def dates(name: str) -> tuple[date | None, date | None]:
    found = Item.objects.get(name=name)
    return found.start_date, found.end_date


def drag(page: Page, name: str, *, days: int, at: float = 0.5) -> None:
    """Drag a bar by so many days of the year that is shown, taken hold of at that share of its width."""
    box = bar(page, name).locator(".tl-item__shape").bounding_box()
    chart = page.locator(".tl-lane__chart").first.bounding_box()
    assert box
    assert chart
    x, y = box["x"] + box["width"] * at, box["y"] + box["height"] / 2
    x += 3 if at == 0 else -3 if at == 1 else 0
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y, steps=3)
    page.mouse.move(x + days * chart["width"] / 365, y, steps=8)
    expect(page.locator(".tl-hint")).to_have_count(0 if name == "From Tracker" else 1)
    page.mouse.up()


def test_a_bar_opens_the_card(page: Page) -> None:
    bar(page, "From Tracker").click()
    card = page.get_by_role("dialog")
    expect(card.get_by_role("heading", name="From Tracker")).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(YEAR) + "$"))


def test_changing_the_scale_and_back_keeps_the_place(page: Page) -> None:
    nav = page.get_by_role("navigation", name="Time")
    expect(nav).to_contain_text("1 Jan 2026 – 31 Dec 2026")
    for scale in ("Weeks", "Years", "Fit", "Quarters", "Months"):
        nav.get_by_role("link", name=scale).click()
        expect(nav.get_by_role("link", name=scale)).to_have_attribute("aria-current", "page")
    expect(nav).to_contain_text("1 Jan 2026 – 31 Dec 2026")
    nav.get_by_role("link", name="Later").click()
    expect(nav).to_contain_text("1 Apr 2026 – 31 Mar 2027")
    page.go_back()
    expect(nav).to_contain_text("1 Jan 2026 – 31 Dec 2026")


def test_an_own_item_is_dragged_whole_and_by_its_ends(page: Page) -> None:
    drag(page, "Own plan", days=30)
    expect(bar(page, "Own plan")).to_have_attribute("data-start", "2026-03-31")
    assert dates("Own plan") == (date(2026, 3, 31), date(2026, 8, 30))
    drag(page, "Own plan", days=20, at=1)
    expect(bar(page, "Own plan")).to_have_attribute("data-end", "2026-09-19")
    drag(page, "Own plan", days=-10, at=0)
    expect(bar(page, "Own plan")).to_have_attribute("data-start", "2026-03-21")
    assert dates("Own plan") == (date(2026, 3, 21), date(2026, 9, 19))
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_synced_dates_refuse_and_say_where_they_come_from(page: Page) -> None:
    drag(page, "From Tracker", days=30)
    expect(page.locator(".flash")).to_contain_text("Start and End come from Pivotal Tracker")
    assert dates("From Tracker") == (date(2026, 5, 1), date(2026, 8, 31))


def test_a_bar_moves_by_keyboard_and_keeps_the_focus(page: Page) -> None:
    """D30."""
    bar(page, "Own plan").focus()
    page.keyboard.press("Alt+ArrowRight")
    expect(bar(page, "Own plan")).to_have_attribute("data-start", "2026-04-01")
    expect(bar(page, "Own plan")).to_be_focused()
    page.keyboard.press("Alt+Shift+ArrowLeft")
    expect(bar(page, "Own plan")).to_have_attribute("data-end", "2026-07-31")
    assert dates("Own plan") == (date(2026, 4, 1), date(2026, 7, 31))
    bar(page, "From Tracker").focus()
    page.keyboard.press("Alt+ArrowLeft")
    expect(page.locator(".flash")).to_contain_text("Start and End come from Pivotal Tracker")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("heading", name="From Tracker")).to_be_visible()


def test_a_milestone_is_made_changed_and_deleted(page: Page, roadmap: Roadmap) -> None:
    page.locator("summary", has_text="Milestones").click()
    page.get_by_role("link", name="Add milestone").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Public beta")
    dialog.get_by_label("Day").fill("2026-06-01")
    dialog.get_by_label("Colour 4").check()
    dialog.get_by_role("button", name="Add milestone").click()
    flag = page.locator("a.tl-milestone", has_text="Public beta")
    expect(flag).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(YEAR) + "$"))
    flag.click()
    dialog.get_by_label("Name").fill("Open beta")
    dialog.get_by_role("button", name="Save").click()
    page.locator("a.tl-milestone", has_text="Open beta").click()
    dialog.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete milestone").click()
    expect(page.locator("a.tl-milestone")).to_have_count(0)
    assert not Milestone.objects.exists()


def test_the_layout_and_the_items_without_dates(page: Page, roadmap: Roadmap) -> None:
    team = factories.make_field(roadmap.account, "Crew", "choice", options=["Red", "Blue"])
    page.reload()
    page.locator("summary", has_text="Layout").click()
    page.get_by_label("Header", exact=True).select_option(team.column)
    page.get_by_label("External ID").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".tl__corner")).to_have_text("Crew")
    expect(bar(page, "From Tracker")).to_contain_text("From Tracker · 1")
    page.get_by_role("link", name="1 item has no dates").click()
    expect(page.get_by_role("link", name="Someday")).to_be_visible()
    expect(page.get_by_role("link", name="Own plan")).to_have_count(0)


def test_the_page_is_for_everybody(page: Page, roadmap: Roadmap) -> None:
    """D30: what axe finds, with milestones and streams there."""
    factories.make_milestone(roadmap, "Public beta", "2026-06-01")
    page.reload()
    assert serious_findings(page) == []
    page.locator("summary", has_text="Milestones").click()
    page.get_by_role("link", name="Add milestone").click()
    expect(page.get_by_role("dialog").get_by_label("Name")).to_be_visible()
    assert serious_findings(page, "dialog[open]") == []


@pytest.mark.parametrize("kind", ["SVG", "PNG"])
def test_the_picture_is_downloaded(page: Page, kind: str) -> None:
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=kind).click()
    assert download.value.suggested_filename.endswith(kind.lower())
    assert download.value.path().stat().st_size > 2000


def test_without_script_everything_is_there(open_page: OpenPage, olga: Membership, roadmap: Roadmap) -> None:
    page = open_page(person(olga), java_script_enabled=False)
    page.goto(f"/a/acme/roadmaps/{roadmap.pk}/timeline/")
    page.get_by_role("link", name="Months", exact=True).click()
    page.get_by_role("link", name="Fit", exact=True).click()
    bar(page, "Own plan").click()
    expect(page.get_by_role("heading", name="Own plan")).to_be_visible()

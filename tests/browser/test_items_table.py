"""The Items Table as people shape it: views, groups, sorts, and columns by choice, order and width (S29, D25)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Membership
from roadmaps.models import Roadmap
from tests import factories
from tests.browser.axe import serious_findings
from tests.browser.people import person

pytestmark = pytest.mark.usefixtures("transactional_db")
OpenPage = Callable[..., Page]


@pytest.fixture
def roadmap(olga: Membership, vera: Membership) -> Roadmap:
    """Sixty items with a state, a team and an estimate; Vera may look at them."""
    made = factories.make_roadmap(olga, "Apollo")
    factories.make_share(made, vera)
    names = ["Started", "Finished", "Accepted"]
    state = factories.make_field(made.account, "State", "choice", roadmap=made, position=1)
    for place, name in enumerate(names):
        factories.make_option(state, name, colour=place + 1, position=place)
    team = factories.make_field(made.account, "Team", roadmap=made, position=2)
    estimate = factories.make_field(made.account, "Estimate", "number", roadmap=made, position=3)
    options = list(state.options.all())
    for number in range(60):
        values = {team.column: f"Team {number % 4}", estimate.column: number % 7}
        if number % 5:
            values[state.column] = options[number % 3].pk
        factories.make_item(made, f"Let riders pay at station {number:02}", values=values, start_date="2026-03-01")
    return made


def open_roadmap(page: Page, roadmap: Roadmap) -> None:
    page.goto(f"/a/{roadmap.account.slug}/roadmaps/{roadmap.pk}/")
    expect(page.get_by_role("heading", name="Apollo")).to_be_visible()


def menu(page: Page, name: str) -> Locator:
    """The open menu of that name in the toolbar."""
    found = page.locator("details.menu", has=page.locator("summary", has_text=name)).first
    if found.get_attribute("open") is None:
        found.locator("summary").click()
    return found


def heads(page: Page) -> list[str]:
    return [head.split("\n")[0] for head in page.locator("thead th .sort").all_inner_texts()]


def test_a_view_is_made_opened_changed_and_moved(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership, vera: Membership
) -> None:
    page = open_page(person(olga), viewport={"width": 1280, "height": 800})
    open_roadmap(page, roadmap)
    views = page.get_by_role("navigation", name="Views")
    expect(views.get_by_role("link")).to_have_text(["All Data", "View 1"])
    expect(page.get_by_role("link", name="Reset")).to_have_count(0)

    page.get_by_label("Search items").fill("station 1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Reset")).to_be_visible()
    form = menu(page, "Save as new view")
    form.get_by_label("Name of the new view").fill("Tens")
    form.get_by_role("button", name="Save view").click()
    expect(views.get_by_role("link", name="Tens")).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("rowheader")).to_have_count(10)
    expect(page.locator("[data-flash]")).to_contain_text("“Tens” is saved")

    page.get_by_label("Change the view Tens").click()
    page.get_by_role("button", name="Move left").click()
    expect(views.get_by_role("link")).to_have_text(["All Data", "Tens", "View 1"])

    page.get_by_role("columnheader", name="Team").get_by_role("link").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Reset")).to_have_count(0)
    assert roadmap.views.get(name="Tens").query.startswith("q=station+1&sort=f")

    page.get_by_label("Change the view Tens").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name").fill("View 1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("There is a view of that name already")
    page.get_by_label("Name").fill("The tens")
    page.get_by_role("button", name="Save").click()
    expect(views.get_by_role("link", name="The tens")).to_be_visible()

    look = open_page(person(vera))
    open_roadmap(look, roadmap)
    expect(look.get_by_role("rowheader")).to_have_count(10)
    look.get_by_role("link", name="All Data").click()
    expect(look.get_by_role("rowheader")).to_have_count(50)
    expect(look.get_by_text("New view")).to_have_count(0)

    page.get_by_label("Change the view The tens").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete view").click()
    expect(views.get_by_role("link")).to_have_text(["All Data", "View 1"])


def test_items_are_grouped_with_their_counts_over_all_pages(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    page = open_page(person(olga), viewport={"width": 1280, "height": 800})
    open_roadmap(page, roadmap)
    menu(page, "Group").get_by_role("button", name="State").click()
    groups = page.locator(".group__head")
    counted = {"Started": 16, "Finished": 16, "Accepted": 16, "No value": 12}
    expect(groups).to_have_text([re.compile(rf"{name}\s*{count}") for name, count in counted.items()])
    page.get_by_role("link", name="Next").click()
    expect(groups).to_have_text([re.compile(r"No value\s*12")])
    expect(page.locator("summary", has_text="Grouped by")).to_contain_text("State")
    for name in ("Sort", "Columns", "Save as new view"):
        menu(page, name)
        assert serious_findings(page) == []


def test_sorts_are_added_turned_and_taken_away_in_their_menu(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    page = open_page(person(olga), viewport={"width": 1280, "height": 800})
    open_roadmap(page, roadmap)
    menu(page, "Sort").get_by_role("button", name="Estimate").click()
    expect(page.locator("#sort-menu")).to_contain_text("Then by")
    menu(page, "Sort").get_by_role("button", name="Name", exact=True).click()
    expect(page.locator("#sort-menu").get_by_role("listitem")).to_have_count(2)
    menu(page, "Sort").get_by_role("button", name="Turn the order of Name round").click()
    expect(page.get_by_role("rowheader").first).to_contain_text("station 56")
    expect(page.locator("#sort-menu")).to_have_attribute("open", "")
    menu(page, "Sort").get_by_role("button", name="Don’t sort by Estimate").click()
    expect(page.get_by_role("rowheader").first).to_contain_text("station 59")
    assert page.url.endswith("?sort=-name")


def test_columns_are_chosen_and_moved_in_their_menu(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga), viewport={"width": 1280, "height": 800})
    open_roadmap(page, roadmap)
    assert heads(page) == ["Name", "Start Date", "End Date", "State", "Team", "Estimate"]
    columns = menu(page, "Columns")
    columns.get_by_role("checkbox", name="Notes").check()
    columns.get_by_role("button", name="Move Team to the left").click()
    expect(page.get_by_role("columnheader", name="Notes")).to_have_count(1)
    expect(columns).to_have_attribute("open", "")
    columns.get_by_role("button", name="Move Team to the left").press("Enter")
    page.wait_for_url(re.compile("name,start_date,f\\d+,end_date"))
    columns.get_by_role("checkbox", name="End Date").uncheck()
    columns.get_by_role("button", name="Apply").last.click()
    expect(page.get_by_role("columnheader", name="End Date")).to_have_count(0)
    expect(columns).not_to_have_attribute("open", "")
    assert heads(page)[:3] == ["Name", "Start Date", "Team"]


def test_widths_are_set_by_mouse_and_by_keyboard_and_stay(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    page = open_page(person(olga), viewport={"width": 1280, "height": 800})
    open_roadmap(page, roadmap)
    team = page.get_by_role("columnheader", name="Team")
    before = team.bounding_box()
    state = page.get_by_role("columnheader", name="State").bounding_box()
    assert before and state
    handle = page.get_by_role("separator", name="Width of Team")
    box = handle.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 80, box["y"] + 8, steps=4)
    page.mouse.up()
    page.wait_for_url(re.compile("widths=name"))
    after = team.bounding_box()
    assert after and abs(after["width"] - before["width"] - 80) < 3
    same = page.get_by_role("columnheader", name="State").bounding_box()
    assert same and abs(same["width"] - state["width"]) < 2

    head = team.get_by_role("link", name="Team")
    head.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_url(lambda url: abs(_width(url, place=4) - before["width"] - 50) < 3)
    expect(head).to_be_focused()
    page.reload()
    kept = team.bounding_box()
    assert kept and abs(kept["width"] - before["width"] - 50) < 3
    expect(page.get_by_role("link", name="Reset")).to_be_visible()
    menu(page, "Columns").get_by_role("link", name="Usual columns and widths").click()
    expect(page.get_by_role("link", name="Reset")).to_have_count(0)


def _width(url: str, *, place: int) -> int:
    """That column's width in an address, in pixels."""
    return int(url.split("widths=")[1].split(",")[place].split(":")[1])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_read_without_javascript_too(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership, scheme: str, width: int
) -> None:
    """D30: each menu's button is a form; and nothing is wider than the window."""
    field = roadmap.own_fields.get(name="State").column
    page = open_page(
        person(olga), viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=False
    )
    page.goto(f"/a/{roadmap.account.slug}/roadmaps/{roadmap.pk}/?group={field}&sort=-name&q=station")
    expect(page.locator(".group__head").first).to_contain_text("Started")
    menu(page, "Sort").get_by_role("button", name="Turn the order of Name round").click()
    expect(page.get_by_role("rowheader").nth(1)).to_contain_text("station 03")
    menu(page, "Save as new view")

"""The Swimlane in a browser: choosing what it shows, cards, and moving items by mouse and by keys (S31, D27, D30)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Membership
from roadmaps.models import Field, Item, Roadmap
from tests import factories
from tests.browser.people import person

OpenPage = Callable[..., Page]


@pytest.fixture
def roadmap(transactional_db: None, olga: Membership) -> Roadmap:
    """Two own items and a synced one, whose State is locked."""
    made = factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")
    state = factories.make_field(
        made.account,
        "State",
        "choice",
        options=["Started", "Finished"],
        source_kind="pivotal_tracker",
        source_key="state",
    )
    theme = factories.make_field(made.account, "Area", "choice", roadmap=made, options=["Growth", "Trust"])
    made.synced_columns = [state.column]
    made.save()
    started = {state.column: state.options.get(label="Started").pk}
    growth = {theme.column: theme.options.get(label="Growth").pk}
    days = {"start_date": date(2026, 5, 1), "end_date": date(2026, 5, 14)}
    factories.make_item(made, "Launch party", values=started | growth, **days)
    factories.make_item(made, "Press kit", values=growth, end_date=date(2026, 8, 20))
    factories.make_item(made, "From Tracker", values=started | growth, external_id="1", **days)
    return made


def open_board(page: Page, roadmap: Roadmap, **axes: str) -> None:
    """Go to the Swimlane, with fields by their name."""
    names = {field.name: field.column for field in Field.objects.all()}
    parts = [(axis, *text.partition(":")) for axis, text in axes.items()]
    asked = [f"{axis}={names.get(name, name)}{colon}{rest}" for axis, name, colon, rest in parts]
    page.goto(f"/a/{roadmap.account.slug}/roadmaps/{roadmap.pk}/swimlane/?{'&'.join(asked)}")
    expect(page.get_by_role("region", name="Swimlane")).to_be_visible()


def card(page: Page, name: str) -> Locator:
    return page.locator(".lane-card", has=page.get_by_role("link", name=name, exact=True))


def cell(page: Page, column: str, row: str = "") -> Locator:
    """The cell below that column's head."""
    lane = (page.get_by_role("columnheader", name=column).get_attribute("id") or "").removeprefix("lane-")
    found = page.locator(f'[data-lane="{lane}"]')
    if row:
        key = (page.locator(".lanes__row", has_text=row).get_attribute("id") or "").removeprefix("row-")
        found = found.and_(page.locator(f'[data-row="{key}"]'))
    return found


def value(name: str, field: str) -> Any:
    found = Field.objects.get(name=field)
    labels = {option.pk: option.label for option in found.options.all()}
    return labels.get(Item.objects.get(name=name).values.get(found.column))


def test_columns_rows_and_cards_are_chosen_from_menus(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    open_board(page, roadmap)
    expect(page.get_by_role("columnheader", name="Q2 2026")).to_be_visible()
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("link", name="State").click()
    expect(page.get_by_role("columnheader", name="Started 2 items")).to_be_visible()
    page.locator("summary", has_text="Rows").click()
    page.get_by_role("link", name="End Date by month").click()
    expect(page.locator(".lanes__row", has_text="Aug 2026")).to_be_visible()
    expect(cell(page, "Started", "May 2026").locator(".lane-card")).to_have_count(2)
    page.locator("summary", has_text="Cards").click()
    page.get_by_label("Area").uncheck()
    page.get_by_label("Start Date").uncheck()
    page.get_by_role("button", name="Apply").click()
    expect(card(page, "Launch party")).to_contain_text("Until 14 May 2026")
    page.reload()
    expect(card(page, "Launch party")).to_contain_text("Until 14 May 2026")


def test_a_card_opens_its_item(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    """S30."""
    page = open_page(person(olga))
    open_board(page, roadmap, lanes="State")
    page.get_by_role("link", name="Launch party", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Launch party")).to_be_visible()


def test_an_own_card_is_dragged_to_another_cell(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    open_board(page, roadmap, lanes="Area:all")
    card(page, "Launch party").drag_to(cell(page, "Trust"))
    expect(cell(page, "Trust").get_by_role("link", name="Launch party", exact=True)).to_be_visible()
    expect(page.get_by_label("Messages")).to_contain_text("“Launch party” is moved. Area: Growth → Trust.")
    expect(page.get_by_role("columnheader", name="Growth 2 items")).to_be_visible()
    assert value("Launch party", "Area") == "Trust"


def test_dragging_to_another_quarter_keeps_the_length(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    open_board(page, roadmap, lanes="end_date:quarter")
    card(page, "Launch party").drag_to(cell(page, "Q3 2026"))
    expect(cell(page, "Q3 2026").get_by_role("link", name="Launch party", exact=True)).to_be_visible()
    expect(card(page, "Launch party")).to_contain_text("1 Aug – 14 Aug 2026")


def test_a_locked_card_is_dragged_only_along_the_axis_that_is_free(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    """D10: State is the source's, Area is ours."""
    page = open_page(person(olga))
    open_board(page, roadmap, lanes="State:all", rows="Area:all")
    tracked = card(page, "From Tracker")
    expect(tracked).to_contain_text("State comes from Pivotal Tracker and can only be changed there.")
    tracked.drag_to(cell(page, "Finished", "Growth"))
    tracked.drag_to(cell(page, "Finished", "Trust"))
    expect(cell(page, "Started", "Growth").get_by_role("link", name="From Tracker", exact=True)).to_be_visible()
    tracked.drag_to(cell(page, "Started", "Trust"))
    expect(cell(page, "Started", "Trust").get_by_role("link", name="From Tracker", exact=True)).to_be_visible()
    assert (value("From Tracker", "State"), value("From Tracker", "Area")) == ("Started", "Trust")

    open_board(page, roadmap, lanes="State")
    expect(card(page, "From Tracker")).not_to_have_attribute("draggable", "true")
    expect(page.get_by_role("link", name="Move “From Tracker”")).to_have_count(0)


def test_a_card_is_moved_by_keyboard_and_keeps_the_focus(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    """D30."""
    page = open_page(person(olga))
    open_board(page, roadmap, lanes="Area")
    page.get_by_role("link", name="Press kit", exact=True).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Move “Press kit” to…")).to_be_focused()
    page.keyboard.press("Enter")
    choice = page.get_by_role("dialog").get_by_label("Area")
    expect(choice).to_be_focused()
    page.keyboard.type("Trust")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(cell(page, "Trust").get_by_role("link", name="Press kit", exact=True)).to_be_focused()
    expect(page.get_by_label("Messages")).to_contain_text("“Press kit” is moved.")


def test_a_move_that_can_not_be_is_said_where_it_was_asked_for(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    Item.objects.filter(name="Press kit").update(start_date=date(2026, 8, 1), end_date=None)
    page = open_page(person(olga))
    open_board(page, roadmap, lanes="end_date:quarter")
    card(page, "Press kit").drag_to(cell(page, "Q2 2026"))
    expect(page.get_by_label("Messages")).to_contain_text("The end can't be before the start.")
    page.get_by_role("link", name="Move “Press kit” to…").click()
    page.get_by_role("dialog").get_by_label("End Date by quarter").select_option("Q2 2026")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The end can't be before the start.")


def test_without_javascript_an_item_is_moved_by_a_form(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga), java_script_enabled=False)
    open_board(page, roadmap, lanes="Area", rows="end_date:quarter")
    page.get_by_role("link", name="Move “Launch party” to…").click()
    page.get_by_label("Area").select_option("Trust")
    page.get_by_label("End Date by quarter").select_option("Q4 2026")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("“Launch party” is moved.")).to_be_visible()
    expect(cell(page, "Trust", "Q4 2026").get_by_role("link", name="Launch party", exact=True)).to_be_visible()


def test_who_only_looks_has_nothing_to_drag(open_page: OpenPage, roadmap: Roadmap, vera: Membership) -> None:
    factories.make_share(roadmap, vera)
    page = open_page(person(vera))
    open_board(page, roadmap, lanes="Area")
    expect(card(page, "Launch party")).to_be_visible()
    expect(page.locator("[draggable=true]")).to_have_count(0)
    expect(page.get_by_role("link", name="Move")).to_have_count(0)


def test_on_a_phone_the_page_itself_never_scrolls_sideways(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    page = open_page(person(olga), viewport={"width": 390, "height": 844})
    open_board(page, roadmap, lanes="end_date:month", rows="State")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.locator(".lanes__row", has_text="Started")).to_be_in_viewport()

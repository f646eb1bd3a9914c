"""Editing in the Items Table as people do it: by keyboard, in place, many at once, and out as a file (D25, D30)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Locator, Page, expect

from accounts.models import Membership
from roadmaps.models import Field, Item, ItemEdit, Roadmap
from tests import factories
from tests.browser.people import person

pytestmark = pytest.mark.django_db(transaction=True)
OpenPage = Callable[..., Page]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    made = factories.make_roadmap(
        olga, "Rider app", source_label="Pivotal Tracker", synced_columns=["name", "start_date", "end_date"]
    )
    themes = ["Wallet", "Risk", "Growth"]
    theme = factories.make_field(made.account, "Theme", "choice", roadmap=made, options=themes, position=1)
    factories.make_field(made.account, "Cost", "number", roadmap=made, position=2)
    factories.make_field(made.account, "Teams", "choices", roadmap=made, options=["Blue", "Red", "Green"], position=3)
    for position, option in enumerate(theme.options.all(), 1):
        option.colour = position
        option.save()
    for number in range(6):
        factories.make_item(
            made, f"Story {number}", external_id=str(4711 + number), start_date="2026-01-05", end_date="2026-02-05"
        )
    for number in range(54):
        factories.make_item(made, f"Idea {number:02}", values={theme.column: theme.options.first().pk})
    return made


def open_table(page: Page, roadmap: Roadmap, query: str = "") -> Locator:
    page.goto(f"/a/{roadmap.account.slug}/roadmaps/{roadmap.pk}/{query}")
    grid = page.get_by_role("grid", name="Items")
    expect(grid).to_be_visible()
    return grid


def cell(grid: Locator, item: str, column: str) -> Locator:
    heads = grid.locator("thead th").evaluate_all("all => all.map((each) => each.querySelector('bdi')?.textContent)")
    row = grid.get_by_role("row").filter(has=grid.page.get_by_role("link", name=item, exact=True))
    return row.locator("td, th").nth(heads.index(column))


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"editing-{name}.png")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_keyboard_walks_the_table_cell_by_cell(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    """D30: one stop of Tab, and from there the arrows; the focus is never behind the head or the first columns."""
    page = open_page(person(olga), viewport={"width": 900, "height": 500})
    grid = open_table(page, roadmap)
    assert grid.locator("[tabindex='0']").count() == 1

    cell(grid, "Story 0", "Cost").click(position={"x": 4, "y": 4})
    expect(cell(grid, "Story 0", "Cost")).to_be_focused()
    press(page, "ArrowDown", "ArrowLeft")
    expect(cell(grid, "Story 1", "Theme")).to_be_focused()
    press(page, "Home")
    expect(grid.get_by_label("Choose Story 1")).to_be_focused()
    press(page, "ArrowRight")
    expect(grid.get_by_role("link", name="Story 1", exact=True)).to_be_focused()
    press(page, "End")
    expect(cell(grid, "Story 1", "Teams")).to_be_focused()
    press(page, "Control+End")
    expect(cell(grid, "Idea 43", "Teams")).to_be_focused()
    picture(page, "end")
    assert fully_visible(page) == ""
    press(page, "PageUp", "PageUp", "ArrowLeft")
    assert fully_visible(page) == ""
    press(page, "Control+Home")
    expect(grid.locator("[data-select-all]")).to_be_focused()
    press(page, "ArrowRight", "ArrowRight")
    expect(grid.get_by_role("link", name="Start Date")).to_be_focused()
    press(page, "ArrowUp")
    expect(grid.get_by_role("link", name="Start Date")).to_be_focused()
    assert grid.locator("[tabindex='0']").count() == 1
    press(page, "Enter")
    expect(grid.locator("[aria-sort=ascending]")).to_have_count(1)
    expect(grid.get_by_role("link", name="Start Date")).to_be_focused()
    press(page, "Tab")
    assert page.evaluate("!document.activeElement.closest('table')")


def fully_visible(page: Page) -> str:
    """Whether what has the focus is what lies at its middle."""
    script = """() => {
        const cell = document.activeElement.closest("td, th");
        const box = cell.getBoundingClientRect();
        const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        return cell.contains(at) ? "" : `${at?.outerHTML} ${JSON.stringify(box)}`.slice(0, 300);
    }"""
    return str(page.evaluate(script))


def test_a_value_is_edited_in_its_cell(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    grid = open_table(page, roadmap)
    cost = cell(grid, "Idea 00", "Cost")
    cost.click(position={"x": 4, "y": 4})
    press(page, "Enter")
    box = cost.get_by_label("Cost of Idea 00")
    expect(box).to_be_focused()
    box.fill("twelve")
    press(page, "Enter")
    expect(cost).to_contain_text("Enter a number, such as 3 or 2.5.")
    expect(box).to_be_focused()
    picture(page, "error")
    box.fill("12.5")
    press(page, "Enter")
    expect(cost).to_have_text("12.5")
    expect(cost).to_be_focused()
    field = Field.objects.get(name="Cost")
    assert Item.objects.get(name="Idea 00").values[field.column] == 12.5

    press(page, "F2")
    expect(box).to_be_focused()
    box.fill("99")
    press(page, "Escape")
    expect(cost).to_have_text("12.5")
    expect(cost).to_be_focused()

    # Tab saves and goes on; the pencil and a double click open a form, too.
    press(page, "F2")
    expect(box).to_be_focused()
    box.fill("7")
    press(page, "Tab")
    expect(cost).to_have_text("7")
    teams = cell(grid, "Idea 00", "Teams")
    expect(teams.get_by_label("Blue")).to_be_focused()
    teams.get_by_label("Red").check()
    picture(page, "choices")
    teams.get_by_role("button", name="Save").click()
    expect(teams).to_have_text("Red")
    theme = cell(grid, "Idea 01", "Theme")
    theme.dblclick()
    theme.get_by_label("Theme of Idea 01").select_option("Growth")
    press(page, "Enter")
    expect(theme).to_have_text("Growth")
    end = cell(grid, "Idea 01", "End Date")
    end.hover()
    end.locator(".cell-pencil").click()
    end.get_by_label("End Date of Idea 01").fill("2026-03-31")
    grid.get_by_role("columnheader", name="Cost").click(position={"x": 2, "y": 2})
    expect(end).to_have_text("31 Mar 2026")

    # The parts of a date are Tab's own; behind the last one it saves and goes on.
    start = cell(grid, "Idea 01", "Start Date")
    start.dblclick()
    expect(start.get_by_label("Start Date of Idea 01")).to_be_focused()
    press(page, *"03152026", "Tab", "Tab")
    expect(start).to_have_text("15 Mar 2026")
    expect(end.get_by_label("End Date of Idea 01")).to_be_focused()
    press(page, "Escape")
    grid.get_by_role("link", name="Idea 02", exact=True).focus()
    press(page, "F2")
    grid.get_by_label("Name of Idea 02").fill("A better idea")
    press(page, "Enter")
    expect(grid.get_by_role("link", name="A better idea")).to_be_focused()
    assert ItemEdit.objects.count() == 7


def test_a_synced_cell_says_where_it_comes_from(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    """D10."""
    page = open_page(person(olga))
    grid = open_table(page, roadmap)
    start = cell(grid, "Story 0", "Start Date")
    start.click()
    expect(start).to_have_attribute("title", "Synced from Pivotal Tracker")
    expect(start).to_have_attribute("aria-readonly", "true")
    press(page, "Enter")
    expect(page.get_by_label("Messages")).to_contain_text("Synced from Pivotal Tracker; it can only be changed there.")
    expect(start.locator("form")).to_have_count(0)


def test_what_comes_in_meanwhile_takes_no_typing_away(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    grid = open_table(page, roadmap)
    cost = cell(grid, "Idea 00", "Cost")
    grid.get_by_label("Choose Idea 03").check()
    cost.dblclick()
    cost.get_by_label("Cost of Idea 00").fill("12")
    Item.objects.filter(name="Story 3").update(name="Story 3 anew")
    page.evaluate("htmx.trigger(document.body, 'items-changed')")
    expect(grid.get_by_role("link", name="Story 3 anew")).to_be_visible()
    expect(cost.get_by_label("Cost of Idea 00")).to_have_value("12")
    expect(cost.get_by_label("Cost of Idea 00")).to_be_focused()
    expect(grid.get_by_label("Choose Idea 03")).to_be_checked()
    expect(page.get_by_text("1 item chosen")).to_be_visible()
    press(page, "Enter")
    expect(cost).to_have_text("12")
    page.evaluate("htmx.trigger(document.body, 'items-changed')")
    expect(grid.locator("[tabindex='0']")).to_have_count(1)
    expect(cost).to_be_focused()


def test_many_items_are_changed_at_once(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    grid = open_table(page, roadmap)
    grid.get_by_label("Choose Story 0").check()
    expect(page.get_by_text("1 item chosen")).to_be_visible()
    grid.get_by_label("Choose Idea 01").click(modifiers=["Shift"])
    expect(page.get_by_text("8 items chosen")).to_be_visible()
    picture(page, "chosen")
    page.get_by_role("button", name="Edit…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Field to change").select_option("End Date")
    expect(dialog.get_by_text("6 of these items have this field synced from Pivotal Tracker")).to_be_visible()
    dialog.get_by_label("Field to change").select_option("Teams")
    dialog.get_by_label("What to do").select_option("Add")
    dialog.get_by_role("button", name="Change 8 items").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Nothing was changed yet. Choose at least one value.")
    dialog.get_by_label("Red").check()
    picture(page, "bulk")
    dialog.get_by_role("button", name="Change 8 items").click()
    expect(page.get_by_label("Messages")).to_contain_text("8 items changed.")
    expect(cell(grid, "Idea 01", "Teams")).to_have_text("Red")

    grid.locator("[data-select-all]").check()
    page.get_by_label("All 60 items of this view").check()
    expect(page.get_by_text("60 items chosen")).to_be_visible()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("heading", name="Delete these items?")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("6 come from Pivotal Tracker and stay")
    picture(page, "delete")
    page.get_by_role("button", name="Delete 54 items").click()
    expect(page.get_by_label("Messages")).to_contain_text("54 items deleted.")
    assert Item.objects.filter(origin="").count() == 0
    assert Item.objects.count() == 6


def test_own_values_are_edited_on_the_card(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    grid = open_table(page, roadmap)
    grid.get_by_role("link", name="Story 0", exact=True).click()
    card = page.get_by_role("dialog")
    card.get_by_role("link", name="Edit Cost").focus()
    picture(page, "card")
    press(page, "Enter")
    card.get_by_label("Cost of Story 0").fill("3")
    press(page, "Escape")
    expect(card.get_by_role("heading", name="Story 0")).to_be_visible()
    expect(card.get_by_role("link", name="Edit Cost")).to_be_focused()
    press(page, "Enter")
    card.get_by_label("Cost of Story 0").fill("4")
    picture(page, "card-form")
    press(page, "Enter")
    expect(card.get_by_role("link", name="Edit Cost")).to_be_focused()
    expect(cell(grid, "Story 0", "Cost")).to_have_text("4")
    expect(card.get_by_role("link", name="Edit Start Date")).to_have_count(0)


def test_a_view_goes_out_as_a_file(open_page: OpenPage, roadmap: Roadmap, vera: Membership, tmp_path: Path) -> None:
    """Viewers may export; of the same table they edit nothing."""
    factories.make_share(roadmap, vera)
    page = open_page(person(vera))
    grid = open_table(page, roadmap, "?q=idea&cols=name,end_date")
    expect(grid.get_by_role("checkbox")).to_have_count(0)
    expect(grid.locator("[data-cell]")).to_have_count(0)
    page.locator("summary", has_text="Export").click()
    picture(page, "export")
    with page.expect_download() as excel:
        page.get_by_role("link", name="Excel (XLSX)").click()
    assert re.fullmatch(r"Rider app \d{4}-\d\d-\d\d \d{4}\.xlsx", excel.value.suggested_filename)
    excel.value.save_as(tmp_path / "file.xlsx")
    rows = list(load_workbook(tmp_path / "file.xlsx")["Items"].values)
    assert rows[0] == ("Name", "End Date")
    assert len(rows) == 55
    with page.expect_download() as plain:
        page.get_by_role("link", name="CSV").click()
    plain.value.save_as(tmp_path / "file.csv")
    assert len((tmp_path / "file.csv").read_text(encoding="utf-8-sig").splitlines()) == 55


def test_without_scripts_items_are_chosen_and_changed_too(
    open_page: OpenPage, roadmap: Roadmap, olga: Membership
) -> None:
    """D30."""
    signed = open_page(person(olga))
    page = open_page(None, java_script_enabled=False, storage_state=signed.context.storage_state())
    page.goto(f"/a/{roadmap.account.slug}/roadmaps/{roadmap.pk}/")
    page.get_by_label("Choose Story 0").check()
    page.get_by_label("Choose Idea 00").check()
    picture(page, "plain")
    page.get_by_role("button", name="Edit…").click()
    page.get_by_label("Field to change").select_option("End Date")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("End Date", exact=True).fill("2026-12-24")
    page.get_by_role("button", name="Change 2 items").click()
    expect(page.get_by_label("Messages")).to_contain_text(
        "1 item changed, 1 is synced from Pivotal Tracker and stayed as it is."
    )
    item = Item.objects.get(name="Idea 00")
    page.goto(f"/a/{roadmap.account.slug}/roadmaps/{roadmap.pk}/items/{item.pk}/")
    page.get_by_role("link", name="Edit End Date").click()
    page.get_by_label("End Date").fill("2026-12-25")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("25 Dec 2026")

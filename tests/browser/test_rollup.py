"""The Roll-up as people use it, on a roadmap and on a portfolio: bars, items under them, cards, what is done (B15)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Membership
from roadmaps.models import Field, Roadmap
from tests import factories
from tests.browser.axe import serious_findings
from tests.browser.people import person

OpenPage = Callable[..., Page]


@pytest.fixture
def fields(transactional_db: None, olga: Membership) -> dict[str, Field]:
    """What comes from Tracker to every roadmap of the account."""
    made = {}
    for key, type_, options in (
        ("state", "choice", ["Started", "Accepted"]),
        ("estimate", "number", []),
        ("epics", "choices", ["Wallet", "Unlock"]),
    ):
        made[key] = factories.make_field(
            olga.account, key.capitalize(), type_, options=options, source_kind=factories.KIND, source_key=key
        )
    return made


def make_roadmap(olga: Membership, fields: dict[str, Field], name: str, done: int) -> Roadmap:
    """Four stories of the wallet, the first few of them done, and one without an epic or a date."""
    columns = [field.column for field in fields.values()]
    made = factories.make_roadmap(olga, name, source_label="Pivotal Tracker", synced_columns=["name", *columns])
    wallet = fields["epics"].options.get(label="Wallet").pk
    started, accepted = fields["state"].options.all()
    for number in range(4):
        state = accepted if number < done else started
        values = {"epics": [wallet], "state": state.pk, "estimate": number + 1}
        factories.make_item(
            made,
            f"{name} {number + 1}",
            values={fields[key].column: value for key, value in values.items()},
            external_id=str(number),
            start_date=date(2026, 1 + number * 2, 1),
            end_date=date(2026, 2 + number * 2, 20),
        )
    factories.make_item(made, f"{name} loose", values={fields["state"].column: started.pk}, external_id="9")
    return made


@pytest.fixture
def roadmap(olga: Membership, fields: dict[str, Field]) -> Roadmap:
    return make_roadmap(olga, fields, "Apollo", 2)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_an_epic_is_opened_down_to_the_card(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga), viewport={"width": 1280, "height": 900})
    page.goto(f"/a/acme/roadmaps/{roadmap.pk}/")
    page.get_by_role("link", name="Roll-up", exact=True).click()
    expect(row(page, "Wallet")).to_contain_text("2 of 4 items done, 50 %")
    expect(row(page, "Wallet")).to_contain_text("Estimate: 3 of 10 done, 30 %")
    expect(row(page, "Wallet").locator(".tl-item__text")).to_have_text("30 %")
    expect(row(page, "No Epics")).to_contain_text("No dates")

    toggle = row(page, "Wallet").get_by_role("link", name="Wallet", exact=True)
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(toggle).to_be_focused()
    expect(page).to_have_url(re.compile(r"open=\d+$"))
    stories = row(page, "Wallet").get_by_role("listitem")
    expect(stories).to_have_count(4)
    expect(stories.first).to_contain_text("Done. Accepted")
    assert serious_findings(page) == []
    stories.first.get_by_role("link", name="Apollo 1").click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Apollo 1")).to_be_visible()
    page.keyboard.press("Escape")
    row(page, "Wallet").get_by_role("link", name="Show all 4 in the Items Table").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    page.go_back()
    row(page, "Wallet").locator(".tl-item").first.click()
    expect(stories).to_have_count(0)


def test_people_say_what_is_done_and_keep_it_as_a_view(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga), viewport={"width": 1280, "height": 900})
    page.goto(f"/a/acme/roadmaps/{roadmap.pk}/rollup/")
    page.locator("summary", has_text="Layout").click()
    page.get_by_label("Points").select_option(label="Count items alone")
    page.get_by_label("Started").check()
    page.get_by_role("button", name="Apply").click()
    expect(row(page, "Wallet")).to_contain_text("4 of 4 items done, 100 %")
    expect(row(page, "Wallet")).not_to_contain_text("Estimate")
    page.locator("summary", has_text="Save as new view").click()
    page.get_by_label("Name of the new view").fill("Epics")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("navigation", name="Views").get_by_role("link", name="Epics")).to_be_visible()
    page.goto(f"/a/acme/roadmaps/{roadmap.pk}/")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Epics").click()
    expect(row(page, "Wallet")).to_contain_text("4 of 4 items done, 100 %")


def test_a_portfolio_rolls_up_its_roadmaps(
    open_page: OpenPage, roadmap: Roadmap, fields: dict[str, Field], olga: Membership
) -> None:
    gemini = make_roadmap(olga, fields, "Gemini", 4)
    made = factories.make_portfolio(olga, "All of space", roadmap, gemini)
    page = open_page(person(olga), viewport={"width": 1280, "height": 900})
    page.goto(f"/a/acme/roadmaps/{made.pk}/rollup/")
    expect(row(page, "Wallet")).to_contain_text("6 of 8 items done, 75 %")
    row(page, "Wallet").get_by_role("link", name="Wallet", exact=True).click()
    expect(row(page, "Wallet").get_by_role("listitem")).to_have_count(8)
    page.get_by_role("link", name="Gemini 2").click()
    expect(page.get_by_role("dialog").get_by_text("From Gemini")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("summary", has_text="Layout").click()
    page.get_by_label("A bar for each").select_option(label="Roadmap")
    page.get_by_role("button", name="Apply").click()
    expect(row(page, "Gemini")).to_contain_text("4 of 5 items done, 80 %")


def test_without_script_a_bar_opens_too(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga), java_script_enabled=False)
    page.goto(f"/a/acme/roadmaps/{roadmap.pk}/rollup/")
    page.get_by_role("link", name="Months", exact=True).click()
    row(page, "Wallet").get_by_role("link", name="Wallet", exact=True).click()
    row(page, "Wallet").get_by_role("link", name="Apollo 1").click()
    expect(page.get_by_role("heading", name="Apollo 1")).to_be_visible()

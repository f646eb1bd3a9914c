"""A portfolio in a browser: made over two roadmaps, seen as table, Timeline and Swimlane, with its cards (S32, D28)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership
from integrations.models import ProjectLink
from roadmaps.models import FieldOption, Item, Roadmap
from tests import factories
from tests.browser.people import person

OpenPage = Callable[..., Page]


@pytest.fixture
def roadmaps(transactional_db: None, olga: Membership) -> list[Roadmap]:
    """One that Tracker keeps, synced some hours ago, and one filled by hand."""
    state = factories.make_field(
        olga.account, "State", "choice", source_kind=factories.KIND, source_key="state", options=["Started", "Accepted"]
    )
    team = factories.make_field(olga.account, "Team", "choice", options=["Core", "Mobile"])
    apollo = factories.make_roadmap(
        olga, "Apollo", source_label="Pivotal Tracker", synced_columns=["name", state.column, "start_date", "end_date"]
    )
    factories.make_link(apollo, synced_at=timezone.now() - timedelta(hours=5))
    gemini = factories.make_roadmap(olga, "Gemini")
    for number, roadmap in enumerate((apollo, gemini)):
        for place in range(4):
            pk = (state if number == 0 else team).options.all()[place % 2].pk
            factories.make_item(
                roadmap,
                f"{roadmap} step {place + 1}",
                values={(state if number == 0 else team).column: pk},
                start_date=date(2026, 1 + place * 2, 1 + number * 9),
                end_date=date(2026, 2 + place * 2, 20),
                **({"external_id": f"18{place}"} if number == 0 else {}),
            )
    return [apollo, gemini]


def test_a_portfolio_over_two_roadmaps(open_page: OpenPage, roadmaps: list[Roadmap], olga: Membership) -> None:
    page = open_page(person(olga))
    page.goto(f"/a/{olga.account.slug}/roadmaps/new/")
    page.get_by_label("Name").fill("All of space")
    page.get_by_label("Portfolio: the items").check()
    page.get_by_role("button", name="Create roadmap").click()
    for name in ("Apollo", "Gemini"):
        page.get_by_label("Roadmap", exact=True).select_option(label=name)
        page.get_by_role("button", name="Add source").click()
        expect(page.get_by_role("link", name=name)).to_be_visible()
    page.get_by_role("button", name="Move Gemini up").click()
    expect(page.locator(".source").first).to_contain_text("Gemini")
    page.get_by_role("link", name="Open the portfolio").click()

    expect(page.locator("tbody tr")).to_have_count(8)
    expect(page.locator(".portfolio-state summary")).to_contain_text("oldest sync 5 hours ago")
    page.locator(".portfolio-state summary").click()
    expect(page.get_by_text("Gemini: Filled by hand")).to_be_visible()
    page.get_by_role("link", name="Gemini step 1").click()
    card = page.locator("#card")
    expect(card.get_by_text("From Gemini")).to_be_visible()
    card.get_by_role("link", name="Edit Team").click()
    card.locator("form select").select_option(label="Mobile")
    card.get_by_role("button", name="Save").click()
    expect(card.locator(".chip", has_text="Mobile")).to_be_visible()
    mobile = FieldOption.objects.get(label="Mobile")
    assert Item.objects.get(name="Gemini step 1").values == {mobile.field.column: mobile.pk}
    page.get_by_role("button", name="Close").click()

    page.get_by_role("link", name="Timeline", exact=True).click()
    page.goto(f"{page.url.partition('?')[0]}?head=roadmap")
    expect(page.get_by_role("list", name="Apollo").get_by_role("listitem")).to_have_count(4)
    page.get_by_role("link", name="Swimlane", exact=True).click()
    page.locator("summary", has_text="Rows").click()
    page.get_by_role("link", name="Roadmap", exact=True).click()
    expect(page.locator(".lanes__row", has_text="Gemini")).to_be_visible()
    expect(page.locator(".lane-card")).to_have_count(8)


def test_an_open_page_shows_what_a_source_brought_meanwhile(
    open_page: OpenPage, roadmaps: list[Roadmap], olga: Membership
) -> None:
    """B11: nobody has to reload."""
    apollo = roadmaps[0]
    portfolio = factories.make_portfolio(olga, "All of space", apollo)
    page = open_page(person(olga))
    page.clock.install()
    page.goto(f"/a/{olga.account.slug}/roadmaps/{portfolio.pk}/")
    summary = page.locator(".portfolio-state summary")
    expect(summary).to_contain_text("oldest sync 5 hours ago")
    summary.click()
    factories.make_item(apollo, "Splashdown", external_id="190")
    link = ProjectLink.objects.get(roadmap=apollo)
    link.runs.create(account_id=link.account_id, trigger="schedule", state="succeeded", finished_at=timezone.now())
    page.clock.fast_forward(15_000)
    expect(summary).to_contain_text("oldest sync just now")
    expect(page.get_by_role("link", name="Splashdown")).to_be_visible()
    expect(page.get_by_text("Apollo: Synced from Pivotal Tracker just now")).to_be_visible()

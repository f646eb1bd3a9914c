"""Comparing the Timeline with an earlier day, as people do it: the menu, the bars, the list, the card (B12)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership
from roadmaps.models import ItemEdit, Roadmap, View
from tests import factories
from tests.browser.axe import serious_findings
from tests.browser.people import person

OpenPage = Callable[..., Page]


@pytest.fixture
def roadmap(transactional_db: None, olga: Membership) -> Roadmap:
    """Three old items, of which one slipped by two weeks, and one lost its dates; and a new one."""
    made = factories.make_roadmap(olga, "Apollo")
    today = timezone.localdate()
    old = timezone.now() - timedelta(days=200)
    end, was = today + timedelta(days=40), today + timedelta(days=26)
    slipped = factories.make_item(made, "Slipped", start_date=today, end_date=end, created_at=old)
    lost = factories.make_item(made, "Lost", created_at=old)
    factories.make_item(made, "Still", start_date=today, end_date=end, created_at=old)
    factories.make_item(made, "Fresh", start_date=today, end_date=end)
    factories.make_edit(slipped, olga, end_date=[was.isoformat(), end.isoformat()])
    factories.make_edit(lost, olga, end_date=[was.isoformat(), None])
    ItemEdit.objects.update(at=timezone.now() - timedelta(days=3))
    return made


@pytest.fixture
def page(open_page: OpenPage, olga: Membership, roadmap: Roadmap) -> Page:
    opened = open_page(person(olga), viewport={"width": 1280, "height": 900})
    opened.goto(f"/a/acme/roadmaps/{roadmap.pk}/timeline/?view=all")
    return opened


def compare(page: Page, choice: str) -> None:
    page.locator("summary", has_text="Compare").click()
    page.get_by_role("link", name=choice).click()


def test_one_compares_reads_what_slipped_and_opens_it(page: Page) -> None:
    expect(page.locator(".tl-ghost")).to_have_count(0)
    compare(page, "A month ago")
    expect(page.locator(".tl-item .tl-ghost")).to_have_count(1)
    expect(page.locator(".tl-item .tl-item__new")).to_have_count(1)
    expect(page.get_by_role("link", name="14 days later")).to_be_visible()
    expect(page.locator(".slips")).to_contain_text("1 later · 1 new")
    assert serious_findings(page) == []
    page.get_by_text("The largest here").click()
    page.locator(".slips__list").get_by_role("link", name="Slipped").click()
    expect(page.locator("dialog[open]")).to_contain_text("Slipped")


def test_the_list_is_reached_from_the_timeline_and_leads_back(page: Page, olga: Membership) -> None:
    compare(page, "A week ago")
    page.get_by_role("link", name="Largest slips").click()
    expect(page.get_by_role("heading", name="Largest slips")).to_be_visible()
    row = page.get_by_role("row", name="Slipped")
    expect(row).to_contain_text("14 days later")
    expect(row).to_contain_text(str(olga))
    page.get_by_role("link", name="Lost their dates 1").click()
    expect(page.get_by_role("row", name="Lost")).to_be_visible()
    compare(page, "A quarter ago")
    expect(page).to_have_url(re.compile("since=quarter"))
    page.get_by_role("link", name="Timeline", exact=True).click()
    expect(page.locator(".tl-item .tl-ghost")).to_have_count(1)


def test_any_day_can_be_chosen_and_left_again(page: Page) -> None:
    day = timezone.localdate() - timedelta(days=10)
    page.locator("summary", has_text="Compare").click()
    page.get_by_label("At the end of").fill(day.isoformat())
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page).to_have_url(re.compile(f"since={day.isoformat()}"))
    expect(page.locator(".tl-item .tl-ghost")).to_have_count(1)
    page.locator("summary", has_text="Compared with").click()
    page.get_by_role("link", name="Don’t compare").click()
    expect(page.locator(".tl-ghost")).to_have_count(0)


def test_without_javascript_the_same_is_there(open_page: OpenPage, olga: Membership, roadmap: Roadmap) -> None:
    page = open_page(person(olga), java_script_enabled=False)
    page.goto(f"/a/acme/roadmaps/{roadmap.pk}/timeline/?view=all")
    compare(page, "A month ago")
    expect(page.locator(".tl-item .tl-ghost")).to_have_count(1)
    page.get_by_role("link", name="Largest slips").click()
    page.get_by_role("link", name="Slipped").click()
    expect(page.get_by_role("heading", name="Slipped")).to_be_visible()


def test_a_view_is_saved_with_how_long_ago(page: Page, roadmap: Roadmap) -> None:
    compare(page, "A month ago")
    page.locator("summary", has_text="Save as new view").click()
    page.get_by_label("Name of the new view").fill("Review")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("navigation", name="Views").get_by_role("link", name="Review")).to_be_visible()
    assert View.objects.get(roadmap=roadmap, name="Review").query == "since=month"

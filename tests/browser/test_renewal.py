"""What a page shows renews itself while somebody uses it; it must not take a menu or a half-typed word away (D30)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun
from tests import factories
from tests.browser.people import person

OpenPage = Callable[..., Page]


@pytest.fixture
def link(transactional_db: None, olga: Membership) -> ProjectLink:
    """Olga's roadmap, synced a while ago; no worker is at it."""
    roadmap = factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")
    factories.make_item(roadmap, "First thing", external_id="1")
    return factories.make_link(roadmap, next_sync_at=None, synced_at=timezone.now())


def sync_elsewhere(link: ProjectLink, name: str) -> None:
    """A sync ends that brings one more item."""
    factories.make_item(link.roadmap, name, external_id=name)
    now = timezone.now()
    SyncRun.objects.create(
        account_id=link.account_id,
        link=link,
        trigger=SyncRun.Trigger.SCHEDULE,
        state=SyncRun.State.SUCCEEDED,
        started_at=now,
        finished_at=now,
        created=1,
    )


def open_roadmap(page: Page, link: ProjectLink) -> None:
    page.goto(f"/a/{link.roadmap.account.slug}/roadmaps/{link.roadmap_id}/")
    expect(page.get_by_role("link", name="First thing")).to_be_visible()


def test_an_open_menu_stays_open_and_keeps_the_focus(open_page: OpenPage, link: ProjectLink, olga: Membership) -> None:
    page = open_page(person(olga))
    open_roadmap(page, link)
    page.locator("summary", has_text="Pivotal Tracker").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    history = page.get_by_role("link", name="Sync history")
    expect(history).to_be_focused()
    sync_elsewhere(link, "Second thing")
    expect(page.get_by_role("link", name="Second thing")).to_be_visible()
    expect(history).to_be_focused()


def test_a_half_typed_search_stays(open_page: OpenPage, link: ProjectLink, olga: Membership) -> None:
    page = open_page(person(olga))
    open_roadmap(page, link)
    search = page.get_by_label("Search items")
    search.press_sequentially("thi")
    sync_elsewhere(link, "Second thing")
    expect(page.get_by_role("link", name="Second thing")).to_be_visible()
    expect(search).to_be_focused()
    page.keyboard.type("ng")
    expect(search).to_have_value("thing")


def test_the_row_that_somebody_is_at_keeps_the_focus(open_page: OpenPage, link: ProjectLink, olga: Membership) -> None:
    page = open_page(person(olga))
    page.goto(f"/a/{link.roadmap.account.slug}/roadmaps/{link.roadmap_id}/?sort=name")
    first = page.get_by_role("link", name="First thing")
    first.focus()
    sync_elsewhere(link, "Another thing, which comes before")
    expect(page.get_by_role("link", name="Another thing")).to_be_visible()
    expect(first).to_be_focused()


def test_columns_that_somebody_is_choosing_stay_chosen(
    open_page: OpenPage, link: ProjectLink, olga: Membership
) -> None:
    page = open_page(person(olga))
    open_roadmap(page, link)
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="End Date").uncheck()
    sync_elsewhere(link, "Second thing")
    expect(page.get_by_role("link", name="Second thing")).to_be_visible()
    expect(page.get_by_role("checkbox", name="End Date")).not_to_be_checked()
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("columnheader", name="Start Date")).to_be_visible()
    expect(page.get_by_role("columnheader", name="End Date")).to_have_count(0)

"""The brake and the way to stop a sync, as the owner meets them (B8)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun
from roadmaps.models import Item
from tests.browser.linked import link_apollo, press_in_menu
from tests.browser.people import person
from tracker_sandbox.server import Sandbox

pytestmark = pytest.mark.usefixtures("worker")
OpenPage = Callable[..., Page]


@pytest.fixture
def link(tracker: Sandbox, olga: Membership, vera: Membership) -> ProjectLink:
    """Olga's roadmap, tied to the demo's first project and not synced yet; Vera may look at it."""
    return link_apollo(tracker, olga, vera)


def open_roadmap(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Apollo").click()
    expect(page.get_by_role("heading", name="Apollo")).to_be_visible()


def sync(page: Page, *, outcome: str) -> None:
    """Press "Sync now", and wait until the page says what came of it, without a reload."""
    press_in_menu(page, "Sync now")
    expect(page.locator("#sync-status")).to_contain_text(outcome, timeout=30_000)


def delete_most(tracker: Sandbox, link: ProjectLink, *, keep: int) -> int:
    """Somebody's hand slips in Tracker."""
    ids = [int(id_) for id_ in Item.objects.filter(roadmap=link.roadmap).values_list("external_id", flat=True) if id_]
    tracker.world.delete_stories(ids[keep:])
    return len(ids) - keep


def test_the_owner_sees_what_a_sync_would_stop_and_says_no_and_later_yes(
    open_page: OpenPage, tracker: Sandbox, link: ProjectLink, olga: Membership, vera: Membership
) -> None:
    page = open_page(person(olga))
    open_roadmap(page)
    sync(page, outcome="Synced from Pivotal Tracker just now")
    gone = delete_most(tracker, link, keep=3)
    sync(page, outcome=f"The last sync would stop {gone} of {gone + 3} items")

    panel = page.locator("#sync-status")
    expect(panel).to_contain_text(f"{gone} Deleted at the source")
    panel.get_by_text("Show them").click()
    expect(panel.get_by_role("list", name="Items that would stop").get_by_role("link")).to_have_count(gone)
    page.locator("summary", has_text="Pivotal Tracker").click()
    expect(page.get_by_role("button", name="Sync now", exact=True)).to_be_disabled()
    page.keyboard.press("Escape")
    look_as_viewer(open_page(person(vera)))

    panel.get_by_role("button", name="Keep the items").click()
    expect(page.locator("[data-flash]")).to_contain_text("Nothing was changed")
    expect(panel).to_contain_text("You said no")
    assert not Item.objects.exclude(source_state="").exists()

    panel.get_by_role("button", name="Sync now").click()
    expect(panel).to_contain_text("The last sync would stop", timeout=30_000)
    panel.get_by_role("button", name="Apply this sync").click()
    expect(page.get_by_role("row").filter(has_text="Deleted")).to_have_count(gone, timeout=30_000)
    expect(page.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker just now")
    assert Item.objects.filter(source_state="deleted").count() == gone


def look_as_viewer(page: Page) -> None:
    """Who may only look sees how fresh the data is, and who is asked."""
    open_roadmap(page)
    status = page.locator("#sync-status")
    expect(status).to_contain_text("Waiting for the owner, Olga Olsen")
    expect(status).to_contain_text("Synced from Pivotal Tracker")
    for forbidden in ("Keep the items", "Apply this sync"):
        expect(page.get_by_text(forbidden)).to_have_count(0)


def test_a_first_sync_is_cancelled_while_it_runs(
    open_page: OpenPage, tracker: Sandbox, link: ProjectLink, olga: Membership
) -> None:
    """D8: the worker that is at it writes nothing, and the next sync brings everything."""
    tracker.faults.add("slow", path=r"/stories", seconds=4)
    page = open_page(person(olga))
    open_roadmap(page)
    sync(page, outcome="Initial sync in progress")
    page.locator("#sync-status").get_by_role("button", name="Cancel").click()
    expect(page.locator("[data-flash]")).to_contain_text("The sync was cancelled. Nothing was changed.")
    expect(page.locator("#sync-status")).to_contain_text("The last sync was cancelled")
    sync(page, outcome="Synced from Pivotal Tracker just now")
    assert list(SyncRun.objects.order_by("id").values_list("state", flat=True)) == ["cancelled", "succeeded"]
    assert SyncRun.objects.get(state="succeeded").created == Item.objects.count() > 0

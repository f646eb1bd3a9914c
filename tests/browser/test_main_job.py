"""The main job, as people do it: from a new connector to items that a viewer reads (S1-S29)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun
from roadmaps.models import Roadmap
from tests.browser.people import person
from tests.factories import make_share
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox

pytestmark = pytest.mark.usefixtures("worker")
OpenPage = Callable[..., Page]


def add_connector(page: Page, url: str) -> None:
    """S1-S5: the avatar's menu, Account Settings, the tab, the button, the form."""
    page.get_by_role("complementary").get_by_text("Account Admin").click()
    page.get_by_role("link", name="Account Settings").click()
    page.get_by_role("link", name="Integrations").click()
    page.get_by_text("Add an integration").first.click()
    page.get_by_role("link", name="Pivotal Tracker").click()
    expect(page.get_by_role("main")).to_contain_text(f"Pivotal Tracker Integration URL {url}")
    expect(page.get_by_role("textbox", name="URL")).to_have_count(0)
    page.get_by_label("Pivotal Tracker Integration Name").fill("Our Tracker")
    page.get_by_role("button", name="Create Integration").click()
    expect(page.get_by_role("main")).to_contain_text("Our Tracker")


def make_roadmap(page: Page, name: str) -> None:
    page.get_by_role("link", name="New roadmap").first.click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name=re.compile("Create")).click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def go_on(page: Page, step: str) -> None:
    """Continue, and arrive at the next step."""
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(step)


def set_up(page: Page, project: str) -> None:
    """S12-S20: the wizard from the toolbar to the confirmation."""
    page.locator("summary", has_text="Integrations").click()
    page.get_by_role("link", name="Setup Pivotal Tracker Integration").click()
    expect(page.get_by_label("Automatic sync cadence")).to_have_value("720")
    expect(page.get_by_label("One-way")).to_be_disabled()
    go_on(page, "Credentials")
    page.get_by_label("Credential Label").fill("Robin’s token")
    page.get_by_label("Personal Access Token").fill(DEMO_TOKEN)
    go_on(page, "Project")
    page.get_by_label(project).check()
    go_on(page, "Filter")
    go_on(page, "Dates")
    go_on(page, "Fields")
    page.get_by_label("First Started").check()
    go_on(page, "Review")
    expect(page.get_by_role("heading", name="What the first sync would do")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Start sync").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The Pivotal Tracker integration is set up")


def test_from_a_new_connector_to_items_that_a_viewer_reads(
    open_page: OpenPage, tracker: Sandbox, alice: Membership, olga: Membership, vera: Membership
) -> None:
    add_connector(open_page(person(alice)), tracker.url)

    page = open_page(person(olga))
    make_roadmap(page, "Rider app")
    set_up(page, "Rider App")
    page.get_by_role("link", name="Go to the roadmap").click()

    # D8: the items come by themselves, without a reload.
    first = next(iter(tracker.world.projects.values()))
    name = tracker.world.listing(first)[0].name
    expect(page.get_by_role("link", name=name)).to_be_visible(timeout=30_000)
    expect(page.locator("summary", has_text="Pivotal Tracker")).to_be_visible()
    expect(page.get_by_role("columnheader", name="External ID")).to_be_visible()

    # S24, S30: the card, and the way back to Tracker.
    page.get_by_role("link", name=name).click()
    card = page.get_by_role("dialog")
    expect(card.get_by_role("heading", name=name)).to_be_visible()
    with page.context.expect_page() as opened:
        card.get_by_role("link", name=re.compile(r"^\d{6,}")).click()
    expect(opened.value).to_have_url(re.compile(rf"{tracker.url}/story/show/\d+"))
    opened.value.close()

    modify_setup(page)

    roadmap = Roadmap.objects.get()
    make_share(roadmap, vera)
    look_as_viewer(open_page(person(vera)), name)


def modify_setup(page: Page) -> None:
    """S26, S27: everything but the project can change."""
    page.goto(page.url)
    page.locator("summary", has_text="Pivotal Tracker").click()
    page.get_by_role("link", name="Modify Setup").click()
    expect(page.get_by_role("list", name="Steps").get_by_text("Project")).to_have_count(0)
    page.get_by_label("Automatic sync cadence").select_option("60")
    page.get_by_role("button", name="Review and save").click()
    page.get_by_role("button", name=re.compile("Save")).click()
    expect(page.get_by_role("main")).to_contain_text(re.compile("Rider app"))
    assert ProjectLink.objects.get().cadence_minutes == 60
    assert SyncRun.objects.filter(trigger="modify").count() == 1


def look_as_viewer(page: Page, name: str) -> None:
    """Who may only look sees the same items, and nothing to change them with."""
    page.get_by_role("link", name="Rider app").click()
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.locator("summary", has_text="Pivotal Tracker").click()
    expect(page.get_by_role("link", name="Sync history")).to_be_visible()
    for forbidden in ("Modify Setup", "Sync now", "Add item", "Share"):
        expect(page.get_by_text(forbidden, exact=True)).to_have_count(0)

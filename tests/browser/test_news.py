"""Since you last looked, as a reader meets it; and the weekly e-mail that they ask for (B16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership
from integrations import digests, tasks
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from roadmaps.models import Item, Look
from tests import factories
from tests.browser.linked import link_apollo
from tests.browser.people import person
from tracker_sandbox.server import Sandbox

pytestmark = pytest.mark.usefixtures("worker")
OpenPage = Callable[..., Page]


@pytest.fixture
def link(tracker: Sandbox, olga: Membership, vera: Membership) -> ProjectLink:
    """Olga's roadmap, tied to the demo's first project; Vera may look at it."""
    state = factories.make_field(
        olga.account, "State", "choice", options=["Accepted"], source_kind="pivotal_tracker", source_key="state"
    )
    link = link_apollo(tracker, olga, vera, source_label="Pivotal Tracker")
    factories.make_mapping(link, "state", state)
    return link


def sync(link: ProjectLink, page: Page) -> None:
    """By the worker, while somebody has the page open."""
    run = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE)
    for _ in range(300):
        run.refresh_from_db()
        if not run.is_live:
            break
        page.wait_for_timeout(100)
    assert run.state == "succeeded"


def test_what_happened_meanwhile_is_told_listed_and_marked_as_seen(
    open_page: OpenPage, tracker: Sandbox, link: ProjectLink, vera: Membership
) -> None:
    page = open_page(person(vera))
    roadmap = f"/a/acme/roadmaps/{link.roadmap_id}/"
    sync(link, page)
    page.goto(roadmap)
    expect(page.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker")
    expect(page.locator("#news")).to_have_text(re.compile(r"^\s*$"))

    world, project = tracker.world, int(link.project_id)
    started = Item.objects.filter(roadmap=link.roadmap, end_date=None, start_date__isnull=False)[0]
    robin = next(iter(world.people))
    world.create_story(project, "Ride in the rain", by=robin, current_state="started", estimate=1)
    world.update_story(int(started.external_id or 0), by=robin, current_state="accepted")
    sync(link, page)
    # The page that is open tells it by itself.
    news = page.get_by_role("region", name="Since you last looked")
    expect(news.get_by_role("link", name="1 appeared")).to_be_visible()
    expect(news.get_by_role("link", name="1 finished")).to_be_visible()

    news.get_by_role("link", name="1 appeared").click()
    expect(page.get_by_role("heading", name="Since you last looked")).to_be_visible()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("link", name="Ride in the rain")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Finished")).click()
    expect(page.get_by_role("row", name=started.name)).to_contain_text("Finished")
    page.get_by_role("button", name="Mark as seen").click()
    expect(page).to_have_url(roadmap)
    expect(page.locator("#news")).to_have_text(re.compile(r"^\s*$"))


def test_the_weekly_letter_is_asked_for_comes_and_is_ended_from_itself(
    open_page: OpenPage, link: ProjectLink, vera: Membership, olga: Membership
) -> None:
    page = open_page(person(vera))
    page.goto("/a/acme/settings/profile/")
    page.get_by_label("Weekly e-mail").check()
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_text("Your profile was saved.")).to_be_visible()
    page.goto(f"/a/acme/roadmaps/{link.roadmap_id}/")
    assert Look.objects.filter(member=vera).exists()
    digests.queue_due(timezone.now() + timedelta(days=7))
    factories.make_edit(factories.make_item(link.roadmap, "By hand"), olga, kind="made")
    tasks.send_letters.delay()
    tasks.send_letters.delay()
    for _ in range(100):
        if mail.outbox:
            break
        page.wait_for_timeout(100)
    [letter] = mail.outbox
    assert "1 appeared" in letter.body
    anybody = open_page()
    [path] = re.findall(r"/unsubscribe/\S+", letter.body)
    anybody.goto(path)
    anybody.get_by_role("button", name="Stop the weekly e-mail").click()
    expect(anybody.get_by_text("gets no weekly e-mail")).to_be_visible()
    vera.refresh_from_db()
    assert not vera.wants_digest

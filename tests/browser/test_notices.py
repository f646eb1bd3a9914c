"""What owner, editors and viewers read when syncing is in trouble (D19, D21)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from accounts.models import Membership, Role
from integrations import tasks
from integrations.models import Notice, ProjectLink
from integrations.sync.heart import Heart
from tests import factories
from tests.browser.linked import link_apollo, press_in_menu
from tests.browser.people import person
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox

pytestmark = pytest.mark.usefixtures("worker")
OpenPage = Callable[..., Page]


@pytest.fixture
def link(tracker: Sandbox, olga: Membership, vera: Membership, monkeypatch: pytest.MonkeyPatch) -> ProjectLink:
    """Olga's roadmap, tied to the demo's first project; Vera may look at it, and Edda edit it."""
    monkeypatch.setattr(Heart, "sleep", lambda *_: None)
    return link_apollo(tracker, olga, vera)


def open_roadmap(page: Page) -> None:
    page.goto(f"/a/acme/roadmaps/{ProjectLink.objects.get().roadmap_id}/")


def wait_until(holds: Callable[[], bool], *, page: Page) -> None:
    """Until the worker is so far."""
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError("The worker did not come so far within 20 seconds")


def letters_left() -> None:
    """Twice, as the queue may deliver a task; by a worker that takes it from Redis."""
    for _ in range(2):
        tasks.send_letters.delay()


def test_everybody_reads_what_they_can_do_about_it(
    open_page: OpenPage, tracker: Sandbox, link: ProjectLink, olga: Membership, vera: Membership
) -> None:
    edda = factories.make_member(olga.account, Role.COLLABORATOR, name="Edda Editor")
    factories.make_share(link.roadmap, edda, "editor")
    owner, editor, viewer = open_page(person(olga)), open_page(person(edda)), open_page(person(vera))
    for page in (owner, editor, viewer):
        open_roadmap(page)
    press_in_menu(owner, "Sync now")
    expect(owner.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker just now", timeout=30_000)

    tracker.faults.add("sign_in_page", times=None)
    for number in range(2):
        press_in_menu(owner, "Sync now")
        wait_until(lambda failed=number + 1: ProjectLink.objects.get().failures == failed, page=owner)
        expect(owner.get_by_role("alert")).to_contain_text("The last sync did not come through.")
    expect(owner.get_by_role("alert")).to_contain_text("All items of this roadmap are still here.")
    expect(owner.get_by_role("alert").get_by_role("button")).to_have_text(["Sync now"])
    expect(editor.get_by_role("alert")).to_contain_text("ask Olga Olsen, who owns this roadmap")
    expect(editor.get_by_role("alert").get_by_role("button")).to_have_count(0)
    expect(viewer.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker")
    expect(viewer.get_by_role("alert")).to_have_count(0)

    letters_left()
    tracker.faults.clear()
    owner.get_by_role("alert").get_by_role("button", name="Sync now").click()
    expect(owner.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker just now", timeout=30_000)
    expect(editor.get_by_role("alert")).to_have_count(0)
    letters_left()
    expect_letters("The roadmap “Apollo” does not sync", "The roadmap “Apollo” syncs again", page=owner)


def expect_letters(*subjects: str, page: Page) -> None:
    wait_until(lambda: Notice.objects.filter(sent_at__isnull=False).count() == len(subjects), page=page)
    assert [letter.subject for letter in mail.outbox] == list(subjects)


def test_a_dead_token_is_mended_from_the_banner(
    open_page: OpenPage, tracker: Sandbox, link: ProjectLink, olga: Membership
) -> None:
    """S11"""
    tracker.world.revoke_token(DEMO_TOKEN)
    page = open_page(person(olga))
    open_roadmap(page)
    press_in_menu(page, "Sync now")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Pivotal Tracker is paused.", timeout=30_000)
    alert.get_by_role("link", name="Modify Setup").click()
    expect(page).to_have_url(f"/a/acme/roadmaps/{link.roadmap_id}/integration/setup/credentials/")

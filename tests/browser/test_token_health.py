"""A dead token, and the way back, as its owner meets them (S11, B10)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Membership
from integrations.models import SyncRun
from tests import factories
from tests.browser.people import person
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox

OpenPage = Callable[..., Page]


@pytest.mark.usefixtures("worker")
def test_roadmaps_of_a_dead_token_move_to_another_one_and_sync_again(
    open_page: OpenPage, tracker: Sandbox, olga: Membership
) -> None:
    project = next(iter(tracker.world.projects.values()))
    dead = factories.make_credential(olga, "Old laptop", secret="f" * 32, rejected_at=timezone.now())
    factories.make_credential(olga, "New laptop", secret=DEMO_TOKEN)
    for name in ("Apollo", "Gemini"):
        factories.make_link(
            factories.make_roadmap(olga, name),
            credential=dead,
            project_id=str(project.id),
            paused_at=timezone.now(),
            paused_code="credential_rejected",
            paused_reason="The token is refused.",
        )
    page = open_page(person(olga))
    page.goto("/a/acme/settings/credentials/")
    row = page.get_by_role("listitem").filter(has_text="Old laptop")
    expect(row).to_contain_text("Refused")
    row.get_by_label("Actions for Old laptop").click()
    page.get_by_role("link", name="Move its roadmaps").click()
    expect(page.get_by_text("Moves “Apollo”, “Gemini”, all in one step.")).to_be_visible()
    page.get_by_label("New laptop").check()
    page.get_by_role("button", name="Check and move").click()
    expect(page.get_by_text("2 roadmaps are fed through “New laptop” now.")).to_be_visible()
    page.goto("/")
    page.get_by_role("link", name="Apollo").click()
    expect(page.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker", timeout=30_000)
    assert not SyncRun.objects.filter(state="failed").exists()

"""W3: somebody leaves, what synced with their token rests and says why, and their roadmaps go on with another token."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import Membership
from tests import factories
from tests.browser.people import person
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox

OpenPage = Callable[..., Page]


@pytest.mark.django_db(transaction=True)
def test_an_admin_lets_somebody_go_and_moves_their_roadmaps(
    alice: Membership, olga: Membership, tracker: Sandbox, worker: None, open_page: OpenPage
) -> None:
    project = next(iter(tracker.world.projects.values()))
    roadmap = factories.make_roadmap(olga, "Apollo")
    factories.make_link(
        roadmap, credential=factories.make_credential(olga, "Olga's", secret=DEMO_TOKEN), project_id=str(project.id)
    )
    factories.make_credential(alice, "Alice's", secret=DEMO_TOKEN)
    page = open_page(person(alice))
    page.goto("/a/acme/settings/users/")
    page.get_by_label("Change Olga Olsen").click()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("nothing syncs with their credentials")).to_be_visible()
    table = reverse("roadmaps:items-table", args=["acme", roadmap.pk])
    expect_state(page, table, "Paused")
    page.goto(reverse("integrations:run-list", args=["acme", roadmap.pk]))
    page.get_by_role("row", name=re.compile("Failed")).get_by_role("link").first.click()
    expect(page.get_by_text("belong to Olga Olsen, who is no longer an active member of Acme")).to_be_visible()
    expect(page.get_by_text("All items of this roadmap are still as they were.")).to_be_visible()
    page.goto("/a/acme/settings/credentials/")
    page.get_by_label("Actions for Olga's").click()
    page.get_by_role("link", name="Move its roadmaps").click()
    page.get_by_label("Alice's").check()
    page.get_by_role("button", name="Check and move").click()
    expect(page.get_by_text("1 roadmap is fed through “Alice's” now.")).to_be_visible()
    expect_state(page, table, "Healthy")


def expect_state(page: Page, address: str, state: str) -> None:
    """A worker is at it; the page is looked at again until it says so."""
    menu = page.locator("#sync-toolbar")
    page.goto(address)
    expect(menu).to_contain_text(f": {state}", timeout=20_000)

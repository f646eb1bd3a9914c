"""A roadmap that pulls the demo's first project, and the menu by which people drive its syncs."""

from __future__ import annotations

from playwright.sync_api import Page

from accounts.models import Membership
from integrations.models import ProjectLink
from tests import factories
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox


def link_apollo(tracker: Sandbox, owner: Membership, *viewers: Membership, **roadmap: str) -> ProjectLink:
    """The owner's roadmap "Apollo", which syncs when asked to and has not yet; the viewers may look at it."""
    project = next(iter(tracker.world.projects.values()))
    link = factories.make_link(
        factories.make_roadmap(owner, "Apollo", **roadmap),
        credential=factories.make_credential(owner, "Robin’s token", secret=DEMO_TOKEN),
        project_id=str(project.id),
        project_name=project.name,
        next_sync_at=None,
    )
    for viewer in viewers:
        factories.make_share(link.roadmap, viewer)
    return link


def press_in_menu(page: Page, name: str) -> None:
    """Press that button of the tracker's menu; a banner below may have one of the same name."""
    page.locator("summary", has_text="Pivotal Tracker").click()
    page.locator("#sync-toolbar").get_by_role("button", name=name, exact=True).click()


def open_in_menu(page: Page, name: str) -> None:
    """Follow that link of the tracker's menu."""
    page.locator("summary", has_text="Pivotal Tracker").click()
    page.locator("#sync-toolbar").get_by_role("link", name=name, exact=True).click()

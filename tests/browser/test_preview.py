"""Nobody is surprised by a sync: seen first, done then, and taken back if need be (B1-B5, B8), also on a bad day."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.models import Membership
from integrations.models import ItemChange, Preview, ProjectLink, SyncRun
from integrations.sync import heart
from roadmaps.models import Field, Item
from tests import factories
from tests.browser.linked import link_apollo, open_in_menu, press_in_menu
from tests.browser.people import person
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox

pytestmark = pytest.mark.usefixtures("worker")
OpenPage = Callable[..., Page]
STORIES = r"/stories"


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits in a test: what is asked again is asked at once."""
    monkeypatch.setattr(heart.Heart, "sleep", lambda self, seconds: self.check())


@pytest.fixture
def wizard(open_page: OpenPage, tracker: Sandbox, olga: Membership) -> Page:
    """Olga before the step "Filter" of a new roadmap."""
    factories.make_integration(olga, "Our Tracker")
    factories.make_credential(olga, "Robin’s token", secret=DEMO_TOKEN, identity_name="Robin", projects_seen=2)
    roadmap = factories.make_roadmap(olga, "Apollo")
    page = open_page(person(olga))
    page.goto(f"/a/acme/roadmaps/{roadmap.pk}/integration/setup/")
    for step in ("Credentials", "Project"):
        page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(step)
    page.get_by_label("Rider App").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Filter")
    return page


@pytest.fixture
def synced(open_page: OpenPage, tracker: Sandbox, olga: Membership) -> Page:
    """Olga at the table of a roadmap that was synced once."""
    link = link_apollo(tracker, olga)
    page = open_page(person(olga))
    page.goto(f"/a/acme/roadmaps/{link.roadmap_id}/")
    press_in_menu(page, "Sync now")
    expect(page.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker just now", timeout=30_000)
    return page


def go_on(page: Page, step: str) -> None:
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(step)


def to_review(page: Page) -> None:
    """From the step "Filter" to the last page."""
    for step in ("Dates", "Fields", "Review"):
        go_on(page, step)


def shown(page: Page, word: str) -> Locator:
    """The number above that word."""
    return page.locator("#preview .figures > div", has=page.get_by_text(word, exact=True)).locator("dd")


def figure(page: Page, word: str) -> int:
    return int(shown(page, word).inner_text())


def test_the_first_sync_is_seen_before_it_is_started_and_does_just_that(wizard: Page, olga: Membership) -> None:
    factories.make_field(olga.account, "State")
    to_review(wizard)
    expect(wizard.get_by_role("heading", name="What the first sync would do")).to_be_visible(timeout=30_000)
    assert not Item.objects.exists()
    assert Field.objects.count() == 1
    created = figure(wizard, "created")
    expect(wizard.locator("#preview")).to_contain_text(re.compile(r"By type\s*.*Feature: \d+"))
    expect(wizard.get_by_role("region", name="Fields of the account")).to_contain_text("because “State” is taken")
    rows = wizard.get_by_role("region", name="Items that would be created").locator("tbody tr")
    expect(rows).to_have_count(min(created, 50))
    wizard.get_by_role("button", name="Start sync").click()
    wizard.get_by_role("link", name="Go to the roadmap").click()
    expect(wizard.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker", timeout=30_000)
    run = SyncRun.objects.get()
    assert (run.created, run.as_planned, Item.objects.count()) == (created, True, created)


def test_a_look_shows_how_far_it_is_and_can_be_stopped(wizard: Page, tracker: Sandbox) -> None:
    tracker.faults.add("slow", path=STORIES, seconds=4, times=2)
    to_review(wizard)
    expect(wizard.get_by_role("heading", name="Looking at what would happen")).to_be_visible()
    wizard.get_by_role("button", name="Stop looking").click()
    expect(wizard.locator("#preview")).to_contain_text("You stopped looking.")
    wizard.get_by_role("button", name="Look again").click()
    expect(wizard.get_by_role("heading", name="What the first sync would do")).to_be_visible(timeout=30_000)


def test_a_tracker_that_breaks_in_the_middle_of_a_look_costs_nothing_but_another_look(
    wizard: Page, tracker: Sandbox
) -> None:
    fault = tracker.faults.add("cut_off", path=STORIES, times=None)
    to_review(wizard)
    expect(wizard.locator("#preview")).to_contain_text("We could not look at the project.", timeout=30_000)
    expect(wizard.locator("#preview")).to_contain_text("nothing that you chose was lost")
    expect(wizard.get_by_role("button", name="Start sync")).to_have_count(0)
    assert not ProjectLink.objects.exists()
    tracker.faults.remove(fault.id)
    wizard.get_by_role("button", name="Look again").click()
    expect(wizard.get_by_role("button", name="Start sync")).to_be_visible(timeout=30_000)


def test_a_tracker_that_breaks_when_the_sync_starts_leaves_the_roadmap_empty_and_then_fills_it(
    wizard: Page, tracker: Sandbox
) -> None:
    to_review(wizard)
    expect(wizard.get_by_role("button", name="Start sync")).to_be_visible(timeout=30_000)
    created = figure(wizard, "created")
    fault = tracker.faults.add("truncated_json", path=STORIES, times=None)
    wizard.get_by_role("button", name="Start sync").click()
    wizard.get_by_role("link", name="Go to the roadmap").click()
    expect(wizard.get_by_role("alert")).to_contain_text("did not come through", timeout=30_000)
    assert not Item.objects.exists()
    tracker.faults.remove(fault.id)
    press_in_menu(wizard, "Sync now")
    expect(wizard.locator("#sync-status")).to_contain_text("Synced from Pivotal Tracker", timeout=30_000)
    assert Item.objects.count() == created


def test_dates_are_counted_while_they_are_chosen(wizard: Page, tracker: Sandbox) -> None:
    """B3"""
    go_on(wizard, "Dates")
    expect(wizard.get_by_text("get a start")).to_be_visible(timeout=30_000)
    total = int(re.findall(r"\d+", wizard.locator("#coverage-title").inner_text())[0])
    for side in ("Start Date", "End Date"):
        for choice in wizard.get_by_role("group", name=side).get_by_role("combobox").all():
            choice.select_option("")
    expect(shown(wizard, "get neither")).to_have_text(str(total))
    start = wizard.get_by_role("group", name="Start Date").get_by_role("combobox")
    start.first.select_option("accepted")
    expect(shown(wizard, "get a start")).not_to_have_text("0")
    assert 0 < figure(wizard, "get a start") < total
    start.nth(1).select_option("created")
    expect(shown(wizard, "get a start")).to_have_text(str(total))
    go_on(wizard, "Fields")
    go_on(wizard, "Review")
    expect(wizard.locator("#preview")).to_contain_text(f"{total} with a start, 0 with an end", timeout=30_000)


def test_dates_can_be_chosen_while_the_tracker_is_away(wizard: Page, tracker: Sandbox) -> None:
    fault = tracker.faults.add("maintenance", path=STORIES, times=None)
    go_on(wizard, "Dates")
    expect(wizard.locator("#preview")).to_contain_text("We could not look at the project.", timeout=30_000)
    tracker.faults.remove(fault.id)
    go_on(wizard, "Fields")


def test_a_changed_setup_shows_its_plan_and_nothing_happens_before_it_is_confirmed(
    synced: Page, tracker: Sandbox
) -> None:
    """B2"""
    accepted = [str(one.id) for one in tracker.world.stories.values() if one.current_state == "accepted"]
    lost = Item.objects.filter(external_id__in=accepted).count()
    open_in_menu(synced, "Modify Setup")
    synced.get_by_role("link", name="Filter").click()
    synced.locator("input[name=states][value=accepted]").uncheck()
    synced.get_by_role("button", name="Review and save").click()
    expect(synced.get_by_role("heading", name="What saving would do")).to_be_visible(timeout=30_000)
    assert figure(synced, "would stop") == lost > 0
    expect(synced.locator("#preview")).to_contain_text(f"{lost} No longer matches the filter")
    assert not Item.objects.exclude(source_state="").exists()
    tracker.world.delete_stories([int(Item.objects.exclude(external_id__in=accepted).first().external_id or 0)])
    synced.get_by_role("button", name="Save changes").click()
    panel = synced.locator("#sync-status")
    expect(panel).to_contain_text("The project changed after you looked", timeout=30_000)
    assert not Item.objects.exclude(source_state="").exists()
    panel.get_by_role("button", name="Apply this sync").click()
    expect(panel.get_by_text("The project changed after you looked")).to_have_count(0)
    expect(panel.locator(".spin")).to_have_count(0, timeout=30_000)
    assert Item.objects.exclude(source_state="").count() == lost + 1


def test_a_sync_is_found_by_what_it_did_undone_and_done_again(synced: Page, tracker: Sandbox) -> None:
    """B4, B5"""
    item = Item.objects.order_by("id")[0]
    tracker.world.update_story(int(item.external_id or 0), name="Slipped in the night")
    press_in_menu(synced, "Sync now")
    expect(synced.get_by_role("link", name="Slipped in the night")).to_be_visible(timeout=30_000)

    open_in_menu(synced, "Sync history")
    synced.get_by_label("Outcome").select_option("changed")
    synced.get_by_role("button", name="Show", exact=True).click()
    expect(synced.get_by_role("region", name="Sync history").locator("tbody tr")).to_have_count(2)
    synced.get_by_role("region", name="Sync history").locator("tbody a").first.click()
    synced.get_by_label("Name or External ID").fill("slipped")
    synced.get_by_role("button", name="Show", exact=True).click()
    synced.get_by_role("link", name="Slipped in the night").click()
    card = synced.get_by_role("dialog")
    expect(card).to_contain_text(item.name)
    card.get_by_role("link", name=re.compile(r"^\d+ \w{3} \d{4}")).first.click()
    expect(synced.get_by_role("heading", level=1)).to_contain_text("Sync of")

    synced.get_by_role("button", name="Undo this sync").click()
    expect(synced.locator("[data-flash]")).to_contain_text("1 item says again what it said before")
    expect(synced.get_by_role("heading", level=1)).to_contain_text("Undone")
    item.refresh_from_db()
    assert item.name != "Slipped in the night"

    fault = tracker.faults.add("maintenance", times=None)
    synced.get_by_role("link", name="Apollo").first.click()
    expect(synced.get_by_role("alert")).to_contain_text("You took back what the last sync did.")
    with synced.expect_navigation():  # the alert of the page before says the same
        synced.locator("#sync-status").get_by_role("button", name="Sync now").click()
    expect(synced.get_by_role("alert")).to_contain_text("You took back", timeout=30_000)
    item.refresh_from_db()
    assert item.name != "Slipped in the night"
    tracker.faults.remove(fault.id)
    synced.locator("#sync-status").get_by_role("button", name="Sync now").click()
    expect(synced.get_by_role("link", name="Slipped in the night")).to_be_visible(timeout=30_000)
    assert ItemChange.objects.filter(item=item, kind="updated").count() == 2


def test_the_page_of_a_run_follows_it_and_can_cancel_it(synced: Page, tracker: Sandbox) -> None:
    tracker.world.update_story(int(Item.objects.order_by("id")[0].external_id or 0), name="Too late")
    ProjectLink.objects.update(cursor=None, last_full_at=None)
    tracker.faults.add("slow", path=STORIES, seconds=4)
    press_in_menu(synced, "Sync now")
    open_in_menu(synced, "Sync history")
    synced.get_by_role("region", name="Sync history").locator("tbody a").first.click()
    expect(synced.get_by_role("progressbar")).to_be_visible()
    synced.get_by_role("button", name="Cancel", exact=True).click()
    expect(synced.locator("[data-flash]")).to_contain_text("The sync was cancelled. Nothing was changed.")
    assert not Item.objects.filter(name="Too late").exists()

    tracker.faults.add("slow", path=STORIES, seconds=3)
    press_in_menu(synced, "Sync now")
    open_in_menu(synced, "Sync history")
    synced.get_by_role("region", name="Sync history").locator("tbody a").first.click()
    expect(synced.get_by_role("progressbar")).to_be_visible()
    expect(synced.get_by_role("heading", name="What it changed")).to_be_visible(timeout=30_000)
    expect(synced.get_by_role("heading", level=1)).to_contain_text("Succeeded")
    assert Preview.objects.count() == 0

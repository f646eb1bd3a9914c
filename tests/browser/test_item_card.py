"""The Item Card as people meet it: over the table, as a page, with a mouse and with a keyboard alone (S30, D30)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from roadmaps.models import Comment, Item, ItemLink, Roadmap
from tests import factories
from tests.browser.axe import all_findings, serious_findings
from tests.browser.people import person

OpenPage = Callable[..., Page]

DESCRIPTION = """As a **rider** I want to pay by card, so that I need no cash.

# How
- Stripe, *not* PayPal
- [The plan](https://example.test/plan)

### Which
| card | fee | since | remark | what it means for us in the long run |
|---|---|---|---|---|
| Visa | 1.4 % | 2024 | `averyveryverylongwordwithoutanyblanksthatneverends_in_a_table_of_a_description` | little |

```
curl -X POST https://api.example.test/v1/payments/with/a/very/long/address/that/does/not/fit/anywhere?at=all&still=goes-on
```
"""


@pytest.fixture
def roadmap(transactional_db: None, olga: Membership) -> Roadmap:
    return factories.make_roadmap(
        olga,
        "Rider app",
        source_label="Pivotal Tracker",
        synced_columns=["name", "description", "start_date", "end_date"],
    )


@pytest.fixture
def story(roadmap: Roadmap, olga: Membership, vera: Membership) -> Item:
    """An item with everything that a card can show."""
    synced = factories.make_field(
        roadmap.account,
        "Labels",
        "choices",
        options=["Payments", "Wallet", "Risk and compliance"],
        source_kind="pivotal_tracker",
        source_key="labels",
        source_label="Pivotal Tracker",
    )
    theme = factories.make_field(roadmap.account, "Theme", "choice", roadmap=roadmap, options=["Growth", "Trust"])
    factories.make_field(roadmap.account, "Budget", "number", roadmap=roadmap)
    roadmap.synced_columns = [*roadmap.synced_columns, synced.column]
    roadmap.save()
    growth, trust = theme.options.all()
    factories.make_share(roadmap, vera)
    item = factories.make_item(
        roadmap,
        "Riders pay by credit card",
        external_id="161000203",
        external_url="https://tracker.test/story/show/161000203",
        description=DESCRIPTION,
        notes="Vera wants this in *May*.",
        start_date="2026-03-02",
        end_date="2026-04-17",
        values={synced.column: [option.pk for option in synced.options.all()], theme.column: growth.pk},
    )
    factories.make_comment(item, vera, "Will this work **abroad**?\n\n> It should, I think.")
    factories.make_comment(item, olga, "Yes, everywhere but Japan.")
    factories.make_edit(item, olga, notes=[None, "Vera wants this in *May*."], **{theme.column: [trust.pk, growth.pk]})
    return item


def open_card(page: Page, story: Item) -> None:
    page.goto(f"/a/acme/roadmaps/{story.roadmap_id}/")
    page.get_by_role("link", name=story.name).click()
    expect(page.get_by_role("dialog").get_by_role("heading", name=story.name, level=1)).to_be_focused()


def picture(page: Page, name: str) -> None:
    """With SCREENSHOTS=<folder>, what the page shows now."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.wait_for_timeout(300)
        page.screenshot(path=Path(folder) / f"{name}.png", caret="initial")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("size", "width", "height"), [("wide", 1280, 860), ("phone", 390, 844)])
def test_the_card_fits_and_is_easy_to_get_at(
    open_page: OpenPage, story: Item, olga: Membership, scheme: str, size: str, width: int, height: int
) -> None:
    other = factories.make_roadmap(olga, "Driver app")
    factories.make_item_link(story, factories.make_item(story.roadmap, "Refunds", external_id="161000204"))
    factories.make_item_link(story, factories.make_item(other, "Drivers see what was paid " + "and how " * 12))
    page = open_page(person(olga), color_scheme=scheme, viewport={"width": width, "height": height})
    open_card(page, story)
    picture(page, f"card-{size}-{scheme}")
    assert serious_findings(page) == []
    if scheme == "light":
        page.locator("dialog[open]").evaluate("each => each.scrollTo(0, 100000)")
        picture(page, f"card-{size}-end")
    assert page.locator("dialog[open]").evaluate("each => each.scrollWidth <= each.clientWidth")

    page.goto(page.get_by_role("dialog").get_by_role("link", name="Open as a page").get_attribute("href") or "")
    expect(page.get_by_role("heading", level=1)).to_have_text(story.name)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert all_findings(page) == []
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"card-page-{size}-{scheme}.png", full_page=True, caret="initial")


def test_people_talk_on_the_card(open_page: OpenPage, story: Item, olga: Membership) -> None:
    page = open_page(person(olga))
    open_card(page, story)
    card = page.get_by_role("dialog")
    talk = card.get_by_role("region", name="Comments")
    talk.get_by_label("Add a comment").fill("Only in *Euro*")
    page.keyboard.press("Control+Enter")
    mine = talk.get_by_role("listitem").filter(has_text="Only in Euro")
    expect(mine).to_contain_text("(you)")
    expect(talk.get_by_label("Add a comment")).to_be_focused()
    expect(talk.get_by_label("Add a comment")).to_have_value("")

    mine.get_by_role("link", name="Edit your comment").click()
    edited = talk.get_by_role("textbox", name="Edit your comment")
    expect(edited).to_be_focused()
    edited.fill("")
    talk.get_by_role("button", name="Save").click()
    expect(talk.get_by_text("Write something first.")).to_be_visible()
    edited.fill("In Euro and Yen")
    talk.get_by_role("button", name="Save").click()
    changed = talk.get_by_role("listitem").filter(has_text="In Euro and Yen")
    expect(changed).to_contain_text("edited")
    expect(changed).to_be_focused()

    changed.get_by_role("link", name="Delete the comment").click()
    expect(talk.get_by_text("Delete this comment for good?")).to_be_visible()
    picture(page, "comment-delete")
    talk.get_by_role("button", name="Delete").click()
    expect(changed).to_have_count(0)
    expect(talk.get_by_role("heading", name="Comments")).to_be_focused()
    assert Comment.objects.count() == 2


def test_a_half_written_comment_outlives_the_closing_of_the_card(
    open_page: OpenPage, story: Item, olga: Membership
) -> None:
    page = open_page(person(olga))
    open_card(page, story)
    field = page.get_by_role("dialog").get_by_label("Add a comment")
    field.fill("I was about to s")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name=story.name).click()
    expect(field).to_have_value("I was about to s")
    page.get_by_role("button", name="Comment", exact=True).click()
    said = page.get_by_role("dialog").get_by_role("listitem").filter(has_text="I was about to s")
    expect(said).to_be_visible()
    expect(field).to_have_value("")

    # Who cancels does not want it back.
    said.get_by_role("link", name="Edit your comment").click()
    edited = page.get_by_role("textbox", name="Edit your comment")
    edited.fill("Never mind")
    page.get_by_role("link", name="Cancel").click()
    said.get_by_role("link", name="Edit your comment").click()
    expect(edited).to_have_value("I was about to s")


def test_earlier_comments_and_changes_come_on_demand(open_page: OpenPage, story: Item, olga: Membership) -> None:
    for number in range(30):
        factories.make_comment(story, olga, f"Word {number}.")
        factories.make_edit(story, olga, notes=[f"Note {number}.", f"Note {number + 1}."])
    page = open_page(person(olga))
    open_card(page, story)
    talk = page.get_by_role("dialog").get_by_role("region", name="Comments")
    expect(talk.get_by_text("Word 9.")).to_have_count(0)
    talk.get_by_role("link", name="Show earlier").click()
    expect(talk.get_by_role("listitem")).to_have_count(32)
    expect(talk.get_by_role("listitem").first).to_be_focused()
    expect(talk.get_by_role("link", name="Show earlier")).to_have_count(0)
    history = page.get_by_role("dialog").get_by_role("region", name="History")
    history.get_by_role("link", name="Show earlier").click()
    expect(history.get_by_role("listitem")).to_have_count(31)


def test_items_are_linked_across_roadmaps_and_unlinked(open_page: OpenPage, story: Item, olga: Membership) -> None:
    other = factories.make_item(factories.make_roadmap(olga, "Driver app"), "Drivers get paid")
    page = open_page(person(olga))
    open_card(page, story)
    card = page.get_by_role("dialog")
    links = card.get_by_role("region", name="Linked items")
    links.get_by_text("Link an item").click()
    search = links.get_by_role("searchbox")
    expect(search).to_be_focused()
    search.press_sequentially("drivers")
    expect(links.get_by_role("listitem").filter(has_text="Drivers get paid")).to_contain_text("Driver app")
    expect(search).to_be_focused()
    picture(page, "card-search")
    links.get_by_role("button", name="Link Drivers get paid").click()
    expect(links.get_by_role("heading", name="Linked items")).to_be_focused()
    expect(links.get_by_role("listitem")).to_have_count(1)

    # To the other card, over the same page, and back.
    links.get_by_role("link", name="Drivers get paid").click()
    expect(card.get_by_role("heading", level=1)).to_have_text(other.name)
    expect(card.get_by_role("heading", level=1)).to_be_focused()
    links.get_by_role("link", name=story.name).click()
    expect(card.get_by_role("heading", level=1)).to_have_text(story.name)
    links.get_by_role("button", name="Remove the link").click()
    expect(links.get_by_role("listitem")).to_have_count(0)
    assert not ItemLink.objects.exists()


def test_the_whole_card_works_with_the_keyboard(open_page: OpenPage, story: Item, olga: Membership) -> None:
    """D30: in by Enter, on by Tab, out by Escape, and back to where one was."""
    page = open_page(person(olga))
    page.goto(f"/a/acme/roadmaps/{story.roadmap_id}/")
    name = page.get_by_role("link", name=story.name)
    name.focus()
    page.keyboard.press("Enter")
    card = page.get_by_role("dialog")
    expect(card.get_by_role("heading", level=1)).to_be_focused()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "document.activeElement.closest('dialog') !== null || document.activeElement === document.body"
        )
        assert inside, "the focus left the dialog"
        reached.append(page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent.trim()"))
        if page.evaluate("document.activeElement.matches('textarea')"):
            break
    assert {"Edit", "Copy link", "Open as a page", "Close", "161000203", "Link an item"} <= set(reached)
    page.keyboard.type("By hand")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card.get_by_role("listitem").filter(has_text="By hand")).to_be_visible()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(name).to_be_focused()


def test_the_form_opens_in_the_card_and_gives_the_card_back(open_page: OpenPage, story: Item, olga: Membership) -> None:
    page = open_page(person(olga))
    open_card(page, story)
    page.get_by_role("dialog").get_by_role("link", name="Edit", exact=True).click()
    form = page.get_by_role("dialog")
    expect(form.get_by_role("heading", level=1)).to_have_text("Edit item")
    expect(form.get_by_label("Budget")).to_be_visible()
    picture(page, "form")
    form.get_by_label("Notes").fill("By the form")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("heading", level=1)).to_be_focused()
    expect(form.get_by_role("region", name="Notes")).to_contain_text("By the form")


def test_the_address_of_the_card_is_copied_and_opens_it(open_page: OpenPage, story: Item, olga: Membership) -> None:
    page = open_page(person(olga), permissions=["clipboard-read", "clipboard-write"])
    open_card(page, story)
    page.get_by_role("dialog").get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("dialog").get_by_text("Copied.")).to_be_visible()
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    expect(page.get_by_role("heading", level=1)).to_have_text(story.name)
    page.get_by_label("Add a comment").fill("From the page")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="From the page")).to_be_visible()


def test_everything_works_without_javascript(open_page: OpenPage, story: Item, olga: Membership) -> None:
    factories.make_item(story.roadmap, "Refunds")
    page = open_page(person(olga), java_script_enabled=False)
    page.goto(f"/a/acme/roadmaps/{story.roadmap_id}/")
    page.get_by_role("link", name=story.name).click()
    page.get_by_label("Add a comment").fill("By a plain form")
    page.get_by_role("button", name="Comment", exact=True).click()
    said = page.get_by_role("listitem").filter(has_text="By a plain form")
    said.get_by_role("link", name="Edit your comment").click()
    page.get_by_label("Comment").fill("By two plain forms")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("listitem").filter(has_text="By two plain forms")).to_contain_text("edited")
    page.get_by_text("Link an item").click()
    page.get_by_role("searchbox").fill("Refunds")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Link Refunds").click()
    expect(page.get_by_role("region", name="Linked items").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Remove the link").click()
    expect(page.get_by_role("region", name="Linked items").get_by_role("listitem")).to_have_count(0)


def test_notes_are_written_where_they_stand_and_the_description_of_a_source_is_locked(
    open_page: OpenPage, story: Item, olga: Membership
) -> None:
    """S30, D10: own texts in place, Markdown included."""
    page = open_page(person(olga))
    page.goto(f"/a/{story.account.slug}/roadmaps/{story.roadmap_id}/")
    page.get_by_role("link", name=story.name).click()
    card = page.locator("#card")
    expect(card.get_by_role("link", name="Edit Description")).to_have_count(0)
    card.get_by_role("link", name="Edit Notes").click()
    text = card.locator(".card-text textarea")
    expect(text).to_be_focused()
    text.fill("Ask **legal** first")
    text.press("Control+Enter")
    expect(card.locator(".card-text strong", has_text="legal")).to_be_visible()
    assert Item.objects.get(pk=story.pk).notes == "Ask **legal** first"
    expect(card.get_by_role("link", name="Edit Notes")).to_be_focused()
    assert serious_findings(page) == []

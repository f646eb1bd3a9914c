"""The Item Card as people meet it: over the table, as a page, with a mouse and with a keyboard alone (S30, D30)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from roadmaps.models import Item, Roadmap
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
        page.screenshot(path=Path(folder) / f"{name}.png")


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
        page.locator("dialog").evaluate("each => each.scrollTo(0, 100000)")
        picture(page, f"card-{size}-end")
    assert page.locator("dialog").evaluate("each => each.scrollWidth <= each.clientWidth")

    page.goto(page.get_by_role("dialog").get_by_role("link", name="Open as a page").get_attribute("href") or "")
    expect(page.get_by_role("heading", level=1)).to_have_text(story.name)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert all_findings(page) == []
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"card-page-{size}-{scheme}.png", full_page=True)

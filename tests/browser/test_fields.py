"""Fields as people keep them: in Account Settings, and from the table (S23, D14, D30)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Membership
from roadmaps.models import Field, Roadmap
from tests import factories
from tests.browser.people import person

OpenPage = Callable[..., Page]


@pytest.fixture
def roadmap(transactional_db: None, olga: Membership) -> Roadmap:
    """Apollo, with a team for each item, an account-level "Teams", and a field that it pulls."""
    apollo = factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")
    team = factories.make_field(olga.account, "Team", "choice", roadmap=apollo, options=["Red", "Blue"])
    factories.make_field(olga.account, "Teams", "choice", options=["red", "Green"], created_by=olga)
    factories.make_field(olga.account, "Cost", "number", created_by=olga)
    state = factories.make_field(
        olga.account,
        "State",
        "choice",
        options=["Unstarted", "Started", "Accepted"],
        source_kind="pivotal_tracker",
        source_key="state",
        source_label="Pivotal Tracker",
    )
    apollo.synced_columns = [state.column]
    apollo.save()
    for number, option in enumerate(team.options.all()):
        factories.make_item(apollo, f"Item {number}", values={team.column: option.pk})
    return apollo


def test_an_admin_merges_two_fields_that_look_the_same(
    open_page: OpenPage, roadmap: Roadmap, alice: Membership
) -> None:
    page = open_page(person(alice))
    page.goto("/a/acme/settings/fields/?part=roadmap")
    row = page.get_by_role("row", name="Team")
    expect(row).to_contain_text("Looks like “Teams”")
    row.get_by_role("link", name="merge?").click()
    expect(page.get_by_text("2 items", exact=True)).to_be_visible()
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("The values of 2 items moved to “Teams”")).to_be_visible()
    expect(page.get_by_label("Colour of Blue")).to_be_attached()
    assert Field.objects.get(name="Team").archived_at


def test_a_list_is_ordered_and_coloured_by_keyboard(open_page: OpenPage, roadmap: Roadmap, alice: Membership) -> None:
    field = Field.objects.get(name="State")
    page = open_page(person(alice))
    page.goto(f"/a/acme/settings/fields/{field.pk}/")
    page.get_by_role("button", name="Move Accepted up").press("Enter")
    expect(page.locator(".options__row .chip")).to_have_text(["Unstarted", "Accepted", "Started"])
    page.locator("summary[aria-label='Colour of Started']").press("Enter")
    swatches = page.get_by_role("group", name="Colour of Started")
    swatches.get_by_role("radio", name="Blue").focus()
    page.keyboard.press("ArrowRight")
    expect(swatches.get_by_role("radio", name="Green")).to_be_checked()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("The field is saved.")).to_be_visible()
    assert dict(field.options.values_list("label", "colour"))["Started"] == 2


def test_enter_in_a_value_saves_and_moves_nothing(open_page: OpenPage, roadmap: Roadmap, alice: Membership) -> None:
    field = Field.objects.get(name="Teams")
    page = open_page(person(alice))
    page.goto(f"/a/acme/settings/fields/{field.pk}/")
    page.locator(f"[name=option_{field.options.get(label='Green').pk}]").fill("Mint")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The field is saved.")).to_be_visible()
    assert list(field.options.values_list("label", flat=True)) == ["red", "Mint"]


def test_an_editor_adds_a_field_from_the_table(open_page: OpenPage, roadmap: Roadmap, olga: Membership) -> None:
    page = open_page(person(olga))
    page.goto(f"/a/acme/roadmaps/{roadmap.pk}/?cols=name,end_date&sort=-name")
    page.get_by_role("link", name="Add a field").press("Enter")
    dialog = page.get_by_role("dialog", name="New field")
    dialog.get_by_label("Name").fill("Costs")
    dialog.get_by_label("Name").press("Enter")
    expect(dialog).to_contain_text("There is “Cost” already")
    dialog.get_by_label("Name").fill("Risk")
    dialog.get_by_role("button", name="Create it all the same").click()
    expect(page.get_by_role("columnheader", name="Risk")).to_be_visible()
    expect(page.get_by_role("columnheader", name="End Date")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Start Date")).to_have_count(0)


PAGES = ["list", "roadmap", "own", "synced", "merge", "promote", "table"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pages_of_fields_fit_the_window(
    open_page: OpenPage, roadmap: Roadmap, alice: Membership, name: str, width: int
) -> None:
    ids = dict(Field.objects.values_list("name", "pk"))
    addresses = {
        "list": "settings/fields/",
        "roadmap": "settings/fields/?part=roadmap",
        "own": f"settings/fields/{ids['Teams']}/",
        "synced": f"settings/fields/{ids['State']}/",
        "merge": f"settings/fields/{ids['Team']}/merge/?into={ids['Teams']}",
        "promote": f"settings/fields/{ids['Team']}/promote/",
        "table": f"roadmaps/{roadmap.pk}/",
    }
    factories.make_share(roadmap, alice, "editor")
    page = open_page(person(alice), viewport={"width": width, "height": 900})
    page.goto(f"/a/acme/{addresses[name]}")
    expect(page.locator("main")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width

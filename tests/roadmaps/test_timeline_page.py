"""The Timeline's page: what it shows, how its address changes, what it costs (S31, D11, D24, D26, B11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import timeline_items
from roadmaps.models import Item, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """Every test happens on 25 November 2026."""
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        yield


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")


@pytest.fixture
def client(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


def address(roadmap: Roadmap, name: str = "timeline", *args: int) -> str:
    return reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, *args])


def show(client: Client, roadmap: Roadmap, query: str = "") -> str:
    response = client.get(address(roadmap) + query)
    assert response.status_code == 200
    return response.content.decode()


def item(roadmap: Roadmap, name: str, start: str | None = None, end: str | None = None, **columns: object) -> Item:
    return factories.make_item(roadmap, name, start_date=start, end_date=end, **columns)


def bars(page: str) -> list[str]:
    """The names of the bars, in the order of the page."""
    return re.findall(r"<title>([^<\n]+)\n", page)


def link(page: str, label: str) -> str:
    found = re.search(rf'href="([^"]*)"[^>]*>{label}</a>', page)
    assert found, label
    return found[1].replace("&amp;", "&")


def test_a_bar_links_to_its_card_and_says_what_it_is(client: Client, roadmap: Roadmap) -> None:
    made = item(roadmap, "Pay by card", "2026-03-03", "2026-03-18")
    page = show(client, roadmap)
    card = address(roadmap, "item", made.pk)
    assert f'href="{card}" data-card' in page
    assert "<title>Pay by card\n3 Mar 2026 – 18 Mar 2026</title>" in page
    assert "Timeline, " in page


def test_items_with_one_date_are_points(client: Client, roadmap: Roadmap) -> None:
    item(roadmap, "Press day", "2026-03-03")
    item(roadmap, "Deadline", None, "2026-03-09")
    page = show(client, roadmap)
    assert page.count("<circle") == 2
    assert "Starts 3 Mar 2026, no end yet" in page
    assert "Ends 9 Mar 2026, no start known" in page


def test_items_without_dates_are_counted_and_one_click_away(client: Client, roadmap: Roadmap) -> None:
    """D26: never silently missing; the filters of the page stay on."""
    item(roadmap, "Dated", "2026-03-03")
    item(roadmap, "Undated wallet")
    item(roadmap, "Undated elsewhere")
    page = show(client, roadmap)
    assert bars(page) == ["Dated"]
    assert "2 items have no dates" in page
    where = re.search(r'href="([^"]*start_date__empty[^"]*)"', show(client, roadmap, "?q=wallet"))
    assert where
    table = client.get(where[1].replace("&amp;", "&")).content.decode()
    assert "Undated wallet" in table
    assert "Undated elsewhere" not in table
    assert "Dated</bdi>" not in table


def test_the_owner_of_a_linked_roadmap_is_one_click_from_the_dates(
    client: Client, roadmap: Roadmap, vera: Membership, signed_in: SignIn
) -> None:
    item(roadmap, "Undated")
    factories.make_share(roadmap, vera)
    assert "Choose what feeds the dates" not in show(client, roadmap)
    factories.make_link(roadmap)
    where = reverse("integrations:setup-step", args=["acme", roadmap.pk, "dates"])
    assert f'href="{where}"' in show(client, roadmap)
    assert "Choose what feeds the dates" not in show(signed_in(vera), roadmap)


def test_nothing_with_a_date_yet_says_so(client: Client, roadmap: Roadmap) -> None:
    item(roadmap, "Undated")
    assert "No item has a date yet" in show(client, roadmap)


def test_epics_make_streams_and_states_colours_without_any_setting(client: Client, roadmap: Roadmap) -> None:
    epics = factories.make_field(roadmap.account, "Epics", "choices", options=["Wallet", "Unlock"])
    state = factories.make_field(roadmap.account, "State", "choice")
    done = factories.make_option(state, "Done", colour=7)
    wallet, unlock = epics.options.all()
    item(roadmap, "Pay", "2026-03-03", values={epics.column: [unlock.pk, wallet.pk], state.column: done.pk})
    item(roadmap, "Loose", "2026-03-03")
    page = show(client, roadmap)
    heads = re.findall(r'class="tl-stream__name"[^>]*><bdi>([^<]*)', page)
    assert heads == ["Unlock", "No value"]
    assert bars(page) == ["Pay", "Loose"]
    assert "tl-item tl-c7" in page
    assert "State: Done" in page
    assert re.findall(r'class="tl-dot tl-c(\d+)"', page) == ["7", "0"]


def test_header_sub_header_colour_and_labels_come_from_the_address(client: Client, roadmap: Roadmap) -> None:
    team = factories.make_field(roadmap.account, "Team", "choice", options=["Red", "Blue"])
    risk = factories.make_field(roadmap.account, "Risky", "checkbox")
    red, _ = team.options.all()
    item(roadmap, "Pay", "2026-03-03", "2026-08-03", values={team.column: red.pk, risk.column: True})
    page = show(client, roadmap, f"?head={risk.column}&sub={team.column}&colour=none&label=name,end_date")
    assert '<bdi>Yes</bdi></span> <span class="tl-stream__count">1' in page
    assert '<h3 class="tl-lane__head" title="Red">' in page
    assert "Pay · 3 Aug 2026" in page
    assert "tl-item tl-c1" in page
    assert "timeline__legend" not in page
    nothing = show(client, roadmap, "?head=none")
    assert "tl-stream__head" not in nothing
    assert bars(nothing) == ["Pay"]


def test_the_form_of_the_layout_keeps_the_rest_of_the_address(client: Client, roadmap: Roadmap) -> None:
    page = show(client, roadmap, "?q=pay&scale=months&from=2026-01-01&head=none")
    form = page[page.index("timeline__settings") :]
    form = form[: form.index("</form>")]
    for name, value in (("q", "pay"), ("scale", "months"), ("from", "2026-01-01")):
        assert f'name="{name}" value="{value}"' in form
    response = client.get(address(roadmap) + "?q=pay&label=name&label=start_date")
    assert response["Location"].endswith("?q=pay&label=name,start_date")


@pytest.mark.parametrize(
    "junk",
    ["head=f999", "sub=nonsense&colour=<b>", "from=2026-99-99&scale=eons", "label=,,,", "scale=weeks&from=2200-12-31"],
)
def test_an_address_that_makes_no_sense_shows_the_usual(client: Client, roadmap: Roadmap, junk: str) -> None:
    item(roadmap, "Pay", "2026-03-03", "2026-08-03")
    assert "Traceback" not in show(client, roadmap, f"?{junk}")


def test_only_the_window_is_shown_and_what_is_outside_is_counted(client: Client, roadmap: Roadmap) -> None:
    item(roadmap, "Before", "2025-03-03", "2025-04-03")
    item(roadmap, "Into", "2025-11-03", "2026-02-03")
    item(roadmap, "Inside", "2026-03-03", "2026-03-09")
    item(roadmap, "Across", "2025-03-03", "2028-03-03")
    item(roadmap, "After", "2027-03-03")
    item(roadmap, "Undated")
    page = show(client, roadmap, "?scale=months&from=2026-01-01")
    assert bars(page) == ["Across", "Into", "Inside"]
    assert "1 Jan 2026 – 31 Dec 2026" in page
    assert "2 outside of this window" in page
    assert page.count('class="tl-item__on"') == 3
    assert len(bars(show(client, roadmap))) == 5


def test_scales_keep_the_middle_and_steps_go_by_it(client: Client, roadmap: Roadmap) -> None:
    item(roadmap, "Pay", "2026-03-03")
    here = "?scale=months&from=2026-01-01"
    weeks = link(show(client, roadmap, here), "Weeks")
    assert parse_qs(urlsplit(weeks).query) == {"scale": ["weeks"], "from": ["2026-05-18"]}
    back = link(show(client, roadmap, weeks), "Months")
    assert parse_qs(urlsplit(back).query) == {"scale": ["months"], "from": ["2026-01-01"]}
    page = show(client, roadmap, here)
    assert '?scale=months&amp;from=2026-04-01" aria-label="Later"' in page
    assert '?scale=months&amp;from=2025-10-01" aria-label="Earlier"' in page
    today = link(page, "Today")
    assert today == "?scale=months"
    assert "1 Jun 2026 – 31 May 2027" in show(client, roadmap, today)


def test_fitting_all_in_remembers_where_one_was(client: Client, roadmap: Roadmap) -> None:
    item(roadmap, "Pay", "2026-03-03")
    fitted = link(show(client, roadmap, "?scale=months&from=2026-01-01"), "Fit")
    assert link(show(client, roadmap, fitted), "Months") == "?scale=months&from=2026-01-01"


def test_today_is_that_of_the_account(client: Client, roadmap: Roadmap) -> None:
    """D29: late in the evening in London it is tomorrow in Auckland."""
    item(roadmap, "Pay", "2026-11-20", "2026-12-20")
    with time_machine.travel("2026-11-25T23:30:00Z", tick=False):
        london = re.search(r'class="tl-today" x="([^"]+)"', show(client, roadmap))
        roadmap.account.time_zone = "Pacific/Auckland"
        roadmap.account.save()
        auckland = re.search(r'class="tl-today" x="([^"]+)"', show(client, roadmap))
    assert london and auckland
    assert float(auckland[1][:-1]) > float(london[1][:-1])


def test_a_lost_item_looks_different_and_says_why(client: Client, roadmap: Roadmap) -> None:
    """D11."""
    item(roadmap, "Pay", "2026-03-03", external_id="1", source_state="moved")
    page = show(client, roadmap)
    assert "tl-item--lost" in page
    assert "No longer updated: moved to another project" in page


def test_filters_and_archived_items_mean_the_same_as_in_the_table(client: Client, roadmap: Roadmap) -> None:
    item(roadmap, "Pay", "2026-03-03")
    item(roadmap, "Unlock", "2026-03-03")
    item(roadmap, "Old", "2026-03-03", archived_at="2026-04-01T00:00:00Z")
    assert bars(show(client, roadmap)) == ["Pay", "Unlock"]
    assert bars(show(client, roadmap, "?name__contains=pay")) == ["Pay"]
    assert bars(show(client, roadmap, "?archived=1")) == ["Pay", "Unlock", "Old"]
    opened = show(client, roadmap, "?filter=name")
    assert f'<form class="filter-form" method="get" action="{address(roadmap)}"' in opened
    answered = client.get(address(roadmap) + "?filter=name&op=contains&value=pay&scale=months")
    assert answered["Location"] == address(roadmap) + "?name__contains=pay&scale=months"


def test_too_many_to_draw_is_said(client: Client, roadmap: Roadmap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline_items, "MAX_BARS", 3)
    for month in range(1, 6):
        item(roadmap, f"Item {month}", f"2026-0{month}-01")
    page = show(client, roadmap)
    assert "3 of 5 shown" in page
    assert bars(page) == ["Item 3", "Item 4", "Item 5"]


def test_a_window_costs_the_same_however_much_there_is(
    roadmap: Roadmap, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    epics = factories.make_field(roadmap.account, "Epics", "choices", options=["Wallet", "Unlock"])
    value = epics.options.all()[0].pk
    factories.make_link(roadmap)
    show(client, roadmap)
    for count in (20, 480):
        made = [
            Item(
                account_id=roadmap.account_id,
                roadmap=roadmap,
                name=f"Item {number}",
                start_date=date(2026, 1 + number % 12, 1),
                end_date=date(2026, 12, 31),
                values={epics.column: [value]},
            )
            for number in range(count)
        ]
        Item.objects.bulk_create(made)
        factories.make_milestone(roadmap, f"Launch {count}", "2026-06-01")
        with django_assert_num_queries(13):
            show(client, roadmap)


def test_names_from_outside_stay_text(client: Client, roadmap: Roadmap) -> None:
    """D18: on the page, and in both files."""
    bad = '<script>alert(1)</script>"><svg onload=alert(2)>'
    field = factories.make_field(roadmap.account, f"Epics{bad}"[:80], "choice", options=[bad, f"{bad}2"])
    item(roadmap, bad, "2026-03-03", "2026-09-03", values={field.column: field.options.all()[0].pk})
    factories.make_milestone(roadmap, bad, "2026-06-01")
    Roadmap.objects.update(name=bad)
    for name in ("timeline", "timeline-svg"):
        page = client.get(address(roadmap, name) + f"?head={field.column}&colour={field.column}").content.decode()
        assert "<script>alert" not in page
        assert "<svg onload" not in page
        assert "&lt;script&gt;" in page


def test_milestones_are_drawn_with_their_names(
    client: Client, roadmap: Roadmap, vera: Membership, signed_in: SignIn
) -> None:
    """D24."""
    item(roadmap, "Pay", "2026-03-03", "2026-09-03")
    made = factories.make_milestone(roadmap, "Public beta", "2026-06-01", colour=4)
    factories.make_milestone(roadmap, "Far off", "2030-06-01")
    factories.make_share(roadmap, vera)
    page = show(client, roadmap)
    edit = address(roadmap, "milestone", made.pk)
    assert "<title>Public beta\n1 Jun 2026</title>" in page
    assert page.count(f'href="{edit}?back=%3F"') == 2
    assert "<title>Far off" not in page
    assert "Far off" in page
    assert 'data-locked=""' in page
    looking = show(signed_in(vera), roadmap)
    assert "<title>Public beta\n1 Jun 2026</title>" in looking
    assert edit not in looking
    assert "data-locked" not in looking

"""The Roll-up's page: what it shows without a click, how its address changes, what it costs (B15, S32)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import rollup_page
from roadmaps.models import Field, Item, Roadmap, View
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """Every test happens on 25 November 2026."""
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        yield


@pytest.fixture
def client(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


@pytest.fixture
def tracker(olga: Membership) -> dict[str, Field]:
    """The account's fields that came from Tracker, by their names, among others that people made."""
    account, kind = olga.account, factories.KIND
    made = {
        "Theme": factories.make_field(account, "Theme", "choice", options=["Speed", "Trust"]),
        "Cost": factories.make_field(account, "Cost", "number"),
    }
    for name, key, type_, options in (
        ("Labels", "labels", "choices", ["ios", "android"]),
        ("Iteration", "iteration", "number", []),
        ("State", "state", "choice", ["Started", "Delivered", "Accepted"]),
        ("Estimate", "estimate", "number", []),
        ("Epics", "epics", "choices", ["Wallet", "Unlock"]),
    ):
        made[name] = factories.make_field(
            account, name, type_, options=options, source_kind=kind, source_key=key, source_label="Pivotal Tracker"
        )
    return made


@pytest.fixture
def roadmap(olga: Membership, tracker: dict[str, Field]) -> Roadmap:
    """A roadmap that is synced: five stories, one of them of two epics, one of none and one without dates."""
    columns = [field.column for field in tracker.values() if field.source_kind]
    made = factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker", synced_columns=["name", *columns])
    story(made, tracker, "Pay", ["Wallet"], "Accepted", 3, ("2026-03-03", "2026-03-18"))
    story(made, tracker, "Refund", ["Wallet"], "Started", 5, ("2026-06-01", "2026-08-31"))
    story(made, tracker, "Tap", ["Wallet", "Unlock"], "Accepted", 1, ("2026-02-02", "2026-04-04"))
    story(made, tracker, "Someday", ["Wallet"], "Started", None, (None, None))
    story(made, tracker, "Loose", [], "Delivered", 2, ("2026-05-05", "2026-05-06"))
    return made


def story(
    roadmap: Roadmap,
    fields: dict[str, Field],
    name: str,
    epics: list[str],
    state: str,
    points: int | None,
    days: tuple[str | None, str | None],
    **columns: object,
) -> Item:
    values = {
        fields["Epics"].column: [option(fields["Epics"], label) for label in epics] or None,
        fields["State"].column: option(fields["State"], state),
        fields["Estimate"].column: points,
    }
    kept = {name: value for name, value in values.items() if value is not None}
    return factories.make_item(roadmap, name, values=kept, start_date=days[0], end_date=days[1], **columns)


def option(field: Field, label: str) -> int:
    return field.options.get(label=label).pk


def address(roadmap: Roadmap, name: str = "rollup", *args: int) -> str:
    return reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, *args])


def show(client: Client, roadmap: Roadmap, query: str = "") -> str:
    response = client.get(address(roadmap) + query)
    assert response.status_code == 200
    return response.content.decode()


def told(page: str) -> dict[str, list[str]]:
    """What the page says of each bar, in its order: its facts in words."""
    found = {}
    for part in page.split('class="tl-stream rollup-row"')[1:]:
        label = unescape(re.findall(r'aria-label="([^"]*)"', part)[0])
        head = part[: part.index('class="tl-lane"')]
        found[label] = [unescape(text) for text in re.findall(r"rollup-row__facts[^>]*>(?:<bdi>)?([^<]+)", head)]
    return found


def stories(page: str) -> list[str]:
    return re.findall(r'class="rollup-story__name[^>]*><bdi>([^<]*)', page)


def test_a_synced_roadmap_is_right_without_a_click(client: Client, roadmap: Roadmap) -> None:
    """Its epics, estimates, and what its tracker calls done; not the list and the number that happen to come first."""
    page = show(client, roadmap)
    assert told(page) == {
        "Wallet": ["2 of 4 items done, 50 %", "Estimate: 4 of 9 done, 44 %", "1 without dates, 1 without Estimate"],
        "Unlock": ["1 of 1 item done, 100 %", "Estimate: 1 of 1 done, 100 %"],
        "No Epics": ["0 of 1 item done, 0 %", "Estimate: 0 of 2 done, 0 %"],
    }
    assert "2 Feb 2026 – 31 Aug 2026" in page
    assert "1 item has no dates" in page
    assert "Nothing says yet which items are done" not in page


def test_own_fields_make_bars_and_people_say_what_is_done(client: Client, olga: Membership) -> None:
    made = factories.make_roadmap(olga)
    theme = factories.make_field(olga.account, "Theme", "choice", options=["Speed", "Trust"])
    stage = factories.make_field(olga.account, "Stage", "choice", options=["Idea", "Live", "Gone"])
    shipped = factories.make_field(olga.account, "Shipped", "checkbox")
    for label, now in (("Speed", "Idea"), ("Speed", "Live"), ("Speed", "Gone"), ("Trust", "Idea")):
        values = {theme.column: option(theme, label), stage.column: option(stage, now)}
        factories.make_item(made, values=values | ({shipped.column: True} if now == "Live" else {}))
    page = show(client, made)
    assert told(page) == {"Speed": ["3 items", "3 without dates"], "Trust": ["1 item", "1 without dates"]}
    assert "Nothing says yet which items are done" in page
    done = f"{option(stage, 'Live')},{option(stage, 'Gone')}"
    assert told(show(client, made, f"?done={done}"))["Speed"][0] == "2 of 3 items done, 66 %"
    assert told(show(client, made, f"?state={shipped.column}"))["Speed"][0] == "1 of 3 items done, 33 %"
    assert list(told(show(client, made, f"?by={stage.column}"))) == ["Idea", "Live", "Gone"]
    cost = factories.make_field(olga.account, "Cost", "number")
    made.items.update(values={theme.column: option(theme, "Speed"), cost.column: 2.5})
    assert told(show(client, made))["Speed"][1] == "Cost: 10"


def test_the_form_of_the_layout_keeps_the_rest_and_makes_a_short_address(
    client: Client, roadmap: Roadmap, tracker: dict[str, Field]
) -> None:
    page = show(client, roadmap, "?q=a&scale=months&open=none")
    form = page[page.index("timeline__settings") :]
    form = form[: form.index("</form>")]
    assert 'name="q" value="a"' in form and 'name="scale" value="months"' in form
    accepted, delivered = (option(tracker["State"], label) for label in ("Accepted", "Delivered"))
    assert re.findall(r'name="done" value="(\d+)" checked', form) == [str(accepted)]
    response = client.get(address(roadmap) + f"?points=none&done={delivered}&done={accepted}")
    assert response["Location"].endswith(f"?points=none&done={delivered},{accepted}")
    found = told(show(client, roadmap, response["Location"].partition("/rollup/")[2]))
    assert found["No Epics"] == ["1 of 1 item done, 100 %"]


def test_a_bar_is_filled_by_the_share_that_is_done(client: Client, roadmap: Roadmap, tracker: dict[str, Field]) -> None:
    """By points; by the number of items where none has any. Nothing done, nothing filled."""

    def shares(query: str) -> list[float]:
        """Of each bar that is filled at all."""
        found = []
        for bar in re.findall(r'<a class="tl-item.*?</a>', show(client, roadmap, query), re.S):
            whole = re.search(r'tl-item__shape" [^>]*width="([\d.]+)%', bar)
            part = re.search(r'rollup-filled" [^>]*width="([\d.]+)%', bar)
            assert whole
            found += [float(part[1]) / float(whole[1])] if part else []
        return found

    assert shares("") == pytest.approx([4 / 9, 1], abs=0.01)
    assert shares("?points=none") == pytest.approx([1 / 2, 1], abs=0.01)
    assert shares(f"?points={tracker['Cost'].column}") == pytest.approx([1 / 2, 1], abs=0.01)
    assert shares("?state=none") == []


def test_a_bar_that_the_window_cuts_is_filled_up_to_the_same_day(client: Client, roadmap: Roadmap) -> None:
    page = show(client, roadmap, "?scale=months&from=2026-04-01")
    wallet = re.findall(r'<a class="tl-item.*?</a>', page, re.S)[0]
    part = re.search(r'rollup-filled" x="([\d.]+)%" [^>]*width="([\d.]+)%', wallet)
    assert part
    first, last = date(2026, 2, 2), date(2026, 8, 31)
    until = first.toordinal() + ((last - first).days + 1) * 4 / 9
    expected = (until - date(2026, 4, 1).toordinal()) / 365 * 100
    assert [float(part[1]), float(part[2])] == pytest.approx([0, expected], abs=0.01)


def test_a_bar_without_dates_or_outside_of_the_window_is_listed(
    client: Client, roadmap: Roadmap, tracker: dict[str, Field]
) -> None:
    factories.make_option(tracker["Epics"], "Undated", position=9)
    story(roadmap, tracker, "No day", ["Undated"], "Started", 1, (None, None))
    page = show(client, roadmap, "?scale=weeks&from=2026-07-06")
    assert list(told(page)) == ["Wallet", "Unlock", "Undated", "No Epics"]
    assert re.findall(r'class="rollup-aside">([^<]*)', page) == ["Ended 4 Apr 2026", "No dates", "Ended 6 May 2026"]
    assert "Begins 2 Feb 2026" in show(client, roadmap, "?scale=weeks&from=2025-07-07")


def test_opening_a_bar_lists_its_items_and_closing_hides_them(
    client: Client, roadmap: Roadmap, tracker: dict[str, Field]
) -> None:
    wallet = option(tracker["Epics"], "Wallet")
    closed = show(client, roadmap, "?q=a")
    assert stories(closed) == []
    assert f'href="?q=a&amp;open={wallet}" aria-expanded="false"' in closed
    page = show(client, roadmap, f"?q=a&open={wallet}")
    assert 'href="?q=a" aria-expanded="true"' in page
    assert stories(page) == ["Tap", "Pay", "Someday"]
    page = show(client, roadmap, f"?open={wallet}")
    assert stories(page) == ["Tap", "Pay", "Refund", "Someday"]
    pay = address(roadmap, "item", Item.objects.get(name="Pay").pk)
    assert page.count(f'href="{pay}" data-card') == 2
    assert page.count('<span class="sr-only">Done. </span>') == 2
    assert "Accepted · Estimate: 3" in page
    assert stories(show(client, roadmap, "?open=none")) == ["Loose"]
    assert stories(show(client, roadmap, f"?sort=-name&open={wallet}")) == ["Tap", "Someday", "Refund", "Pay"]


@pytest.mark.parametrize("name", ["Wallet", "none"])
def test_an_open_bar_leads_to_all_its_items_in_the_table(
    name: str, client: Client, roadmap: Roadmap, tracker: dict[str, Field], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollup_page, "MAX_ITEMS", 1)
    story(roadmap, tracker, "Loose too", [], "Started", None, (None, None))
    key = name if name == "none" else str(option(tracker["Epics"], name))
    page = show(client, roadmap, f"?open={key}")
    assert len(stories(page)) == 1
    where = re.search(r'href="([^"]*)" hx-boost="false"><svg[^>]*><use[^>]*></use></svg>(\d) more: show all (\d)', page)
    assert where
    table = client.get(unescape(where[1])).content.decode()
    names = re.findall(r"data-card><bdi>([^<]*)", table)
    expected = ["Loose", "Loose too"] if name == "none" else ["Pay", "Refund", "Tap", "Someday"]
    assert names == expected
    assert [where[2], where[3]] == [str(len(expected) - 1), str(len(expected))]


def test_filters_and_search_let_through_what_is_added_up(client: Client, roadmap: Roadmap) -> None:
    assert told(show(client, roadmap, "?name__is=pay"))["Wallet"][0] == "1 of 1 item done, 100 %"
    answered = client.get(address(roadmap) + "?filter=name&op=contains&value=pay&points=none")
    assert answered["Location"] == address(roadmap) + "?name__contains=pay&points=none"
    assert "No item fits" in show(client, roadmap, "?q=nothing")


@pytest.mark.parametrize("junk", ["by=f999", "points=%00&done=x,9", "open=f1&state=<b>", "open=" + "9" * 30])
def test_an_address_that_makes_no_sense_shows_the_usual(client: Client, roadmap: Roadmap, junk: str) -> None:
    assert list(told(show(client, roadmap, f"?{junk}"))) == ["Wallet", "Unlock", "No Epics"]


def test_a_saved_view_opens_on_it_and_an_open_bar_is_no_change_to_it(
    client: Client, roadmap: Roadmap, tracker: dict[str, Field]
) -> None:
    made = client.post(
        address(roadmap, "view-new"),
        {"name": "Labels", "address": f"?by={tracker['Labels'].column}", "layout": "rollup"},
    )
    view = View.objects.get(name="Labels")
    assert made["Location"] == address(roadmap) + f"?view={view.pk}"
    page = show(client, roadmap, f"?view={view.pk}&open=none")
    assert list(told(page)) == ["No Labels"]
    assert len(stories(page)) == 5
    assert "views__state" not in page
    client.post(
        address(roadmap, "view-save", view.pk), {"address": f"?q=pay&open=none&view={view.pk}", "layout": "rollup"}
    )
    view.refresh_from_db()
    assert view.query == "q=pay"


def test_where_there_is_no_list_it_says_so(client: Client, olga: Membership) -> None:
    made = factories.make_roadmap(olga)
    factories.make_item(made)
    assert "There is no list to roll up by" in show(client, made)
    assert "filter-form" in show(client, made, "?filter=name")


def test_many_bars_come_in_pages(client: Client, roadmap: Roadmap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollup_page, "MAX_BARS", 2)
    assert list(told(show(client, roadmap))) == ["Wallet", "Unlock"]
    page = show(client, roadmap, "?page=2&open=none")
    assert list(told(page)) == ["No Epics"]
    assert "3–3 of 3 bars" in page
    assert stories(page) == ["Loose"]


def test_a_portfolio_rolls_up_across_its_sources(
    client: Client, roadmap: Roadmap, tracker: dict[str, Field], olga: Membership
) -> None:
    """The same Tracker field is one field there: an epic of two projects is one bar, in its one colour."""
    gemini = factories.make_roadmap(
        olga, "Gemini", source_label="Pivotal Tracker", synced_columns=roadmap.synced_columns
    )
    tracker["Epics"].options.filter(label="Unlock").update(colour=7)
    story(gemini, tracker, "Watch", ["Unlock"], "Started", 3, ("2026-09-01", "2026-10-01"), external_id="7")
    made = factories.make_portfolio(olga, "All", roadmap, gemini)
    unlock = option(tracker["Epics"], "Unlock")
    page = show(client, made, f"?open={unlock}")
    assert told(page)["Unlock"] == ["1 of 2 items done, 50 %", "Estimate: 1 of 4 done, 25 %"]
    assert "2 Feb 2026 – 1 Oct 2026" in page
    assert stories(page) == ["Tap", "Watch"]
    assert 'class="tl-item tl-c7' in page and 'class="tl-dot tl-c7"' in page
    assert address(made, "item", Item.objects.get(name="Watch").pk) in page
    by_roadmap = told(show(client, made, "?by=roadmap"))
    assert {label: facts[0] for label, facts in by_roadmap.items()} == {
        "Apollo": "2 of 5 items done, 40 %",
        "Gemini": "0 of 1 item done, 0 %",
    }


def test_a_page_costs_the_same_however_much_there_is(
    client: Client, roadmap: Roadmap, tracker: dict[str, Field], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    factories.make_link(roadmap)
    wallet = option(tracker["Epics"], "Wallet")
    show(client, roadmap)  # the first look is noted
    for number in range(2):
        for place in range(20):
            factories.make_option(tracker["Epics"], f"Epic {number} {place}", position=place)
            story(roadmap, tracker, "One", [f"Epic {number} {place}", "Wallet"], "Started", 1, ("2026-01-01", None))
        factories.make_milestone(roadmap, f"Launch {number}", "2026-06-01")
        with django_assert_num_queries(13):
            show(client, roadmap)
        with django_assert_num_queries(14):
            show(client, roadmap, f"?open={wallet}")


def test_a_portfolio_costs_the_same_with_3_and_with_20_sources(
    client: Client, tracker: dict[str, Field], olga: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = factories.make_portfolio(olga)
    columns = [field.column for field in tracker.values() if field.source_kind]
    wallet = option(tracker["Epics"], "Wallet")
    for number in range(20):
        source = factories.make_roadmap(olga, f"R{number}", source_label="Pivotal Tracker", synced_columns=columns)
        factories.make_link(source, project_id=str(number + 1), synced_at=timezone.now())
        story(source, tracker, "One", ["Wallet"], "Accepted", 1, ("2026-01-01", None), external_id=str(number))
        factories.make_source(made, source)
        if number in (2, 19):
            with django_assert_num_queries(15):
                assert f"{number + 1} of {number + 1} items" in show(client, made, f"?open={wallet}")


def test_names_from_outside_stay_text(client: Client, roadmap: Roadmap, tracker: dict[str, Field]) -> None:
    """D18."""
    bad = '<script>alert(1)</script>"><svg onload=alert(2)>'
    for field in tracker.values():
        Field.objects.filter(pk=field.pk).update(name=f"{field.pk}{bad}"[:80])
        field.options.update(label=bad)
    Item.objects.update(name=bad, source_state="moved")
    page = show(client, roadmap, f"?open={tracker['Epics'].options.first().pk}")
    assert "<script>alert" not in page
    assert "<svg onload" not in page
    assert "&lt;script&gt;" in page

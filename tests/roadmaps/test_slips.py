"""Slips: where dates stood on an earlier day, and how far they moved since (B12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Membership
from integrations.models import ItemChange, ProjectLink, SyncRun
from roadmaps import query, slips, slips_sql
from roadmaps.models import Item, ItemEdit, Roadmap
from roadmaps.slips import Since, Slip
from tests import factories

SignIn = Callable[[Membership], Client]
TODAY = date(2026, 11, 25)
MONTH = Since("2026-10-25", date(2026, 10, 25))


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """Every test happens on 25 November 2026."""
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        yield


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    made = factories.make_roadmap(
        olga, "Apollo", source_label="Pivotal Tracker", created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    factories.make_link(made)
    return made


@pytest.fixture
def client(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


def item(roadmap: Roadmap, name: str, start: str | None, end: str | None, *, made: str = "2026-01-01") -> Item:
    created_at = datetime.combine(date.fromisoformat(made), datetime.min.time(), UTC)
    return factories.make_item(roadmap, name, start_date=start, end_date=end, external_id=name, created_at=created_at)


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+00:00")


def edited(item: Item, member: Membership, at: datetime, **changes: Any) -> None:
    """A person did that to the item."""
    edit = factories.make_edit(item, member, **changes)
    ItemEdit.objects.filter(pk=edit.pk).update(at=at)


def synced(item: Item, at: datetime, *, undone: bool = False, kind: str = "updated", **changes: Any) -> None:
    """A sync did that to the item, and was perhaps taken back."""
    link = ProjectLink.objects.get(roadmap=item.roadmap)
    run = SyncRun.objects.create(
        account_id=link.account_id,
        link=link,
        trigger="schedule",
        state="succeeded",
        finished_at=at,
        updated=1,
        undone_at=at if undone else None,
    )
    ItemChange.objects.create(account_id=link.account_id, run=run, item=item, kind=kind, changes=changes)


def found(*items: Item, since: Since = MONTH) -> list[Slip]:
    return slips_sql.of_items([each.pk for each in items], since, account_id=items[0].account_id)


# --- What an item's dates were


def test_a_date_stood_where_the_first_change_since_found_it(roadmap: Roadmap, olga: Membership) -> None:
    pay = item(roadmap, "Pay", "2026-11-01", "2026-12-20")
    edited(pay, olga, noon("2026-10-20"), end_date=["2026-11-01", "2026-12-01"])
    synced(pay, noon("2026-11-02"), end_date=["2026-12-01", "2026-12-10"])
    edited(pay, olga, noon("2026-11-03"), end_date=["2026-12-10", "2026-12-20"], name=["Pays", "Pay"])
    [slip] = found(pay)
    assert (slip.start_was, slip.end_was, slip.days, slip.kind) == (date(2026, 11, 1), date(2026, 12, 1), 19, "later")
    assert (slip.who, slip.at) == (str(olga), noon("2026-11-03"))
    assert slip.words(MONTH) == "On 25 Oct 2026 ended 1 Dec 2026, then 20 Dec 2026: 19 days later"


def test_a_day_counts_as_it_ended(roadmap: Roadmap, olga: Membership) -> None:
    pay = item(roadmap, "Pay", None, "2026-12-20")
    edited(pay, olga, noon("2026-10-25"), end_date=["2026-12-01", "2026-12-20"])
    assert found(pay) == []
    assert len(found(pay, since=Since("2026-10-24", date(2026, 10, 24)))) == 1


def test_what_went_and_came_back_did_not_move(roadmap: Roadmap, olga: Membership) -> None:
    pay = item(roadmap, "Pay", None, "2026-12-01")
    edited(pay, olga, noon("2026-11-02"), end_date=["2026-12-01", "2026-12-20"])
    edited(pay, olga, noon("2026-11-03"), end_date=["2026-12-20", "2026-12-01"])
    assert found(pay) == []


def test_what_an_undo_took_back_did_not_move_and_nobody_moved_it(roadmap: Roadmap, olga: Membership) -> None:
    pay, ride = item(roadmap, "Pay", None, "2026-12-01"), item(roadmap, "Ride", None, "2026-12-09")
    synced(pay, noon("2026-11-02"), undone=True, end_date=["2026-12-01", "2026-12-20"])
    edited(ride, olga, noon("2026-11-01"), end_date=["2026-12-01", "2026-12-09"])
    synced(ride, noon("2026-11-02"), undone=True, end_date=["2026-12-09", "2026-12-20"])
    [slip] = found(pay, ride)
    assert (slip.name, slip.days, slip.who) == ("Ride", 8, str(olga))


def test_a_person_who_wrote_over_an_undone_sync_does_not_hide_where_the_date_stood(
    roadmap: Roadmap, olga: Membership
) -> None:
    pay = item(roadmap, "Pay", None, "2026-12-30")
    synced(pay, noon("2026-11-02"), undone=True, end_date=["2026-12-01", "2026-12-20"])
    edited(pay, olga, noon("2026-11-02") + timedelta(hours=-1), end_date=["2026-12-20", "2026-12-30"])
    synced(pay, noon("2026-10-30"), undone=True, end_date=["2026-12-01", "2026-12-20"])
    [slip] = found(pay)
    assert slip.end_was == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("was", "now", "kind", "days"),
    [
        ((None, "2026-12-01"), (None, "2026-12-03"), "later", 2),
        ((None, "2026-12-03"), (None, "2026-12-01"), "earlier", -2),
        (("2026-12-01", None), ("2026-12-05", None), "later", 4),
        (("2026-12-01", None), ("2026-12-02", "2026-12-09"), "later", 1),
        (("2026-12-01", "2026-12-09"), ("2026-12-02", "2026-12-09"), "other", 0),
        (("2026-12-01", None), (None, "2026-12-09"), "other", None),
        (("2026-12-01", "2026-12-09"), (None, None), "lost", None),
        ((None, None), (None, "2026-12-09"), "gained", None),
    ],
)
def test_a_slip_is_measured_by_the_end_else_by_the_start(
    roadmap: Roadmap,
    olga: Membership,
    was: tuple[str | None, str | None],
    now: tuple[str | None, str | None],
    kind: str,
    days: int | None,
) -> None:
    pay = item(roadmap, "Pay", *now)
    changes = {
        name: [old, new] for name, old, new in zip(("start_date", "end_date"), was, now, strict=True) if old != new
    }
    edited(pay, olga, noon("2026-11-02"), **changes)
    [slip] = found(pay)
    assert (slip.kind, slip.days) == (kind, days)
    assert slip.words(MONTH)


def test_what_was_made_since_is_new_whatever_happened_to_it_then(roadmap: Roadmap, olga: Membership) -> None:
    new = item(roadmap, "New", None, "2026-12-20", made="2026-11-01")
    edited(new, olga, noon("2026-11-02"), end_date=["2026-12-01", "2026-12-20"])
    undated = item(roadmap, "Undated", None, None, made="2026-11-01")
    [slip] = found(new, undated)
    assert (slip.name, slip.kind, slip.days, slip.was, slip.who) == ("New", "new", None, "", None)


DAYS = st.none() | st.integers(1, 28).map(lambda day: f"2026-12-{day:02}")
#: A change: how many days ago, who made it (a sync that is taken back on the same day leaves nothing), and the value.
CHANGES = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(["person", "sync", "undone"]), st.booleans(), DAYS), max_size=8
)


@given(st.lists(st.tuples(DAYS, DAYS, CHANGES), min_size=1, max_size=4), st.integers(1, 61))
@trying(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_database_finds_what_a_replay_of_the_history_finds(
    roadmap: Roadmap, olga: Membership, items: list[tuple[str | None, str | None, list[Any]]], ago: int
) -> None:
    """Starts lie a year before the ends, so that no history contradicts itself."""
    roadmap.items.all().delete()
    day = TODAY - timedelta(days=ago)
    expected = {}
    for number, (start, end, history) in enumerate(items):
        now = {"start_date": start and start.replace("2026", "2025"), "end_date": end}
        made, then = item(roadmap, f"Item {number}", None, None), None
        steps = sorted(history, key=lambda step: -step[0])
        for place, (days, who, is_start, text) in enumerate(steps):
            if then is None and days < ago:
                then = dict(now)
            name = "start_date" if is_start else "end_date"
            value = text and text.replace("2026", "2025") if is_start else text
            at = noon((TODAY - timedelta(days=days)).isoformat()) - timedelta(hours=6) + timedelta(minutes=place)
            if who == "person":
                edited(made, olga, at, **{name: [now[name], value]})
            else:
                synced(made, at, undone=who == "undone", **{name: [now[name], value]})
            if who != "undone":
                now[name] = value
        then = then or dict(now)
        Item.objects.filter(pk=made.pk).update(**now)
        if then != now:
            expected[made.pk] = tuple(then.values())
    question = slips_sql.Question(
        Item.objects.filter(roadmap=roadmap), [roadmap.pk], Since("", day), roadmap.account_id
    )
    told = found(*roadmap.items.all(), since=Since("", day))
    assert {slip.item_id: _dates(slip) for slip in told} == expected
    counts = question.count()
    assert {kind: number for kind, number in counts.items() if number} == slips.counted(told)
    assert [slip for kind, number in counts.items() for slip in slips_sql.Slips(question, kind, number)[:100]] == [
        slip for kind in counts for slip in told if slip.kind == kind
    ]


def _dates(slip: Slip) -> tuple[str | None, ...]:
    return tuple(day and day.isoformat() for day in (slip.start_was, slip.end_was))


# --- What an address asks


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("week", date(2026, 11, 18)),
        ("month", date(2026, 10, 25)),
        ("quarter", date(2026, 8, 25)),
        ("2026-10-01", date(2026, 10, 1)),
    ],
)
def test_an_address_names_a_day_or_how_long_ago(text: str, day: date) -> None:
    since = slips.read(query.parse({"since": [text]}, []), TODAY)
    assert since == Since(text, day)


@pytest.mark.parametrize("text", ["", "2026-11-25", "2027-01-01", "year", "2026-13-01", "0"])
def test_a_day_that_is_none_or_not_over_is_not_compared_with(text: str) -> None:
    assert slips.read(query.parse({"since": [text]}, []), TODAY) is None


# --- The Timeline


def show(client: Client, roadmap: Roadmap, name: str, address: str) -> str:
    response = client.get(reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk]) + address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def slipped(roadmap: Roadmap, olga: Membership) -> Roadmap:
    """One item that slipped, one that was pulled in, a new one, and one that lost its dates."""
    late, soon = item(roadmap, "Late", "2026-11-01", "2026-12-15"), item(roadmap, "Soon", None, "2026-12-01")
    lost = item(roadmap, "Lost", None, None)
    item(roadmap, "New", "2026-12-01", "2026-12-09", made="2026-11-02")
    item(roadmap, "Still", "2026-12-01", "2026-12-09")
    synced(late, noon("2026-11-02"), end_date=["2026-12-01", "2026-12-15"])
    edited(soon, olga, noon("2026-11-03"), end_date=["2026-12-09", "2026-12-01"])
    edited(lost, olga, noon("2026-11-03"), end_date=["2026-12-09", None])
    return roadmap


def test_the_timeline_shows_ghosts_only_where_it_compares(client: Client, slipped: Roadmap) -> None:
    plain = show(client, slipped, "timeline", "")
    assert "tl-ghost" not in plain
    assert "Compare with…" in plain
    page = show(client, slipped, "timeline", "?since=month")
    assert len(re.findall(r'<rect class="tl-ghost" x="[\d.-]+%', page)) == 2
    assert len(re.findall(r'<path class="tl-item__new" d="M1 30', page)) == 1
    assert "Since 25 Oct 2026</strong>, of these items: 1 later · 1 earlier · 1 new" in page
    assert "On 25 Oct 2026 ended 1 Dec 2026, then 15 Dec 2026: 14 days later" in page
    assert "New since 25 Oct 2026" in page
    assert "1 lost its dates" in page
    assert "Where it stood on 25 Oct 2026" in page


def test_comparing_costs_two_queries(
    client: Client, slipped: Roadmap, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    show(client, slipped, "timeline", "")
    with django_assert_num_queries(13) as without:
        show(client, slipped, "timeline", "")
    with django_assert_num_queries(len(without) + 2):
        show(client, slipped, "timeline", "?since=month")


def test_pictures_show_ghosts_and_say_what_they_are(client: Client, slipped: Roadmap) -> None:
    assert "Where it stood" not in show(client, slipped, "timeline-svg", "")
    picture = show(client, slipped, "timeline-svg", "?since=month")
    assert picture.count('stroke-dasharray="3 2"') == 3  # two, and the legend
    assert "Where it stood on 25 Oct 2026" in picture
    assert "1 later · 1 earlier · 1 new" in picture


def test_a_view_keeps_what_it_compares_with(client: Client, slipped: Roadmap) -> None:
    view = factories.make_view(slipped, "Review", "since=month", layout="timeline")
    assert "Compared with 25 Oct 2026" in show(client, slipped, "timeline", f"?view={view.pk}")


@pytest.mark.parametrize("page", ["timeline", "slips"])
def test_a_day_before_what_is_known_is_told(client: Client, slipped: Roadmap, settings: Settings, page: str) -> None:
    settings.KEEP_HISTORY_DAYS = 90
    assert " before " not in show(client, slipped, page, "?since=month")
    told = "What syncs changed before 27 Aug 2026 is no longer kept"
    assert told in show(client, slipped, page, "?since=2026-08-01")
    settings.KEEP_HISTORY_DAYS = 0
    assert " before " not in show(client, slipped, page, "?since=2026-08-01")
    assert "Nothing is known before 1 Jan 2026" in show(client, slipped, page, "?since=2025-06-01")


def test_what_people_changed_by_hand_is_kept_for_good(client: Client, olga: Membership) -> None:
    by_hand = factories.make_roadmap(olga, "Hand", created_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert "Changes are known since 1 Jan 2025" in show(client, by_hand, "slips", "?since=2026-01-01")


# --- The list


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a [^>]*><bdi>([^<]+)', page)


def test_the_list_has_the_largest_first_and_says_who_moved_them(client: Client, slipped: Roadmap) -> None:
    very_late = item(slipped, "Very late", None, "2026-12-31")
    synced(very_late, noon("2026-11-02"), end_date=["2026-11-01", "2026-12-31"])
    page = show(client, slipped, "slips", "?since=month")
    assert names(page) == ["Very late", "Late"]
    assert "60 days later" in page
    link = ProjectLink.objects.get(roadmap=slipped)
    assert f"Sync of {link.project_name}" in page
    assert "Changes are known since 27 Aug 2026" in page


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("earlier", ["Soon"]), ("new", ["New"]), ("lost", ["Lost"]), ("gained", []), ("nonsense", ["Late"])],
)
def test_the_list_has_each_kind(client: Client, slipped: Roadmap, kind: str, expected: list[str]) -> None:
    assert names(show(client, slipped, "slips", f"?since=month&kind={kind}")) == expected


def test_the_list_is_of_the_items_that_were_asked_for(client: Client, slipped: Roadmap) -> None:
    assert names(show(client, slipped, "slips", "?since=month&q=nothing")) == []
    assert names(show(client, slipped, "slips", "?since=month&q=late")) == ["Late"]


def test_the_list_without_a_day_is_of_a_month(client: Client, slipped: Roadmap) -> None:
    page = show(client, slipped, "slips", "?q=late")
    assert names(page) == ["Late"]
    assert "since the end of 25 Oct 2026" in page
    assert "?q=late&amp;since=month&amp;kind=new" in page


def test_the_list_costs_the_same_for_any_number(
    client: Client, slipped: Roadmap, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    show(client, slipped, "slips", "?since=month")
    with django_assert_num_queries(8) as few:
        show(client, slipped, "slips", "?since=month")
    for number in range(60):
        late = item(slipped, f"Late {number}", None, "2026-12-31")
        synced(late, noon("2026-11-02"), end_date=["2026-11-01", "2026-12-31"])
    with django_assert_num_queries(len(few)):
        assert len(names(show(client, slipped, "slips", "?since=month"))) == 50
    assert len(names(show(client, slipped, "slips", "?since=month&page=2"))) == 11


def test_a_portfolio_compares_all_its_roadmaps(client: Client, slipped: Roadmap, olga: Membership) -> None:
    other = factories.make_roadmap(olga, "Gemini", created_at=datetime(2026, 2, 1, tzinfo=UTC))
    edited(item(other, "Dock", None, "2026-12-31"), olga, noon("2026-11-09"), end_date=["2026-12-01", "2026-12-31"])
    edited(item(other, "Hidden", None, "2026-12-31"), olga, noon("2026-11-09"), end_date=["2026-12-01", "2026-12-31"])
    view = factories.make_view(other, "Docks", "q=dock")
    portfolio = factories.make_portfolio(olga, "Space", slipped)
    factories.make_source(portfolio, other, view)
    page = show(client, portfolio, "slips", "?since=month")
    assert names(page) == ["Dock", "Late"]
    assert "Gemini" in page
    assert "2 later · 1 earlier · 1 new" in show(client, portfolio, "timeline", "?since=month")


def test_a_portfolio_without_sources_has_no_slips(client: Client, olga: Membership) -> None:
    assert names(show(client, factories.make_portfolio(olga, "Empty"), "slips", "?since=month")) == []
    assert "nothing moved" in show(client, factories.make_portfolio(olga, "Empty"), "timeline", "?since=month")

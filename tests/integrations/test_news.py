"""Since you last looked: what appeared, moved, finished or stopped updating, for each person and roadmap (B16)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Membership
from integrations import news
from integrations.models import ItemChange, ProjectLink, SyncRun
from roadmaps import looks
from roadmaps.models import Item, Look, Roadmap
from tests import factories

SignedIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership, vera: Membership) -> Roadmap:
    """Olga's, shared with Vera, and fed from outside."""
    made = factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")
    factories.make_link(made)
    factories.make_share(made, vera)
    return made


@pytest.fixture
def yesterday() -> datetime:
    return timezone.now() - timedelta(days=1)


def synced(item: Item, kind: str, *, hours: float = 1, **changes: object) -> None:
    """A sync some hours ago did that to the item."""
    link = ProjectLink.objects.get(roadmap=item.roadmap)
    counter = {"created": "created", "updated": "updated", "revived": "revived", "flagged": "flagged"}[kind]
    at = timezone.now() - timedelta(hours=hours)
    run = SyncRun.objects.create(
        account_id=link.account_id, link=link, trigger="schedule", state="succeeded", finished_at=at, **{counter: 1}
    )
    ItemChange.objects.create(account_id=link.account_id, run=run, item=item, kind=kind, changes=changes)


def counts(roadmap: Roadmap, member: Membership, since: datetime) -> news.Counts:
    return news.count([roadmap], member, since=since).get(roadmap.pk, news.Counts())


def happenings(roadmap: Roadmap, member: Membership, since: datetime) -> list[news.Happening]:
    return news.Happenings(roadmap, member, since, None, 100)[:100]


def make(roadmap: Roadmap, name: str = "Pay", **columns: object) -> Item:
    return factories.make_item(roadmap, name, external_id=name, **columns)


# --- What is news


def test_what_a_sync_made_appeared(roadmap: Roadmap, vera: Membership, yesterday: datetime) -> None:
    synced(make(roadmap, "Old"), "created", hours=30)
    synced(make(roadmap, "New"), "created")
    assert counts(roadmap, vera, yesterday) == news.Counts(items=1, appeared=1)
    assert [each.name for each in happenings(roadmap, vera, yesterday)] == ["New"]


def test_a_date_that_moved_twice_moved_once_from_the_first_to_the_last(
    roadmap: Roadmap, vera: Membership, yesterday: datetime
) -> None:
    item = make(roadmap, end_date=date(2026, 3, 9))
    synced(item, "updated", hours=3, end_date=["2026-03-01", "2026-03-05"])
    synced(item, "updated", hours=2, end_date=["2026-03-05", "2026-03-09"])
    assert counts(roadmap, vera, yesterday) == news.Counts(items=1, moved=1)
    [told] = happenings(roadmap, vera, yesterday)
    assert told.moves == [("End Date", date(2026, 3, 1), date(2026, 3, 9))]


def test_what_moved_there_and_back_is_no_news(roadmap: Roadmap, vera: Membership, yesterday: datetime) -> None:
    item = make(roadmap, start_date=date(2026, 3, 1))
    synced(item, "updated", hours=3, start_date=["2026-03-01", "2026-03-05"])
    synced(item, "updated", hours=2, start_date=["2026-03-05", "2026-03-01"])
    assert counts(roadmap, vera, yesterday) == news.Counts()


def test_dates_that_came_or_went_moved(roadmap: Roadmap, vera: Membership, yesterday: datetime) -> None:
    synced(make(roadmap, "Came", start_date=date(2026, 3, 1)), "updated", start_date=[None, "2026-03-01"])
    synced(make(roadmap, "Went"), "updated", end_date=["2026-03-01", None])
    assert counts(roadmap, vera, yesterday).moved == 2


def test_a_story_that_was_accepted_finished(
    roadmap: Roadmap, acme: Account, vera: Membership, yesterday: datetime
) -> None:
    state = factories.make_field(
        acme, "State", "choice", options=["Started", "Accepted"], source_kind="pivotal_tracker", source_key="state"
    )
    started, accepted = state.options.all()
    done = make(roadmap, "Done", values={state.column: accepted.pk})
    synced(done, "updated", **{state.column: [started.pk, accepted.pk]})
    back = make(roadmap, "Reopened", values={state.column: started.pk})
    synced(back, "updated", hours=3, **{state.column: [started.pk, accepted.pk]})
    synced(back, "updated", hours=2, **{state.column: [accepted.pk, started.pk]})
    assert counts(roadmap, vera, yesterday) == news.Counts(items=1, finished=1)


def test_what_stopped_updating_says_why_and_what_came_back_appeared(
    roadmap: Roadmap, vera: Membership, yesterday: datetime
) -> None:
    synced(make(roadmap, "Gone", source_state="deleted"), "flagged", source_state=["", "deleted"])
    back = make(roadmap, "Back")
    synced(back, "flagged", hours=3, source_state=["", "deleted"])
    synced(back, "revived", hours=2, source_state=["deleted", ""])
    assert counts(roadmap, vera, yesterday) == news.Counts(items=2, appeared=1, flagged=1)
    assert {each.name: each.reason for each in happenings(roadmap, vera, yesterday)}["Gone"] == "Deleted at the source"


def test_what_others_did_by_hand_is_news_and_what_one_did_oneself_is_not(
    roadmap: Roadmap, olga: Membership, vera: Membership, yesterday: datetime
) -> None:
    made = factories.make_item(roadmap, "By hand")
    factories.make_edit(made, olga, kind="made")
    moved = factories.make_item(roadmap, "Moved", end_date=date(2026, 4, 1))
    factories.make_edit(moved, olga, end_date=["2026-03-01", "2026-04-01"])
    assert counts(roadmap, vera, yesterday) == news.Counts(items=2, appeared=1, moved=1)
    assert counts(roadmap, olga, yesterday) == news.Counts()


def test_news_of_other_roadmaps_and_accounts_stay_there(
    roadmap: Roadmap, olga: Membership, vera: Membership, mallory: Membership, yesterday: datetime
) -> None:
    """S33"""
    theirs = factories.make_roadmap(mallory, "Theirs")
    factories.make_link(theirs)
    synced(make(theirs), "created")
    factories.make_edit(factories.make_item(factories.make_roadmap(olga, "Other")), olga, kind="made")
    assert counts(roadmap, vera, yesterday) == news.Counts()
    assert news.count([theirs], vera, since=yesterday) == {}


def test_of_very_many_changes_the_latest_are_told(roadmap: Roadmap, vera: Membership, yesterday: datetime) -> None:
    for number in range(4):
        synced(make(roadmap, f"Story {number}"), "created", hours=number + 1)
    told = news.count([roadmap], vera, since=yesterday, most=3)[roadmap.pk]
    assert (told.appeared, told.is_cut) == (3, True)


# --- Since when


def test_the_first_look_has_no_news_and_one_look_costs_one_query(
    roadmap: Roadmap, vera: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    synced(make(roadmap), "created")
    assert counts(roadmap, vera, looks.look(roadmap, vera)) == news.Counts()
    with django_assert_num_queries(1):
        looks.look(roadmap, vera)


def test_that_nothing_happened_is_known_from_one_small_query(
    roadmap: Roadmap, vera: Membership, yesterday: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Every page asks it, and mostly it is so."""
    synced(make(roadmap), "created")
    with django_assert_num_queries(1):
        assert counts(roadmap, vera, timezone.now()) == news.Counts()
    with django_assert_num_queries(2):
        assert counts(roadmap, vera, yesterday).appeared == 1


def test_a_new_visit_begins_after_a_working_day(roadmap: Roadmap, vera: Membership) -> None:
    """At most one write in eight hours, and nothing between the two visits is lost."""
    now = timezone.now()
    first = looks.look(roadmap, vera)
    Look.objects.update(since=now - timedelta(days=3), visit_at=now - timedelta(hours=7))
    assert looks.look(roadmap, vera) == now - timedelta(days=3)
    Look.objects.update(visit_at=now - timedelta(hours=9))
    assert looks.look(roadmap, vera) == looks.look(roadmap, vera) == now - timedelta(hours=9)
    assert first > now


def test_marking_as_seen_leaves_what_came_after_the_page(roadmap: Roadmap, vera: Membership) -> None:
    now = timezone.now()
    looks.look(roadmap, vera)
    Look.objects.update(since=now - timedelta(days=3))
    looks.mark_seen(roadmap, vera, until=now - timedelta(hours=1))
    assert looks.since(roadmap, vera) == now - timedelta(hours=1)
    for nonsense in (now - timedelta(days=9), now + timedelta(days=9)):
        looks.mark_seen(roadmap, vera, until=nonsense)
    latest = looks.since(roadmap, vera)
    assert latest is not None and now <= latest <= timezone.now()


# --- The pages


def page_of(roadmap: Roadmap, query: str = "") -> str:
    return reverse("integrations:news", args=[roadmap.account.slug, roadmap.pk]) + query


def visit(roadmap: Roadmap, member: Membership, *, days: int) -> None:
    at = timezone.now() - timedelta(days=days)
    Look.objects.create(account=roadmap.account, roadmap=roadmap, member=member, since=at, visit_at=timezone.now())


def test_the_roadmap_shows_counts_that_lead_to_the_list(
    roadmap: Roadmap, vera: Membership, signed_in: SignedIn
) -> None:
    visit(roadmap, vera, days=2)
    synced(make(roadmap, "<b>New</b>"), "created")
    synced(make(roadmap, "Slipped", end_date=date(2026, 3, 9)), "updated", end_date=["2026-03-01", "2026-03-09"])
    browser = signed_in(vera)
    for name in ("items-table", "timeline", "swimlane"):
        page = browser.get(reverse(f"roadmaps:{name}", args=["acme", roadmap.pk])).content.decode()
        assert f'href="{page_of(roadmap)}?kind=appeared">1 appeared</a>' in page
        assert f'href="{page_of(roadmap)}?kind=moved">1 moved</a>' in page
    everything = browser.get(page_of(roadmap)).content.decode()
    assert "&lt;b&gt;New&lt;/b&gt;" in everything
    assert "<del>1 Mar 2026</del> → <ins>9 Mar 2026</ins>" in everything
    assert "Slipped" not in browser.get(page_of(roadmap, "?kind=appeared")).content.decode()


def test_marked_as_seen_the_strip_is_gone(roadmap: Roadmap, vera: Membership, signed_in: SignedIn) -> None:
    visit(roadmap, vera, days=2)
    synced(make(roadmap), "created")
    browser = signed_in(vera)
    table = reverse("roadmaps:items-table", args=["acme", roadmap.pk])
    assert "1 appeared" in browser.get(table).content.decode()
    url = reverse("integrations:news-seen", args=["acme", roadmap.pk])
    browser.post(url, {"until": "nonsense"})
    assert "1 appeared" in browser.get(table).content.decode()
    browser.post(url, {"until": timezone.now().isoformat()})
    assert "1 appeared" not in browser.get(table).content.decode()


def test_the_list_is_paged_in_three_queries_of_any_length(
    roadmap: Roadmap, vera: Membership, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visit(roadmap, vera, days=2)
    for number in range(60):
        synced(make(roadmap, f"Story {number}"), "created", hours=number / 10)
    browser = signed_in(vera)
    browser.get(page_of(roadmap))
    with django_assert_num_queries(11):
        first = browser.get(page_of(roadmap)).content.decode()
    assert "1–50 of 60 items" in first
    assert "51–60 of 60 items" in browser.get(page_of(roadmap, "?page=2")).content.decode()
    assert "Story 0<" in first.replace("</bdi>", "<")


@pytest.mark.parametrize("query", ["?kind=x", "?since=99999999999999999999", "?page=x&kind=%00", "?since=7&page=-1"])
def test_nonsense_in_the_address_does_no_harm(
    roadmap: Roadmap, vera: Membership, signed_in: SignedIn, query: str
) -> None:
    assert signed_in(vera).get(page_of(roadmap, query)).status_code == 200


def test_who_sees_the_roadmap_sees_its_news(
    roadmap: Roadmap, acme: Account, alice: Membership, vera: Membership, mallory: Membership, signed_in: SignedIn
) -> None:
    """S33"""
    outsider = factories.make_member(acme)
    seen = reverse("integrations:news-seen", args=["acme", roadmap.pk])
    for member, status in ((alice, 200), (vera, 200), (outsider, 404), (mallory, 404)):
        assert signed_in(member).get(page_of(roadmap)).status_code == status
        assert signed_in(member).post(seen).status_code == (302 if status == 200 else 404)
        assert signed_in(member).get(seen).status_code in (405, 404)

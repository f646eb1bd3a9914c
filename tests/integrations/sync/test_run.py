"""A run from claim to report, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

import pytest
from django.db import connection
from django.utils import timezone
from msgspec import structs

from integrations import moving
from integrations.errors import (
    CredentialRejected,
    Inconsistent,
    ProjectUnavailable,
    PullError,
    RateLimited,
    TrackerUnavailable,
)
from integrations.models import Credential, ItemChange, ProjectLink, SyncRun
from integrations.records import Problem
from integrations.sync import claim, schedule
from integrations.sync.run import execute
from roadmaps.models import Field, FieldOption, Item
from tests import factories
from tests.integrations.sync.fakes import FakeConnector, record


def pull(link: ProjectLink, trigger: SyncRun.Trigger = SyncRun.Trigger.MANUAL) -> SyncRun:
    """One whole run, as a worker does it."""
    asked = schedule.request_run(link=link, trigger=trigger, send=False)
    run = execute(asked.pk)
    assert run is not None
    link.refresh_from_db()
    return run


def items(link: ProjectLink) -> dict[str | None, Item]:
    return {item.external_id: item for item in Item.objects.filter(roadmap=link.roadmap)}


def failing(error: PullError) -> Callable[[int], NoReturn]:
    def fail(page: int) -> NoReturn:
        raise error

    return fail


# --- What arrives


def test_the_first_pull_makes_an_item_of_every_story(link: ProjectLink, tracker: FakeConnector, labels: Field) -> None:
    """S23, S24, D12"""
    tracker.hold(record("1", "Basket", labels=("shop", "web")), record("2"), record("3", state="unscheduled"))
    run = pull(link)
    assert (run.state, run.created, run.updated, run.flagged) == ("succeeded", 2, 0, 0)
    item = items(link)["1"]
    assert (item.name, item.start_date, item.end_date) == ("Basket", date(2026, 3, 1), None)
    assert item.external_url == "https://tracker.test/story/show/1"
    assert item.origin == "pivotal_tracker"
    options = dict(FieldOption.objects.filter(field=labels).values_list("id", "label"))
    assert [options[id_] for id_ in item.values[labels.column]] == ["shop", "web"]
    assert ItemChange.objects.filter(run=run, kind="created").count() == 2


def test_text_with_every_awkward_character_arrives_as_it_is(link: ProjectLink, tracker: FakeConnector) -> None:
    awkward = "tab\t new\nline \\N \\. back\\slash \"quote\" 'single' {json: [1]} \r \x01\x01 \x02 \n\\.\n emoji 🚲 ‮ ﷽"
    tracker.hold(structs.replace(record("1", awkward, labels=("a\\b", "c\td")), description=awkward))
    pull(link)
    assert (items(link)["1"].name, items(link)["1"].description) == (awkward, awkward)


def test_a_second_pull_of_the_same_stories_writes_nothing(link: ProjectLink, tracker: FakeConnector) -> None:
    """R11"""
    tracker.hold(record("1", labels=("a",)), record("2"))
    pull(link)
    before = list(Item.objects.order_by("id").values())
    tracker.version += 1
    run = pull(link)
    assert (run.created, run.updated, run.unchanged) == (0, 0, 2)
    assert list(Item.objects.order_by("id").values()) == before
    assert not ItemChange.objects.filter(run=run).exists()


def test_a_changed_story_changes_its_item_and_leaves_own_values_alone(
    link: ProjectLink, tracker: FakeConnector, labels: Field
) -> None:
    """D10, B4"""
    own = factories.make_field(link.account, "Budget", "number", roadmap=link.roadmap)
    tracker.hold(record("1", "Old", labels=("a",)))
    pull(link)
    item = items(link)["1"]
    item.values[own.column] = 12
    item.notes = "Ours"
    item.save()
    tracker.hold(record("1", "New"))
    run = pull(link)
    item.refresh_from_db()
    assert (item.name, item.notes, item.values) == ("New", "Ours", {own.column: 12})
    change = ItemChange.objects.get(run=run)
    assert change.changes["name"] == ["Old", "New"]
    assert change.changes[labels.column][1] is None
    assert set(change.changes) == {"name", labels.column}


def test_values_of_one_name_in_two_spellings_are_one_value(
    link: ProjectLink, tracker: FakeConnector, labels: Field
) -> None:
    tracker.hold(record("1", labels=("Web",)), record("2", labels=("web ",)), record("3", labels=("WEB", "web")))
    pull(link)
    option = FieldOption.objects.get(field=labels)
    assert [item.values[labels.column] for item in items(link).values()] == [[option.pk]] * 3


def test_dates_that_the_setup_does_not_feed_stay_the_roadmaps_own(link: ProjectLink, tracker: FakeConnector) -> None:
    link.end_sources = []
    link.save()
    tracker.hold(record("1", "Old"))
    pull(link)
    Item.objects.update(end_date=date(2026, 8, 1))
    tracker.hold(record("1", "New"))
    pull(link)
    assert items(link)["1"].end_date == date(2026, 8, 1)


def versions_of_rows() -> dict[str, list[tuple[object, ...]]]:
    """For each table, which transaction wrote each of its rows last."""
    tables = [table for table in connection.introspection.table_names() if table != "integrations_syncrun"]
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT ctid::text, xmin::text FROM "{table}" ORDER BY 1')  # noqa: S608 - Django's own names
            found[table] = cursor.fetchall()
    return found


def test_nothing_changed_writes_nothing_but_the_run(link: ProjectLink, tracker: FakeConnector) -> None:
    """B7"""
    tracker.hold(record("1"))
    pull(link)
    before = versions_of_rows()
    run = pull(link)
    assert (run.state, run.unchanged) == ("succeeded", 0)
    assert run.finished_at is not None
    assert versions_of_rows() == before


def test_nothing_changed_takes_a_pause_and_failures_away_all_the_same(
    link: ProjectLink, tracker: FakeConnector
) -> None:
    """D21: it went well, and the link says so."""
    tracker.hold(record("1"))
    pull(link)
    ProjectLink.objects.update(failures=3)
    pull(link)
    assert link.failures == 0


def test_nothing_changed_ends_after_the_probe(link: ProjectLink, tracker: FakeConnector) -> None:
    """B7"""
    tracker.hold(record("1"))
    pull(link)
    run = pull(link)
    assert tracker.pulls == [None, {"version": tracker.version}]
    assert (run.state, run.created, run.unchanged) == ("succeeded", 0, 0)


def test_once_a_day_the_whole_listing_is_read(link: ProjectLink, tracker: FakeConnector) -> None:
    tracker.hold(record("1"))
    pull(link)
    ProjectLink.objects.update(last_full_at=timezone.now() - timedelta(hours=25))
    pull(link)
    assert tracker.pulls == [None, None]


# --- What disappears


@pytest.mark.parametrize("fate", ["deleted", "moved", "hidden", "out_of_filter"])
def test_a_story_that_is_gone_keeps_its_item_with_the_reason(
    link: ProjectLink, tracker: FakeConnector, fate: str
) -> None:
    """D11, B9"""
    tracker.hold(record("1"), record("2"))
    pull(link)
    tracker.hold(record("2"))
    tracker.fates = {"1": fate}
    run = pull(link)
    item = items(link)["1"]
    assert (run.flagged, item.source_state, item.archived_at) == (1, fate, None)
    assert item.source_state_at is not None
    assert ItemChange.objects.get(run=run).changes == {"source_state": ["", fate]}


def test_a_story_that_returns_is_the_same_item_again(link: ProjectLink, tracker: FakeConnector) -> None:
    """D11"""
    tracker.hold(record("1"), record("2"))
    pull(link)
    first = items(link)["1"].pk
    tracker.hold(record("2"))
    pull(link)
    tracker.hold(record("1", "Back"), record("2"))
    run = pull(link)
    item = items(link)["1"]
    assert (item.pk, item.name, item.source_state, item.source_state_at) == (first, "Back", "", None)
    assert (run.revived, run.created, run.updated) == (1, 0, 0)


def test_an_owner_may_have_lost_items_archived_and_they_come_back(link: ProjectLink, tracker: FakeConnector) -> None:
    """D11"""
    ProjectLink.objects.update(lost_items="archive")
    tracker.hold(record("1"), record("2"))
    pull(link)
    tracker.hold(record("2"))
    pull(link)
    assert items(link)["1"].archived_at is not None
    tracker.hold(record("1"), record("2"))
    pull(link)
    assert items(link)["1"].archived_at is None


def test_what_a_person_archived_stays_archived_when_the_story_returns(
    link: ProjectLink, tracker: FakeConnector
) -> None:
    ProjectLink.objects.update(lost_items="archive")
    tracker.hold(record("1"), record("2"))
    pull(link)
    Item.objects.filter(external_id="1").update(archived_at=datetime(2026, 4, 1, tzinfo=UTC))
    tracker.hold(record("2"))
    pull(link)
    tracker.hold(record("1"), record("2"))
    pull(link)
    assert items(link)["1"].archived_at == datetime(2026, 4, 1, tzinfo=UTC)


def test_a_story_that_leaves_the_filter_is_flagged_without_a_question(
    link: ProjectLink, tracker: FakeConnector
) -> None:
    tracker.hold(record("1"))
    pull(link)
    tracker.hold(record("1", state="unscheduled"))
    pull(link)
    assert items(link)["1"].source_state == "out_of_filter"
    assert tracker.looked_up == []


def test_own_items_are_never_touched(link: ProjectLink, tracker: FakeConnector) -> None:
    """S13, D24"""
    own = factories.make_item(link.roadmap, "By hand")
    tracker.hold(record("1"))
    pull(link)
    tracker.hold()
    pull(link)
    own.refresh_from_db()
    assert (own.name, own.source_state) == ("By hand", "")


# --- What goes wrong


@pytest.mark.parametrize("page", [0, 1])
def test_a_pull_that_breaks_changes_nothing(link: ProjectLink, tracker: FakeConnector, page: int) -> None:
    """B6"""
    tracker.hold(record("1"), record("2"), record("3"))
    pull(link)
    cursor, before = link.cursor, list(Item.objects.order_by("id").values())

    def break_at(number: int) -> None:
        if number == page:
            raise TrackerUnavailable("The tracker does not answer. Nothing was changed. It will be tried again.")

    tracker.hold(record("1", "New"))
    tracker.before_page, tracker.page_size = break_at, 1
    tracker.records["9"] = record("9")
    run = pull(link)
    assert (run.state, run.error_code) == ("failed", "tracker_unavailable")
    assert "does not answer" in run.error
    assert list(Item.objects.order_by("id").values()) == before
    assert (link.cursor, link.failures) == (cursor, 1)


def test_one_bad_value_does_not_stop_the_others(link: ProjectLink, tracker: FakeConnector) -> None:
    """R19, D19"""
    tracker.hold(record("1", problems=(Problem("1", "estimate", "Not a number."),)), record("2", labels=True))
    run = pull(link)
    assert (run.state, run.created, run.problem_count) == ("partial", 2, 2)
    assert run.problems[0] == {"record": "1", "field": "estimate", "message": "Not a number."}


def test_transient_faults_are_tried_again_later_and_later(link: ProjectLink, tracker: FakeConnector) -> None:
    """D20"""
    tracker.before_page = failing(TrackerUnavailable("down"))
    waits = []
    for _ in range(3):
        pull(link)
        assert link.next_sync_at is not None
        waits.append((link.next_sync_at - timezone.now()).total_seconds() / 60)
    assert 4.9 < waits[0] < 6.1
    assert 9.9 < waits[1] < 12.1
    assert 19.8 < waits[2] < 24.1
    assert link.paused_at is None


def test_a_wait_that_the_tracker_asks_for_is_kept(link: ProjectLink, tracker: FakeConnector) -> None:
    tracker.before_page = failing(RateLimited("Too many requests.", retry_after=timedelta(hours=2)))
    pull(link)
    assert link.next_sync_at is not None
    assert link.next_sync_at - timezone.now() > timedelta(minutes=119)


def test_a_refused_token_stops_every_roadmap_that_uses_it(link: ProjectLink, tracker: FakeConnector) -> None:
    """S11, D20"""
    other = factories.make_link(
        factories.make_roadmap(link.roadmap.owner, "Other"), credential=link.credential, integration=link.integration
    )
    tracker.before_page = failing(CredentialRejected("The token is no longer valid."))
    run = pull(link)
    other.refresh_from_db()
    link.credential.refresh_from_db()
    assert run.error_code == "credential_rejected"
    assert link.paused_at and other.paused_at and link.credential.rejected_at
    assert other.paused_reason == "The token is no longer valid."


@pytest.mark.parametrize("how", ["replaced", "moved"])
def test_a_secret_that_was_replaced_meanwhile_stops_nothing(
    link: ProjectLink, tracker: FakeConnector, how: str
) -> None:
    """S11: the refusal is of the old one, so the new one is asked at once."""

    def mend_and_refuse(page: int) -> NoReturn:
        new = factories.make_credential(link.roadmap.owner, "New", secret="another-token")
        if how == "moved":
            moving.move_roadmaps(link.credential, new, by=link.roadmap.owner)
        else:
            Credential.objects.filter(pk=link.credential_id).update(sealed="another seal")
        raise CredentialRejected("The token is no longer valid.")

    tracker.before_page = mend_and_refuse
    run = pull(link)
    assert (run.state, link.paused_at) == ("failed", None)
    assert link.next_sync_at is not None and link.next_sync_at <= timezone.now()
    assert not Credential.objects.filter(rejected_at__isnull=False).exists()


def test_a_lost_project_pauses_its_link_alone_and_success_brings_it_back(
    link: ProjectLink, tracker: FakeConnector
) -> None:
    tracker.before_page = failing(ProjectUnavailable("The project is gone."))
    pull(link)
    link.credential.refresh_from_db()
    assert link.paused_code == "project_unavailable"
    assert link.credential.rejected_at is None
    tracker.before_page = lambda page: None
    pull(link)
    assert (link.paused_at, link.paused_code, link.failures) == (None, "", 0)


def test_a_project_that_keeps_moving_is_not_believed(link: ProjectLink, tracker: FakeConnector) -> None:
    """R13"""
    tracker.hold(record("1"), record("2"), record("3"))
    pull(link)

    def move(page: int) -> None:
        tracker.version += 1

    tracker.hold(record("1"), record("2"))
    tracker.before_page, tracker.page_size = move, 1
    run = pull(link)
    assert (run.state, run.error_code) == ("failed", Inconsistent.code)
    assert items(link)["3"].source_state == ""


def test_a_fault_of_our_own_says_so_without_details(
    link: ProjectLink, tracker: FakeConnector, caplog: pytest.LogCaptureFixture
) -> None:
    tracker.before_page = lambda page: int("secret detail") and None
    run = pull(link)
    assert (run.state, run.error_code) == ("failed", "internal")
    assert "secret detail" not in run.error
    assert "failed unexpectedly" in caplog.text


def test_a_secret_that_does_not_open_pauses_the_link(link: ProjectLink, tracker: FakeConnector) -> None:
    link.credential.sealed = "v1.unknown.AAAA"
    link.credential.save()
    run = pull(link)
    assert run.error_code == "secret_unreadable"
    assert link.paused_at is not None


# --- Who may write


def test_a_worker_that_lost_its_lease_writes_nothing(link: ProjectLink, tracker: FakeConnector) -> None:
    """R2"""
    tracker.hold(record("1"), record("2"), record("3"))
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)

    def overslept(page: int) -> None:
        SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        schedule.take_up_lost_runs()
        tracker.before_page = lambda page: None

    tracker.before_page = overslept
    assert execute(asked.pk) is None
    assert not Item.objects.exists()
    asked.refresh_from_db()
    assert (asked.state, asked.attempts) == ("queued", 1)
    again = execute(asked.pk)
    assert again is not None
    assert again.created == 3


def test_a_run_is_claimed_once(link: ProjectLink, tracker: FakeConnector) -> None:
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    assert claim.claim(asked.pk) is not None
    assert claim.claim(asked.pk) is None


def test_a_cancelled_run_stops_without_writing(link: ProjectLink, tracker: FakeConnector) -> None:
    tracker.hold(record("1"))

    def cancel(page: int) -> None:
        SyncRun.objects.update(state="cancelled", finished_at=timezone.now())

    tracker.before_page = cancel
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    assert execute(asked.pk) is None
    assert not Item.objects.exists()


def test_a_setup_that_changes_during_a_run_overtakes_it(link: ProjectLink, tracker: FakeConnector) -> None:
    tracker.hold(record("1"))

    def modify(page: int) -> None:
        ProjectLink.objects.update(setup_version=2, cursor=None)

    tracker.before_page = modify
    run = pull(link)
    assert (run.state, run.error_code) == ("cancelled", "setup_changed")
    assert not Item.objects.exists()
    assert link.next_sync_at is not None
    assert link.next_sync_at <= timezone.now()


def test_the_number_of_statements_does_not_grow_with_the_stories(link: ProjectLink, tracker: FakeConnector) -> None:
    from django.test.utils import CaptureQueriesContext

    counts = []
    for count in (2, 40):
        tracker.page_size = 100
        tracker.hold(*(record(str(n), f"{count} {n}", labels=("a", f"l{n}")) for n in range(count)))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            pull(link)
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 8

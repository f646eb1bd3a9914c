"""What is kept, for how long, and that taking it away holds nobody up (section 2 of the policy: 90 days)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings as site
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import audit
from accounts.models import AuditArea, AuditEvent, Membership
from integrations.models import Digest, ItemChange, Notice, ProjectLink, SyncRun
from integrations.undo import latest_undoable
from roadmunk import retention, tasks
from tests import factories

NOW = timezone.now()


@pytest.fixture
def link(olga: Membership) -> ProjectLink:
    return factories.make_link(factories.make_roadmap(olga))


@pytest.fixture
def ran(link: ProjectLink) -> Callable[..., SyncRun]:
    """A run that ended so many days ago, with so many changes."""
    item = factories.make_item(link.roadmap)

    def make(days: float, *, state: str = "succeeded", changes: int = 0) -> SyncRun:
        at = NOW - timedelta(days=days)
        run = SyncRun.objects.create(
            account_id=link.account_id,
            link=link,
            trigger="schedule",
            state=state,
            queued_at=at,
            finished_at=None if state in SyncRun.LIVE else at,
            updated=changes,
        )
        rows = [ItemChange(account_id=run.account_id, run=run, item=item, kind="updated") for _ in range(changes)]
        ItemChange.objects.bulk_create(rows)
        return run

    return make


def kept() -> set[int]:
    return set(SyncRun.objects.values_list("pk", flat=True))


def test_ninety_days_are_kept_unless_the_operator_says_otherwise() -> None:
    assert site.KEEP_HISTORY_DAYS == 90


def test_old_runs_go_with_their_changes(ran: Callable[..., SyncRun]) -> None:
    ran(92, changes=3)
    ran(91, state="failed")
    young = {ran(89, changes=1).pk, ran(1).pk}
    gone = retention.prune()
    assert (gone.runs, gone.changes) == (2, 3)
    assert kept() == young
    assert ItemChange.objects.count() == 1


def test_the_newest_good_run_and_what_followed_it_stay(ran: Callable[..., SyncRun]) -> None:
    """It says how old the data is, however long the link has been in trouble."""
    ran(400)
    stays = {ran(300).pk, ran(299, state="failed").pk, ran(298, state="failed").pk}
    retention.prune()
    assert kept() == stays


def test_what_can_be_undone_stays(ran: Callable[..., SyncRun], link: ProjectLink) -> None:
    """P5: an undo without its changes would take nothing back."""
    ran(300, changes=2)
    last = ran(200, changes=2)
    ran(150)
    newest = ran(1)
    retention.prune()
    assert kept() == {last.pk, newest.pk}
    assert latest_undoable(link) == last
    assert last.item_changes.count() == 2


@pytest.mark.parametrize("state", ["queued", "running", "held"])
def test_a_run_that_has_not_ended_stays(ran: Callable[..., SyncRun], state: str) -> None:
    live = ran(200, state=state)
    newest = ran(1)
    retention.prune()
    assert kept() == {live.pk, newest.pk}


def test_zero_keeps_everything(ran: Callable[..., SyncRun], settings: Settings) -> None:
    settings.KEEP_HISTORY_DAYS = 0
    both = {ran(3000).pk, ran(1).pk}
    retention.prune()
    assert kept() == both


def test_other_links_do_not_count(ran: Callable[..., SyncRun], olga: Membership) -> None:
    """The newest of each link, not the newest of all."""
    old = ran(200)
    other = factories.make_link(factories.make_roadmap(olga, "Other"), synced_at=NOW)
    retention.prune()
    assert kept() == {old.pk, other.runs.get().pk}


def test_letters_go_with_their_runs_and_with_their_time(ran: Callable[..., SyncRun], link: ProjectLink) -> None:
    old, new = ran(200, state="failed"), ran(1)
    for run in (old, new):
        Notice.objects.create(
            account_id=run.account_id,
            run=run,
            link=link,
            to=link.roadmap.owner,
            kind="trouble",
            episode=f"{run.pk:032d}",
        )
    made: list[datetime] = [NOW - timedelta(days=200), NOW]
    for at in made:
        Digest.objects.create(
            account_id=link.account_id, to=link.roadmap.owner, week=at.date(), since=at, created_at=at
        )
    assert retention.prune().letters == 2
    assert list(Notice.objects.values_list("run", flat=True)) == [new.pk]
    assert [digest.created_at for digest in Digest.objects.all()] == [NOW]


def test_sessions_that_ended_go(db: None) -> None:
    for name, days in (("ended", -1), ("alive", 1)):
        Session.objects.create(session_key=name, session_data="", expire_date=NOW + timedelta(days=days))
    assert retention.prune().sessions == 1
    assert Session.objects.get().session_key == "alive"


def test_the_audit_log_is_not_shortened(alice: Membership) -> None:
    audit.record(alice, AuditArea.SETTINGS, "Opened the account.")
    before = AuditEvent.objects.count()
    retention.prune()
    assert AuditEvent.objects.count() == before > 0


def test_each_statement_takes_a_small_piece(ran: Callable[..., SyncRun], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "RUNS", 2)
    monkeypatch.setattr(retention, "ROWS", 2)
    for days in range(100, 93, -1):
        ran(days, changes=3)
    newest = ran(1, changes=1)
    with CaptureQueriesContext(connection) as asked:
        gone = retention.prune()
    assert (gone.runs, gone.changes) == (7, 21)
    assert kept() == {newest.pk}
    deletes = [each["sql"] for each in asked.captured_queries if 'DELETE FROM "integrations_itemchange"' in each["sql"]]
    assert len([sql for sql in deletes if "LIMIT 2" in sql]) >= 11


def test_what_takes_too_long_is_left_for_the_next_time(ran: Callable[..., SyncRun]) -> None:
    ran(100, changes=1)
    ran(1, changes=1)
    assert retention.prune(budget=0) == retention.Pruned()
    assert retention.prune().runs == 1


def test_a_look_reads_as_much_as_it_takes_whatever_lies_behind(ran: Callable[..., SyncRun]) -> None:
    """No index of its own, and no walk through a million runs: by the primary key alone."""
    ran(100)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrations_syncrun (account_id, link_id, trigger, state, finished_at, problems)"
            " SELECT account_id, link_id, trigger, state, now(), '[]' FROM integrations_syncrun,"
            " generate_series(1, 20000)"
        )
        cursor.execute("ANALYZE integrations_syncrun")
        cursor.execute("EXPLAIN " + retention.LOOK, {"before": NOW, "after": 0, "runs": 500})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "integrations_syncrun_pkey" in plan
    assert "Seq Scan" not in plan, plan


def test_beat_asks_for_it(db: None, ran: Callable[..., SyncRun]) -> None:
    (asked,) = (each for each in site.CELERY_BEAT_SCHEDULE.values() if each["task"] == tasks.prune.name)
    assert asked["schedule"] == 600
    ran(100)
    newest = ran(1)
    tasks.prune()
    assert kept() == {newest.pk}

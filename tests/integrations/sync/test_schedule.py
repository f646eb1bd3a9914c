"""What is due, queued, lost and sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Membership
from integrations import tasks
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from integrations.sync.queues import Queue
from tests import factories


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the runs that workers were told of."""
    ids: list[int] = []
    monkeypatch.setattr(schedule, "send", lambda run_id, queue: ids.append(run_id))
    return ids


def due(link: ProjectLink, minutes: int = 1) -> None:
    ProjectLink.objects.filter(pk=link.pk).update(next_sync_at=timezone.now() - timedelta(minutes=minutes))


def test_a_due_link_is_queued_once_sent_and_moved_on(link: ProjectLink, sent: list[int]) -> None:
    """S28, D1"""
    due(link)
    schedule.tick()
    schedule.tick()
    run = SyncRun.objects.get(link=link)
    link.refresh_from_db()
    assert (run.state, run.trigger, sent) == ("queued", "schedule", [run.pk])
    assert link.next_sync_at is not None
    ahead = link.next_sync_at - timezone.now()
    assert timedelta(hours=11, minutes=59) < ahead < timedelta(hours=12, minutes=6)


def test_links_that_are_not_due_paused_or_archived_stay_quiet(link: ProjectLink, sent: list[int]) -> None:
    """D22"""
    ProjectLink.objects.update(next_sync_at=timezone.now() + timedelta(minutes=1))
    schedule.tick()
    due(link)
    ProjectLink.objects.update(paused_at=timezone.now())
    schedule.tick()
    ProjectLink.objects.update(paused_at=None)
    link.roadmap.archived_at = timezone.now()
    link.roadmap.save()
    schedule.tick()
    assert not SyncRun.objects.exists()
    assert sent == []


def test_looks_that_piled_up_are_answered_by_one(link: ProjectLink, monkeypatch: pytest.MonkeyPatch) -> None:
    """After hours without a worker there are thousands, and "Sync now" waits behind them."""
    moments, looks = iter([100.0, 100.1, 100.4, 101.0, 102.0]), []
    monkeypatch.setattr(tasks, "_looked_at", float("-inf"))
    monkeypatch.setattr(tasks, "monotonic", lambda: next(moments))
    monkeypatch.setattr(schedule, "tick", lambda: looks.append(1))
    for expected in (1, 1, 1, 2, 3):
        tasks.dispatch()
        assert len(looks) == expected


def test_a_manual_link_has_no_next_time(link: ProjectLink, sent: list[int]) -> None:
    ProjectLink.objects.update(cadence_minutes=None, next_sync_at=None)
    schedule.tick()
    assert not SyncRun.objects.exists()


def test_asking_twice_gives_one_run(link: ProjectLink, sent: list[int]) -> None:
    first = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL)
    due(link)
    schedule.queue_due_links()
    assert schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL) == first
    assert SyncRun.objects.count() == 1


def test_the_database_itself_refuses_a_second_live_run(link: ProjectLink) -> None:
    schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    with pytest.raises(IntegrityError, match="syncrun_one_live"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrations_syncrun (account_id, link_id, trigger, state, problems)"
            " VALUES (%s, %s, 'manual', 'running', '[]')",
            [link.account_id, link.pk],
        )


def test_a_worker_is_told_when_the_request_is_committed(
    link: ProjectLink, sent: list[int], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL)
        assert sent == []
    assert sent == [run.pk]


def test_without_a_broker_the_run_waits_for_the_next_tick(link: ProjectLink, monkeypatch: pytest.MonkeyPatch) -> None:
    """R4"""

    def unreachable(run_id: int, queue: str) -> None:
        raise OperationalError("no broker")

    run = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    monkeypatch.setattr(schedule, "send", unreachable)
    schedule.send_asked(run.pk)
    run.refresh_from_db()
    assert (run.state, run.sent_at) == ("queued", None)
    ids: list[int] = []
    monkeypatch.setattr(schedule, "send", lambda run_id, queue: ids.append(run_id))
    schedule.tick()
    assert ids == [run.pk]


def test_a_message_that_was_lost_is_sent_again(link: ProjectLink, sent: list[int]) -> None:
    run = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    schedule.tick()
    schedule.tick()
    assert sent == [run.pk]
    SyncRun.objects.update(sent_at=timezone.now() - schedule.RESEND_AFTER - timedelta(seconds=1))
    schedule.tick()
    assert sent == [run.pk, run.pk]


def test_a_run_whose_worker_died_is_taken_up_three_times_and_then_fails(link: ProjectLink, sent: list[int]) -> None:
    """R1"""
    run = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    states = []
    for _ in range(3):
        SyncRun.objects.update(state="running", lease_until=timezone.now() - timedelta(seconds=1))
        schedule.take_up_lost_runs()
        run.refresh_from_db()
        states.append(run.state)
    assert states == ["queued", "queued", "failed"]
    assert run.error_code == "worker_died"


def test_a_run_whose_worker_is_alive_is_left_alone(link: ProjectLink) -> None:
    run = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    SyncRun.objects.update(state="running", lease_until=timezone.now() + timedelta(seconds=5))
    schedule.take_up_lost_runs()
    run.refresh_from_db()
    assert run.state == "running"


def test_the_queries_of_a_tick_do_not_grow_with_the_links(
    link: ProjectLink, sent: list[int], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        roadmap = factories.make_roadmap(link.roadmap.owner, f"R{number}")
        due(factories.make_link(roadmap, integration=link.integration, credential=link.credential))
    with django_assert_max_num_queries(11):
        schedule.tick()
    assert len(sent) == 5


@pytest.fixture
def crowd(
    link: ProjectLink, mallory: Membership, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[ProjectLink], ProjectLink]:
    """Five due links of one account, and one of another that is due for a shorter time; two may be at the workers."""
    monkeypatch.setattr(schedule, "IN_FLIGHT", 2)
    many = [
        factories.make_link(
            factories.make_roadmap(link.roadmap.owner, f"R{number}"),
            integration=link.integration,
            credential=link.credential,
        )
        for number in range(5)
    ]
    single = factories.make_link(factories.make_roadmap(mallory))
    for each in many:
        due(each, minutes=10)
    due(single)
    return many, single


def test_an_account_with_many_due_links_makes_no_other_wait(
    crowd: tuple[list[ProjectLink], ProjectLink], sent: list[int]
) -> None:
    many, single = crowd
    schedule.tick()
    assert SyncRun.objects.filter(state="queued").count() == 6
    accounts = [SyncRun.objects.get(pk=pk).account_id for pk in sent]
    assert accounts == [many[0].account_id, single.account_id, many[0].account_id]
    schedule.tick()
    assert len(sent) == 3


def test_when_a_run_ends_the_next_of_its_account_is_sent(
    crowd: tuple[list[ProjectLink], ProjectLink], sent: list[int]
) -> None:
    many, _ = crowd
    schedule.tick()
    schedule.send_next(many[0].account_id)
    assert len(sent) == 3
    SyncRun.objects.filter(pk=sent[0]).update(state="succeeded", finished_at=timezone.now())
    schedule.send_next(many[0].account_id)
    assert len(sent) == 4
    assert SyncRun.objects.get(pk=sent[3]).account_id == many[0].account_id


def test_what_a_person_asked_for_comes_before_what_is_due(
    crowd: tuple[list[ProjectLink], ProjectLink], sent: list[int]
) -> None:
    many, _ = crowd
    schedule.queue_due_links()
    asked = schedule.request_run(link=many[4], trigger=SyncRun.Trigger.MANUAL, send=False)
    SyncRun.objects.filter(pk=asked.pk).update(trigger="manual")
    assert next(iter(schedule.waiting_runs(many[0].account_id))) == asked.pk


def test_a_batch_takes_of_every_account(
    crowd: tuple[list[ProjectLink], ProjectLink], sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, single = crowd
    monkeypatch.setattr(schedule, "BATCH", 2)
    schedule.queue_due_links()
    assert SyncRun.objects.filter(account_id=single.account_id).count() == 1


def test_a_link_that_waits_longer_than_it_ever_may_is_called_back(link: ProjectLink, sent: list[int]) -> None:
    """R9: the database's clock was set back by an hour. What waits as long as it may is left alone."""
    for cadence, failures, minutes, comes_back in [
        (15, 0, 75, True),
        (15, 0, 16, False),
        (15, 3, 75, False),
        (15, 3, 7 * 60, True),
        (None, 1, 7 * 60, True),
        (1440, 0, 1441, False),
        (1440, 0, 26.5 * 60, True),
    ]:
        before = timezone.now() + timedelta(minutes=minutes)
        ProjectLink.objects.update(cadence_minutes=cadence, failures=failures, next_sync_at=before)
        schedule.tick()
        link.refresh_from_db()
        assert link.next_sync_at is not None
        assert (link.next_sync_at != before) == comes_back, (cadence, failures, minutes)
        assert link.next_sync_at <= timezone.now() + timedelta(minutes=cadence or 5) or not comes_back
    assert sent == []


def test_a_lease_and_a_message_of_the_future_are_not_waited_for(link: ProjectLink, sent: list[int]) -> None:
    """R9: they are from before the database's clock was set back."""
    run = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    SyncRun.objects.update(sent_at=timezone.now() + timedelta(hours=1))
    schedule.tick()
    assert sent == [run.pk]
    SyncRun.objects.update(state="running", lease_until=timezone.now() + timedelta(hours=1))
    schedule.tick()
    run.refresh_from_db()
    assert (run.state, run.attempts, sent) == ("queued", 1, [run.pk, run.pk])


def test_runs_wait_in_queues_by_their_weight(link: ProjectLink, mallory: Membership) -> None:
    """What a person asked for, what reads changes, and what reads everything: none stands in the other's way."""
    whole, stale, changes = (factories.make_link(factories.make_roadmap(mallory)) for _ in range(3))
    now = timezone.now()
    ProjectLink.objects.filter(pk=stale.pk).update(last_full_at=now - timedelta(hours=25))
    ProjectLink.objects.filter(pk=changes.pk).update(last_full_at=now - timedelta(hours=23))
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    for each in (whole, stale, changes):
        due(each)
    schedule.queue_due_links()
    queues = schedule.waiting_runs()
    assert queues.pop(asked.pk) == "celery"
    found = {SyncRun.objects.get(pk=pk).link_id: queue for pk, queue in queues.items()}
    assert found == {whole.pk: "whole", stale.pk: "whole", changes.pk: "changes"}


def test_a_worker_takes_from_all_queues(settings: Settings) -> None:
    assert [queue.name for queue in settings.CELERY_TASK_QUEUES] == list(Queue)

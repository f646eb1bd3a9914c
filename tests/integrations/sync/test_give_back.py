"""What a worker that is told to stop does with the work in its hands (R8)."""

from __future__ import annotations

import pytest

from integrations.models import Preview, ProjectLink, SyncRun
from integrations.sync import claim, schedule
from integrations.sync.claim import LeaseLost
from integrations.sync.run import execute
from roadmaps.models import Item
from tests.integrations.sync.fakes import FakeConnector, record


@pytest.fixture
def run(link: ProjectLink) -> SyncRun:
    """One that works."""
    claimed = claim.claim(schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk)
    assert claimed is not None
    return claimed


def test_a_run_is_free_for_another_worker(run: SyncRun, tracker: FakeConnector) -> None:
    assert claim.give_back(SyncRun, [run.pk]) == [run.pk]
    with pytest.raises(LeaseLost):
        claim.renew(run)
    with pytest.raises(LeaseLost):
        claim.hold(run)
    assert run.pk in schedule.waiting_runs()
    tracker.hold(record("1"))
    again = execute(run.pk)
    assert again is not None
    assert (again.state, again.attempts) == ("succeeded", 0)


def test_it_is_no_failed_attempt(run: SyncRun) -> None:
    """However often a site is deployed, its long syncs don't fail by that."""
    for _ in range(schedule.MAX_ATTEMPTS + 1):
        assert claim.give_back(SyncRun, [run.pk]) == [run.pk]
        assert claim.claim(run.pk) is not None
    schedule.take_up_lost_runs()
    run.refresh_from_db()
    assert run.state == "running"


@pytest.mark.parametrize("state", ["queued", "held", "succeeded", "failed", "cancelled"])
def test_only_what_is_worked_on_is_given_back(run: SyncRun, state: str) -> None:
    ended = None if state in SyncRun.LIVE else run.queued_at
    SyncRun.objects.filter(pk=run.pk).update(state=state, finished_at=ended)
    assert claim.give_back(SyncRun, [run.pk]) == []
    run.refresh_from_db()
    assert run.state == state


def test_a_run_that_is_given_back_while_it_reads_writes_nothing(
    link: ProjectLink, tracker: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.hold(record("1"))
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    pull = tracker.pull

    def stopped_meanwhile(*args: object, **options: object) -> object:
        claim.give_back(SyncRun, [asked.pk])
        return pull(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(tracker, "pull", stopped_meanwhile)
    assert execute(asked.pk) is None
    asked.refresh_from_db()
    assert (asked.state, asked.fence) == ("queued", None)
    assert not Item.objects.filter(roadmap=link.roadmap).exists()


def test_a_preview_is_free_too(link: ProjectLink) -> None:
    queued = Preview.objects.create(
        account_id=link.account_id, roadmap=link.roadmap, purpose=Preview.Purpose.DATES, question="q"
    )
    assert claim.claim_preview(queued.pk) is not None
    assert claim.give_back(Preview, [queued.pk]) == [queued.pk]
    assert claim.claim_preview(queued.pk) is not None

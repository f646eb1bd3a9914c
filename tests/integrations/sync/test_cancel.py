"""The owner cancels a sync that waits or works: nothing of it is kept, and the next one is free to come (D9)."""

from __future__ import annotations

import pytest

from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun
from integrations.sync import claim, outcome, schedule
from integrations.sync.run import execute
from roadmaps.models import Item
from tests.integrations.sync.fakes import FakeConnector, record


def ask(link: ProjectLink) -> SyncRun:
    return schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)


def test_a_waiting_run_never_starts(link: ProjectLink, tracker: FakeConnector) -> None:
    run = ask(link)
    assert claim.cancel(run, member=link.roadmap.owner)
    assert execute(run.pk) is None
    run.refresh_from_db()
    assert (run.state, run.error_code, run.finished_at is None) == ("cancelled", "called_off", False)
    assert tracker.pulls == []


@pytest.mark.parametrize("page", [0, 1, 2])
def test_a_running_one_stops_at_the_next_page_and_writes_nothing(
    link: ProjectLink, tracker: FakeConnector, page: int
) -> None:
    tracker.hold(*(record(str(number)) for number in range(5)))
    run = ask(link)
    tracker.before_page = lambda number: claim.cancel(run, member=link.roadmap.owner) if number == page else None
    assert execute(run.pk) is None
    run.refresh_from_db()
    assert (run.state, run.created, Item.objects.count()) == ("cancelled", 0, 0)
    link.refresh_from_db()
    assert (link.cursor, link.failures, link.paused_at) == (None, 0, None)


def test_one_that_is_about_to_save_finds_its_fence_gone(
    link: ProjectLink, tracker: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The latest moment: everything is read and compared."""
    tracker.hold(record("1"))
    run = ask(link)
    finish = outcome.finish

    def cancelled_before(*args: object) -> None:
        claim.cancel(run, member=link.roadmap.owner)
        finish(*args)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(outcome, "finish", cancelled_before)
    assert execute(run.pk) is None
    assert not Item.objects.exists()


def test_the_next_sync_brings_everything(link: ProjectLink, tracker: FakeConnector) -> None:
    tracker.hold(record("1"))
    cancelled = ask(link)
    claim.cancel(cancelled, member=link.roadmap.owner)
    again = ask(link)
    assert again != cancelled
    run = execute(again.pk)
    assert run is not None
    assert (run.state, run.created) == ("succeeded", 1)


@pytest.mark.parametrize("state", ["held", "succeeded", "partial", "failed", "cancelled"])
def test_what_has_ended_or_waits_for_an_answer_is_left_alone(link: ProjectLink, state: str) -> None:
    run = ask(link)
    ended = None if state == "held" else run.queued_at
    SyncRun.objects.update(state=state, finished_at=ended)
    assert not claim.cancel(run, member=link.roadmap.owner)
    assert SyncRun.objects.get().state == state


def test_nobody_cancels_a_run_of_another_account(link: ProjectLink, mallory: Membership) -> None:
    """S33"""
    run = ask(link)
    assert not claim.cancel(run, member=mallory)
    assert SyncRun.objects.get().state == "queued"

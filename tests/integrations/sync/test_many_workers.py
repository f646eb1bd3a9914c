"""Two workers, two beats and a repeated message never run a link twice at once (R2, R3)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from accounts import walls
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from integrations.sync.run import execute
from roadmaps.models import Item
from tests.integrations.sync.fakes import FakeConnector, record


def at_once(*work: Callable[[], object]) -> None:
    """Do all of it at the same moment, each on a database connection of its own."""
    gate = threading.Barrier(len(work))

    def run(one: Callable[[], object]) -> None:
        gate.wait()
        try:
            one()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(walls.carried(one),)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_three_times_to_four_workers_is_one_pull(
    link: ProjectLink, tracker: FakeConnector
) -> None:
    tracker.hold(*(record(str(number)) for number in range(1, 8)))
    run = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    at_once(*[lambda: execute(run.pk)] * 12)
    assert len(tracker.pulls) == 1
    assert Item.objects.filter(roadmap=link.roadmap).count() == 7
    run.refresh_from_db()
    assert (run.state, run.created) == ("succeeded", 7)


@pytest.mark.django_db(transaction=True)
def test_many_dispatchers_and_a_click_make_one_run(
    link: ProjectLink, tracker: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "send", lambda run_id, queue: None)
    for _ in range(5):
        SyncRun.objects.all().delete()
        ProjectLink.objects.update(next_sync_at="2026-01-01T00:00:00Z")
        click = lambda: schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL)  # noqa: E731 - three at once
        at_once(schedule.tick, schedule.tick, schedule.tick, click, click)
        assert SyncRun.objects.filter(link=link, state="queued").count() == 1
        assert SyncRun.objects.count() == 1

"""A run stays its worker's while it works, also where nothing comes back for long, and stops once lost (R1, R2)."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import ProjectLink, SyncRun
from integrations.sync import claim, heart, schedule
from integrations.sync.claim import LeaseLost
from integrations.sync.heart import Heart


def claimed(link: ProjectLink) -> SyncRun:
    run = claim.claim(schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk)
    assert run is not None
    return run


def stored(run: SyncRun) -> SyncRun:
    return SyncRun.objects.get(pk=run.pk)


def test_what_is_over_in_a_moment_tells_nothing(link: ProjectLink) -> None:
    with Heart(claimed(link)) as beating:
        beating.tell(stage="reading", records_read=7, records_announced=9)
        assert stored(beating._work).stage == "connecting"


def test_a_longer_run_tells_how_far_it_is_and_shows_life(link: ProjectLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "TELL_EVERY", 0)
    run = claimed(link)
    SyncRun.objects.update(lease_until=timezone.now())
    with Heart(run) as beating:
        beating.tell(stage="reading", records_read=7, records_announced=9)
    now = stored(run)
    assert (now.stage, now.records_read, now.records_announced) == ("reading", 7, 9)
    assert now.lease_until is not None
    assert now.lease_until > timezone.now() + timedelta(seconds=30)


def test_who_lost_the_run_hears_it_when_telling(link: ProjectLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "TELL_EVERY", 0)
    with Heart(claimed(link)) as beating:
        claim.cancel(beating._work, member=link.roadmap.owner)
        with pytest.raises(LeaseLost):
            beating.tell(stage="reading")


def test_one_request_needs_no_thread(link: ProjectLink) -> None:
    before = threading.active_count()
    with Heart(claimed(link)) as beating:
        assert beating.count_request() == 1
        assert threading.active_count() == before
        assert beating.count_request() == 2
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


@pytest.mark.django_db(transaction=True)
def test_a_silent_run_is_kept_alive(link: ProjectLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "BEAT", 0.05)
    run = claimed(link)
    SyncRun.objects.update(lease_until=timezone.now())
    with Heart(run) as beating:
        beating.sleep(0.5)
    lease = stored(run).lease_until
    assert lease is not None
    assert lease > timezone.now() + timedelta(seconds=30)


@pytest.mark.django_db(transaction=True)
def test_a_sleeper_wakes_as_soon_as_the_run_is_lost(link: ProjectLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "BEAT", 0.05)
    with Heart(claimed(link)) as beating:
        claim.cancel(beating._work, member=link.roadmap.owner)
        began = time.monotonic()
        with pytest.raises(LeaseLost):
            beating.sleep(30)
        assert time.monotonic() - began < 5
        with pytest.raises(LeaseLost):
            beating.count_request()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_kept_alive_for_ever(link: ProjectLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart, "BEAT", 0.05)
    monkeypatch.setattr(heart, "DEADLINE", 0)
    run = claimed(link)
    SyncRun.objects.update(lease_until=timezone.now())
    with Heart(run) as beating:
        beating.sleep(0.3)
    lease = stored(run).lease_until
    assert lease is not None
    assert lease < timezone.now()

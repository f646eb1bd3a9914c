"""A tracker that is down for everybody is left alone, and comes back slowly (N8, section 2: host down)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from accounts.models import Membership
from integrations import breaker, tasks
from integrations.models import ProjectLink, SyncRun
from integrations.redis_server import server
from integrations.sync import schedule
from tests import factories

KIND = "pivotal_tracker"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Ids of the runs that workers were told of."""
    ids: list[int] = []
    monkeypatch.setattr(schedule, "send", lambda run_id, queue: ids.append(run_id))
    return ids


@pytest.fixture
def links(link: ProjectLink, mallory: Membership) -> list[ProjectLink]:
    """Six, each with a secret of its own."""
    return [link, *(factories.make_link(factories.make_roadmap(mallory)) for _ in range(5))]


def ended(link: ProjectLink, code: str = "", **columns: object) -> SyncRun:
    """A run of the link that ended with that error, or well, after it had asked the tracker."""
    state = "failed" if code else "succeeded"
    values = {"trigger": "schedule", "state": state, "error_code": code, "requests": 5, "finished_at": timezone.now()}
    return SyncRun.objects.create(link=link, account_id=link.account_id, **{**values, **columns})


def go_down(links: list[ProjectLink]) -> None:
    for link in links[:5]:
        breaker.learn(ended(link, "tracker_unavailable"))


def end_pause() -> None:
    server().delete(f"breaker:{KIND}:paused")


def queued(link: ProjectLink, trigger: str = "schedule") -> SyncRun:
    return SyncRun.objects.create(link=link, account_id=link.account_id, trigger=trigger)


def test_five_secrets_in_a_row_stop_what_is_scheduled(links: list[ProjectLink], sent: list[int]) -> None:
    go_down(links[:4])
    run = queued(links[5])
    assert breaker.held([KIND]) == []
    breaker.learn(ended(links[4], "tracker_unavailable"))
    assert breaker.held([KIND]) == [KIND]
    schedule.tick()
    assert sent == []
    assert not breaker.may_run(run)


def test_one_secret_that_fails_five_times_stops_nobody(links: list[ProjectLink]) -> None:
    for _ in range(5):
        breaker.learn(ended(links[0], "tracker_unavailable"))
    assert breaker.held([KIND]) == []


@pytest.mark.parametrize("code", ["", "credential_rejected", "rate_limited", "internal"])
def test_any_answer_in_between_begins_the_count_anew(code: str, links: list[ProjectLink]) -> None:
    go_down(links[:4])
    breaker.learn(ended(links[5], code))
    breaker.learn(ended(links[4], "tracker_unavailable"))
    assert breaker.held([KIND]) == []


def test_a_page_that_is_no_answer_of_the_tracker_says_nothing(links: list[ProjectLink]) -> None:
    go_down(links[:4])
    breaker.learn(ended(links[5], "unexpected_response"))
    breaker.learn(ended(links[4], "tracker_unavailable"))
    assert breaker.held([KIND]) == [KIND]


def test_a_person_is_never_held_up(links: list[ProjectLink], sent: list[int]) -> None:
    go_down(links)
    run = queued(links[5], "manual")
    schedule.tick()
    assert sent == [run.pk]
    assert breaker.may_run(run)


def test_pauses_double_up_to_a_quarter_of_an_hour(links: list[ProjectLink]) -> None:
    go_down(links)
    pauses = []
    for _ in range(6):
        pauses.append(round(server().pttl(f"breaker:{KIND}:paused") / 60_000))
        end_pause()
        assert breaker.may_run(queued(links[5], "schedule"))
        SyncRun.objects.filter(link=links[5]).delete()
        breaker.learn(ended(links[5], "tracker_unavailable"))
    assert pauses == [1, 2, 4, 8, 15, 15]


def test_failures_of_runs_that_were_under_way_lengthen_nothing(links: list[ProjectLink]) -> None:
    go_down(links)
    breaker.learn(ended(links[5], "tracker_unavailable"))
    assert server().pttl(f"breaker:{KIND}:paused") <= 60_000


def test_one_run_probes_and_the_others_go_back_into_the_queue(links: list[ProjectLink], sent: list[int]) -> None:
    go_down(links)
    end_pause()
    first, second = queued(links[4]), queued(links[5])
    assert breaker.may_run(first)
    tasks.run_link(second.pk)
    second.refresh_from_db()
    assert (second.state, second.fence, second.attempts, second.sent_at) == ("queued", None, 0, None)
    schedule.tick()
    assert sent == []


def test_a_tracker_that_is_back_gets_all_who_waited_one_after_the_other(
    links: list[ProjectLink], sent: list[int]
) -> None:
    later = timezone.now() + timedelta(hours=3)
    ProjectLink.objects.update(next_sync_at=later, failures=3)
    go_down(links)
    ended(links[5], "rate_limited")
    end_pause()
    breaker.learn(ended(links[4]))
    ends = timezone.now() + timedelta(seconds=breaker.BACK_WITHIN)
    waits = dict(ProjectLink.objects.values_list("pk", "next_sync_at"))
    assert all(waits[link.pk] <= ends for link in links[:4])
    assert len({waits[link.pk] for link in links[:4]}) == 4
    # What waits for another reason goes on waiting: the tracker wished it so.
    assert waits[links[5].pk] == later
    assert breaker.held([KIND]) == []


def test_a_tracker_that_is_back_hears_all_runs_together_slowly(links: list[ProjectLink]) -> None:
    naps: list[float] = []
    breaker.pace(KIND, sleep=naps.append)()
    go_down(links)
    end_pause()
    breaker.learn(ended(links[4]))
    for _ in range(3):
        breaker.pace(KIND, sleep=naps.append)()
    assert sum(naps) > 1.5 / breaker.RECOVERY_PACE


def test_without_redis_nobody_is_held_up(links: list[ProjectLink], monkeypatch: pytest.MonkeyPatch) -> None:
    away = redis.Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(breaker, "server", lambda: away)
    go_down(links)
    assert breaker.held([KIND]) == []
    assert breaker.may_run(queued(links[5]))
    breaker.pace(KIND, sleep=lambda _: None)()

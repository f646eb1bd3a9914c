"""What Prometheus reads, and who may."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from celery.signals import after_task_publish, heartbeat_sent
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.models import Membership
from integrations import figures
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from integrations.sync.run import execute
from roadmaps.models import Roadmap
from roadmunk import metrics
from tests import factories
from tests.integrations.sync.conftest import labels, link, tracker  # noqa: F401 - fixtures
from tests.integrations.sync.fakes import FakeConnector, record

TOKEN = "token-of-the-operator"
OPERATOR = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def with_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def read(client: Client) -> dict[str, float]:
    """The figures by name and label, such as `roadmunk_runs{queued}`."""
    answer = client.get("/metrics", headers=OPERATOR)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    samples = [each for family in text_string_to_metric_families(answer.content.decode()) for each in family.samples]
    named = {each.name + "".join(f"{{{label}}}" for label in each.labels.values()): each.value for each in samples}
    assert len(named) == len(samples)
    return named


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}ä"])
def test_without_the_token_there_is_no_such_page(client: Client, db: None, with_token: None, given: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": given})
    assert answer.status_code == 404
    assert b"roadmunk_" not in answer.content


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer "])
def test_without_a_token_set_nobody_may(client: Client, db: None, settings: Settings, given: str) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_it_tells_what_waits_and_for_how_long(client: Client, olga: Membership, with_token: None) -> None:
    now = timezone.now()
    late = factories.make_link(factories.make_roadmap(olga, "Late"), next_sync_at=now - timedelta(minutes=10))
    factories.make_link(factories.make_roadmap(olga, "Later"), next_sync_at=now + timedelta(minutes=10))
    archived = factories.make_roadmap(olga, "Archived", archived_at=now)
    factories.make_link(archived, next_sync_at=now - timedelta(hours=9))
    paused = factories.make_link(factories.make_roadmap(olga, "Paused"), paused_at=now, paused_reason="Dead token")
    queued = now - timedelta(minutes=5)
    SyncRun.objects.create(account=olga.account, link=late, trigger="schedule", queued_at=queued)
    SyncRun.objects.create(account=olga.account, link=paused, trigger="schedule", state="held")
    found = read(client)
    assert found["roadmunk_runs{queued}"] == found["roadmunk_runs{held}"] == 1
    assert found["roadmunk_runs{running}"] == 0
    assert (found["roadmunk_links{active}"], found["roadmunk_links{paused}"]) == (2, 1)
    assert found["roadmunk_queue_age_seconds"] == pytest.approx(300, abs=20)
    assert found["roadmunk_due_links"] == 1
    assert found["roadmunk_due_age_seconds"] == pytest.approx(600, abs=20)
    assert found["roadmunk_up{database}"] == found["roadmunk_up{redis}"] == 1


def test_it_counts_runs_and_their_requests(
    client: Client,
    link: ProjectLink,  # noqa: F811
    tracker: FakeConnector,  # noqa: F811
    with_token: None,
) -> None:
    before = read(client)
    tracker.hold(record("1"))
    for _ in range(2):
        execute(schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk)
    after = read(client)

    def grew(name: str) -> float:
        return after[name] - before[name]

    assert grew("roadmunk_runs_ended_total{succeeded}") == 2
    assert grew("roadmunk_run_seconds_count") == grew("roadmunk_run_seconds_bucket{+Inf}") == 2
    assert grew("roadmunk_run_seconds_sum") > 0
    asked = sum(SyncRun.objects.filter(link=link).values_list("requests", flat=True))
    assert grew("roadmunk_tracker_requests_total") == asked


def test_worker_and_beat_show_that_they_live(client: Client, db: None, with_token: None) -> None:
    assert "roadmunk_seen_seconds{worker}" not in read(client)
    heartbeat_sent.send(sender=None)
    after_task_publish.send(sender="integrations.tasks.dispatch")
    after_task_publish.send(sender="integrations.tasks.run_link")
    found = read(client)
    assert 0 <= found["roadmunk_seen_seconds{worker}"] < 5
    assert 0 <= found["roadmunk_seen_seconds{beat}"] < 5
    assert "roadmunk_seen_seconds{dispatch}" not in found


def test_a_lost_database_is_told_and_redis_stands(
    client: Client, with_token: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(metrics, "figures", lost)
    found = read(client)
    assert (found["roadmunk_up{database}"], found["roadmunk_up{redis}"]) == (0, 1)
    assert "roadmunk_queue_messages{whole}" in found


def test_a_lost_redis_is_told_and_the_database_stands(
    client: Client, db: None, with_token: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> None:
        raise RedisConnectionError("gone")

    monkeypatch.setattr(metrics.counters, "counted", lost)
    found = read(client)
    assert (found["roadmunk_up{database}"], found["roadmunk_up{redis}"]) == (1, 0)
    assert "roadmunk_due_links" in found


def test_it_asks_the_database_twice(
    client: Client, db: None, with_token: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        read(client)


def test_runs_that_ended_are_not_read(olga: Membership) -> None:
    """Millions of old runs cost the figures nothing: live ones have an index of their own."""
    link = factories.make_link(factories.make_roadmap(olga))  # noqa: F811
    now = timezone.now()
    ended = SyncRun(account=olga.account, link=link, trigger="schedule", state="succeeded", finished_at=now)
    SyncRun.objects.bulk_create([ended] * 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrations_syncrun (account_id, link_id, trigger, state, finished_at, problems)"
            " SELECT account_id, link_id, trigger, state, finished_at, problems"
            " FROM integrations_syncrun, generate_series(1, 20000)"
        )
        cursor.execute("ANALYZE integrations_syncrun")
        cursor.execute(f"EXPLAIN {figures.LIVE}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "syncrun_one_live" in plan or "syncrun_live" in plan, plan
    assert "Seq Scan" not in plan


def test_ten_thousand_links_are_counted_at_once(olga: Membership) -> None:
    """The figures stay quick where Prometheus asks each quarter of a minute; 15 to 20 ms where this was written."""
    link = factories.make_link(factories.make_roadmap(olga))  # noqa: F811
    link.refresh_from_db()
    roadmaps = Roadmap.objects.bulk_create(
        [Roadmap(account=olga.account, owner=olga, name=f"Roadmap {number}") for number in range(10_000)]
    )
    columns = [field.attname for field in ProjectLink._meta.concrete_fields if not field.primary_key]
    same = {name: getattr(link, name) for name in columns if name != "roadmap_id"}
    ProjectLink.objects.bulk_create(
        [
            ProjectLink(**{**same, "roadmap_id": each.pk, "project_id": str(number)})
            for number, each in enumerate(roadmaps)
        ],
        batch_size=2000,
    )
    with connection.cursor() as cursor:  # as autovacuum does where many rows have come, but now
        cursor.execute("ANALYZE roadmaps_roadmap, integrations_projectlink, integrations_syncrun")
    took = []
    for _ in range(5):
        began = time.perf_counter()
        assert figures.figures().links_active == 10_001
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1, took

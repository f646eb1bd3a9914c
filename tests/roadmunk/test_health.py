"""The two addresses that watchers ask."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from roadmunk import health, probe, signs
from tests.factories import PASSWORD, make_user


@pytest.fixture
def worker() -> None:
    signs.show(signs.Sign.WORKER)


def test_healthz_answers_without_database_or_redis(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "get", None)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_readyz_names_each_part(client: Client, db: None, worker: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "database": "ok", "redis": "ok", "worker": "ok"}
    assert "no-store" in answer["Cache-Control"]


def test_no_worker_is_not_ready(client: Client, db: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert answer.json() == {"ready": False, "database": "ok", "redis": "ok", "worker": "failed"}


def test_a_lost_database_is_named_and_nothing_of_it_told(
    client: Client, db: None, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> bool:
        raise OperationalError("could not connect to server db.internal as roadmunk:password")

    monkeypatch.setattr(health, "_database_answers", lost)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "failed"
    assert b"internal" not in answer.content


def test_a_lost_redis_is_named(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*args: object, **options: object) -> None:
        raise RedisConnectionError("unix socket gone")

    monkeypatch.setattr(health.cache, "set", lost)
    monkeypatch.setattr(signs, "age", lost)
    answer = client.get("/readyz")
    assert answer.json() == {"ready": False, "database": "ok", "redis": "failed", "worker": "failed"}


def test_the_heartbeat_of_a_worker_is_kept(client: Client, db: None) -> None:
    from celery.signals import heartbeat_sent

    heartbeat_sent.send(sender=None)
    assert client.get("/readyz").status_code == 200


def test_a_page_without_database_is_503_and_passes_by_itself(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R5."""

    def lost(*args: object, **options: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("django.template.response.TemplateResponse.render", lost)
    client.raise_request_exception = False
    answer = client.get("/auth/login/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "does not answer just now" in answer.content.decode()


def test_without_redis_nobody_signs_in_uncounted_and_it_passes_by_itself(
    client: Client, db: None, settings: Settings
) -> None:
    """R4, W16: guesses can't be counted just then, so the answer is to wait."""
    redis = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": redis}
    client.raise_request_exception = False
    answer = client.post("/auth/login/", {"login": make_user().email, "password": PASSWORD})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_any_other_failure_is_500_without_internals(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """W21."""

    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("django.template.response.TemplateResponse.render", broken)
    client.raise_request_exception = False
    answer = client.get("/auth/login/")
    assert answer.status_code == 500
    assert b"secret detail" not in answer.content


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [(["site.example"], "site.example"), ([".example.com"], "example.com"), (["*"], "127.0.0.1"), ([], "127.0.0.1")],
)
def test_the_probe_knocks_under_an_allowed_name(hosts: list[str], expected: str) -> None:
    assert probe.allowed_host(hosts) == expected


def test_the_probe_reads_what_fails() -> None:
    assert probe.failing_parts('{"ready": false, "database": "ok", "worker": "failed"}') == ["worker"]
    assert probe.failing_parts("<h1>no report</h1>") == []

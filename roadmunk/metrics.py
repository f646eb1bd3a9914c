"""`/metrics`: what Prometheus reads, for the operator alone.

Every figure comes from the database or Redis at the moment of the question, so it does not matter which process
answers, and there is nothing to gather from others.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from integrations import counters
from integrations.figures import figures
from integrations.redis_server import server
from integrations.sync.queues import Queue
from roadmunk import signs


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for who knows METRICS_TOKEN; for anybody else there is no such page."""
    if not _is_operator(request):
        raise Http404
    registry = CollectorRegistry()
    registry.register(_Site())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_operator(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode()
    return bool(settings.METRICS_TOKEN) and secrets.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())


class _Site(Collector):
    """A part that does not answer is told as down, and the figures of the other stand."""

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("roadmunk_up", "Whether a part answers.", labels=["part"])
        for part, read in {"database": _of_the_database, "redis": _of_redis}.items():
            try:
                found = list(read())
            except (DatabaseError, RedisError):
                up.add_metric([part], 0)
            else:
                up.add_metric([part], 1)
                yield from found
        yield up

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand, so that registering asks nobody."""
        return iter(())


def _of_the_database() -> Iterator[Metric]:
    now = figures()
    runs = GaugeMetricFamily("roadmunk_runs", "Runs that have not ended.", labels=["state"])
    for state, number in now.runs.items():
        runs.add_metric([state], number)
    links = GaugeMetricFamily("roadmunk_links", "Linked roadmaps, without the archive.", labels=["state"])
    links.add_metric(["active"], now.links_active)
    links.add_metric(["paused"], now.links_paused)
    yield from (runs, links)
    yield _gauge("roadmunk_queue_age_seconds", "How long the oldest run waits for a worker.", now.queue_age)
    yield _gauge("roadmunk_due_links", "Links whose time has come, not yet taken up.", now.due)
    yield _gauge("roadmunk_due_age_seconds", "How late the latest of them is.", now.due_age)


def _of_redis() -> Iterator[Metric]:
    counted = counters.counted()
    ended = CounterMetricFamily("roadmunk_runs_ended", "Runs that ended.", labels=["state"])
    for state, number in counted.ended.items():
        ended.add_metric([state], number)
    within = [(str(most), float(number)) for most, number in zip(counters.SECONDS, counted.within, strict=True)]
    durations = HistogramMetricFamily("roadmunk_run_seconds", "How long runs took.")
    durations.add_metric([], [*within, ("+Inf", float(counted.timed))], counted.seconds)
    requests = CounterMetricFamily("roadmunk_tracker_requests", "Requests that runs sent.", value=counted.requests)
    yield from (ended, durations, requests)
    messages = GaugeMetricFamily("roadmunk_queue_messages", "Messages that wait for a worker.", labels=["queue"])
    for queue in Queue:
        messages.add_metric([queue], float(server().llen(queue)))
    yield messages
    seen = GaugeMetricFamily("roadmunk_seen_seconds", "Seconds since a sign of life.", labels=["of"])
    for sign in signs.Sign:
        if (age := signs.age(sign)) is not None:
            seen.add_metric([sign], age)
    yield seen


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)

"""Two questions that a supervisor or load balancer asks: does the process live, and can it do its work?"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from redis.exceptions import RedisError

from roadmunk import signs
from roadmunk.signs import Sign

logger = logging.getLogger(__name__)

#: Seconds after which a worker that does not report counts as gone; workers report every two seconds.
WORKER_PATIENCE = 30


class NotReadyIsNoError(logging.Filter):
    """Keeps Django from logging each "not ready" as an error; the reason is in the log already, as a warning."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        return not (isinstance(request, HttpRequest) and request.path == "/readyz")


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process serves requests at all."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, Redis and a worker are there; else 503. Each part is named, no more."""
    checks = {"database": _database_answers, "redis": _redis_answers, "worker": _worker_seen}
    parts = {name: _holds(name, check) for name, check in checks.items()}
    ready = all(parts.values())
    report = {name: "ok" if holds else "failed" for name, holds in parts.items()}
    response = JsonResponse({"ready": ready, **report}, status=200 if ready else 503)
    if not ready:
        response["Retry-After"] = "5"
    return response


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, RedisError) as error:
        # The error's text may hold an address; the log may have it, the answer may not.
        logger.warning("Not ready: %s: %s", name, " ".join(str(error).split()))
        return False


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _redis_answers() -> bool:
    cache.set("ready", 1, timeout=5)
    return True


def _worker_seen() -> bool:
    age = signs.age(Sign.WORKER)
    return age is not None and age < WORKER_PATIENCE

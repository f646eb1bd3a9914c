"""Gives each request an id, which its log lines and its answer carry, and logs one line for each.

A server's own access log would hold addresses of people, and paths with the secrets of invitations in them.
"""

from __future__ import annotations

import logging
import time
import uuid
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import log_ids
from accounts.middleware import GetResponse
from roadmunk.logs import route_of

log = logging.getLogger(__name__)

HEADER: Final = "X-Request-ID"
#: Asked every few seconds by machines.
_WATCHERS: Final = frozenset({"healthz", "readyz", "metrics"})


def log_requests(get_response: GetResponse) -> GetResponse:
    """One line for each request, with its route, status and milliseconds; at DEBUG where watchers find all well."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        with log_ids.about(request=uuid.uuid4().hex):
            response = get_response(request)
            response[HEADER] = str(log_ids.current()["request"])
            _log(request, response, seconds=time.monotonic() - began)
            return response

    return middleware


def _log(request: HttpRequest, response: HttpResponseBase, *, seconds: float) -> None:
    route = route_of(request)
    user = getattr(request, "_cached_user", None)  # asking `request.user` could ask the database
    if user is not None and user.pk:
        log_ids.add(user=user.pk)
    quiet = route in _WATCHERS and response.status_code < 400
    extra = {"method": request.method, "route": route, "status": response.status_code, "ms": round(seconds * 1000)}
    level = logging.DEBUG if quiet else logging.INFO
    log.log(level, "%s %s %s", request.method, route or "(no such address)", response.status_code, extra=extra)

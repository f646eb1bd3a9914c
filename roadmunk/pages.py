"""The pages for what we refuse and for what goes wrong on our side. Django answers 400 and 404 with our templates."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults
from redis.exceptions import RedisError

from accounts import log_ids
from accounts.access import SecondFactorNeeded

RETRY_AFTER_SECONDS = "5"


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say how to get in where a second factor is all that is missing."""
    if isinstance(exception, SecondFactorNeeded):
        back = request.get_full_path() if request.method == "GET" else "/"
        context = {"account": exception.account, "has_one": exception.has_one, "back": back}
        return render(request, "accounts/second_factor_needed.html", context, status=403)
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 while the database or Redis is away, which passes by itself, and 500 for everything else."""
    # The templates get no request: context processors may ask for the very thing that is broken.
    if isinstance(sys.exception(), OperationalError | InterfaceError | RedisError):
        response = HttpResponse(render_to_string("503.html"), status=503)
        response["Retry-After"] = RETRY_AFTER_SECONDS
        return response
    return HttpResponse(render_to_string("500.html", {"request_id": log_ids.current().get("request")}), status=500)

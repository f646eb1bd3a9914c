"""Ends with each request what the request began."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def account_time_zone(get_response: GetResponse) -> GetResponse:
    """Start each request in UTC; `accounts.access.enter` switches to the account's zone, for this request alone."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(None):
            return get_response(request)

    return middleware

"""Ends with each request what the request began."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts import walls

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def outside_of_accounts(get_response: GetResponse) -> GetResponse:
    """Start each request in UTC, outside of all accounts; the view's decorator enters one for this request."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(None), walls.outside():
            return get_response(request)

    return middleware

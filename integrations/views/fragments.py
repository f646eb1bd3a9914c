"""What parts of pages have in common that a page fetches by itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseBase

P = ParamSpec("P")


def is_fragment(request: HttpRequest) -> bool:
    """Whether a part of a page is wanted, not the page."""
    return "HX-Request" in request.headers


def sign_in_first(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """For a fragment: who is signed out meanwhile gets the whole page anew, not the sign-in page inside of it."""

    @wraps(view)
    def inside(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        request = args[0]
        if isinstance(request, HttpRequest) and is_fragment(request) and not request.user.is_authenticated:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return view(*args, **kwargs)

    return inside

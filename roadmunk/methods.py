"""What one may ask of a page: to be shown, or to be given a form. No page takes anything else."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed

from accounts.middleware import GetResponse

TAKEN: Final = ("GET", "HEAD", "POST")


def only_forms_and_looks(get_response: GetResponse) -> GetResponse:
    """Refuse other methods before anybody is looked up: the views of libraries would take a PUT for a post."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in TAKEN:
            return HttpResponseNotAllowed(TAKEN)
        return get_response(request)

    return middleware

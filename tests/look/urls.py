"""Only what allauth's own pages need: they can be looked at without the rest of the site."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def _home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("home")


urlpatterns = [path("", _home, name="home"), path("auth/", include("allauth.account.urls"))]

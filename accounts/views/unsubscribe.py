"""Where the link at the end of the weekly e-mail leads."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import digest, walls


@never_cache
@csrf_exempt  # mail programs post it by themselves (RFC 8058); the signed token is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """One button that ends the weekly e-mail; not the look alone, because mail programs look at links beforehand."""
    member = digest.find_member(token)
    if member is None:
        raise Http404
    if request.method == "POST":
        with walls.entered(member.account_id):
            digest.want(member, wanted=False)
    return render(request, "accounts/unsubscribe.html", {"member": member})

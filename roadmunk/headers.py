"""Headers that neither Django nor django-csp sets, or not on each answer: what no page may ever use, who keeps what."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from accounts.middleware import GetResponse

#: What browsers offer to pages and no page here uses, so that nothing that slips in can use it either.
UNUSED: Final = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer"),
    *("microphone", "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "serial", "usb"),
    *("xr-spatial-tracking", "browsing-topics"),
)
PERMISSIONS_POLICY: Final = ", ".join(f"{feature}=()" for feature in UNUSED)


def guard_answers(get_response: GetResponse) -> GetResponse:
    """Add the headers. What a view says of keeping its answer stands, and what WhiteNoise says of a static file."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        # Django's own middleware sets these too, but not where it refuses a host itself.
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY)
        # After signing out, neither a shared computer nor a proxy shows what was there.
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return middleware

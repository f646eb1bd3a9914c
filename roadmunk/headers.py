"""Headers that neither Django nor django-csp sets: what no page may ever use, and that nobody keeps an answer."""

from __future__ import annotations

from typing import Final

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
    """Add the headers. What a view says of keeping its answer stands; static files are answered before this."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        # After signing out, neither a shared computer nor a proxy shows what was there.
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return middleware

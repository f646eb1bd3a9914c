"""What every answer says to browsers, and how pages travel in production."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.roadmunk.test_settings import PRODUCTION, manage

YEAR_SECONDS = 365 * 24 * 60 * 60
HSTS = f"max-age={YEAR_SECONDS}; includeSubDomains; preload"
#: The settings that decide how pages travel; read from a production installation.
TRAVELLING = re.compile(r"^(SECURE_|SESSION_COOKIE_|CSRF_COOKIE_|X_FRAME_|CONTENT_SECURITY_POLICY|MESSAGE_STORAGE)")
WANTED = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def problems(headers: Mapping[str, str]) -> list[str]:
    """What is missing on an answer. No page of anybody may be kept, so there is no exception to that."""
    policy = {
        part.split()[0]: part.split()[1:] for part in headers.get("Content-Security-Policy", "").split("; ") if part
    }
    kept = {part.strip() for part in headers.get("Cache-Control", "").split(",")}
    unused = headers.get("Permissions-Policy", "")
    nothing = ("default-src", "frame-ancestors", "base-uri", "object-src")
    return [
        *(name for name, value in WANTED.items() if headers.get(name) != value),
        *(part for part in ("no-store", "private") if part not in kept),
        *(part for part in kept if re.fullmatch(r"public|immutable|s-maxage=.*|max-age=0*[1-9].*", part)),
        *(name for name in ("camera", "geolocation", "usb") if f"{name}=()" not in unused),
        *(name for name in nothing if policy.get(name) != ["'none'"]),
        *(source for sources in policy.values() for source in sources if re.search(r"unsafe|\*|https?:", source)),
        *(["script-src"] if policy.get("script-src") != ["'self'"] else []),
    ]


@cache
def production() -> dict[str, Any]:
    """How pages travel there, as its own settings say."""
    script = (
        "import json; from django.conf import settings; "
        "print(json.dumps({n: getattr(settings, n) for n in dir(settings) if n.isupper()}, default=str))"
    )
    done = manage("shell", "--no-imports", "-v", "0", "-c", script, **PRODUCTION)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {name: value for name, value in found.items() if TRAVELLING.match(name)} | {
        "SECURE_PROXY_SSL_HEADER": tuple(found["SECURE_PROXY_SSL_HEADER"])
    }

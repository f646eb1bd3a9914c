"""What the next page is to say, kept where a page of another host, or of a neighbour's, can't plant it."""

from __future__ import annotations

from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class HostCookieStorage(CookieStorage):
    """Browsers take a cookie of such a name only over HTTPS, for one host and all its paths."""

    cookie_name = "__Host-messages"


class Messages(FallbackStorage):
    """In the cookie, and what does not fit there in the session."""

    storage_classes = (HostCookieStorage, SessionStorage)

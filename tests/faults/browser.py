"""Somebody who is signed in at the site, from outside."""

from __future__ import annotations

import http.client
import re
import time

from django.conf import settings
from django.test import Client

from accounts.models import Membership
from tests.faults.site import Site

_PROXY = {"X-Forwarded-Proto": "https", "Host": "127.0.0.1", "Referer": "https://127.0.0.1/"}


class Browser:
    """Asks one page after the other; follows no redirect."""

    def __init__(self, site: Site, member: Membership) -> None:
        self._site = site
        client = Client()
        client.force_login(member.user)
        self._cookies = {"__Host-sessionid": client.cookies[settings.SESSION_COOKIE_NAME].value}
        self.headers: dict[str, str] = {}
        self.body = ""

    def get(self, path: str) -> int:
        """The status."""
        return self._ask("GET", path)

    def post(self, path: str) -> int:
        """The status of a form that only says yes, with the token of the page that was read last."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.body)
        assert found, "Read a page with a form first."
        return self._ask("POST", path, f"csrfmiddlewaretoken={found[1]}")

    def _ask(self, method: str, path: str, body: str | None = None) -> int:
        connection = self._connect()
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {**_PROXY, "Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        self.headers = dict(answer.getheaders())
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        self.body = answer.read().decode()
        connection.close()
        return answer.status

    def _connect(self) -> http.client.HTTPConnection:
        """A connection, once the server listens."""
        deadline = time.monotonic() + 30
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self._site.port, timeout=30)
            try:
                connection.connect()
                return connection
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, self._site.log("web")
                time.sleep(0.1)

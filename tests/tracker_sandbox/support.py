"""A small client that speaks to the sandbox over HTTP, and the cast of its tests."""

from __future__ import annotations

import gzip
import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tracker_sandbox.entities import Person, Project
from tracker_sandbox.server import Sandbox
from tracker_sandbox.state import World

NOON = 1_772_452_800  # 2026-03-02T12:00:00Z, a Monday
ALICE = "a" * 32
VERA = "b" * 32


@dataclass(frozen=True)
class Got:
    """One reply."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """GETs below the API's base with one token."""

    def __init__(self, sandbox: Sandbox, token: str = ALICE) -> None:
        self.sandbox = sandbox
        self.token = token

    def get(self, path: str, headers: dict[str, str] | None = None, **query: object) -> Got:
        return self.ask("GET", path, headers=headers, **query)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **query: object) -> Got:
        host = self.sandbox.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=5)
        target = f"/services/v5{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            connection.request(method, target, headers={"X-TrackerToken": self.token, **(headers or {})})
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return Got(response.status, response.headers, body)


@dataclass
class Acme:
    """A world with one project: Alice owns it, Vera sees it, a second project is Alice's alone."""

    world: World
    alice: Person
    vera: Person
    project: Project
    other: Project

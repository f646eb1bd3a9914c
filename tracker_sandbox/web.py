"""A request and a reply, free of WSGI, so that faults can bend replies in every way that a network can."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import IO
from urllib.parse import parse_qsl, unquote

MAX_FORM = 65536


@dataclass(slots=True, frozen=True)
class Request:
    """What was asked. Header names are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: IO[bytes] = field(default_factory=io.BytesIO)

    @classmethod
    def from_environ(cls, environ: Mapping[str, object]) -> Request:
        """Read a WSGI environment."""
        headers = {
            key[5:].replace("_", "-").lower(): str(value) for key, value in environ.items() if key.startswith("HTTP_")
        }
        headers["content-length"] = str(environ.get("CONTENT_LENGTH") or "0")
        path = str(environ.get("PATH_INFO", "/")).encode("latin-1").decode("utf-8", "replace")
        body = environ["wsgi.input"]
        assert hasattr(body, "read")  # noqa: S101 - narrows the type of what PEP 3333 promises
        return cls(
            method=str(environ["REQUEST_METHOD"]),
            path=path,
            query=str(environ.get("QUERY_STRING", "")),
            headers=headers,
            body=body,  # type: ignore[arg-type]  # a readable stream, as checked above
        )

    @property
    def target(self) -> str:
        """Path and query as one text, for patterns."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def params(self) -> list[tuple[str, str]]:
        """The query's parameters, decoded."""
        return parse_qsl(self.query, keep_blank_values=True)

    def form(self) -> dict[str, str]:
        """A posted form's values; the last of several with one name."""
        length = min(int(self.headers.get("content-length") or 0), MAX_FORM)
        return dict(parse_qsl(self.body.read(length).decode("utf-8", "replace"), keep_blank_values=True))

    def with_query(self, query: str) -> Request:
        """The same request with another query."""
        return replace(self, query=query)


@dataclass(slots=True)
class Reply:
    """What is sent back. With `stream` set, `body` is ignored and the chunks are sent as they come."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    stream: Iterable[bytes] | None = None

    @property
    def status_line(self) -> str:
        """Such as `200 OK`."""
        return f"{self.status} {HTTPStatus(self.status).phrase}"


def html_reply(status: int, text: str) -> Reply:
    """A page as a front end or a web site sends it."""
    return Reply(status, {"Content-Type": "text/html; charset=utf-8"}, text.encode())


def redirect_reply(location: str, status: int = 303) -> Reply:
    """Send the reader elsewhere."""
    return Reply(status, {"Location": location, "Content-Type": "text/plain; charset=utf-8"}, b"")


def clean_path(path: str) -> str:
    """The path without doubled and trailing slashes, as the router of the real service read it."""
    return "/" + "/".join(part for part in unquote(path).split("/") if part)

"""What each kind of fault does to the right answer, or sends in its stead. All of it is our invention."""

from __future__ import annotations

import gzip
import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import parse_qsl, urlencode

from tracker_sandbox.errors import ApiError
from tracker_sandbox.state import World
from tracker_sandbox.web import Reply, Request, html_reply

Answerer = Callable[[Request], Reply]


@dataclass(slots=True)
class Fault:
    """One armed fault. `times` None means until it is removed; the other members matter to some kinds only."""

    id: int
    kind: str
    path: str = ""
    times: int | None = 1
    after: int = 0
    retry_after: str | None = None
    seconds: float = 1.0
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    location: str = "http://127.0.0.1:9/elsewhere"
    megabytes: int = 400
    at_byte: int | None = None
    excess: int = 1
    action: Callable[[World], object] | None = None
    seen: int = 0
    hits: int = 0

    def takes(self, request: Request) -> bool:
        """Count the request, and say whether the fault goes off for it."""
        if self.is_spent or not re.search(self.path, request.target):
            return False
        self.seen += 1
        if self.seen <= self.after:
            return False
        self.hits += 1
        return True

    @property
    def is_spent(self) -> bool:
        """Whether it has gone off as often as it should."""
        return self.times is not None and self.hits >= self.times


@dataclass(slots=True)
class Trigger:
    """What a fault works with: the request, what would answer it rightly, the world, the end of the server."""

    fault: Fault
    request: Request
    answer: Answerer
    world: World
    stopping: threading.Event


Effect = Callable[[Trigger], Reply]


# -- instead of an answer


def _too_many_requests(trigger: Trigger) -> Reply:
    """429. `retry_after` is sent as it stands; the word `date` becomes a date `seconds` ahead."""
    reply = Reply(429, {"Content-Type": "application/json; charset=utf-8"}, b'{"kind":"error","error":"Slow down."}')
    wait = trigger.fault.retry_after
    if wait == "date":
        wait = formatdate(trigger.world.clock.now() + trigger.fault.seconds, usegmt=True)
    if wait is not None:
        reply.headers["Retry-After"] = wait
    return reply


def _internal_error(trigger: Trigger) -> Reply:
    """500 with the API's own error body."""
    return _api_error(ApiError(500, "api_internal_error"))


def _unauthorized(trigger: Trigger) -> Reply:
    """401, which the real service never sent."""
    return _api_error(ApiError(401, "invalid_authentication"))


def _api_error(error: ApiError) -> Reply:
    body = json.dumps(error.body()).encode()
    return Reply(error.status, {"Content-Type": "application/json; charset=utf-8"}, body)


def _bad_gateway(trigger: Trigger) -> Reply:
    """502 with a front end's page."""
    return html_reply(502, "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>")


def _maintenance(trigger: Trigger) -> Reply:
    """503 with a maintenance page, and Retry-After if one is given."""
    reply = html_reply(503, "<!doctype html><title>Maintenance</title><h1>We will be back shortly.</h1>")
    if trigger.fault.retry_after is not None:
        reply.headers["Retry-After"] = trigger.fault.retry_after
    return reply


def _sign_in_page(trigger: Trigger) -> Reply:
    """200 with a sign-in page where JSON should be."""
    form = '<form method="post"><input name="user"><input name="password" type="password"></form>'
    return html_reply(200, f"<!doctype html><title>Sign in</title>{form}")


def _canned(trigger: Trigger) -> Reply:
    """Exactly `status`, `headers` and `body`."""
    headers = {"Content-Type": "application/json; charset=utf-8", **trigger.fault.headers}
    return Reply(trigger.fault.status, headers, trigger.fault.body.encode("utf-8", "surrogatepass"))


def _redirect(trigger: Trigger) -> Reply:
    """A redirect to `location`; `status` 301, 302, 307 or 308."""
    status = trigger.fault.status if trigger.fault.status in (301, 302, 303, 307, 308) else 302
    return Reply(status, {"Location": trigger.fault.location, "Content-Type": "text/html"}, b"moved")


def _hang(trigger: Trigger) -> Reply:
    """Nothing at all for `seconds`, then the connection ends with a 503."""
    trigger.stopping.wait(trigger.fault.seconds)
    return Reply(503, {"Connection": "close"}, b"")


def _huge(trigger: Trigger) -> Reply:
    """A JSON list of so many `megabytes`, streamed."""
    block = b'{"id":1,"name":"' + b"x" * (1024 * 1024 - 19) + b'"},'

    def chunks() -> Iterator[bytes]:
        yield b"["
        for _ in range(trigger.fault.megabytes):
            if trigger.stopping.is_set():
                return
            yield block
        yield b'{"id":2}]'

    return Reply(200, {"Content-Type": "application/json; charset=utf-8"}, stream=chunks())


def _gzip_bomb(trigger: Trigger) -> Reply:
    """So many `megabytes` of blanks in a small compressed body."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1024 * 1024)
    parts = [packer.compress(block) for _ in range(trigger.fault.megabytes)]
    headers = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}
    return Reply(200, headers, b"".join(parts) + packer.flush())


def _nested(trigger: Trigger) -> Reply:
    """A hundred thousand brackets within each other."""
    body = b"[" * 100_000 + b"]" * 100_000
    return Reply(200, {"Content-Type": "application/json; charset=utf-8"}, body)


# -- bending the right answer


def _right(trigger: Trigger) -> Reply:
    return trigger.answer(trigger.request)


def _slow(trigger: Trigger) -> Reply:
    """The right answer, `seconds` late."""
    trigger.stopping.wait(trigger.fault.seconds)
    return _right(trigger)


def _cut(reply: Reply, fault: Fault) -> bytes:
    return reply.body[: len(reply.body) // 2 if fault.at_byte is None else fault.at_byte]


def _cut_off(trigger: Trigger) -> Reply:
    """The connection ends in the middle of the body (or at `at_byte`), against the announced length."""
    reply = _right(trigger)
    reply.headers |= {"Content-Length": str(len(reply.body)), "Connection": "close"}
    reply.body = _cut(reply, trigger.fault)
    return reply


def _truncated_json(trigger: Trigger) -> Reply:
    """Half of the body under an honest length: complete for HTTP, broken as JSON."""
    reply = _right(trigger)
    reply.body = _cut(reply, trigger.fault)
    return reply


def _wrong_length(trigger: Trigger) -> Reply:
    """A Content-Length that is too small by `excess` bytes (too large by as many if that is negative)."""
    reply = _right(trigger)
    reply.headers |= {"Content-Length": str(len(reply.body) - trigger.fault.excess), "Connection": "close"}
    return reply


def _bad_gzip(trigger: Trigger) -> Reply:
    """A gzip body with a few bytes changed in its middle."""
    reply = _right(trigger)
    packed = bytearray(gzip.compress(reply.body))
    middle = len(packed) // 2
    packed[middle : middle + 8] = b"\xff" * 8
    reply.headers["Content-Encoding"] = "gzip"
    reply.body = bytes(packed)
    return reply


def _broken_chunk(trigger: Trigger) -> Reply:
    """A chunked body whose second chunk has no readable size."""
    reply = _right(trigger)
    half = _cut(reply, trigger.fault)
    reply.headers |= {"Transfer-Encoding": "chunked", "Connection": "close"}
    reply.stream = iter([b"%x\r\n%b\r\n" % (len(half), half), b"not a size\r\n"])
    return reply


def _drip(trigger: Trigger) -> Reply:
    """The right answer byte by byte, `seconds` apart."""
    reply = _right(trigger)
    body = reply.body
    reply.headers["Content-Length"] = str(len(body))

    def drops() -> Iterator[bytes]:
        for place in range(len(body)):
            if trigger.stopping.wait(trigger.fault.seconds):
                return
            yield body[place : place + 1]

    reply.stream = drops()
    return reply


def _hang_after_headers(trigger: Trigger) -> Reply:
    """The headers at once, then nothing for `seconds`, then the end of the connection."""
    reply = _right(trigger)
    reply.headers |= {"Content-Length": str(len(reply.body)), "Connection": "close"}

    def nothing() -> Iterator[bytes]:
        yield b""
        trigger.stopping.wait(trigger.fault.seconds)

    reply.stream = nothing()
    return reply


def _same_page_twice(trigger: Trigger) -> Reply:
    """The page before the one that was asked for, under the headers of the one that was asked for."""
    pairs = dict(parse_qsl(trigger.request.query))
    offset = int(pairs.get("offset", "0"))
    earlier = str(max(0, offset - int(pairs.get("limit", "100"))))
    reply = trigger.answer(trigger.request.with_query(urlencode({**pairs, "offset": earlier})))
    reply.headers["X-Tracker-Pagination-Offset"] = str(offset)
    return reply


def _total_lies(trigger: Trigger) -> Reply:
    """A pagination total that is too high by `excess`."""
    reply = _right(trigger)
    total = reply.headers.get("X-Tracker-Pagination-Total")
    if total is not None:
        reply.headers["X-Tracker-Pagination-Total"] = str(int(total) + trigger.fault.excess)
    return reply


def _version_change(trigger: Trigger) -> Reply:
    """Somebody moves the project's last story to its top, just before the answer."""
    match = re.search(r"/projects/(\d+)", trigger.request.path)
    project = trigger.world.projects.get(int(match[1])) if match else None
    if project is not None and len(project.story_rank) > 1:
        with trigger.world.lock:
            trigger.world.move_story(project.story_rank[-1], before=project.story_rank[0])
    return _right(trigger)


def _change(trigger: Trigger) -> Reply:
    """Call `action` with the world after the answer was made: what happens between two pages."""
    reply = _right(trigger)
    if trigger.fault.action is not None:
        trigger.fault.action(trigger.world)
    return reply


def _without_headers(trigger: Trigger) -> Reply:
    """The right answer without the API's own headers (versions, pagination)."""
    reply = _right(trigger)
    reply.headers = {k: v for k, v in reply.headers.items() if not k.startswith("X-Tracker-")}
    return reply


KINDS: dict[str, Effect] = {
    "too_many_requests": _too_many_requests,
    "internal_error": _internal_error,
    "unauthorized": _unauthorized,
    "bad_gateway": _bad_gateway,
    "maintenance": _maintenance,
    "sign_in_page": _sign_in_page,
    "canned": _canned,
    "redirect": _redirect,
    "hang": _hang,
    "huge": _huge,
    "gzip_bomb": _gzip_bomb,
    "nested": _nested,
    "slow": _slow,
    "cut_off": _cut_off,
    "truncated_json": _truncated_json,
    "wrong_length": _wrong_length,
    "bad_gzip": _bad_gzip,
    "broken_chunk": _broken_chunk,
    "drip": _drip,
    "hang_after_headers": _hang_after_headers,
    "same_page_twice": _same_page_twice,
    "total_lies": _total_lies,
    "version_change": _version_change,
    "change": _change,
    "without_headers": _without_headers,
}

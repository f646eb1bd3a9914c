"""The WSGI application: API requests go past the faults, everything else is a page for people."""

from __future__ import annotations

import gzip
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIEnvironment

from tracker_sandbox.api import Api
from tracker_sandbox.effects import Fault
from tracker_sandbox.endpoints import ENDPOINTS
from tracker_sandbox.faults import Faults
from tracker_sandbox.state import World
from tracker_sandbox.web import Reply, Request

GZIP_FROM = 860
_SECRET = re.compile(r"(?i)(token=)[^&]*")


@dataclass(slots=True, frozen=True)
class RequestRecord:
    """One API request, without its headers: the token is never kept."""

    method: str
    path: str
    query: str
    status: int
    seconds: float
    bytes: int
    fault: str | None
    at: int


class App:
    """Serve a world. `requests` holds the latest API requests, oldest first."""

    def __init__(self, world: World, *, api: Api | None = None, kept_requests: int = 100_000) -> None:
        self.world = world
        self.api = api or Api(world, ENDPOINTS)
        self.faults = Faults()
        self.requests: deque[RequestRecord] = deque(maxlen=kept_requests)
        self.prepared: dict[str, tuple[int, int, Reply]] = {}
        self.pages: Callable[[Request], Reply] | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """PEP 3333."""
        request = Request.from_environ(environ)
        reply = self.handle(request)
        start_response(reply.status_line, list(reply.headers.items()))
        if request.method == "HEAD":
            return []
        return reply.stream if reply.stream is not None else [reply.body]

    def handle(self, request: Request) -> Reply:
        """The reply to any request."""
        if request.path.startswith("/services/"):
            return self._handle_api(request)
        if self.pages is None:
            return Reply(404, {"Content-Type": "text/plain; charset=utf-8"}, b"There is no page here.")
        reply = self.pages(request)
        reply.headers["Content-Length"] = str(len(reply.body))
        return reply

    @property
    def non_gets(self) -> list[RequestRecord]:
        """API requests that would have written something, had this been the real service."""
        return [record for record in self.requests if record.method not in ("GET", "HEAD")]

    def prepare(self, targets: Iterable[str], *, token: str) -> None:
        """Answer these paths (with query) now, packed, and serve the bytes again while the project's version stays:
        for benchmarks, in which the server must not be the brake."""
        for target in targets:
            path, _, query = target.partition("?")
            request = Request("GET", path, query, {"x-trackertoken": token, "accept-encoding": "gzip"})
            reply = self.api.reply(request)
            self._compress(request, reply)
            project_id = int(re.findall(r"/projects/(\d+)", path)[0])
            self.prepared[target] = (project_id, self.world.projects[project_id].version, reply)

    def _right_answer(self, request: Request) -> Reply:
        known = self.prepared.get(request.target)
        packs = "gzip" in request.headers.get("accept-encoding", "")
        if known is not None and packs and request.headers.get("x-trackertoken") in self.world.tokens:
            project_id, version, reply = known
            if self.world.projects[project_id].version == version:
                return Reply(reply.status, dict(reply.headers), reply.body)
        return self.api.reply(request)

    def _handle_api(self, request: Request) -> Reply:
        started = time.perf_counter()
        reply, fault = self.faults.reply(request, self._right_answer, self.world)
        self._compress(request, reply)
        if reply.stream is None and "Content-Length" not in reply.headers and reply.status != 304:
            reply.headers["Content-Length"] = str(len(reply.body))
        self._log(request, reply, fault, time.perf_counter() - started)
        return reply

    def _compress(self, request: Request, reply: Reply) -> None:
        """Pack the body for those who can read it, unless a fault has settled its length or packing."""
        settled = reply.headers.keys() & {"Content-Length", "Content-Encoding", "Transfer-Encoding"}
        accepts = "gzip" in request.headers.get("accept-encoding", "")
        if accepts and not settled and reply.stream is None and len(reply.body) >= GZIP_FROM:
            reply.body = gzip.compress(reply.body, compresslevel=1, mtime=0)
            reply.headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}

    def _log(self, request: Request, reply: Reply, fault: Fault | None, seconds: float) -> None:
        self.requests.append(
            RequestRecord(
                method=request.method,
                path=request.path,
                query=_SECRET.sub(r"\1...", request.query),
                status=reply.status,
                seconds=seconds,
                bytes=len(reply.body),
                fault=fault.kind if fault else None,
                at=self.world.clock.now(),
            )
        )

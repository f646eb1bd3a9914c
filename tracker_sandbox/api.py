"""One API request from token to reply: who asks, which endpoint, what comes back under which headers."""

from __future__ import annotations

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from tracker_sandbox.entities import Json, Person, Project, Story, Values
from tracker_sandbox.errors import (
    ApiError,
    invalid_authentication,
    route_not_found,
    unauthorized_operation,
    unfound_resource,
)
from tracker_sandbox.params import Page, Params
from tracker_sandbox.render import View
from tracker_sandbox.state import World
from tracker_sandbox.web import Reply, Request, clean_path

BASE = "/services/v5"
PINGER_INTERVAL = "20"
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "false",
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "X-TrackerToken,DNT,X-Mx-ReqToken,Keep-Alive,User-Agent,X-Requested-With,"
    "If-Modified-Since,Cache-Control,Content-Type,X-Tracker-Warn-Unless-Project-Version-Is",
}


@dataclass(slots=True)
class Answer:
    """What an endpoint found: the data, the project whose version is told, the page of a paginated list."""

    data: Json
    project: Project | None = None
    page: Page | None = None


@dataclass(slots=True)
class Call:
    """One request on its way through an endpoint."""

    view: View
    params: Params
    ids: dict[str, str]

    @property
    def world(self) -> World:
        """What is asked about."""
        return self.view.world

    @property
    def reader(self) -> Person:
        """Who asks; ApiError 403 when nobody does."""
        if self.view.reader is None:
            raise invalid_authentication()
        return self.view.reader

    def id_of(self, name: str) -> int:
        """A number in the path; ApiError 404 when it is none."""
        text = self.ids[name]
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise unfound_resource()
        return int(text)

    def project(self) -> Project:
        """The project in the path, if the reader may see it."""
        project = self.world.projects.get(self.id_of("project"))
        if project is None:
            raise unfound_resource()
        return self.readable(project)

    def readable(self, project: Project) -> Project:
        """The project itself; ApiError 403 when it is deleted, closed to the API, or not the reader's."""
        if project.deleted or not project.api_access:
            raise unauthorized_operation()
        reader = self.view.reader
        if project.public or (reader and self.world.membership(project, reader.id)):
            return project
        if reader is None:
            raise invalid_authentication()
        raise unauthorized_operation()

    def story(self) -> tuple[Project, Story]:
        """The story in the path and its project; the form without a project id works as well."""
        story = self.world.stories.get(self.id_of("story"))
        if "project" in self.ids:
            project = self.project()
            if story is None or story.project_id != project.id:
                raise unfound_resource()
            return project, story
        if story is None:
            raise unfound_resource()
        return self.readable(self.world.projects[story.project_id]), story


Handler = Callable[[Call], Answer]


@dataclass(slots=True, frozen=True)
class Endpoint:
    """A path with names in braces, what answers it, and the parameters that it takes."""

    pattern: re.Pattern[str]
    handler: Handler
    params: frozenset[str]


def endpoint(path: str, handler: Handler, params: frozenset[str] | set[str] = frozenset()) -> Endpoint:
    """Declare an endpoint; `new` is never a project's id."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>(?!new$|new/)[^/]+)", path)
    return Endpoint(re.compile(f"{BASE}{pattern}"), handler, frozenset(params))


class Api:
    """Answers API requests out of a world. Endpoints are tried in order; a strict API refuses unknown parameters."""

    def __init__(self, world: World, endpoints: tuple[Endpoint, ...], *, strict: bool = True) -> None:
        self.world = world
        self.endpoints = endpoints
        self.strict = strict

    def reply(self, request: Request) -> Reply:
        """The reply to one request, under the world's lock: a page is never half old and half new."""
        started = time.perf_counter()
        try:
            with self.world.lock:
                call, answer = self._answer(request)
                body = _encode(_wrap(answer) if call.params.envelope() else answer.data)
                version = answer.project.version if answer.project else None
            reply = Reply(200, _success_headers(answer.page, version, body), body)
            if _matches(request.headers.get("if-none-match"), reply.headers["ETag"]):
                reply = Reply(304, {**reply.headers, "Content-Length": "0"})
        except ApiError as error:
            reply = Reply(error.status, _error_headers(error), _encode(error.body()))
        reply.headers["X-Runtime"] = f"{time.perf_counter() - started:.6f}"
        return reply

    def _answer(self, request: Request) -> tuple[Call, Answer]:
        token = request.headers.get("x-trackertoken", "")
        reader = self.world.people.get(self.world.tokens.get(token, -1))
        if token and reader is None:
            raise invalid_authentication()
        found, ids = self._route(request, reader)
        params = Params(request.params())
        if self.strict:
            params.allow(found.params)
        view = View(self.world, reader=reader, in_millis=params.in_millis())
        call = Call(view, params, ids)
        return call, found.handler(call)

    def _route(self, request: Request, reader: Person | None) -> tuple[Endpoint, dict[str, str]]:
        path = clean_path(request.path)
        if request.method in ("GET", "HEAD"):
            for one in self.endpoints:
                match = one.pattern.fullmatch(path)
                if match:
                    return one, match.groupdict()
        raise route_not_found() if reader else invalid_authentication()


def _wrap(answer: Answer) -> Values:
    envelope: Values = {"data": answer.data}
    if answer.page:
        page = answer.page
        envelope["pagination"] = {
            "total": page.total,
            "limit": page.limit,
            "offset": page.offset,
            "returned": page.returned,
        }
    return envelope


def _encode(data: Json) -> bytes:
    try:
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate, put into a text by a test
        return json.dumps(data, separators=(",", ":")).encode()


def _common_headers(cache_control: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": cache_control,
        "X-Request-Id": str(uuid.uuid4()),
    }


def _error_headers(error: ApiError) -> dict[str, str]:
    """An unknown path never reached the part of the service that sets Cache-Control."""
    headers = _common_headers("no-cache")
    if error.code == "route_not_found":
        del headers["Cache-Control"]
    return headers


def _success_headers(page: Page | None, version: int | None, body: bytes) -> dict[str, str]:
    headers = _common_headers("max-age=0, private, must-revalidate")
    headers |= _CORS
    headers["ETag"] = f'W/"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    headers["X-Tracker-Client-Pinger-Interval"] = PINGER_INTERVAL
    if version is not None:
        headers["X-Tracker-Project-Version"] = str(version)
    if page is not None:
        headers |= page.headers()
    return headers


def _matches(asked: str | None, etag: str) -> bool:
    if not asked:
        return False
    wanted = {part.strip().removeprefix("W/") for part in asked.split(",")}
    return "*" in wanted or etag.removeprefix("W/") in wanted

"""A tracker in a function: the client's requests go to it instead of to a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from requests.structures import CaseInsensitiveDict

from integrations.connectors.base import Auth
from integrations.http import Answer, Failure, Http

TOKEN = "0123456789abcdef0123456789abcdef"
_ROOT = "/services/v5"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the tracker says. `body` is sent as JSON unless it is bytes."""

    body: object
    status: int = 200
    version: int | None = 5
    headers: Mapping[str, str | int] | None = None

    def answer(self) -> Answer:
        """The reply as the way out gives it."""
        headers = {key: str(value) for key, value in (self.headers or {}).items()}
        if self.version is not None and self.status == 200:
            headers["X-Tracker-Project-Version"] = str(self.version)
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return Answer(self.status, CaseInsensitiveDict(headers), body)


Params = Mapping[str, str | int]
Script = Callable[[str, Params], Reply]

REFUSED = Reply({"kind": "error", "code": "invalid_authentication"}, status=403)
FOREIGN = Reply({"kind": "error", "code": "unauthorized_operation"}, status=403)
UNFOUND = Reply({"kind": "error", "code": "unfound_resource"}, status=404)
NO_ROUTE = Reply({"kind": "error", "code": "route_not_found"}, status=404)


class ScriptedHttp(Http):
    """Answers by the script. `asked` holds the paths and parameters of all requests."""

    def __init__(self, script: Script) -> None:
        super().__init__("https://tracker.test", user_agent="Tests")
        self.asked: list[tuple[str, Params]] = []
        self._script = script

    def get(
        self,
        path: str,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        first: Answer | Failure | None = None,
    ) -> Answer:
        assert first is None, "nothing is asked beforehand here"
        assert path.startswith(_ROOT)
        assert headers is not None
        assert headers["X-TrackerToken"] == TOKEN
        self.requests += 1
        self.asked.append((path.removeprefix(_ROOT), params or {}))
        return self._script(*self.asked[-1]).answer()

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [path for path, _ in self.asked]


def auth_for(script: Script) -> Auth:
    """The token with the scripted tracker behind it."""
    return Auth(TOKEN, ScriptedHttp(script))


def routes(table: Mapping[str, Reply]) -> Script:
    """A script of fixed replies by path; any other path is unknown."""
    return lambda path, params: table.get(path, UNFOUND)


def page(stories: list[object], params: Params, *, cap: int = 500, version: int = 5) -> Reply:
    """A page of a listing, as Tracker cuts and announces it."""
    limit, offset = min(int(params.get("limit", 100)), cap), int(params.get("offset", 0))
    part = stories[offset : offset + limit]
    return Reply(
        part,
        version=version,
        headers={
            "X-Tracker-Pagination-Total": len(stories),
            "X-Tracker-Pagination-Limit": limit,
            "X-Tracker-Pagination-Offset": offset,
            "X-Tracker-Pagination-Returned": len(part),
        },
    )


def story(story_id: int, state: str = "started", **members: object) -> dict[str, object]:
    """A story as Tracker sends it."""
    return {
        "kind": "story",
        "id": story_id,
        "name": f"Story {story_id}",
        "current_state": state,
        "url": f"https://tracker.test/story/show/{story_id}",
        **members,
    }

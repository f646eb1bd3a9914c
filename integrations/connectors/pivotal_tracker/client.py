"""The requests of Tracker's API that a pull needs, all of them GET, and what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, Literal, NoReturn

from integrations.connectors.base import Auth
from integrations.connectors.pivotal_tracker import wire
from integrations.connectors.pivotal_tracker.beforehand import Beforehand, Try
from integrations.connectors.pivotal_tracker.paging import Pagination
from integrations.connectors.pivotal_tracker.profiles import TRACKER, VERSION_HEADER, Profile, probe
from integrations.connectors.pivotal_tracker.wire import Listing, T
from integrations.errors import (
    CredentialRejected,
    Inconsistent,
    ProjectUnavailable,
    PullError,
    PullRefused,
    TrackerUnavailable,
    UnexpectedResponse,
)
from integrations.http import Answer, Headers, read_date

#: Tracker's tokens are 32 hexadecimal digits; servers like it may have others.
SECRET_PATTERN: Final = r"[A-Za-z0-9_-]{16,128}"  # noqa: S105  # a shape, not a secret
MOST_REQUESTS: Final = 2_000
MOST_RECORDS: Final = 200_000
#: Of all answers of a sync together, after decompression: so many stories of 5 kB. They are kept until it ends.
MOST_BYTES: Final = 1_000_000_000
BULK_IDS: Final = 500

_ROOT: Final = "/services/v5"
_ME: Final = "/me"
_PROJECT: Final = re.compile(r"/projects/[0-9]+(/.*)?", re.ASCII)
_CODE: Final = re.compile(r"[a-z_]{1,40}", re.ASCII)
_STORIES_A_PAGE: Final = 500
_ITERATIONS_A_PAGE: Final = 50
_ACTIVITIES_A_PAGE: Final = 500

Gone = Literal["deleted", "hidden"]


@dataclass(frozen=True, slots=True)
class Sheet(Generic[T]):
    """One answer: its entries, the project's version it was read under, and what it says of the whole listing."""

    listing: Listing[T]
    stamp: str | None
    total: int | None = None
    last: bool = True
    #: False where the server has no such listing.
    found: bool = True
    #: What the listing was read from; it can be read anew.
    body: bytes = field(default=b"[]", repr=False)


class Client:
    """Tracker's API for one token. The bounds on requests, records and bytes hold for one client."""

    def __init__(self, auth: Auth) -> None:
        if not re.fullmatch(SECRET_PATTERN, auth.secret, re.ASCII):
            raise CredentialRejected("This is not a Personal Access Token: it has letters and digits only.")
        self._http = auth.http
        self._headers = Headers({"X-TrackerToken": auth.secret, "Accept": "application/json"})
        self._sent_before = auth.http.requests
        self._records = self._bytes = 0
        #: How this server behaves, known after the first answer about a project.
        self.profile: Profile = TRACKER
        #: The server's clock at its first answer, in whole seconds; None where it did not say.
        self.began_at: datetime | None = None
        #: The same at its last answer.
        self.latest_at: datetime | None = None

    def me(self) -> wire.Me:
        """Whose token it is. Raises CredentialRejected."""
        return wire.read_one(self._ask(_ME).body, wire.Me)

    def projects(self) -> list[wire.Project] | None:
        """Every active project that the token sees; None where the server has no such list."""
        answer = self._ask("/projects", fields="name", handled=frozenset({404}))
        return None if answer.status == 404 else wire.read_many(answer.body, wire.Project).entries

    def project(self, project_id: str, *, fields: str) -> Sheet[wire.Project]:
        """One project."""
        answer = self._ask(f"/projects/{project_id}", fields=fields)
        self.profile = probe(answer.headers)
        return Sheet(Listing([wire.read_one(answer.body, wire.Project)]), _stamp(answer))

    def stories(
        self, project_id: str, *, fields: str, updated_after: datetime | None = None, story_type: str | None = None
    ) -> Iterator[Sheet[wire.Story]]:
        """All stories of a project, those updated since, or those of one type, in the order of their rank."""
        only = {} if updated_after is None else {"updated_after": f"{updated_after:%Y-%m-%dT%H:%M:%SZ}"}
        if story_type is not None:
            only["with_story_type"] = story_type
        return self._pages(
            f"/projects/{project_id}/stories",
            wire.Story,
            limit=_STORIES_A_PAGE,
            key=lambda one: one.id,
            fields=fields,
            **only,
        )

    def activity(self, project_id: str, *, since_version: int) -> Iterator[Sheet[wire.Activity]]:
        """What happened in a project after that version, the newest first."""
        return self._pages(
            f"/projects/{project_id}/activity",
            wire.Activity,
            limit=_ACTIVITIES_A_PAGE,
            key=lambda one: one.project_version,
            fields="kind,project_version,changes,primary_resources,secondary_resources",
            since_version=since_version,
        )

    def iterations(self, project_id: str) -> Iterator[Sheet[wire.Iteration]]:
        """All iterations of a project, from the first to the last that Tracker foresees."""
        return self._pages(
            f"/projects/{project_id}/iterations",
            wire.Iteration,
            limit=_ITERATIONS_A_PAGE,
            fields="number,start,finish,story_ids",
            key=lambda one: one.number,
        )

    def epics(self, project_id: str) -> Sheet[wire.Epic]:
        """All epics of a project with their labels."""
        return self._whole(f"/projects/{project_id}/epics", wire.Epic, fields="name,label(name)")

    def memberships(self, project_id: str) -> Sheet[wire.Membership]:
        """All active members of a project."""
        return self._whole(f"/projects/{project_id}/memberships", wire.Membership, fields="person")

    def bulk(self, project_id: str, ids: Sequence[str], *, fields: str) -> Sheet[wire.Story]:
        """Those of at most 500 stories that are in the project; what is gone is left out without a word."""
        path = f"/projects/{project_id}/stories/bulk"
        answer = self._ask(path, fields=fields, ids=",".join(ids), handled=frozenset({404}))
        if answer.status == 404:
            # Either the project is gone, and asking for it says so, or this server knows no bulk.
            self.project(project_id, fields="version")
            return Sheet(Listing([]), None, found=False)
        self.profile = probe(answer.headers)
        return Sheet(wire.read_many(answer.body, wire.Story), _stamp(answer), body=answer.body)

    def story(self, project_id: str, story_id: str, *, fields: str) -> Listing[wire.Story] | Gone:
        """One story in whatever project it is now, or what became of it."""
        path = f"/stories/{story_id}" if self.profile.announces else f"/projects/{project_id}/stories/{story_id}"
        answer = self._ask(path, fields=fields, handled=frozenset({403, 404}))
        if answer.status == 404:
            return "deleted"
        if answer.status == 403:
            return "hidden"
        return wire.read_story(answer.body, wire.Story)

    def _whole(self, path: str, kind: type[T], *, fields: str) -> Sheet[T]:
        answer = self._ask(path, fields=fields, handled=self._maybe_missing())
        if answer.status == 404:
            return Sheet(Listing([]), None, found=False)
        return Sheet(self._counted(wire.read_many(answer.body, kind)), _stamp(answer))

    def _pages(
        self, path: str, kind: type[T], *, limit: int, key: Callable[[T], int], **params: str | int
    ) -> Iterator[Sheet[T]]:
        def ask_once(offset: int) -> Try:
            return self._http.try_once(_ROOT + path, {"limit": limit, "offset": offset, **params}, self._headers)

        with Beforehand(ask_once, at_once=self._http.at_once) as beforehand:
            yield from self._sheets(path, kind, beforehand, key=key, limit=limit, **params)

    def _sheets(
        self, path: str, kind: type[T], beforehand: Beforehand, *, key: Callable[[T], int], **params: str | int
    ) -> Iterator[Sheet[T]]:
        offset: int | None = 0
        seen: set[int] = set()
        stamps: set[str | None] = set()
        while offset is not None:
            first = beforehand.take(offset)
            answer = self._ask(path, first=first, handled=self._maybe_missing(), offset=offset, **params)
            if answer.status == 404:
                yield Sheet(Listing([]), None, found=False)
                return
            self.profile = probe(answer.headers)
            body = answer.body
            listing = self._counted(wire.read_many(body, kind))
            pagination = Pagination.of(answer.headers)
            stamps.add(_stamp(answer))
            fresh = {key(entry) for entry in listing.entries} - seen
            seen |= fresh
            if offset and listing.size and not fresh:
                self._refuse_repetition(pagination, size=listing.size, moved=len(stamps) > 1)
                listing, body = Listing([]), b"[]"
            offset = pagination.next_offset(offset, returned=listing.size, whole=self.profile.announces)
            if offset is not None:
                beforehand.expect(pagination.offsets_from(offset))
            yield Sheet(listing, _stamp(answer), pagination.total, last=offset is None, body=body)

    def _refuse_repetition(self, pagination: Pagination, *, size: int, moved: bool) -> None:
        """Raise, unless this is a server that knows no offset and has sent its one page again."""
        if moved:
            raise Inconsistent("The project kept changing while it was read. Nothing was changed here.")
        if pagination.total is None and size < self.profile.page_size:
            return
        raise UnexpectedResponse(
            "The tracker sends the same page again and again, so the listing has no end. Nothing was changed here."
        )

    def _counted(self, listing: Listing[T]) -> Listing[T]:
        self._records += listing.size
        if self._records > MOST_RECORDS:
            raise UnexpectedResponse(
                f"The project has more than {MOST_RECORDS:,} records, which is more than one sync can take."
            )
        return listing

    def _maybe_missing(self) -> frozenset[int]:
        """Below a project Tracker answers 404 only where the project is gone; LiteTracker lacks some listings."""
        return frozenset() if self.profile.announces else frozenset({404})

    def _ask(
        self, path: str, *, handled: frozenset[int] = frozenset(), first: Try | None = None, **params: str | int
    ) -> Answer:
        """A good answer, or one with a status that the caller handles. Raises for every other."""
        answer = self._send(path, first=first, **params)
        if answer.status == 200:
            return answer
        code = wire.read_code(answer.body)
        if answer.status == 401 or (answer.status == 403 and code != "unauthorized_operation"):
            self._doubt_secret(path, answer=answer, code=code)
        if answer.status in handled:
            return answer
        raise _refusal(path, status=answer.status, code=code or "")

    def _send(self, path: str, *, first: Try | None = None, **params: str | int) -> Answer:
        if self._http.requests - self._sent_before >= MOST_REQUESTS:
            raise UnexpectedResponse(
                f"The sync was stopped after {MOST_REQUESTS:,} requests: the project is too large, or its "
                "listing has no end. Nothing was changed here."
            )
        answer = self._http.get(_ROOT + path, params, self._headers, first=first)
        self._bytes += len(answer.body)
        if self._bytes > MOST_BYTES:
            raise UnexpectedResponse(
                f"The tracker sent more than {MOST_BYTES // 1_000_000:,} MB, which is more than one sync can take. "
                "Nothing was changed here."
            )
        sent_at = read_date(answer.headers.get("Date", ""))
        self.began_at = self.began_at or sent_at
        self.latest_at = max(filter(None, (self.latest_at, sent_at)), default=None)
        return answer

    def _doubt_secret(self, path: str, *, answer: Answer, code: str | None) -> None:
        """Ask who we are after a refusal that may be about the token. Returns where it was about something else."""
        about_me = answer if path == _ME else self._send(_ME)
        if about_me.status == 401 or (about_me.status == 403 and wire.read_code(about_me.body) is not None):
            _reject()
        if path == _ME or about_me.status != 200:
            raise TrackerUnavailable(f"The tracker refuses to say whose token this is (status {about_me.status}).")
        if answer.status == 401 or code == "invalid_authentication":
            raise TrackerUnavailable("The tracker refused the token, and then took it again.")


def _reject() -> NoReturn:
    raise CredentialRejected(
        "The tracker refuses the Personal Access Token: it was reset or removed, or its owner's password changed. "
        "Enter a new one."
    )


def _refusal(path: str, *, status: int, code: str) -> PullError:
    if _PROJECT.fullmatch(path) and status in {403, 404} and code != "route_not_found":
        return ProjectUnavailable(
            "The project can't be read with this token: it was deleted or archived, is no longer shared with the "
            "token's owner, or its API access was switched off. The items here were kept."
        )
    said = f"status {status}, {code}" if _CODE.fullmatch(code) else f"status {status}"
    if 400 <= status < 500:
        return PullRefused(f"The tracker refused what was asked of it ({said}). Nothing was changed here.")
    if status >= 500:
        return TrackerUnavailable(f"The tracker has trouble of its own ({said}).")
    return UnexpectedResponse(f"The tracker sent an answer that it should not send ({said}).")


def _stamp(answer: Answer) -> str | None:
    return answer.headers.get(VERSION_HEADER) or None

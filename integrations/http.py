"""The only way out: GET requests to one host, bounded in time and size, tried again where that can help.

Nothing of `requests` leaves this module: its exceptions carry the request, and the request carries the
secret.
"""

from __future__ import annotations

import http.cookiejar
import json
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from integrations.deadline import DeadlineAdapter
from integrations.errors import PullError, RateLimited, TrackerUnavailable, UnexpectedResponse
from integrations.public_only import PrivateAddress

_CHUNK: Final = 64 * 1024
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_PATH: Final = re.compile(r"(/[A-Za-z0-9_.-]+)+", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
#: By the numbers of OpenSSL.
_WRONG_WITH_CERTIFICATE: Final = {
    9: "is not valid yet",
    10: "has expired",
    62: "is for another name",
    64: "is for another name",
}
_HEADER: Final = re.compile(r"[\x20-\x7e]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how much and how often. Times are seconds."""

    connect_seconds: float = 3
    #: For one try, from its start to the last byte.
    total_seconds: float = 30
    #: After decompression.
    body_bytes: int = 32 * 1024 * 1024
    tries: int = 5
    #: The longest Retry-After that is waited for in place.
    patience_seconds: float = 60
    #: Requests that may be under way at the same time.
    at_once: int = 1


class Headers(dict[str, str]):
    """Headers of a request, a secret among them: they can't be printed by mistake."""

    def __repr__(self) -> str:
        return f"<headers {', '.join(self)}>"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the tracker said. The body stays out of `repr`: it may hold secrets."""

    status: int
    #: Found without regard to case.
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> object:
        """The decoded body. Raises UnexpectedResponse."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            pass
        raise UnexpectedResponse("The tracker sent an answer that is not JSON. Nothing was changed here.")


@dataclass(frozen=True, slots=True)
class Failure:
    """One try that came to nothing; `again` says whether another one may help."""

    error: PullError
    again: bool = True
    #: Seconds that the tracker asked us to wait.
    wait: float = 0


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        # requests reads the whole body of a redirect, without bound, even where it is told not to follow it.
        return None


class Http:
    """One session to one host, on a public address unless `allow_private`.

    `pace` is called before each request and may wait; `on_request` is called before each request and may raise, to
    stop a pull whose time is up. `sleep` waits between tries. `rng` gives numbers from 0 to 1 for jitter.
    """

    def __init__(
        self,
        base_url: str,
        *,
        user_agent: str,
        limits: Limits | None = None,
        allow_private: bool = False,
        pace: Callable[[], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
        on_request: Callable[[], None] | None = None,
    ) -> None:
        self.base_url, self.host = _check_base_url(base_url)
        #: How many requests were sent so far.
        self.requests = 0
        self._counting = threading.Lock()
        self._limits = limits or Limits()
        self._pace = pace
        self._sleep = sleep
        self._clock = clock
        self._rng = rng
        self._on_request = on_request
        self._session = _new_session(user_agent, allow_private=allow_private)

    def __repr__(self) -> str:
        return f"<Http {self.host}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @property
    def at_once(self) -> int:
        """How many requests may be under way at the same time."""
        return self._limits.at_once

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        first: Answer | Failure | None = None,
    ) -> Answer:
        """Ask for a path below the base address, again where that can help. `first` is a try that was made already.

        Any status that is no failure of transport or server comes back as an answer, 4xx too. Raises
        RateLimited, TrackerUnavailable or UnexpectedResponse; ValueError for what must not be sent.
        """
        tried = 0
        while True:
            outcome = first if first and not tried else self.try_once(path, params, headers)
            tried += 1
            if isinstance(outcome, Answer):
                return outcome
            if not outcome.again or tried >= self._limits.tries:
                raise outcome.error
            self._sleep(max(outcome.wait, self._rng() * 2 ** (tried - 1)))

    def try_once(
        self, path: str, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer | Failure:
        """Ask once. May be called from several threads. Raises ValueError for what must not be sent."""
        if not _PATH.fullmatch(path) or ".." in path:
            raise ValueError("The path of a request holds characters that it must not hold.")
        if not all(_HEADER.fullmatch(value) for value in (headers or {}).values()):
            raise ValueError("A header of a request holds characters that can't be sent.")
        if self._pace:
            self._pace()
        if self._on_request:
            self._on_request()
        with self._counting:
            self.requests += 1
        limits = self._limits
        ends_at = self._clock() + limits.total_seconds
        try:
            with self._session.get(
                self.base_url + path,
                params=params or {},
                headers=headers or {},
                stream=True,
                allow_redirects=False,
                timeout=(limits.connect_seconds, max(limits.total_seconds - limits.connect_seconds, 0.01)),
            ) as response:
                body = self._read(response, ends_at=ends_at)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as exc:
            return self._failure_of(exc)
        if body is None:
            return Failure(UnexpectedResponse(f"{self.host} sent an answer that is too large."), again=False)
        return self._judge(Answer(response.status_code, response.headers, body))

    def _read(self, response: requests.Response, *, ends_at: float) -> bytes | None:
        """The decompressed body, or None where it is larger than allowed."""
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._limits.body_bytes:
                return None
            if self._clock() > ends_at:
                raise TimeoutError
        return bytes(body)

    def _judge(self, answer: Answer) -> Answer | Failure:
        if answer.status in _AGAIN:
            return self._refused(answer)
        if 300 <= answer.status < 400:
            text = (
                f"{self.host} answered with a redirect ({answer.status}), which is never followed. "
                "The operator should check the tracker's address in the settings."
            )
            return Failure(UnexpectedResponse(text), again=False)
        if answer.status == 200 and not _may_be_json(answer.body):
            text = f"{self.host} sent something that is not its API's answer, or only a part of it."
            return Failure(UnexpectedResponse(text))
        return answer

    def _refused(self, answer: Answer) -> Failure:
        wait = _retry_after(answer.headers.get("Retry-After", ""))
        asked = None if wait is None else timedelta(seconds=wait)
        too_long = wait is not None and wait > self._limits.patience_seconds
        error: PullError
        if answer.status == 429 or too_long:
            text = f"{self.host} asks us to come back later."
            error = RateLimited(text, retry_after=asked)
        else:
            error = TrackerUnavailable(f"{self.host} has trouble of its own (status {answer.status}).")
        return Failure(error, again=not too_long, wait=wait or 0)

    def _failure_of(self, exc: Exception) -> Failure:
        causes = _causes(exc)
        if refused := [cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)]:
            wrong = _WRONG_WITH_CERTIFICATE.get(refused[0].verify_code, "comes from nobody whom this site trusts")
            text = f"The certificate of {self.host} {wrong}, so nothing was sent to it."
            return Failure(TrackerUnavailable(text), again=False)
        if any(isinstance(cause, PrivateAddress) for cause in causes):
            text = (
                f"{self.host} is on a private network, which this site does not ask, so nothing was sent to it. "
                "Who runs this site can allow it by the setting ALLOW_PRIVATE_TRACKERS."
            )
            return Failure(TrackerUnavailable(text), again=False)
        if any(_is_timeout(cause) for cause in causes):
            return Failure(TrackerUnavailable(f"{self.host} did not answer in time."))
        if any(isinstance(cause, urllib3.exceptions.NameResolutionError) for cause in causes):
            return Failure(TrackerUnavailable(f"The name {self.host} could not be found in the network."))
        if isinstance(exc, (urllib3.exceptions.ProtocolError, urllib3.exceptions.DecodeError)):
            text = f"{self.host} broke off in the middle of an answer, or garbled it."
            return Failure(UnexpectedResponse(text))
        return Failure(TrackerUnavailable(f"{self.host} could not be reached."))


def _new_session(user_agent: str, *, allow_private: bool) -> requests.Session:
    session = _Session()
    session.trust_env = False
    session.headers.clear()
    session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"})
    session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    adapter = DeadlineAdapter(allow_private=allow_private)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _check_base_url(base_url: str) -> tuple[str, str]:
    parts = urlsplit(base_url)
    sound = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    if not sound or parts.query or parts.fragment:
        raise ValueError("The tracker's address must look like https://host, without user, query or fragment.")
    return base_url.rstrip("/"), parts.netloc


def _may_be_json(body: bytes) -> bool:
    """Whether it looks whole, without decoding it: maintenance pages and cut-off bodies do not."""
    text = body.strip()
    return text[:1] + text[-1:] in {b"{}", b"[]"}


def _retry_after(value: str) -> float | None:
    """Seconds to wait, from seconds or a date; None where it is neither."""
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    moment = read_date(text)
    return None if moment is None else max((moment - datetime.now(UTC)).total_seconds(), 0)


def read_date(text: str) -> datetime | None:
    """The moment that a header names, in UTC; None where it is no date, or one beyond the calendar."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, IndexError, OverflowError):
        return None


def _is_timeout(exc: BaseException) -> bool:
    if isinstance(exc, urllib3.exceptions.NewConnectionError):
        # A refused connection, although urllib3 makes it a kind of time-out.
        return False
    return isinstance(exc, (requests.Timeout, TimeoutError, urllib3.exceptions.TimeoutError))


def _causes(exc: BaseException) -> list[BaseException]:
    """The exception and all that it was made from: requests and urllib3 wrap, in `args` and `reason` too."""
    found: list[BaseException] = []
    waiting: list[object] = [exc]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return found

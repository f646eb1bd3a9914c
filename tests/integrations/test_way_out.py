"""What the way out does with each answer: what it tries again, how long it waits, what it tells (N1-N3, W6, W7)."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
import responses
import time_machine
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.errors import PullError, RateLimited, TrackerUnavailable, UnexpectedResponse
from integrations.http import Answer, Headers, Http, Limits
from tests.integrations.rude_headers import VALUES

HOST = "https://tracker.test"
SECRET = "canary0123456789canary0123456789"


class Naps(list[float]):
    """The waits between tries, in seconds."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def way_out(naps: Naps) -> Iterator[Http]:
    with Http(HOST, user_agent="Tests", sleep=naps, rng=lambda: 1.0) as http:
        yield http


@pytest.fixture
def tracker() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def get(http: Http) -> Answer:
    return http.get("/me", headers=Headers({"X-TrackerToken": SECRET}))


def test_an_answer_has_status_headers_and_body(way_out: Http, tracker: responses.RequestsMock) -> None:
    tracker.get(f"{HOST}/me", json={"id": 1}, headers={"X-Tracker-Project-Version": "7"})
    answer = get(way_out)
    assert (answer.status, answer.json(), answer.headers["x-tracker-project-version"]) == (200, {"id": 1}, "7")
    assert way_out.requests == 1


def test_it_says_who_asks(way_out: Http, tracker: responses.RequestsMock) -> None:
    tracker.get(f"{HOST}/me", json={})
    get(way_out)
    sent = tracker.calls[0].request.headers
    assert (sent["User-Agent"], sent["X-TrackerToken"]) == ("Tests", SECRET)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418])
def test_a_refusal_is_an_answer_and_asked_for_once(
    status: int, way_out: Http, tracker: responses.RequestsMock, naps: Naps
) -> None:
    tracker.get(f"{HOST}/me", json={"code": "unfound_resource"}, status=status)
    assert get(way_out).status == status
    assert (way_out.requests, naps) == (1, [])


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
def test_trouble_of_the_server_is_tried_five_times(
    status: int, way_out: Http, tracker: responses.RequestsMock, naps: Naps
) -> None:
    """N2: the page of a front end is no answer."""
    tracker.get(f"{HOST}/me", body="<html>down</html>", status=status)
    with pytest.raises(TrackerUnavailable, match=f"status {status}"):
        get(way_out)
    assert (way_out.requests, naps) == (5, [1, 2, 4, 8])


def test_trouble_that_passes_is_not_noticed(way_out: Http, tracker: responses.RequestsMock, naps: Naps) -> None:
    tracker.get(f"{HOST}/me", status=503)
    tracker.get(f"{HOST}/me", body=requests.ConnectionError("refused"))
    tracker.get(f"{HOST}/me", json={"id": 1})
    assert get(way_out).json() == {"id": 1}
    assert naps == [1, 2]


def test_waits_are_jittered(tracker: responses.RequestsMock, naps: Naps) -> None:
    tracker.get(f"{HOST}/me", status=500)
    with Http(HOST, user_agent="Tests", sleep=naps, rng=lambda: 0.25) as http, pytest.raises(TrackerUnavailable):
        get(http)
    assert naps == [0.25, 0.5, 1, 2]


def test_too_many_requests_ends_as_rate_limited(way_out: Http, tracker: responses.RequestsMock, naps: Naps) -> None:
    """N1: 429 without Retry-After."""
    tracker.get(f"{HOST}/me", status=429)
    with pytest.raises(RateLimited) as caught:
        get(way_out)
    assert (caught.value.retry_after, way_out.requests, naps) == (None, 5, [1, 2, 4, 8])


@pytest.mark.parametrize(("said", "waited"), [("7", 7), ("60", 60), ("0", 1), (" 7 ", 7)])
def test_retry_after_is_honoured_in_place(
    said: str, waited: float, way_out: Http, tracker: responses.RequestsMock, naps: Naps
) -> None:
    """N1: also 0 does not make it hurry."""
    tracker.get(f"{HOST}/me", status=429, headers={"Retry-After": said})
    tracker.get(f"{HOST}/me", json={})
    get(way_out)
    assert naps == [waited]


@time_machine.travel("2026-03-01T12:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("said", "waited"),
    [
        ("Sun, 01 Mar 2026 12:00:20 GMT", 20),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 1),
        ("Sun, 01 Mar 2026 12:00:20 -0000", 20),
    ],
)
def test_retry_after_may_be_a_date(
    said: str, waited: float, way_out: Http, tracker: responses.RequestsMock, naps: Naps
) -> None:
    tracker.get(f"{HOST}/me", status=503, headers={"Retry-After": said})
    tracker.get(f"{HOST}/me", json={})
    get(way_out)
    assert naps == [waited]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("said", "asked"), [("61", 61), ("1000000000", 10**9)])
def test_a_long_retry_after_hands_the_run_back_at_once(
    status: int, said: str, asked: int, way_out: Http, tracker: responses.RequestsMock, naps: Naps
) -> None:
    tracker.get(f"{HOST}/me", status=status, headers={"Retry-After": said})
    with pytest.raises(RateLimited) as caught:
        get(way_out)
    assert (caught.value.retry_after, way_out.requests, naps) == (timedelta(seconds=asked), 1, [])


@pytest.mark.parametrize("said", ["soon", "-5", "1e9", "١٢", "", "99999999999999999999", "Sun, 99 Foo"])
def test_a_retry_after_that_makes_no_sense_is_ignored(
    said: str, way_out: Http, tracker: responses.RequestsMock, naps: Naps
) -> None:
    tracker.get(f"{HOST}/me", status=429, headers={"Retry-After": said.encode("utf-8").decode("latin-1")})
    tracker.get(f"{HOST}/me", json={})
    get(way_out)
    assert naps == [1]


@given(said=VALUES)
def test_no_retry_after_breaks_a_request_in_a_way_of_its_own(said: str) -> None:
    naps = Naps()
    limits = Limits(tries=2)
    with responses.RequestsMock() as tracker, Http(HOST, user_agent="Tests", sleep=naps, limits=limits) as http:
        tracker.get(f"{HOST}/me", status=429, headers={"Retry-After": said})
        with pytest.raises(RateLimited):
            get(http)
    assert all(0 <= nap <= limits.patience_seconds for nap in naps)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["https://evil.test/", "/me2", "http://tracker.test/me"])
def test_a_redirect_is_never_followed(status: int, target: str, way_out: Http, tracker: responses.RequestsMock) -> None:
    """W6: the token goes nowhere else."""
    tracker.get(f"{HOST}/me", status=status, headers={"Location": target})
    with pytest.raises(UnexpectedResponse, match="redirect"):
        get(way_out)
    assert len(tracker.calls) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"3", b'"text"', b"<html></html>", b'[{"id": 1}, {"id"', b"\xef\xbb\xbf{}", b"Sign in"],
    ids=["empty", "null", "number", "text", "page", "cut off", "byte order mark", "words"],
)
def test_a_body_that_can_be_no_answer_is_tried_again(
    body: bytes, way_out: Http, tracker: responses.RequestsMock
) -> None:
    """N2, N3."""
    tracker.get(f"{HOST}/me", body=body)
    with pytest.raises(UnexpectedResponse):
        get(way_out)
    assert way_out.requests == 5


@pytest.mark.parametrize("body", [b"{]", b"[" * 3000 + b"]" * 3000, b'["\xe9"]', b"[" + b"9" * 5000 + b"]"])
def test_json_that_does_not_decode_is_an_unexpected_answer(body: bytes) -> None:
    with pytest.raises(UnexpectedResponse):
        Answer(200, {}, body).json()


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError("refused"),
        requests.ConnectTimeout("slow"),
        requests.ReadTimeout("slow"),
        requests.exceptions.SSLError("handshake"),
        requests.exceptions.ChunkedEncodingError("cut"),
        requests.exceptions.InvalidHeader("X-TrackerToken: " + SECRET),
        OSError("odd"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_failure_shows_the_secret(error: Exception, way_out: Http, tracker: responses.RequestsMock) -> None:
    """W4: not in the text, not in the chain of causes, not in the traceback."""
    tracker.get(f"{HOST}/me", body=error)
    with pytest.raises(PullError) as caught:
        get(way_out)
    shown = "".join(traceback.format_exception(caught.value, chain=True))
    assert SECRET not in shown
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_nothing_that_is_printed_shows_the_secret() -> None:
    answer = Answer(200, {"X": SECRET}, SECRET.encode())
    assert SECRET not in f"{answer!r} {Headers({'X-TrackerToken': SECRET})!r}"


@pytest.mark.parametrize(
    "path",
    [
        "me",
        "//me",
        "/me/",
        "/../me",
        "/a/../me",
        "/a?b=c",
        "/a#b",
        "/a b",
        "/a%2fb",
        "/a\\b",
        "/a\n",
        "/projects/١",
        "",
    ],
)
def test_a_path_can_lead_nowhere_else(path: str, way_out: Http) -> None:
    """W7."""
    with pytest.raises(ValueError, match="path"):
        way_out.get(path)
    assert way_out.requests == 0


@given(path=st.text(max_size=30))
@example(path="/@evil.test")
@example(path="/.")
def test_no_path_leaves_the_host(path: str) -> None:
    """W7: whatever is accepted stays below the operator's address."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock, Http(HOST, user_agent="Tests") as http:
        mock.get(re.compile(".*"), json={})
        try:
            http.get(path, {"q": path})
        except ValueError:
            assert not mock.calls
        else:
            assert mock.calls[0].request.url.startswith(f"{HOST}/")


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "tök", "a\0b"])
def test_a_header_that_can_not_be_sent_is_refused_without_naming_it(value: str, way_out: Http) -> None:
    with pytest.raises(ValueError, match="header") as caught:
        way_out.get("/me", headers={"X-TrackerToken": value})
    assert value not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["", "tracker.test", "ftp://tracker.test", "https://", "https://a@b.test", "https://a.test?b", "https://a.test#b"],
)
def test_an_address_must_be_a_plain_host(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Http(address, user_agent="Tests")


def test_each_request_is_paced_and_announced(tracker: responses.RequestsMock) -> None:
    tracker.get(f"{HOST}/me", status=500)
    tracker.get(f"{HOST}/me", json={})
    heard: list[str] = []
    with Http(
        HOST,
        user_agent="Tests",
        pace=lambda: heard.append("pace"),
        on_request=lambda: heard.append("request"),
        sleep=lambda _: None,
    ) as http:
        get(http)
    assert heard == ["pace", "request", "pace", "request"]


def test_a_pull_can_be_stopped_before_a_request(tracker: responses.RequestsMock) -> None:
    def stop() -> None:
        raise InterruptedError("lease lost")

    with Http(HOST, user_agent="Tests", on_request=stop) as http, pytest.raises(InterruptedError):
        get(http)
    assert len(tracker.calls) == 0


def test_proxies_and_netrc_of_the_machine_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tracker: responses.RequestsMock
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:1")
    tracker.get(f"{HOST}/me", json={})
    with Http(HOST, user_agent="Tests", limits=Limits(tries=1)) as http:
        get(http)
    assert not tracker.calls[0].request.headers.get("Proxy-Authorization")
    assert not any(tracker.calls[0].request.req_kwargs["proxies"].values())

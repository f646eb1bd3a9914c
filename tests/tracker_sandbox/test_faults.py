"""Each fault does on the wire what its name says, as often as it was told to, and then stops."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
import zlib
from collections.abc import Iterator

import pytest

from tests.tracker_sandbox.support import ALICE, Acme, Client, Got
from tracker_sandbox.server import Sandbox


@pytest.fixture
def path(acme: Acme) -> str:
    for n in range(30):
        acme.world.create_story(acme.project.id, f"Story {n}", description="text " * 20)
    return f"/projects/{acme.project.id}/stories"


def raw(sandbox: Sandbox, path: str, *, wait: float = 3) -> bytes:
    """Everything that comes back on the wire until the server closes or the time is up."""
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as connection:
        head = f"GET /services/v5{path} HTTP/1.1\r\nHost: x\r\nX-TrackerToken: {ALICE}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        return b"".join(_until_closed(connection, time.monotonic() + wait))


def _until_closed(connection: socket.socket, deadline: float) -> Iterator[bytes]:
    while time.monotonic() < deadline:
        connection.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            data = connection.recv(65536)
        except TimeoutError:
            return
        if not data:
            return
        yield data


@pytest.mark.parametrize(
    ("asked", "told"), [("7", "7"), (None, None), ("soon", "soon"), ("date", "Mon, 02 Mar 2026 12:00:05 GMT")]
)
def test_429_with_each_form_of_retry_after(
    client: Client, sandbox: Sandbox, path: str, asked: str | None, told: str | None
) -> None:
    sandbox.faults.add("too_many_requests", retry_after=asked, seconds=5)
    got = client.get(path)
    assert (got.status, got.headers["Retry-After"]) == (429, told)
    assert client.get(path).status == 200


@pytest.mark.parametrize(
    ("kind", "status", "type_"),
    [
        ("internal_error", 500, "application/json"),
        ("unauthorized", 401, "application/json"),
        ("bad_gateway", 502, "text/html"),
        ("maintenance", 503, "text/html"),
        ("sign_in_page", 200, "text/html"),
        ("redirect", 302, "text/html"),
    ],
)
def test_error_pages_come_with_their_status_and_type(
    client: Client, sandbox: Sandbox, path: str, kind: str, status: int, type_: str
) -> None:
    sandbox.faults.add(kind)
    got = client.get(path)
    assert (got.status, got.headers["Content-Type"].partition(";")[0]) == (status, type_)
    assert sandbox.requests[-1].fault == kind


def test_a_fault_waits_for_its_path_lets_some_pass_and_ends(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("internal_error", path=r"offset=10", after=1, times=2)
    statuses = [client.get(path, limit=5, offset=offset).status for offset in (0, 10, 10, 5, 10, 10)]
    assert statuses == [200, 200, 500, 200, 500, 200]
    assert list(sandbox.faults) == []


def test_an_unknown_fault_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="There is no fault 'plague'"):
        sandbox.faults.add("plague")


def test_cut_off_ends_before_the_announced_length(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("cut_off", at_byte=900)
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.get(path)
    assert len(caught.value.partial) == 900


def test_truncated_json_is_complete_for_http_only(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("truncated_json")
    got = client.get(path)
    assert int(got.headers["Content-Length"]) == len(got.body)
    with pytest.raises(json.JSONDecodeError):
        _ = got.json


def test_a_wrong_length_is_too_small_or_too_large(client: Client, sandbox: Sandbox, path: str) -> None:
    right = len(client.get(path).body)
    sandbox.faults.add("wrong_length", excess=10)
    assert len(client.get(path).body) == right - 10
    sandbox.faults.add("wrong_length", excess=-10)
    with pytest.raises(http.client.IncompleteRead):
        client.get(path)


def test_bad_gzip_does_not_unpack(sandbox: Sandbox, client: Client, path: str) -> None:
    sandbox.faults.add("bad_gzip")
    with pytest.raises((zlib.error, gzip.BadGzipFile, EOFError)):
        client.get(path)


def test_a_broken_chunk_breaks_the_reader(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("broken_chunk")
    with pytest.raises((http.client.IncompleteRead, ValueError)):
        client.get(path)


def test_slow_answers_come_late_but_right(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("slow", seconds=0.3)
    started = time.monotonic()
    assert len(client.get(path).json) == 30
    assert time.monotonic() - started >= 0.3


def test_a_drip_sends_byte_by_byte(sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("drip", seconds=0.02)
    head, _, body = raw(sandbox, path, wait=0.4).partition(b"\r\n\r\n")
    whole = raw(sandbox, path).partition(b"\r\n\r\n")[2]
    assert b"200 OK" in head
    assert 0 < len(body) <= 20 and whole.startswith(body)


def test_hanging_before_and_after_the_headers(sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("hang", seconds=5)
    assert raw(sandbox, path, wait=0.3) == b""
    sandbox.faults.add("hang_after_headers", seconds=5)
    head, _, body = raw(sandbox, path, wait=0.3).partition(b"\r\n\r\n")
    assert b"200 OK" in head and body == b""


def test_a_sandbox_with_a_hanging_answer_still_stops_at_once(acme: Acme, path: str) -> None:
    started = time.monotonic()
    with Sandbox(acme.world) as sandbox:
        sandbox.faults.add("hang", seconds=60)
        assert raw(sandbox, path, wait=0.2) == b""
    assert time.monotonic() - started < 3


def test_huge_answers_are_streamed_and_bombs_are_small_on_the_wire(sandbox: Sandbox, client: Client, path: str) -> None:
    sandbox.faults.add("huge", megabytes=3)
    assert len(raw(sandbox, path)) > 3 * 1024 * 1024
    sandbox.faults.add("gzip_bomb", megabytes=5)
    assert len(raw(sandbox, path)) < 20_000
    sandbox.faults.add("gzip_bomb", megabytes=5)
    assert len(client.get(path).body) == 5 * 1024 * 1024


def test_nested_brackets_are_too_deep(sandbox: Sandbox, client: Client, path: str) -> None:
    sandbox.faults.add("nested")
    with pytest.raises(RecursionError):
        _ = client.get(path).json


def test_the_same_page_twice_claims_to_be_the_next(client: Client, sandbox: Sandbox, path: str) -> None:
    first = client.get(path, limit=10)
    sandbox.faults.add("same_page_twice", path="offset=10")
    second = client.get(path, limit=10, offset=10)
    assert second.json == first.json
    assert second.headers["X-Tracker-Pagination-Offset"] == "10"


def test_a_total_that_lies(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("total_lies", excess=4)
    assert client.get(path).headers["X-Tracker-Pagination-Total"] == "34"


def test_the_version_changes_between_pages(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("version_change", path="offset=10")
    pages = [client.get(path, limit=10, offset=offset) for offset in (0, 10)]
    versions = [int(page.headers["X-Tracker-Project-Version"]) for page in pages]
    assert versions[1] == versions[0] + 1
    assert {story["id"] for story in pages[0].json} & {story["id"] for story in pages[1].json}


def test_any_change_can_happen_after_a_page(client: Client, sandbox: Sandbox, acme: Acme, path: str) -> None:
    doomed = acme.project.story_rank[0]
    sandbox.faults.add("change", path="offset=0", action=lambda world: world.delete_story(doomed))
    before, after = (client.get(path, limit=10, offset=0) for _ in range(2))
    assert doomed in {story["id"] for story in before.json}
    assert doomed not in {story["id"] for story in after.json}


def test_any_answer_can_be_canned(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("canned", status=418, body='{"id": NaN}', headers={"X-Odd": "yes"})
    got: Got = client.get(path)
    assert (got.status, got.headers["X-Odd"], got.body) == (418, "yes", b'{"id": NaN}')


def test_the_apis_own_headers_can_be_missing(client: Client, sandbox: Sandbox, path: str) -> None:
    sandbox.faults.add("without_headers")
    got = client.get(path)
    assert len(got.json) == 30
    assert not [name for name in got.headers if name.startswith("X-Tracker-")]

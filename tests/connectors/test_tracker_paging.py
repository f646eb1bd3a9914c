"""A listing arrives whole, once, and ends, whatever the server says about its size (R14, R15)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.pivotal_tracker import client as client_module
from integrations.connectors.pivotal_tracker.client import Client
from integrations.connectors.pivotal_tracker.paging import Pagination
from integrations.errors import Inconsistent, PullError, UnexpectedResponse
from tests.connectors.scripted import Params, Reply, Script, ScriptedHttp, auth_for, page, story

TOTAL, LIMIT = "X-Tracker-Pagination-Total", "X-Tracker-Pagination-Limit"


def listed(script: Script) -> list[int]:
    """The ids of all pages, as the client reads them."""
    sheets = list(Client(auth_for(script)).stories("7", fields="name"))
    assert [sheet.last for sheet in sheets] == [False] * (len(sheets) - 1) + [True]
    return [entry.id for sheet in sheets for entry in sheet.listing.entries]


@given(count=st.integers(0, 60), cap=st.integers(1, 20))
def test_all_stories_arrive_once_whatever_the_server_makes_of_the_limit(count: int, cap: int) -> None:
    """R15: the limit is lowered without a word."""
    stories: list[object] = [story(number) for number in range(1, count + 1)]
    assert listed(lambda _, params: page(stories, params, cap=cap)) == list(range(1, count + 1))


@given(count=st.integers(0, 60), cap=st.integers(1, 20))
def test_a_server_without_paging_headers_is_read_to_its_empty_page(count: int, cap: int) -> None:
    """LiteTracker: neither version nor pagination."""
    numbers = list(range(1, count + 1))

    def script(path: str, params: Params) -> Reply:
        offset = int(params["offset"])
        return Reply([story(number) for number in numbers[offset : offset + cap]], version=None)

    assert listed(script) == numbers


def test_an_answer_of_tracker_without_paging_headers_is_the_whole_listing() -> None:
    auth = auth_for(lambda _, params: Reply([story(1), story(2)]))
    assert len(list(Client(auth).stories("7", fields="name"))) == 1


def test_a_server_that_knows_no_offset_gives_its_only_page() -> None:
    assert listed(lambda _, params: Reply([story(1), story(2)], version=None)) == [1, 2]


def test_a_server_that_knows_no_offset_and_may_have_cut_the_page_is_not_believed() -> None:
    full = [story(number) for number in range(1, 51)]
    with pytest.raises(UnexpectedResponse, match="no end"):
        listed(lambda _, params: Reply(full, version=None))


def test_the_same_page_for_ever_ends_with_a_clear_text() -> None:
    """R14."""
    auth = auth_for(lambda _, params: Reply([story(1)], headers={TOTAL: 10**6, LIMIT: 1}))
    with pytest.raises(UnexpectedResponse, match="same page again"):
        list(Client(auth).stories("7", fields="name"))
    assert auth.http.requests == 2


def test_a_repeated_page_of_a_project_that_moves_is_inconsistent() -> None:
    """R13."""

    def script(path: str, params: Params) -> Reply:
        return Reply([story(1)], version=5 + int(params["offset"]), headers={TOTAL: 9, LIMIT: 1})

    with pytest.raises(Inconsistent):
        listed(script)


def test_an_endless_listing_stops_at_the_bound_on_requests() -> None:
    def script(path: str, params: Params) -> Reply:
        offset = int(params["offset"])
        return Reply([story(offset + 1)], headers={TOTAL: 10**9, LIMIT: 1})

    auth = auth_for(script)
    with pytest.raises(UnexpectedResponse, match="2,000 requests"):
        list(Client(auth).stories("7", fields="name"))
    assert auth.http.requests == 2_000


def test_a_listing_stops_at_the_bound_on_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MOST_RECORDS", 100)
    stories: list[object] = [story(number) for number in range(1, 200)]
    with pytest.raises(UnexpectedResponse, match="more than 100 records"):
        listed(lambda _, params: page(stories, params, cap=50))


def test_a_sync_stops_at_the_bound_on_all_its_answers_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """N5: each is small enough, and all are kept until it ends."""
    monkeypatch.setattr(client_module, "MOST_BYTES", 2_000_000)
    stories: list[object] = [{**story(number), "description": "x" * 15_000} for number in range(1, 200)]
    with pytest.raises(UnexpectedResponse, match="more than 2 MB"):
        listed(lambda _, params: page(stories, params, cap=50))
    assert len(listed(lambda _, params: page(stories[:100], params, cap=50))) == 100


def test_a_total_that_is_more_than_can_be_had_ends_with_the_empty_page() -> None:
    stories: list[object] = [story(1), story(2)]

    def script(path: str, params: Params) -> Reply:
        reply = page(stories, params, cap=1)
        return Reply(reply.body, headers={**(reply.headers or {}), TOTAL: 9})

    assert listed(script) == [1, 2]


@given(
    total=st.text(max_size=6) | st.integers(-5, 99).map(str),
    limit=st.text(max_size=6) | st.integers(-5, 99).map(str),
    offset=st.integers(0, 500),
    returned=st.integers(0, 600),
    whole=st.booleans(),
)
def test_the_next_page_is_always_further_on(total: str, limit: str, offset: int, returned: int, whole: bool) -> None:
    following = Pagination.of({TOTAL: total, LIMIT: limit}).next_offset(offset, returned=returned, whole=whole)
    assert following is None or following > offset


@given(data=st.data())
def test_no_server_can_keep_the_client_busy_for_ever(data: st.DataObject) -> None:
    """R14: whatever the headers and pages say, it ends: with a listing or with a clear error."""

    def script(path: str, params: Params) -> Reply:
        ids = data.draw(st.lists(st.integers(1, 6), max_size=4))
        headers = {TOTAL: data.draw(st.sampled_from(["0", "3", "99", "x"])), LIMIT: data.draw(st.integers(0, 4))}
        chosen = data.draw(st.sampled_from([headers, {}]))
        return Reply([story(one) for one in ids], version=data.draw(st.sampled_from([None, 1, 2])), headers=chosen)

    http = ScriptedHttp(script)
    try:
        list(Client(type(auth_for(script))(auth_for(script).secret, http)).stories("7", fields="name"))
    except PullError as error:
        assert str(error)
    assert http.requests <= 8

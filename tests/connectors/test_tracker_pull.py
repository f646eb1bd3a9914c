"""A pull: which requests it makes, what its pages hold, and what the cursor saves (S17, S23-S28, B7, D11, D16)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.connectors.base import Auth
from integrations.connectors.pivotal_tracker import connector
from integrations.errors import ProjectUnavailable, PullError, UnexpectedResponse
from integrations.records import Page, Query
from tests.connectors.scripted import (
    FOREIGN,
    NO_ROUTE,
    TOKEN,
    UNFOUND,
    Params,
    Reply,
    Script,
    ScriptedHttp,
    auth_for,
    page,
    routes,
    story,
)
from tests.integrations.rude_headers import VALUES

QUERY = Query("7", frozenset({"started", "unstarted"}), frozenset())
STORIES = "/projects/7/stories"
HEADERS = [
    *("Date", "X-Tracker-Project-Version", "X-Tracker-Pagination-Total", "X-Tracker-Pagination-Limit"),
    "X-Tracker-Pagination-Offset",
]
#: The most that a run can keep of how far it is.
MOST_TO_TELL = 2**31 - 1
STATES = ["started", "accepted", "unstarted", "planned", "unscheduled"]


def pages_of(script: Script, query: Query = QUERY) -> tuple[list[Page], ScriptedHttp]:
    http = ScriptedHttp(script)
    return list(connector.pull(Auth(TOKEN, http), query, None)), http


def tracker(*stories: object, cap: int = 500, version: int = 5) -> Script:
    """A project with these stories and nothing else."""

    def script(path: str, params: Params) -> Reply:
        if path == STORIES:
            return page(list(stories), params, cap=cap, version=version)
        return Reply({"id": 7, "version": version}, version=version) if path == "/projects/7" else UNFOUND

    return script


MIXED = tracker(*(story(number, STATES[number % 5]) for number in range(1, 13)), cap=5)


def test_every_state_is_listed_and_the_chosen_ones_are_taken() -> None:
    """S17; choosing unstarted also brings planned (D16)."""
    pages, http = pages_of(MIXED)
    taken = {record.id: record.state for one in pages for record in one.records}
    passed = {story_id: state for one in pages for story_id, state in one.passed_over.items()}
    assert set(taken.values()) == {"started", "unstarted", "planned"}
    assert set(passed.values()) == {"accepted", "unscheduled"}
    assert len(taken) + len(passed) == 12
    assert all(one.announced == 12 and one.stamp == "5" and one.complete for one in pages)
    assert len(http.asked) == 3


def test_planned_alone_brings_only_planned() -> None:
    pages, _ = pages_of(MIXED, replace(QUERY, states=frozenset({"planned"})))
    assert {record.state for one in pages for record in one.records} == {"planned"}


def test_only_the_last_page_has_a_cursor_and_it_survives_json() -> None:
    """R12."""
    pages, _ = pages_of(MIXED)
    assert [one.cursor is not None for one in pages] == [False, False, True]
    assert pages[-1].cursor == json.loads(json.dumps(pages[-1].cursor))


def test_an_empty_project_is_one_empty_page() -> None:
    pages, http = pages_of(tracker())
    assert [(list(one.records), one.announced, one.complete) for one in pages] == [([], 0, True)]
    assert len(http.asked) == 1


def test_nothing_changed_costs_one_request() -> None:
    """B7."""
    cursor = pages_of(MIXED)[0][-1].cursor
    http = ScriptedHttp(MIXED)
    unchanged = Page(stamp="5", unchanged=True, complete=False, cursor=cursor)
    assert list(connector.pull(Auth(TOKEN, http), QUERY, cursor)) == [unchanged]
    assert http.asked == [("/projects/7", {"fields": "version"})]


def test_a_change_leads_to_a_full_listing() -> None:
    cursor = pages_of(tracker(story(1)))[0][-1].cursor
    pages = list(connector.pull(auth_for(tracker(story(1), story(2), version=6)), QUERY, cursor))
    assert [record.id for record in pages[-1].records] == ["1", "2"]
    assert not pages[-1].unchanged
    assert pages[-1].cursor != cursor


@pytest.mark.parametrize(
    "spoil",
    [
        lambda cursor: {**cursor, "project": "8"},
        lambda cursor: {**cursor, "format": 0},
        lambda cursor: {**cursor, "version": "999999"},
        lambda cursor: {**cursor, "version": None},
        lambda cursor: {"page": 7},
        lambda cursor: {},
    ],
    ids=["other project", "other format", "far future", "no version", "foreign", "empty"],
)
def test_a_cursor_that_does_not_fit_leads_to_a_full_listing(
    spoil: Callable[[object], dict[str, str | int | None]],
) -> None:
    """Contract 6."""
    cursor = pages_of(MIXED)[0][-1].cursor
    pages = list(connector.pull(auth_for(MIXED), QUERY, spoil(cursor)))
    assert sum(len(one.states or ()) + len(one.passed_over) for one in pages) == 12
    assert not any(one.unchanged for one in pages)


@pytest.mark.parametrize(
    "other", [replace(QUERY, states=frozenset({"started"})), replace(QUERY, wanted=frozenset({"type"}))]
)
def test_a_cursor_of_another_setup_leads_to_a_full_listing(other: Query) -> None:
    cursor = pages_of(MIXED)[0][-1].cursor
    assert not any(one.unchanged for one in connector.pull(auth_for(MIXED), other, cursor))


REFERENCES = {
    "/projects/7": Reply({"id": 7, "name": "Shop"}),
    STORIES: Reply([story(1, labels=[{"id": 2, "name": "web"}], owner_ids=[4, 5], estimate=2)]),
    "/projects/7/epics": Reply([{"id": 1, "name": "Website", "label": {"id": 2, "name": "web"}}, {"id": 2}]),
    "/projects/7/memberships": Reply([{"id": 1, "person": {"id": 4, "name": "Olga Olsen"}}, {"id": 2}]),
    "/projects/7/iterations": Reply([{"number": 3, "start": "2026-01-05T00:00:00Z", "story_ids": [1, 9]}]),
}
ALL_REFERENCES = frozenset({"epics", "owners", "iteration", "iteration_start", "project"})


def test_what_stories_point_at_is_resolved() -> None:
    """D17."""
    pages, _ = pages_of(routes(REFERENCES), replace(QUERY, wanted=ALL_REFERENCES))
    record = next(iter(pages[-1].records))
    assert record.values["epics"] == ("Website",)
    assert record.values["owners"] == ("Olga Olsen", "Former member (5)")
    assert (record.values["iteration"], record.values["project"]) == (3, "Shop")
    assert record.dates["iteration_start"].isoformat() == "2026-01-05T00:00:00+00:00"


def test_every_answer_shows_its_version() -> None:
    """A listing is one snapshot only if the epics, people and iterations are of the same version."""
    for path in REFERENCES:
        moved = {**REFERENCES, path: replace(REFERENCES[path], version=6)}
        pages, _ = pages_of(routes(moved), replace(QUERY, wanted=ALL_REFERENCES))
        assert sorted(one.stamp or "" for one in pages) == ["5", "5", "5", "5", "6"]


def test_only_what_is_wanted_is_fetched() -> None:
    _, http = pages_of(routes(REFERENCES), replace(QUERY, wanted=frozenset({"estimate", "labels"})))
    assert http.paths == [STORIES]
    assert http.asked[0][1]["fields"] == "name,description,current_state,url,estimate,labels(name)"


def test_a_poisoned_story_is_set_aside_and_the_others_arrive() -> None:
    """R19."""
    stories = [
        story(1),
        {"id": True, "name": "x"},
        story(2, estimate="3", owner_ids="x"),
        {"id": 3, "name": "stateless"},
    ]
    query = replace(QUERY, wanted=frozenset({"estimate"}))
    pages, _ = pages_of(lambda path, params: page(stories, params), query)
    assert [record.id for record in pages[0].records] == ["1", "2"]
    assert [(one.record_id, one.field) for one in pages[0].set_aside] == [("", "id"), ("3", "state")]
    assert [(one.record_id, one.field) for one in list(pages[0].records)[1].problems] == [("2", "estimate")]


def test_a_project_that_goes_while_it_is_read_is_unavailable() -> None:
    """N6: nothing is taken for complete."""

    def script(path: str, params: Params) -> Reply:
        return FOREIGN if params.get("offset") else page([story(1), story(2)], params, cap=1)

    pages = connector.pull(auth_for(script), QUERY, None)
    assert next(pages).cursor is None
    with pytest.raises(ProjectUnavailable):
        next(pages)


@pytest.mark.parametrize("missing", ["/projects/7/epics", "/projects/7/memberships", "/projects/7/iterations"])
def test_tracker_without_a_listing_of_its_own_is_a_lost_project(missing: str) -> None:
    with pytest.raises(ProjectUnavailable):
        pages_of(routes({**REFERENCES, missing: UNFOUND}), replace(QUERY, wanted=ALL_REFERENCES))


def test_litetracker_lacks_listings_and_versions_and_is_read_all_the_same() -> None:
    """D4: probed, not configured."""

    def script(path: str, params: Params) -> Reply:
        if path != STORIES:
            return NO_ROUTE
        rest = [story(number, title=f"T{number}", name=None) for number in range(1, 120)][int(params["offset"]) :]
        return Reply(rest[:50], version=None)

    pages, _ = pages_of(script, replace(QUERY, wanted=ALL_REFERENCES - {"project"}))
    assert [record.name for one in pages for record in one.records] == [f"T{number}" for number in range(1, 120)]
    assert {one.stamp for one in pages} == {None}
    assert pages[-1].cursor is None


def lookup(script: Script, *ids: str, query: Query = QUERY) -> tuple[dict[str, tuple[str, str]], ScriptedHttp]:
    http = ScriptedHttp(script)
    fates = connector.lookup(Auth(TOKEN, http), query, ids)
    return {story_id: (fate.kind, fate.state) for story_id, fate in fates.items()}, http


def test_each_reason_for_a_missing_story_is_told() -> None:
    """D11, B9."""
    table = {
        "/projects/7/stories/bulk": Reply([story(1, project_id=7), story(2, "accepted", project_id=7)]),
        "/stories/3": Reply(story(3, project_id=8), version=9),
        "/stories/4": FOREIGN,
        "/stories/5": UNFOUND,
        "/stories/6": Reply(story(6, project_id=7)),
    }
    fates, http = lookup(routes(table), "1", "2", "3", "4", "5", "6")
    assert fates == {
        "1": ("present", "started"),
        "2": ("out_of_filter", "accepted"),
        "3": ("moved", ""),
        "4": ("hidden", ""),
        "5": ("deleted", ""),
        "6": ("present", "started"),
    }
    assert http.paths == ["/projects/7/stories/bulk", "/stories/3", "/stories/4", "/stories/5", "/stories/6"]


def test_a_story_that_is_still_there_comes_with_its_values() -> None:
    table = {**REFERENCES, "/projects/7/stories/bulk": REFERENCES[STORIES]}
    fates = connector.lookup(auth_for(routes(table)), replace(QUERY, wanted=frozenset({"epics"})), ["1"])
    record = fates["1"].record
    assert record is not None
    assert record.values == {"epics": ("Website",)}


def test_many_ids_are_asked_for_500_at_a_time() -> None:
    def script(path: str, params: Params) -> Reply:
        ids = str(params["ids"]).split(",")
        assert len(ids) <= 500
        return Reply([story(int(one)) for one in ids])

    fates, http = lookup(script, *map(str, range(1, 1202)))
    assert len(fates) == 1201
    assert len(http.asked) == 3


def test_no_ids_cost_no_request() -> None:
    assert lookup(routes({}))[1].asked == []


def test_what_can_be_no_id_of_tracker_is_gone() -> None:
    fates, http = lookup(routes({}), "abc", "-1", "٣")
    assert fates == dict.fromkeys(("abc", "-1", "٣"), ("deleted", ""))
    assert http.asked == []


def test_a_lost_project_is_no_proof_that_its_stories_are_gone() -> None:
    for refusal in (FOREIGN, UNFOUND):
        with pytest.raises(ProjectUnavailable):
            lookup(lambda path, params, refusal=refusal: refusal, "1")


def test_a_server_without_bulk_is_asked_story_by_story_in_the_project() -> None:
    """LiteTracker."""
    table = {"/projects/7": Reply({"id": 7}, version=None), "/projects/7/stories/1": Reply(story(1), version=None)}
    fates, _ = lookup(routes(table), "1", "2")
    assert fates == {"1": ("present", "started"), "2": ("deleted", "")}


def test_an_answer_without_ids_is_unexpected() -> None:
    with pytest.raises(UnexpectedResponse):
        pages_of(lambda path, params: Reply({"stories": []}))


@example(headers={"Date": "Fri, 31 Dec 9999 23:59:59 -2359"})
@example(headers={"Date": "Mon, 01 Jan 0001 00:00:00 +2359"})
@example(headers={"X-Tracker-Project-Version": "9" * 5000})
@example(headers={"X-Tracker-Pagination-Total": "9" * 12})
@given(headers=st.dictionaries(st.sampled_from(HEADERS), VALUES))
def test_no_header_breaks_a_pull_in_a_way_of_its_own(headers: dict[str, str]) -> None:
    """R20: it ends well, or as any tracker that answers badly; and how far it is can be kept."""
    stories = Reply([story(1)], version=None, headers=headers)
    http = ScriptedHttp(lambda path, params: Reply([], version=None, headers=headers) if params["offset"] else stories)
    try:
        pages = list(connector.pull(Auth(TOKEN, http), QUERY, None))
    except PullError:
        return
    assert all(one.announced is None or one.announced <= MOST_TO_TELL for one in pages)
    json.dumps(pages[-1].cursor)


@pytest.mark.parametrize("total", ["9" * 12, "9" * 13, "9" * 5000])
def test_a_listing_that_announces_too_much_is_not_taken_for_whole(total: str) -> None:
    headers = {"X-Tracker-Pagination-Total": total, "X-Tracker-Pagination-Limit": 1}
    pages, http = pages_of(lambda path, params: Reply([] if params["offset"] else [story(1)], headers=headers))
    assert len(http.asked) == 2
    assert pages[-1].announced is not None and pages[-1].announced > 200_000

"""Iterations: done ones by acceptance, the current one and the backlog by velocity."""

from __future__ import annotations

import pytest

from tests.tracker_sandbox.support import Acme, Client
from tracker_sandbox.clock import DAY, WEEK, Moment


@pytest.fixture
def aged(acme: Acme) -> Acme:
    """Fifteen weeks on, with an acceptance in week 1 and one in week 14."""
    for week in (0, 13):
        acme.world.clock.advance(week * WEEK)
        story = acme.world.create_story(acme.project.id, f"Done {week}", estimate=3, current_state="unstarted")
        acme.world.set_state(story.id, "accepted")
    acme.world.clock.advance(2 * WEEK)
    return acme


def test_done_stories_stand_in_the_iteration_of_their_acceptance(client: Client, aged: Acme) -> None:
    got = client.get(f"/projects/{aged.project.id}/iterations", limit=50, fields="number,stories(name)").json
    full = {one["number"]: [story["name"] for story in one["stories"]] for one in got if one["stories"]}
    assert full == {1: ["Done 0"], 14: ["Done 13"]}
    assert client.get(f"/projects/{aged.project.id}").json["current_iteration_number"] == 16


def test_iterations_start_at_midnight_of_the_projects_zone_across_summer_time(client: Client, aged: Acme) -> None:
    got = client.get(f"/projects/{aged.project.id}/iterations", limit=50).json
    assert got[0]["start"] == "2026-03-01T23:00:00Z"
    assert got[3]["finish"] == got[4]["start"] == "2026-03-29T22:00:00Z"


def test_ten_iterations_are_a_page_and_fifty_the_most(client: Client, aged: Acme) -> None:
    path = f"/projects/{aged.project.id}/iterations"
    assert client.get(path).headers["X-Tracker-Pagination-Limit"] == "10"
    assert client.get(path, limit=100).headers["X-Tracker-Pagination-Limit"] == "50"


def test_a_negative_offset_counts_back_from_the_current_iteration(client: Client, aged: Acme) -> None:
    path = f"/projects/{aged.project.id}/iterations"
    got = client.get(path, scope="done", offset=-12, limit=5)
    assert [one["number"] for one in got.json] == [4, 5, 6, 7, 8]
    assert (got.headers["X-Tracker-Pagination-Offset"], got.headers["X-Tracker-Pagination-Total"]) == ("-12", "15")
    assert client.get(path, offset=-12).status == 400


def test_the_current_scope_has_no_pagination_headers(client: Client, aged: Acme) -> None:
    got = client.get(f"/projects/{aged.project.id}/iterations", scope="current", fields=":default,velocity,points")
    assert [one["number"] for one in got.json] == [16]
    assert "X-Tracker-Pagination-Total" not in got.headers


def test_the_backlog_fills_iterations_up_to_the_velocity_and_carries_over_the_rest(client: Client, acme: Acme) -> None:
    acme.world.update_project(acme.project.id, initial_velocity=10)
    for estimate in (8, 3, 8, 3, 1):
        acme.world.create_story(acme.project.id, str(estimate), estimate=estimate, current_state="unstarted")
    got = client.get(f"/projects/{acme.project.id}/iterations", fields="stories(estimate)").json
    assert [[story["estimate"] for story in one["stories"]] for one in got] == [[8], [3, 8], [3, 1]]


def test_a_release_tells_when_it_is_expected(client: Client, acme: Acme) -> None:
    acme.world.update_project(acme.project.id, initial_velocity=2)
    for estimate in (2, 2, 2):
        acme.world.create_story(acme.project.id, "Work", estimate=estimate, current_state="unstarted")
    deadline = Moment(acme.world.clock.now() + 5 * DAY)
    release = acme.world.create_story(
        acme.project.id,
        "1.0",
        story_type="release",
        current_state="unstarted",
        deadline=deadline,
    )
    got = client.get(f"/projects/{acme.project.id}/releases", fields=":default,projected_completion,counts_total").json
    assert [(one["id"], one["projected_completion"], one["counts_total"]) for one in got] == [
        (release.id, "2026-03-22T23:00:00Z", 3)
    ]
    assert got[0]["deadline"] == "2026-03-07T12:00:00Z"
    stories = client.get(f"/projects/{acme.project.id}/releases/{release.id}/stories").json
    assert [story["name"] for story in stories] == ["Work"] * 3

"""The sandbox as LiteTracker: other names, small pages, no versions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tracker_sandbox.support import Acme, Client
from tracker_sandbox.server import Sandbox


@pytest.fixture
def lite(acme: Acme) -> Iterator[Client]:
    for n in range(60):
        acme.world.create_story(acme.project.id, f"Story {n}", current_state="unstarted" if n % 2 else "started")
    with Sandbox(acme.world, lite=True) as sandbox:
        yield Client(sandbox)


def test_stories_have_titles_and_come_by_fifty(lite: Client, acme: Acme) -> None:
    path = f"/projects/{acme.project.id}/stories"
    first, second = lite.get(path, limit=500), lite.get(path, offset=50)
    assert (len(first.json), len(second.json)) == (50, 10)
    story = first.json[0]
    assert "title" in story and not {"name", "accepted_at", "deadline", "kind"} & story.keys()
    assert not [name for name in first.headers if name.startswith(("X-Tracker-Pagination", "X-Tracker-Project"))]


def test_unknown_parameters_are_ignored_and_with_state_is_not(lite: Client, acme: Acme) -> None:
    path = f"/projects/{acme.project.id}/stories"
    assert len(lite.get(path, state="started", fields="id", filter="state:started").json) == 50
    assert len(lite.get(path, with_state="started").json) == 30


def test_projects_and_me_have_their_own_members(lite: Client, acme: Acme) -> None:
    assert [one["title"] for one in lite.get("/projects").json] == ["Acme", "Other"]
    assert "version" not in lite.get(f"/projects/{acme.project.id}").json
    assert [one.keys() for one in lite.get("/me").json["projects"]] == [{"project_id", "project_name", "role"}] * 2


@pytest.mark.parametrize("name", ["epics", "iterations", "releases"])
def test_what_it_lacks_is_no_route(lite: Client, acme: Acme, name: str) -> None:
    assert lite.get(f"/projects/{acme.project.id}/{name}").json["code"] == "route_not_found"


def test_the_feed_knows_occurred_after_alone(lite: Client, acme: Acme) -> None:
    acme.world.clock.advance(10)
    acme.world.create_story(acme.project.id, "Late")
    path = f"/projects/{acme.project.id}/activity"
    got = lite.get(path, occurred_after="2026-03-02T12:00:05Z", since_version=0).json
    assert [one["kind"] for one in got] == ["story_create_activity"]
    assert "project_version" not in got[0]

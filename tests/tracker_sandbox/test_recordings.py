"""The sandbox against real answers of the service: same status, members, types, headers, iterations.

Collected only where recordings are: in the folder named by TRACKER_RECORDINGS, or beside the checkout.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.recordings import FOLDERS
from tests.tracker_sandbox.recorded import RECORDINGS, UNMATCHED, differences, nulls
from tests.tracker_sandbox.support import Acme
from tracker_sandbox.app import App
from tracker_sandbox.recordings import Recording, load_recordings
from tracker_sandbox.web import Reply, Request

PROJECT = 1027488
HEADERS = [
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Cache-Control",
    "Content-Type",
    "ETag",
    "X-Tracker-Client-Pinger-Interval",
    "X-Tracker-Project-Version",
    "X-Tracker-Pagination-Limit",
    "X-Tracker-Pagination-Offset",
    "X-Tracker-Pagination-Returned",
    "X-Tracker-Pagination-Total",
]
# Values that a story may be created with, though none of the few recorded creations was.
UNSEEN_VALUES = {"story_priority", "accepted_at", "estimate"}
# One of three recorded workspaces told a version, which no other answer outside of a project did.
ODD_HEADERS = {("my-workspaces-581707_200_d242fa74", "X-Tracker-Project-Version")}
SAME_VALUE = {"Content-Type", "X-Tracker-Pagination-Limit", "X-Tracker-Pagination-Offset"}


@pytest.fixture(scope="module")
def app() -> App:
    return App(load_recordings(FOLDERS[0]))


def replay(app: App, recording: Recording) -> tuple[Reply, Any]:
    """Ask the sandbox what was asked then, at the time of then, as the person of then."""
    app.world.clock.freeze(recording.at)
    query = urlencode(recording.query)
    headers = {"x-trackertoken": app.world.token_of(_reader(recording)) or ""}
    reply = app.handle(Request("GET", f"/services/v5{recording.path}", query, headers))
    return reply, json.loads(reply.body)


def _reader(recording: Recording) -> int:
    if "1027494" in recording.path:
        return 1266318
    return 1266316 if "581707" in json.dumps([recording.path, recording.body]) else 1266314


def _matched() -> list[Any]:
    return [pytest.param(one, id=one.name) for one in RECORDINGS if one.name not in UNMATCHED]


def _iteration_lists() -> list[Recording]:
    lists = [one for one in RECORDINGS if one.path.endswith("/iterations")]
    return [one for one in lists if ("scope", "current") not in one.query]


def _listing(version: str) -> Recording:
    wanted = (("limit", "300"),)
    return next(r for r in RECORDINGS if r.query == wanted and r.headers["x-tracker-project-version"] == version)


if RECORDINGS:

    @pytest.mark.parametrize("recording", _matched())
    def test_a_recorded_request_gets_the_recorded_shape(app: App, recording: Recording) -> None:
        reply, body = replay(app, recording)
        assert reply.status == recording.status
        assert list(differences(recording.body, body)) == []
        assert list(nulls(body)) == []

    @pytest.mark.parametrize("recording", _matched())
    def test_a_recorded_request_gets_the_recorded_headers(app: App, recording: Recording) -> None:
        reply, _ = replay(app, recording)
        missing = [one for one in HEADERS if (one in reply.headers) != (one.lower() in recording.headers)]
        assert [one for one in missing if (recording.name, one) not in ODD_HEADERS] == []
        for name in SAME_VALUE & reply.headers.keys():
            assert reply.headers[name] == recording.headers[name.lower()]

    def test_the_project_has_exactly_the_stories_of_the_newest_complete_listing(app: App) -> None:
        newest = _listing("230")
        _, ours = replay(app, newest)
        assert len(ours) == 70
        assert {story["id"] for story in ours} == {story["id"] for story in newest.body}

    @pytest.mark.parametrize("recording", _iteration_lists(), ids=lambda one: one.name)
    def test_iterations_fall_on_the_recorded_days_with_the_recorded_done_stories(
        app: App, recording: Recording
    ) -> None:
        reply, ours = replay(app, recording)
        assert reply.headers["X-Tracker-Pagination-Total"] == recording.headers["x-tracker-pagination-total"]
        assert [_facts(one) for one in ours] == [_facts(one) for one in recording.body]

    def test_the_current_iteration_of_2019_is_predicted_as_recorded(app: App) -> None:
        recording = next(r for r in RECORDINGS if r.name == "projects-1027488-iterations_200_36c14786")
        _, ours = replay(app, recording)
        assert _facts(ours[0]) == _facts(recording.body[0])
        for member in ("points", "velocity", "accepted_points", "effective_points"):
            assert ours[0][member] == recording.body[0][member]

    def test_changes_have_recorded_members(acme: Acme) -> None:
        recorded: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for recording in RECORDINGS:
            if recording.path.endswith("/activity"):
                for change in (change for activity in recording.body for change in activity["changes"]):
                    recorded.setdefault((change["kind"], change["change_type"]), []).append(change)
        for change in _all_changes(acme):
            examples = recorded[str(change["kind"]), str(change["change_type"])]
            assert change.keys() == examples[-1].keys()
            for values in ("original_values", "new_values"):
                known = {name for one in examples for name in one.get(values, {})} | UNSEEN_VALUES
                assert set(change.get(values, {})) <= known


def _facts(iteration: dict[str, Any]) -> tuple[object, ...]:
    ids = [story["id"] for story in iteration["stories"]]
    return iteration["number"], iteration["start"], iteration["finish"], iteration["length"], ids


def _all_changes(acme: Acme) -> list[dict[str, Any]]:
    """Changes of the kinds of which there are recordings."""
    world, project = acme.world, acme.project.id
    story = world.create_story(project, "One", labels=["a"], description="d", estimate=1)
    other = world.create_story(project, "Two")
    since = acme.project.version - 2
    world.clock.advance(5)
    world.update_story(story.id, name="Uno", labels=["b"], owner_ids=[acme.vera.id], current_state="started")
    world.move_story(other.id, before=story.id)
    world.add_comment(story.id, "Hello")
    world.add_task(story.id, "Do")
    world.delete_label(story.label_ids[0])
    world.delete_stories([story.id, other.id])
    activities = [one for one in acme.project.activities if one.project_version > since]
    return [dict(change) for activity in activities for change in activity.changes]

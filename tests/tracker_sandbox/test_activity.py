"""The activity feed proves completeness: since version N there is one activity per version."""

from __future__ import annotations

from tests.tracker_sandbox.support import Acme, Client
from tracker_sandbox.clock import DAY


def test_since_version_gives_every_later_version_once_newest_first(client: Client, acme: Acme) -> None:
    since = acme.project.version
    for n in range(5):
        acme.world.create_story(acme.project.id, f"Story {n}")
    got = client.get(f"/projects/{acme.project.id}/activity", since_version=since)
    versions = [activity["project_version"] for activity in got.json]
    assert versions == list(range(since + 5, since, -1))
    assert got.headers["X-Tracker-Project-Version"] == str(versions[0])
    assert got.headers["X-Tracker-Pagination-Total"] == "5"
    oldest_first = client.get(f"/projects/{acme.project.id}/activity", since_version=since, sort_order="asc").json
    assert [activity["project_version"] for activity in oldest_first] == versions[::-1]


def test_an_activity_has_the_recorded_members(client: Client, acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Told", labels=["News"])
    got = client.get(f"/projects/{acme.project.id}/activity", limit=1).json[0]
    assert got["guid"] == f"{acme.project.id}_{acme.project.version}"
    assert got["performed_by"] == {"kind": "person", "id": acme.alice.id, "name": "Alice Ames", "initials": "AA"}
    assert got["primary_resources"][0]["url"] == f"{acme.world.base_url}/story/show/{story.id}"
    label, created = got["changes"]
    assert (label["kind"], label["change_type"], label["name"]) == ("label", "create", "news")
    assert created["new_values"]["labels"] == ["news"]


def test_the_feed_reaches_back_half_a_year(client: Client, acme: Acme) -> None:
    acme.world.clock.advance(200 * DAY)
    acme.world.create_story(acme.project.id, "Recent")
    got = client.get(f"/projects/{acme.project.id}/activity", since_version=0).json
    assert [activity["project_version"] for activity in got] == [acme.project.version]


def test_my_activity_spans_projects_and_has_no_version_header(client: Client, acme: Acme) -> None:
    acme.world.create_story(acme.project.id, "Here")
    acme.world.create_story(acme.other.id, "There")
    got = client.get("/my/activity")
    assert {activity["project"]["id"] for activity in got.json} == {acme.project.id, acme.other.id}
    assert "X-Tracker-Project-Version" not in got.headers


def test_a_storys_own_feed_tells_of_nothing_else(client: Client, acme: Acme) -> None:
    story = acme.world.create_story(acme.project.id, "Mine")
    acme.world.create_story(acme.project.id, "Not mine")
    acme.world.add_comment(story.id, "Hello")
    got = client.get(f"/projects/{acme.project.id}/stories/{story.id}/activity").json
    assert [activity["kind"] for activity in got] == ["comment_create_activity", "story_create_activity"]

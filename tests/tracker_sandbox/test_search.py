"""The search language in `filter` and /search."""

from __future__ import annotations

import pytest

from tests.tracker_sandbox.support import Acme, Client
from tracker_sandbox.clock import WEEK


@pytest.fixture
def stocked(acme: Acme) -> Acme:
    world, project = acme.world, acme.project.id
    old = world.create_story(project, "old done", current_state="unstarted", estimate=2, labels=["one"])
    world.set_state(old.id, "accepted")
    world.clock.advance(2 * WEEK)
    done = world.create_story(project, "new done", current_state="unstarted")
    world.set_state(done.id, "accepted")
    world.create_story(
        project,
        "red bug",
        story_type="bug",
        current_state="started",
        labels=["one", "big thing"],
        owner_ids=[acme.vera.id],
    )
    world.create_story(project, "blue feature", current_state="unstarted", estimate=3, description="with RED paint")
    world.create_story(project, "idea", external_id="EXT-9")
    return acme


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "new done,red bug,blue feature,idea"),
        ("includedone:true", "old done,new done,red bug,blue feature,idea"),
        ("state:accepted", "new done"),
        ("state:accepted includedone:true", "old done,new done"),
        ("state:started,unstarted", "red bug,blue feature"),
        ("type:bug", "red bug"),
        ("-type:bug -state:accepted", "blue feature,idea"),
        ('label:"big thing"', "red bug"),
        ('label:""', "new done,blue feature,idea"),
        ("label:one includedone:true", "old done,red bug"),
        ("red", "red bug,blue feature"),
        ("name:red", "red bug"),
        ("type:bug OR state:unstarted", "red bug,blue feature"),
        ("(type:bug OR state:unstarted) -red", ""),
        ('owner:"Vera Voss"', "red bug"),
        ('owned_by:"" state:unstarted', "blue feature"),
        ("estimate:3", "blue feature"),
        ("estimate:-1 type:bug", "red bug"),
        ("external_id:ext-9", "idea"),
        ("has:label", "red bug"),
        ("no:label type:feature state:unscheduled", "idea"),
        ("created_since:-3d", "new done,red bug,blue feature,idea"),
        ("created_before:2026-03-10 includedone:true", "old done"),
        ("accepted:2026-03-02..2026-03-03 includedone:true", "old done"),
    ],
)
def test_filter_finds(client: Client, stocked: Acme, query: str, names: str) -> None:
    got = client.get(f"/projects/{stocked.project.id}/stories", filter=query, fields="name").json
    assert ",".join(story["name"] for story in got) == names


@pytest.mark.parametrize("query", ["(state:started", "state:started)", "created_since:soon", "estimate:x", "is:happy"])
def test_a_search_that_cannot_be_read_is_400(client: Client, stocked: Acme, query: str) -> None:
    assert client.get(f"/projects/{stocked.project.id}/stories", filter=query).status == 400


def test_filter_counts_in_the_total_header(client: Client, stocked: Acme) -> None:
    got = client.get(f"/projects/{stocked.project.id}/stories", filter="state:started,unstarted", limit=1)
    assert (got.headers["X-Tracker-Pagination-Total"], len(got.json)) == ("2", 1)


def test_search_answers_stories_and_epics(client: Client, stocked: Acme) -> None:
    stocked.world.create_epic(stocked.project.id, "Red alert")
    got = client.get(f"/projects/{stocked.project.id}/search", query="red").json
    assert got["stories"]["total_hits"] == 2
    assert [epic["name"] for epic in got["epics"]["epics"]] == ["Red alert"]
    assert got["query"] == "red"
    slim = client.get(f"/projects/{stocked.project.id}/search", query="name:red", fields="stories(stories(name))").json
    assert [story.keys() for story in slim["stories"]["stories"]] == [{"id", "name"}]


def test_with_state_finds_done_stories_without_being_asked_to(client: Client, stocked: Acme) -> None:
    got = client.get(f"/projects/{stocked.project.id}/stories", with_state="accepted", fields="name").json
    assert [story["name"] for story in got] == ["old done", "new done"]

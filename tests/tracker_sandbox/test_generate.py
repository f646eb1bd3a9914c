"""Generated projects for benchmarks: big, quick, repeatable, and served from prepared bytes."""

from __future__ import annotations

import time
from collections import Counter

from tests.tracker_sandbox.support import NOON, Client
from tracker_sandbox.clock import Clock
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.generate import generate_world, prepare_listing, story_pages
from tracker_sandbox.server import Sandbox


def test_a_generated_project_is_varied_and_the_same_for_the_same_seed() -> None:
    world, twin = (generate_world(500, seed=3, clock=Clock(frozen_at=NOON)) for _ in range(2))
    (project,) = world.projects.values()
    stories = world.listing(project)
    assert len(stories) == 500
    assert list(world.stories.values()) == list(twin.stories.values())
    assert len({story.current_state for story in stories}) == 7
    assert Counter(story.story_type for story in stories).keys() == {"feature", "bug", "chore", "release"}
    assert all(story.created_at <= story.updated_at <= NOON for story in stories)


def test_its_feed_is_cut_off_before_the_first_change() -> None:
    world = generate_world(50, clock=Clock(frozen_at=NOON))
    (project,) = world.projects.values()
    version = project.version
    world.update_story(project.story_rank[0], name="Changed")
    with Sandbox(world) as sandbox:
        got = Client(sandbox, DEMO_TOKEN).get(f"/projects/{project.id}/activity", since_version=0)
    assert [activity["project_version"] for activity in got.json] == [version + 1]


def test_prepared_pages_are_the_right_ones_until_the_version_changes() -> None:
    world = generate_world(1200, clock=Clock(frozen_at=NOON))
    (project,) = world.projects.values()
    with Sandbox(world) as sandbox:
        client = Client(sandbox, DEMO_TOKEN)
        path = f"/projects/{project.id}/stories"
        fresh = client.get(path, limit=500, offset=500)
        assert len(prepare_listing(sandbox.app, project)) == len(story_pages(project)) == 3
        prepared = client.get(path, limit=500, offset=500)
        assert (prepared.body, prepared.headers["ETag"]) == (fresh.body, fresh.headers["ETag"])
        assert client.get(path, headers={"X-TrackerToken": "0" * 32}, limit=500, offset=500).status == 403
        world.update_story(project.story_rank[600], name="Changed")
        assert b"Changed" in client.get(path, limit=500, offset=500).body


def test_ten_thousand_stories_are_made_and_listed_in_seconds() -> None:
    started = time.perf_counter()
    world = generate_world(10_000)
    (project,) = world.projects.values()
    with Sandbox(world) as sandbox:
        client = Client(sandbox, DEMO_TOKEN)
        pages = [client.get(f"/projects/{project.id}/stories", limit=500, offset=n * 500) for n in range(20)]
    assert len({story["id"] for page in pages for story in page.json}) == 10_000
    assert time.perf_counter() - started < 20

"""The demo is what a newcomer sees first: it has to be full, varied and the same every time."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.tracker_sandbox.support import NOON, Client
from tracker_sandbox.clock import DAY, Clock
from tracker_sandbox.demo import DEMO_TOKEN, SINGLE_PROJECT_TOKEN, build_demo
from tracker_sandbox.life import Life
from tracker_sandbox.server import Sandbox
from tracker_sandbox.state import World


@pytest.fixture
def demo() -> World:
    return build_demo(clock=Clock(frozen_at=NOON))


def test_the_demo_has_three_projects_full_of_different_stories(demo: World) -> None:
    assert len(demo.projects) == 3
    assert len({story.name for story in demo.stories.values()}) == len(demo.stories) >= 150
    states = Counter(story.current_state for story in demo.stories.values())
    assert states.keys() == {"accepted", "delivered", "finished", "started", "rejected", "unstarted", "unscheduled"}
    assert sum(bool(story.description) for story in demo.stories.values()) >= 25
    releases = [story for story in demo.stories.values() if story.story_type == "release"]
    assert len(releases) >= 12 and all(release.deadline for release in releases)
    assert any(not name.isascii() for name in (person.name for person in demo.people.values()))


def test_nothing_in_the_demo_is_later_than_now(demo: World) -> None:
    for story in demo.stories.values():
        assert story.created_at <= story.updated_at <= NOON
        assert [step.occurred_at for step in story.transitions] == sorted(
            step.occurred_at for step in story.transitions
        )
        if story.current_state == "accepted":
            assert story.accepted_at is not None and story.created_at < story.accepted_at


def test_somebody_has_left_and_is_still_named_on_stories(demo: World) -> None:
    for project in demo.projects.values():
        members = {one.person_id for one in project.memberships}
        owners = {i for story in demo.listing(project) for i in story.owner_ids}
        if owners - members:
            return
    pytest.fail("Every owner is still a member.")


def test_equal_seeds_give_equal_demos_and_other_seeds_others(demo: World) -> None:
    same = build_demo(clock=Clock(frozen_at=NOON))
    assert list(same.stories.values()) == list(demo.stories.values())
    other = build_demo(seed=2, clock=Clock(frozen_at=NOON))
    assert list(other.stories.values()) != list(demo.stories.values())


def test_the_second_token_sees_one_project(demo: World) -> None:
    with Sandbox(demo) as sandbox:
        assert len(Client(sandbox, DEMO_TOKEN).get("/projects").json) == 3
        assert [one["name"] for one in Client(sandbox, SINGLE_PROJECT_TOKEN).get("/projects").json] == ["Rider App"]
        story = next(iter(demo.stories))
        url = Client(sandbox, DEMO_TOKEN).get(f"/stories/{story}").json["url"]
        assert url == f"{sandbox.url}/story/show/{story}"


def test_life_changes_something_each_time_and_the_same_for_the_same_seed(demo: World) -> None:
    twin = build_demo(clock=Clock(frozen_at=NOON))
    lives = Life(demo, seed=7), Life(twin, seed=7)
    for _ in range(150):
        before = sum(project.version for project in demo.projects.values())
        assert lives[0].step() == lives[1].step()
        assert sum(project.version for project in demo.projects.values()) == before + 1
        demo.clock.advance(60)
        twin.clock.advance(60)
    assert list(demo.stories.values()) == list(twin.stories.values())


def test_a_restart_keeps_ids_and_raises_versions(demo: World) -> None:
    later = build_demo(clock=Clock(frozen_at=NOON + 2 * DAY))
    shown = [
        {one.id: (one.name, one.current_state, one.updated_at, one.accepted_at) for one in world.stories.values()}
        for world in (demo, later)
    ]
    assert shown[0] == shown[1]
    for old, new in zip(demo.projects.values(), later.projects.values(), strict=True):
        assert old.id == new.id and old.version < new.activities[0].project_version - 1
    assert later.next_id() > demo.next_id()


def test_next_week_the_same_stories_have_later_dates(demo: World) -> None:
    later = build_demo(clock=Clock(frozen_at=NOON + 9 * DAY))
    assert {one.id: one.name for one in later.stories.values()} == {one.id: one.name for one in demo.stories.values()}
    accepted = [one for one in demo.stories.values() if one.accepted_at]
    assert all((later.stories[one.id].accepted_at or 0) > (one.accepted_at or 0) for one in accepted)

"""The world at the start of each history: a small project, another that we see, and one that we do not."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracker_sandbox.clock import HOUR, WEEK, Clock
from tracker_sandbox.entities import Person, Project, ReviewType
from tracker_sandbox.state import World

MONDAY_NOON = 1_772_452_800  # 2026-03-02T12:00:00Z
OUR_TOKEN = "c" * 32


@dataclass
class Cast:
    """Robin's token is ours; Olaf owns everything; Ann, Ben and Cleo come and go."""

    world: World
    reader: Person
    project: Project
    seen: Project
    unseen: Project
    people: list[Person]
    review_type: ReviewType
    moved_away: list[int] = field(default_factory=list)


def build_world(url: str) -> Cast:
    """Eight stories of all types in most states, two epics, three weeks into the project."""
    world = World(clock=Clock(frozen_at=MONDAY_NOON - 3 * WEEK), base_url=url)
    olaf, robin = world.add_person("Olaf"), world.add_person("Robin", token=OUR_TOKEN)
    people = [robin, *(world.add_person(name) for name in ("Ann", "Ben", "Cleo"))]
    project, seen, unseen = (world.add_project(name, owner_id=olaf.id) for name in ("Shop", "Ideas", "Secret"))
    for one in (project, seen):
        world.join(one.id, robin.id)
    for person in people[1:]:
        world.join(project.id, person.id)
    now = world.clock.now()
    review_type = ReviewType(world.next_id(), project.id, "Design", now, now)
    cast = Cast(world, robin, project, seen, unseen, people, review_type)
    _fill(cast)
    return cast


def _fill(cast: Cast) -> None:
    world, project = cast.world, cast.project
    ann, ben = cast.people[1], cast.people[2]
    world.create_epic(project.id, "Checkout", label="checkout")
    world.create_epic(project.id, "Search engine", label="search")
    first = world.create_story(project.id, "Basket", current_state="started", estimate=2.0, labels=["checkout"])
    world.create_story(project.id, "Pay by card", current_state="unstarted", estimate=3.0, labels=["checkout", "web"])
    world.create_story(project.id, "Beta", story_type="release", current_state="unstarted")
    world.clock.advance(WEEK)
    world.set_state(first.id, "accepted")
    world.create_story(project.id, "Find by colour", current_state="unstarted", estimate=3.0, labels=["search"])
    world.create_story(project.id, "Typo", story_type="bug", current_state="started", owner_ids=[ann.id, ben.id])
    world.clock.advance(2 * WEEK)
    world.create_story(project.id, "Tidy up", story_type="chore", current_state="unscheduled", requested_by_id=ben.id)
    world.create_story(
        project.id, "Launch", story_type="release", current_state="unscheduled", deadline=world.clock.now()
    )
    world.create_story(project.id, "Wish list", description="Some *day*.", estimate=1.0)
    world.clock.advance(HOUR)

"""Projects of any size out of a seed, for benchmarks and load: varied enough to be honest, quick to make.

The stories are put in place without an activity each: the project's version says how many changes there were, and
its feed begins after them, as a feed does that was cut off.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from tracker_sandbox.app import App
from tracker_sandbox.clock import DAY, HOUR, WEEK, Clock, Moment
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.entities import Person, Project, Story, Transition
from tracker_sandbox.state import World

_VERBS = ("Show", "Let riders choose", "Explain", "Speed up", "Translate", "Remember", "Repair", "Simplify", "Measure")
_THINGS = ("the invoice", "the map", "sign-in", "the basket", "station names", "the weekly mail", "búsqueda", "Öffnung")
_ENDS = ("on small screens", "for companies", "when offline", "in five languages", "for new people", "— second try ✓")
_SENTENCE = "People asked for this *twice* this month; see the notes, and keep the old way until then. "
_WORK = ("started", "finished", "delivered")
_WAYS: dict[str, tuple[str, ...]] = {
    "unscheduled": (),
    "unstarted": (),
    "started": _WORK[:1],
    "finished": _WORK[:2],
    "delivered": _WORK,
    "rejected": (*_WORK, "rejected"),
    "accepted": (*_WORK, "accepted"),
}


def generate_world(
    stories: int, *, seed: int = 1, clock: Clock | None = None, token: str = DEMO_TOKEN, projects: int = 1
) -> World:
    """A world with projects of so many stories each: 70 % accepted over two years, the rest in every state."""
    world = World(clock=clock or Clock())
    chance = random.Random(seed)  # noqa: S311 - repeatable data, not a secret
    people = [world.add_person(f"Person {n}", token=token if n == 1 else None) for n in range(1, 13)]
    for number in range(1, projects + 1):
        _fill(world, people, chance, name=f"Generated {number}", count=stories)
    return world


def _fill(world: World, people: list[Person], chance: random.Random, *, name: str, count: int) -> None:
    start = Moment(world.clock.now() - 104 * WEEK)
    project = world.add_project(name, owner_id=people[0].id, start_time=start, point_scale="0,1,2,3,5,8")
    for person in people[1:]:
        world.join(project.id, person.id)
    for number in range(30):
        if number < 10:
            world.create_epic(project.id, f"Epic {number}", label=f"epic {number}")
        else:
            world.create_label(project.id, f"label {number}")
    for number in range(count):
        story = _story(world, project, chance, number=number, count=count)
        world.stories[story.id] = story
        project.story_rank.append(story.id)
    project.version += count
    project.activities.clear()


def _story(world: World, project: Project, chance: random.Random, *, number: int, count: int) -> Story:
    share = number / count
    state = _state_at(share, chance)
    story_type = chance.choices(("feature", "bug", "chore", "release"), (60, 25, 13, 2))[0]
    if story_type in ("chore", "release") and state in ("finished", "delivered", "rejected"):
        state = "started" if story_type == "chore" else "unstarted"
    accepted = Moment(project.start_time + int(min(share / 0.7, 0.999) * 103 * WEEK) + chance.randrange(DAY))
    created = Moment(accepted - chance.randrange(2, 60) * DAY)
    team = [membership.person_id for membership in project.memberships]
    story = Story(
        id=world.next_id(),
        project_id=project.id,
        name=f"{chance.choice(_VERBS)} {chance.choice(_THINGS)} {chance.choice(_ENDS)} ({number})",
        requested_by_id=chance.choice(team),
        created_at=created,
        updated_at=accepted,
        story_type=story_type,
        current_state=state,
        story_priority=chance.choice(("none", "p0", "p1", "p2", "p3")),
        description=_SENTENCE * chance.randrange(1, 5) if chance.random() < 0.6 else None,
        estimate=chance.choice((0, 1, 2, 3, 5, 8)) if story_type == "feature" and state != "unscheduled" else None,
        owner_ids=chance.sample(team, chance.choice((0, 1, 1, 2))),
        label_ids=chance.sample(project.label_ids, chance.choice((0, 1, 1, 2, 3))),
    )
    if story_type == "release":
        story.deadline = Moment(accepted + 3 * DAY)
    if state == "accepted":
        story.accepted_at = accepted
    story.transitions = list(_transitions(story, accepted, team[0]))
    return story


def _state_at(share: float, chance: random.Random) -> str:
    if share < 0.7:
        return "accepted"
    if share < 0.72:
        return chance.choice((*_WORK, "rejected"))
    return "unstarted" if share < 0.9 else "unscheduled"


def _transitions(story: Story, accepted: Moment, person_id: int) -> Iterator[Transition]:
    states = _WAYS[story.current_state]
    if story.story_type == "release":
        states = states[-1:]
    for place, state in enumerate(states):
        moment = Moment(accepted - (len(states) - 1 - place) * 7 * HOUR)
        yield Transition(state, story.id, story.project_id, 1 + place, moment, person_id)


def story_pages(project: Project, *, fields: str | None = None, limit: int = 500) -> list[str]:
    """The targets of a complete listing, as a client asks for them; hand them to `App.prepare`."""
    chosen = f"fields={fields}&" if fields else ""
    pages = range(0, max(len(project.story_rank), 1), limit)
    return [f"/services/v5/projects/{project.id}/stories?{chosen}limit={limit}&offset={offset}" for offset in pages]


def prepare_listing(app: App, project: Project, *, token: str = DEMO_TOKEN, fields: str | None = None) -> list[str]:
    """Serialise a project's complete listing beforehand; the answer is the list of the prepared targets."""
    targets = story_pages(project, fields=fields)
    app.prepare(targets, token=token)
    return targets

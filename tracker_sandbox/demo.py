"""The demo: a year in the life of Kestrel Bikes, an invented bike-sharing company, played through the World.

Every story is made, started, finished and accepted by the same methods that tests use, at moments relative to the
start, so that transitions, versions and iterations are what a lived-in account has.

A restart plays the year anew and forgets what happened since. So that a client that remembers the run before is not
misled, stories keep their ids, the play is set against the week's Monday, and versions and fresh ids go up with time.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, pairwise

from tracker_sandbox.clock import DAY, HOUR, MINUTE, Clock, Moment
from tracker_sandbox.demo_data import PROJECTS, ScriptedProject, ScriptedStory, read_script
from tracker_sandbox.entities import Notification, Person, Project, ReviewType, Workspace
from tracker_sandbox.state import World

DEMO_TOKEN = "7d1f0c3be2a94856b0d2c41e9f5a6873"  # noqa: S105 - public on purpose: it opens nothing but the demo
SINGLE_PROJECT_TOKEN = "2b9e64d80f137ac5e8d1b04c76f2a359"  # noqa: S105 - the same, for one project alone

_CAST = {
    "Robin": ("Robin Alvarez", "robin"),
    "Zoë": ("Zoë Lindqvist", "zoe"),
    "Marek": ("Marek Dvořák", "marek"),
    "Aiko": ("Aiko Tanaka", "aiko"),
    "Ingrid": ("Ingrid Sørensen", "ingrid"),
    "Ayşe": ("Ayşe Yılmaz", "ayse"),
    "Tomáš": ("Tomáš Novák", "tomas"),
    "Noor": ("Noor van Dijk", "noor"),
    "Jonas": ("Jonas Weber", "jonas"),
    "Sam": ("Sam Okafor", "sam"),
}
_TEAMS = {
    "rider_app": ("Robin", "Zoë", "Marek", "Aiko", "Jonas"),
    "web_shop": ("Robin", "Ingrid", "Ayşe", "Zoë", "Jonas"),
    "station_platform": ("Robin", "Aiko", "Tomáš", "Noor", "Marek"),
}
_JONAS_LEFT = -120
_STORY_IDS = 180_000_000
_BEFORE_ANY_START = 1_704_067_200  # 2024
_YEAR = -356
_NEXT = {"started": "finished", "finished": "delivered", "delivered": "accepted"}


@dataclass(slots=True)
class _Stage:
    """What one project's play needs."""

    world: World
    project: Project
    team: list[Person]
    chance: random.Random
    now: int
    events: list[tuple[int, int, Callable[[], object]]]
    ids: Iterator[int]

    def at(self, moment: float, act: Callable[[], object]) -> None:
        """Do this at that moment; never later than the present."""
        self.events.append((min(int(moment), self.now - MINUTE), len(self.events), act))


def build_demo(
    *,
    seed: int = 1,
    clock: Clock | None = None,
    base_url: str = "http://127.0.0.1",
    token: str = DEMO_TOKEN,
    single_project_token: str = SINGLE_PROJECT_TOKEN,
) -> World:
    """The demo's world as of the clock's present; equal seeds give equal worlds."""
    clock = clock or Clock()
    now = _week_start(clock.now())
    world = World(clock=Clock(frozen_at=now + (_YEAR - 20) * DAY), base_url=base_url)
    half_minutes = (clock.now() - _BEFORE_ANY_START) // (MINUTE // 2)
    people = _hire(world, token, single_project_token)
    events: list[tuple[int, int, Callable[[], object]]] = []
    for place, name in enumerate(PROJECTS, start=1):
        chance = random.Random(f"{seed} {name}")  # noqa: S311 - a repeatable play, not a secret
        script = read_script(name)
        team = [people[first] for first in _TEAMS[name]]
        project = _open_project(world, script, team, version=half_minutes)
        stage = _Stage(world, project, team, chance, now, [], count(_STORY_IDS + place * 10_000))
        _play(stage, script)
        events += stage.events
    jonas = people["Jonas"]
    for project in world.projects.values():
        if world.membership(project, jonas.id):
            events.append((now + _JONAS_LEFT * DAY, 0, _leaving(world, project, jonas)))
    for moment, _, act in sorted(events, key=lambda event: event[:2]):
        world.clock.freeze(moment)
        act()
    _settle(world, people, now)
    world.ids_from(_STORY_IDS + 1_000_000 + half_minutes * 100)
    world.clock = clock
    return world


def _week_start(now: int) -> int:
    """The last Monday, 06:00 UTC."""
    monday = now - datetime.fromtimestamp(now, UTC).weekday() * DAY
    start = monday // DAY * DAY + 6 * HOUR
    return start if start <= now else start - 7 * DAY


def _leaving(world: World, project: Project, person: Person) -> Callable[[], None]:
    return lambda: world.leave(project.id, person.id)


def _hire(world: World, token: str, single_project_token: str) -> dict[str, Person]:
    tokens = {"Robin": token, "Sam": single_project_token}
    return {
        first: world.add_person(name, username=username, token=tokens.get(first))
        for first, (name, username) in _CAST.items()
    }


def _open_project(world: World, script: ScriptedProject, team: list[Person], *, version: int) -> Project:
    settings = script.settings
    project = world.add_project(
        settings["name"],
        owner_id=team[0].id,
        point_scale=settings["scale"],
        point_scale_is_custom="0.5" in settings["scale"],
        iteration_length=int(settings["weeks"]),
        initial_velocity=int(settings["velocity"]),
        description=settings["about"],
    )
    project.version = version
    for person in team[1:]:
        world.join(project.id, person.id)
    for label, title, description in script.epics:
        world.create_epic(project.id, title, label=label, description=description)
    for label in dict.fromkeys(label for story in script.stories for label in story.labels):
        if world.label_named(project, label) is None:
            world.create_label(project.id, label)
    return project


def _workday(moment: float, chance: random.Random) -> int:
    """A moment in working hours on or before that day."""
    day = int(moment) // DAY * DAY
    weekday = datetime.fromtimestamp(day, UTC).weekday()
    day -= max(0, weekday - 4) * DAY
    return day + 8 * HOUR + chance.randrange(0, 9 * 60) * MINUTE


def _play(stage: _Stage, script: ScriptedProject) -> None:
    for story, accepted in zip(script.section("done"), _acceptances(stage, script), strict=True):
        _play_done(stage, story, accepted)
    for place, story in enumerate(script.section("current")):
        _play_current(stage, story, place)
    backlog = script.section("backlog")
    for place, story in enumerate(backlog):
        days = 6 + (len(backlog) - place) * 5
        _create(stage, story, stage.now - days * DAY, "unstarted")
    for place, story in enumerate(reversed(script.section("icebox"))):
        _create(stage, story, stage.now - (250 - place * 50) * DAY, "unscheduled")


def _acceptances(stage: _Stage, script: ScriptedProject) -> list[float]:
    """When each done story is accepted: evenly between the releases, which come around their deadlines."""
    done = script.section("done")
    anchors = [(-1, _YEAR + 8.0)]
    for place, story in enumerate(done):
        if story.day is not None:
            anchors.append((place, story.day + stage.chance.choice((-3, -1, 0, 2, 6))))
    anchors.append((len(done), -7.0))
    days: list[float] = []
    for (first, start), (last, end) in pairwise(anchors):
        step = (end - start) / (last - first)
        days += [start + step * n for n in range(1, last - first + 1)]
    return [stage.now + day * DAY for day in days[: len(done)]]


def _create(stage: _Stage, script: ScriptedStory, moment: float, state: str) -> Callable[[], int]:
    """Plan the story's making; the answer tells its id once it is made."""
    made: list[int] = []
    story_id = next(stage.ids)
    moment = _workday(moment, stage.chance)
    requester = stage.chance.choice((stage.team[0], stage.team[0], stage.team[1]))
    priority = stage.chance.choice(("none", "none", "p3", "p2", "p2", "p1"))
    deadline = None
    if script.day is not None:
        deadline = Moment((stage.now + script.day * DAY) // DAY * DAY + 12 * HOUR)

    def create() -> None:
        story = stage.world.create_story(
            stage.project.id,
            script.title,
            by=requester.id,
            story_id=story_id,
            description="\n".join(script.description).strip() or None,
            story_type=script.story_type,
            current_state=state,
            estimate=script.estimate,
            labels=script.labels,
            deadline=deadline,
            story_priority="p0" if script.blockers else priority,
        )
        made.append(story.id)
        for text, complete in script.tasks:
            stage.world.add_task(story.id, text, complete=complete)

    stage.at(moment, create)
    for comment in script.comments:
        stage.at(moment + 2 * DAY, _commenting(stage, made, comment))
    return lambda: made[0]


def _commenting(stage: _Stage, made: list[int], comment: str) -> Callable[[], object]:
    match = re.match(r"(.+?)(?: — (\w+))?$", comment)
    assert match is not None  # noqa: S101 - the pattern takes any text
    author = next((one for one in stage.team if one.name.split()[0] == match[2]), stage.team[1])
    return lambda: stage.world.add_comment(made[0], match[1], by=author.id)


def _state(stage: _Stage, id_of: Callable[[], int], state: str, person: Person) -> Callable[[], object]:
    return lambda: stage.world.set_state(id_of(), state, by=person.id)


def _owning(stage: _Stage, id_of: Callable[[], int], people: list[Person]) -> Callable[[], object]:
    ids = [person.id for person in people]
    return lambda: stage.world.update_story(id_of(), by=ids[0], owner_ids=ids)


def _choose_owners(stage: _Stage, moment: float) -> list[Person]:
    there = stage.team[1:]
    if moment > stage.now + (_JONAS_LEFT - 5) * DAY:
        there = [person for person in there if person.name != _CAST["Jonas"][0]]
    return stage.chance.sample(there, stage.chance.choice((1, 1, 1, 2)))


def _play_done(stage: _Stage, script: ScriptedStory, accepted: float) -> None:
    accepted = _workday(accepted, stage.chance)
    work = (1.5 + (script.estimate or 1) * stage.chance.uniform(0.8, 2.2)) * DAY
    started = _workday(accepted - work - DAY, stage.chance)
    id_of = _create(stage, script, started - stage.chance.uniform(5, 45) * DAY, "unstarted")
    lead = stage.team[0]
    if script.story_type == "release":
        stage.at(accepted, _state(stage, id_of, "accepted", lead))
        return
    owners = _choose_owners(stage, started)
    stage.at(started, _owning(stage, id_of, owners))
    stage.at(started + MINUTE, _state(stage, id_of, "started", owners[0]))
    if script.story_type != "chore":
        _play_delivery(stage, id_of, owners[0], started, accepted)
    stage.at(accepted, _state(stage, id_of, "accepted", lead if script.story_type != "chore" else owners[0]))


def _play_delivery(stage: _Stage, id_of: Callable[[], int], owner: Person, started: float, accepted: float) -> None:
    """From started to delivered, one time in eight over a rejection."""
    span = accepted - started
    if stage.chance.random() < 0.125:
        steps = [(0.4, "finished"), (0.5, "delivered"), (0.6, "rejected"), (0.65, "started")]
        for share, state in steps:
            person = stage.team[0] if state == "rejected" else owner
            stage.at(started + span * share, _state(stage, id_of, state, person))
    stage.at(started + span * 0.75, _state(stage, id_of, "finished", owner))
    stage.at(started + span * 0.85, _state(stage, id_of, "delivered", owner))


def _play_current(stage: _Stage, script: ScriptedStory, place: int) -> None:
    started = _workday(stage.now - (11 - 2 * place) * DAY, stage.chance)
    id_of = _create(stage, script, started - stage.chance.uniform(9, 30) * DAY, "unstarted")
    owners = _choose_owners(stage, started)
    stage.at(started, _owning(stage, id_of, owners))
    for text in script.blockers:
        stage.at(started + HOUR, _blocking(stage, id_of, text, owners[0]))
    wanted = "delivered" if script.state == "rejected" else script.state
    state, moment = "started", started + MINUTE
    stage.at(moment, _state(stage, id_of, state, owners[0]))
    while state != wanted:
        state, moment = _NEXT[state], moment + 20 * HOUR
        stage.at(moment, _state(stage, id_of, state, owners[0]))
    if script.state == "rejected":
        stage.at(moment + 5 * HOUR, _state(stage, id_of, "rejected", stage.team[0]))


def _blocking(stage: _Stage, id_of: Callable[[], int], text: str, person: Person) -> Callable[[], object]:
    return lambda: stage.world.add_blocker(id_of(), text, by=person.id)


def _settle(world: World, people: dict[str, Person], now: int) -> None:
    """What is there besides stories: reviews, a workspace, a notification, and Sam, who sees the app alone."""
    world.clock.freeze(now - MINUTE)
    app, *_ = projects = list(world.projects.values())
    world.join(app.id, people["Sam"].id, role="viewer")
    design = ReviewType(world.next_id(), app.id, "Design", app.created_at, app.created_at)
    robin = people["Robin"]
    waiting = [story for story in world.listing(app) if story.current_state in ("finished", "delivered")]
    for story in waiting:
        world.add_review(story.id, design, reviewer_id=people["Zoë"].id)
    space = Workspace(world.next_id(), "All of Kestrel", robin.id, [project.id for project in projects])
    world.workspaces[space.id] = space
    present = world.clock.now()
    message = f"{people['Zoë'].name} has made you an owner of this story"
    story = waiting[0]
    world.notifications.append(
        Notification(
            world.next_id(), app.id, people["Zoë"].id, robin.id, message, "ownership", story.id, present, present
        )
    )

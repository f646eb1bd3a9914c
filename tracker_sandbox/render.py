"""Turns entities into the members of answers: a resource is a table of members; `fields` picks from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from tracker_sandbox.clock import Moment, iso, millis
from tracker_sandbox.entities import Json, Person, Project, Values
from tracker_sandbox.errors import invalid_parameter
from tracker_sandbox.fields import DEFAULT, Fields
from tracker_sandbox.iterations import Schedule, current_number, plan_iterations
from tracker_sandbox.state import World

T = TypeVar("T")

_REPLACED_BY = {"owned_by_id": "owned_by"}  # the one id form that steps back when its nested form is named


@dataclass(slots=True)
class View:
    """Who reads, and in which form: what the members' getters need besides the entity itself."""

    world: World
    reader: Person | None = None
    in_millis: bool = False

    def when(self, moment: Moment | None) -> str | int | None:
        """A time as this reader asked for it."""
        if moment is None:
            return None
        return millis(moment) if self.in_millis else iso(moment)

    def schedule(self, project: Project) -> Schedule:
        """The project's iterations, computed once per version and iteration."""
        now = self.world.clock.now()
        key = (project.version, current_number(project, now))
        stories = self.world.listing(project)
        return self.world.remember(project, "schedule", key, lambda: plan_iterations(project, stories, now))

    def places(self, project: Project) -> dict[int, int]:
        """Where each story stands in the project's rank."""
        rank = project.story_rank
        return self.world.remember(project, "places", project.version, lambda: {i: n for n, i in enumerate(rank)})

    def sees_email(self, person: Person) -> bool:
        """Whether the reader shares a project with the person; strangers in public projects do not."""
        if self.reader is None:
            return False
        shared = (self.reader.id, person.id)
        return self.reader.id == person.id or any(
            all(self.world.membership(project, one) for one in shared) for project in self.world.projects.values()
        )


Getter = Callable[[View, T], Json]


@dataclass(slots=True, frozen=True)
class Member(Generic[T]):
    """One member of a resource. `get` answers None when the member is to be left out; a nested member's
    `get` takes the inner selection too."""

    name: str
    get: Callable[[View, T, Fields], Json]
    default: bool = True


def plain(name: str, get: Getter[T], *, default: bool = True) -> Member[T]:
    """A member whose value takes no selection of its own."""

    def fetch(view: View, entity: T, _: Fields) -> Json:
        return get(view, entity)

    return Member(name, fetch, default)


def attribute(name: str, *, default: bool = True) -> Member[T]:
    """A member that is the entity's attribute of the same name."""
    return plain(name, lambda _, entity: getattr(entity, name), default=default)


def kind(name: str) -> Member[T]:
    """The constant `kind` member."""
    return plain("kind", lambda *_: name)


def moment(name: str, *, default: bool = True) -> Member[T]:
    """A time that is the entity's attribute of the same name."""
    return plain(name, lambda view, entity: view.when(getattr(entity, name)), default=default)


def number(value: float | None) -> int | float | None:
    """Whole numbers as integers, others as floats."""
    if value is None or isinstance(value, int):
        return value
    return int(value) if value.is_integer() else value


class Resource(Generic[T]):
    """The members of one kind of object, in the order of the real answers."""

    def __init__(self, *members: Member[T], always: str | None = "id") -> None:
        self.members = members
        self.names = frozenset(member.name for member in members)
        self.always = always
        self._choose = lru_cache(maxsize=256)(self._pick)

    def _pick(self, names: frozenset[str], default: bool) -> tuple[Member[T], ...]:
        unknown = names - self.names
        if unknown:
            raise invalid_parameter(f"The fields parameter names {min(unknown)!r}: no such member here.")
        return tuple(
            member
            for member in self.members
            if member.name in names
            or member.name == self.always
            or (default and member.default and _REPLACED_BY.get(member.name) not in names)
        )

    def one(self, view: View, entity: T, fields: Fields = DEFAULT) -> Values:
        """One object; members without a value are left out."""
        answer: Values = {}
        for member in self._choose(frozenset(fields.members), fields.default):
            value = member.get(view, entity, fields.members.get(member.name) or DEFAULT)
            if value is not None:
                answer[member.name] = value
        return answer

    def many(self, view: View, entities: Sequence[T], fields: Fields = DEFAULT) -> list[Values]:
        """A list of objects."""
        chosen = self._choose(frozenset(fields.members), fields.default)
        inner = [(member.name, member.get, fields.members.get(member.name) or DEFAULT) for member in chosen]
        answers: list[Values] = []
        for entity in entities:
            answer: Values = {}
            for name, get, within in inner:
                value = get(view, entity, within)
                if value is not None:
                    answer[name] = value
            answers.append(answer)
        return answers

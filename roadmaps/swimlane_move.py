"""Moving an item to another cell of a Swimlane: what that means for its values, and the form that asks where to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.errors import Refused
from roadmaps import fields, swimlane, swimlane_cards
from roadmaps import swimlane_time as times
from roadmaps.columns import DATES, Column
from roadmaps.models import Item
from roadmaps.services.items import chosen_options
from roadmaps.swimlane import NONE, Axis

#: The form offers so many periods before and after the item's own.
AROUND = 12


@dataclass(frozen=True, slots=True)
class Target:
    """Where an item shall lie along an axis."""

    axis: Axis
    key: str


@dataclass(frozen=True, slots=True)
class Question:
    """One of the form's lists: `name` is "lane" or "row"; `locked` says why there is no choice."""

    name: str
    axis: Axis
    choices: tuple[swimlane.Lane, ...]
    now: str
    locked: str


def find_texts(item: Item, targets: Sequence[Target]) -> dict[str, list[str]]:
    """What to write, by column, so that the item lies there; empty where it already does. Raises Refused."""
    moved = [target for target in targets if target.key != swimlane_cards.place(item, target.axis, None)[0]]
    found: dict[str, list[str]] = {}
    for target in moved:
        if swimlane_cards.is_fixed(item, target.axis.column):
            raise Refused(swimlane_cards.refusal(item, target.axis.column))
        if target.key != swimlane.settle(target.axis, target.key):
            raise Refused("Choose where to from the list.")
        found |= _shift(item, target, moved) if target.axis.unit else {target.axis.column.name: _values(item, target)}
    return found


def describe(before: Item, after: Item, changed: Sequence[Column]) -> str:
    """What a move changed, column by column."""
    parts = [f"{column.label}: {_show(before, column)} → {_show(after, column)}" for column in changed]
    return ", ".join(parts)


def ask(item: Item, axes: Mapping[str, Axis | None], *, today: date) -> list[Question]:
    """The form's lists, for the axes that there are."""
    return [_question(item, name, axis, today) for name, axis in axes.items() if axis]


def _question(item: Item, name: str, axis: Axis, today: date) -> Question:
    now, _ = swimlane_cards.place(item, axis, None)
    locked = swimlane_cards.refusal(item, axis.column) if swimlane_cards.is_fixed(item, axis.column) else ""
    lanes = [swimlane.name_lane(axis, key) for key in [*_keys(item, axis, now, today), NONE]]
    return Question(name, axis, tuple(lanes), now, locked)


def _keys(item: Item, axis: Axis, now: str, today: date) -> list[str]:
    if axis.unit:
        middle = date.fromisoformat(now) if now != NONE else times.first_day(today, axis.unit)
        return [day.isoformat() for day in times.around(middle, axis.unit, AROUND)]
    if axis.column.is_list:
        return [str(pk) for pk in axis.column.labels(keep=chosen_options(item, axis.column))]
    return ["true", "false"]


def _values(item: Item, target: Target) -> list[str]:
    """The value of a list or a checkbox; of several values, the first gives way."""
    if target.key == NONE:
        return []
    if target.axis.column.type != "choices":
        return [target.key]
    kept = [str(pk) for pk in chosen_options(item, target.axis.column)[1:]]
    return [target.key, *(key for key in kept if key != target.key)]


def _shift(item: Item, target: Target, all_targets: Sequence[Target]) -> dict[str, list[str]]:
    """The date that the axis goes by; and the other one with it, so that the length stays, where it is free."""
    name, unit = target.axis.column.name, target.axis.unit
    if target.key == NONE:
        return {name: [""]}
    begins = date.fromisoformat(target.key)
    old: date | None = getattr(item, name)
    if old is None:
        return {name: [(begins if name == "start_date" else times.last_day(begins, unit)).isoformat()]}
    new = times.move(old, unit, begins)
    other = next(each for each in DATES if each != name)
    held: date | None = getattr(item, other)
    is_free = not (item.origin and other in item.roadmap.synced_columns)
    if held is None or not is_free or any(each.axis.column.name == other for each in all_targets):
        return {name: [new.isoformat()]}
    return {name: [new.isoformat()], other: [_add(held, new, old).isoformat()]}


def _add(held: date, new: date, old: date) -> date:
    """Raises Refused where the calendar ends."""
    try:
        return held + (new - old)
    except OverflowError:
        raise Refused("There is no such date.") from None


def _show(item: Item, column: Column) -> str:
    if column.name in DATES:
        day: date | None = getattr(item, column.name)
        return swimlane_cards.write_day(day) if day else "no date"
    labels = {pk: option.label for pk, option in column.options.items()}
    return fields.show(column.type, item.values.get(column.name), labels) or "no value"

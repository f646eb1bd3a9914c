"""Known items against a snapshot: what a run would create, update, revive, flag and leave alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from integrations.records import Fate, Problem, Record
from integrations.sync import mapping
from integrations.sync.mapping import Row
from integrations.sync.snapshot import Snapshot

#: Fates that stay as they are until the record shows up in a listing again; asking once more would tell nothing new.
SETTLED = frozenset({"deleted", "moved", "hidden"})


class Known(msgspec.Struct, frozen=True):
    """An item that the link already keeps."""

    item_id: int
    external_id: str
    hash: str
    source_state: str


@dataclass(frozen=True, slots=True)
class Flag:
    """An item that stops updating, and why (a value of Item.SourceState)."""

    item: Known
    reason: str


class Step(NamedTuple):
    """A row to write: over an item that is there, which comes back to life if it was flagged, or as a new one."""

    known: Known | None
    row: Row


Watch = Callable[[Record, Row], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do. `missing` are items that the tracker no longer lists and whose fate is not known yet.

    `known` holds every item that the snapshot can speak of.
    """

    snapshot: Snapshot
    known: Mapping[str, Known]
    rules: mapping.Rules
    flag: Sequence[Flag] = ()
    missing: Sequence[Known] = ()

    def steps(self, problems: list[Problem], watch: Watch | None = None) -> Iterator[Step]:
        """What is new or differs by its hash; what could not be taken goes into `problems` meanwhile.

        `watch` hears of every record, also of those that change nothing.
        """
        problems += self.snapshot.problems
        for record in self.snapshot.records():
            row, found = mapping.map_record(record, self.rules)
            problems += (*record.problems, *found)
            if watch is not None:
                watch(record, row)
            item = self.known.get(record.id)
            if item is None or item.source_state or item.hash != row.hash:
                yield Step(item, row)


def make_plan(snapshot: Snapshot, known: Mapping[str, Known], rules: mapping.Rules) -> Plan:
    """Find what is absent. Only a complete listing can tell that something is missing."""
    flag: list[Flag] = []
    missing: list[Known] = []
    for external_id, item in known.items():
        if external_id in snapshot.states or external_id in snapshot.set_aside:
            continue
        if external_id in snapshot.passed_over:
            if item.source_state != "out_of_filter":
                flag.append(Flag(item, "out_of_filter"))
        elif (snapshot.complete or external_id in snapshot.gone) and item.source_state not in SETTLED:
            missing.append(item)
    return Plan(snapshot, known, rules, flag, missing)


def settle(plan: Plan, fates: Mapping[str, Fate]) -> Plan:
    """The plan with every missing item flagged by its fate. One that is still there is left alone for now."""
    return replace(plan, flag=[*plan.flag, *_flags(plan.missing, fates)], missing=())


def _flags(missing: Iterable[Known], fates: Mapping[str, Fate]) -> Iterable[Flag]:
    for item in missing:
        fate = fates.get(item.external_id)
        if fate is not None and fate.kind != "present" and fate.kind != item.source_state:
            yield Flag(item, fate.kind)

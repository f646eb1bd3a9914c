"""Known items against a snapshot: what a run would create, update, revive, flag and leave alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from integrations.records import Fate, Problem
from integrations.sync import mapping
from integrations.sync.mapping import Row
from integrations.sync.snapshot import Snapshot

#: Fates that stay as they are until the record shows up in a listing again; asking once more would tell nothing new.
SETTLED = frozenset({"deleted", "moved", "hidden"})


@dataclass(frozen=True, slots=True)
class Known:
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


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do. `missing` are ids that a complete listing no longer holds and whose fate is not known yet."""

    create: Sequence[Row] = ()
    update: Sequence[tuple[Known, Row]] = ()
    revive: Sequence[tuple[Known, Row]] = ()
    flag: Sequence[Flag] = ()
    missing: Sequence[Known] = ()
    unchanged: int = 0
    problems: Sequence[Problem] = field(default_factory=tuple)


def make_plan(snapshot: Snapshot, known: Mapping[str, Known], rules: mapping.Rules) -> Plan:
    """Compare by hash. Only a complete listing can tell that something is missing."""
    create: list[Row] = []
    update: list[tuple[Known, Row]] = []
    revive: list[tuple[Known, Row]] = []
    problems = list(snapshot.problems)
    unchanged = 0
    for record in snapshot.records.values():
        row, found = mapping.map_record(record, rules)
        problems.extend(found)
        item = known.get(record.id)
        if item is None:
            create.append(row)
        elif item.source_state:
            revive.append((item, row))
        elif item.hash != row.hash:
            update.append((item, row))
        else:
            unchanged += 1
    flag, missing = _absent(snapshot, known)
    absent = len(known) - len(update) - len(revive) - unchanged - len(flag) - len(missing)
    return Plan(
        create=create,
        update=update,
        revive=revive,
        flag=flag,
        missing=missing,
        unchanged=unchanged + absent,
        problems=problems,
    )


def _absent(snapshot: Snapshot, known: Mapping[str, Known]) -> tuple[list[Flag], list[Known]]:
    """Known items that the snapshot's records do not hold: flagged where the reason is plain, else missing."""
    flag: list[Flag] = []
    missing: list[Known] = []
    for external_id, item in known.items():
        if external_id in snapshot.records or external_id in snapshot.set_aside:
            continue
        if external_id in snapshot.passed_over:
            if item.source_state != "out_of_filter":
                flag.append(Flag(item, "out_of_filter"))
        elif (snapshot.complete or external_id in snapshot.gone) and item.source_state not in SETTLED:
            missing.append(item)
    return flag, missing


def settle(plan: Plan, fates: Mapping[str, Fate]) -> Plan:
    """The plan with every missing item flagged by its fate. One that is still there is left alone for now."""
    flag = [*plan.flag, *_flags(plan.missing, fates)]
    left_alone = len(plan.missing) - (len(flag) - len(plan.flag))
    return Plan(
        create=plan.create,
        update=plan.update,
        revive=plan.revive,
        flag=flag,
        unchanged=plan.unchanged + left_alone,
        problems=plan.problems,
    )


def _flags(missing: Iterable[Known], fates: Mapping[str, Fate]) -> Iterable[Flag]:
    for item in missing:
        fate = fates.get(item.external_id)
        if fate is not None and fate.kind != "present" and fate.kind != item.source_state:
            yield Flag(item, fate.kind)

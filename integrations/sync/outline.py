"""A plan for people: how much it would do, and the first of it by name; with a digest that tells two plans apart.

What a person said yes to is kept as an outline. The run comes to a plan of its own, by the same code, and may do what
the outline says: see `Outline.takes_more_than`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import date
from itertools import islice
from typing import Final

import msgspec

from integrations.models import ItemChange, ProjectLink
from integrations.records import Problem, Record
from integrations.shapes import prepare
from integrations.sync.effects import Changed, Made, effects_of
from integrations.sync.mapping import Row, Rules
from integrations.sync.options import PlannedOptionIds
from integrations.sync.plan import Plan
from roadmaps.changes import Names, describe, load_names
from roadmaps.models import Field, Item

#: Items that an outline names: of those that would stop, and of all others.
SHOWN: Final = 50
#: Differences of one item that it names.
DIFFERENCES: Final = 12


class Difference(msgspec.Struct, frozen=True):
    """A value before and after, in words; "" is none."""

    label: str
    old: str
    new: str


class Line(msgspec.Struct, frozen=True):
    """What would happen to one item. `kind` is one of ItemChange.Kind, `item` its id where it is there already."""

    kind: str
    name: str
    external_id: str = ""
    item: int | None = None
    state: str = ""
    type: str = ""
    start: str = ""
    end: str = ""
    differences: tuple[Difference, ...] = ()


class Stopped(msgspec.Struct, frozen=True):
    """An item that would stop updating; `reason` is a value of Item.SourceState."""

    item: int
    name: str
    reason: str


class Outline(msgspec.Struct, frozen=True):
    """What a plan would do. `total` counts the stories that it takes, `cleared` values that would be emptied.

    `states` and `types` count those stories in words, `starts`, `ends` and `both` those that get dates, and `reasons`
    the items that would stop by value of Item.SourceState.
    """

    digest: str = ""
    total: int = 0
    created: int = 0
    updated: int = 0
    revived: int = 0
    flagged: int = 0
    unchanged: int = 0
    cleared: int = 0
    problems: int = 0
    states: dict[str, int] = {}
    types: dict[str, int] = {}
    starts: int = 0
    ends: int = 0
    both: int = 0
    reasons: dict[str, int] = {}
    lines: tuple[Line, ...] = ()
    stopped: tuple[Stopped, ...] = ()

    def takes_more_than(self, shown: Outline) -> bool:
        """Whether it would stop more items, or empty more values, than the one that a person said yes to.

        What else a tracker added or changed meanwhile is what syncing is for, and the next run would bring it anyway.
        """
        return self.digest != shown.digest and (self.flagged > shown.flagged or self.cleared > shown.cleared)

    @property
    def is_empty(self) -> bool:
        """Whether it would change nothing that a person can see."""
        return not (self.created or self.updated or self.revived or self.flagged)

    def as_json(self) -> dict[str, object]:
        """As it is stored."""
        stored: dict[str, object] = msgspec.to_builtins(self)
        return stored


def read_outline(stored: object) -> Outline:
    """What `as_json` made."""
    return msgspec.convert(stored, Outline)


def outline(
    link: ProjectLink,
    plan: Plan,
    *,
    type_key: str = "",
    states: Mapping[str, str] | None = None,
    planned: Mapping[str, Field] | None = None,
) -> Outline:
    """Go through the whole plan without writing.

    `type_key` is the field that says what kind of story one is, `states` are the states in words, and `planned` the
    fields that the run would make, by the column that the plan's rules have for them.
    """
    options = PlannedOptionIds(link.account_id, plan.rules)
    count = _Count(plan.rules, type_key)
    problems: list[Problem] = []
    for batch in effects_of(link, plan, options, problems, count.watch):
        for made in batch.made:
            count.add_made(made)
        for changed in batch.changed:
            count.add_changed(changed)
    for flag in plan.flag:
        count.add_digest("flagged", flag.item.external_id, flag.reason)
    named = _names(link.account_id, count.lines, options, planned or {})
    return Outline(
        digest=f"{count.digest:032x}",
        total=len(plan.snapshot.states),
        created=count.kinds["created"],
        updated=count.kinds["updated"],
        revived=count.kinds["revived"],
        flagged=len(plan.flag),
        unchanged=link.items().count() - count.kinds["updated"] - count.kinds["revived"] - len(plan.flag),
        cleared=count.cleared,
        problems=len(problems),
        states=_in_words(Counter(plan.snapshot.states.values()), states or {}),
        types=dict(count.types.most_common()),
        starts=count.starts,
        ends=count.ends,
        both=count.both,
        reasons=dict(Counter(flag.reason for flag in plan.flag)),
        lines=tuple(_line(one, count, plan, named, states or {}) for one in count.lines),
        stopped=_stopped(link.account_id, plan),
    )


class _Count:
    """Adds up what a plan would do."""

    def __init__(self, rules: Rules, type_key: str) -> None:
        self._keys = sorted((key, column) for key, column, _ in rules.table)
        self._type_key = type_key
        self.digest = 0
        self.kinds: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        self.type_of: dict[str, str] = {}
        self.starts = self.ends = self.both = self.cleared = 0
        self.lines: list[Made | Changed] = []

    def watch(self, record: Record, row: Row) -> None:
        """Count a story, also one that changes nothing."""
        type_ = record.values.get(self._type_key)
        if isinstance(type_, str):
            self.types[type_] += 1
            self.type_of[record.id] = type_
        self.starts += row.start is not None
        self.ends += row.end is not None
        self.both += row.start is not None and row.end is not None

    def add_made(self, made: Made) -> None:
        self._add("created", made)

    def add_changed(self, changed: Changed) -> None:
        if changed.seen:
            self._add(changed.seen, changed)
            values = (pair for column, pair in changed.changes.items() if column not in ItemChange.TOLD_BY_KIND)
            self.cleared += sum(_is_empty(new) and not _is_empty(old) for old, new in values)

    def _add(self, kind: str, one: Made | Changed) -> None:
        row = one.row
        self.kinds[kind] += 1
        values = [(key, row.values.get(column)) for key, column in self._keys]
        self.add_digest(
            kind, row.external_id, row.external_url, row.name, row.description, str(row.start), str(row.end), values
        )
        if len(self.lines) < SHOWN:
            self.lines.append(one)

    def add_digest(self, *effect: object) -> None:
        """Sums of hashes, so that the order in which a tracker lists its stories does not matter."""
        hashed = hashlib.blake2b(msgspec.json.encode(effect), digest_size=16).digest()
        self.digest = (self.digest + int.from_bytes(hashed, "big")) % (1 << 128)


def _is_empty(value: object) -> bool:
    return value in (None, "", [])


def _names(
    account_id: int, lines: list[Made | Changed], options: PlannedOptionIds, planned: Mapping[str, Field]
) -> Names:
    names = load_names(account_id, {column for one in lines if isinstance(one, Changed) for column in one.changes})
    return Names({**names.fields, **planned}, {**names.options, **options.labels})


def _line(one: Made | Changed, count: _Count, plan: Plan, names: Names, states: Mapping[str, str]) -> Line:
    row = one.row
    known = one.known if isinstance(one, Changed) else None
    changes = one.changes if isinstance(one, Changed) else {}
    told = (
        describe(column, pair, names)  # type: ignore[arg-type]  # as stored
        for column, pair in changes.items()
        if column not in ItemChange.TOLD_BY_KIND
    )
    return Line(
        kind=one.seen if isinstance(one, Changed) else "created",
        name=row.name[:200],
        external_id=row.external_id,
        item=known.item_id if known else None,
        state=_word(plan.snapshot.states.get(row.external_id, ""), states),
        type=count.type_of.get(row.external_id, ""),
        start=_day(row.start),
        end=_day(row.end),
        differences=tuple(Difference(each.label, each.old, each.new) for each in islice(told, DIFFERENCES)),
    )


def _day(day: date | None) -> str:
    return f"{day:%-d %b %Y}" if day else ""


def _word(key: str, words: Mapping[str, str]) -> str:
    return words.get(key) or key.replace("_", " ").capitalize()


def _in_words(counts: Counter[str], words: Mapping[str, str]) -> dict[str, int]:
    """Under one word for keys that share it, in the order of the words, then by number."""
    order = list(words)
    keys = sorted(counts, key=lambda key: (order.index(key) if key in order else len(order), -counts[key]))
    found: Counter[str] = Counter()
    for key in keys:
        found[_word(key, words)] += counts[key]
    return dict(found)


def _stopped(account_id: int, plan: Plan) -> tuple[Stopped, ...]:
    reasons = {flag.item.item_id: flag.reason for flag in plan.flag[:SHOWN]}
    items = Item.objects.filter(account_id=account_id, pk__in=reasons).order_by("name", "id")
    return tuple(Stopped(pk, name[:200], reasons[pk]) for pk, name in items.values_list("pk", "name"))


prepare(Outline)

"""Account-level fields for what a connector brings: made once, shared by all roadmaps of the account (S23, D13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import get_args

from accounts.models import Account
from integrations.connectors.base import Connector
from integrations.records import Colour, Description, FieldSpec
from roadmaps.fields import fold
from roadmaps.models import Field, FieldOption

NAME_LENGTH = 80
#: The number of each colour in the palette.
_NUMBERS: Mapping[str, int] = {name: number for number, name in enumerate(get_args(Colour), 1)}


def offers(description: Description) -> dict[str, FieldSpec]:
    """Everything of a project that can become a field, by key: its fields, then its dates as read-only text (S25)."""
    dates = (FieldSpec(spec.key, spec.label, "text", spec.help) for spec in description.dates)
    return {spec.key: spec for spec in (*description.fields, *dates)}


def field_names(account: Account, connector: Connector, specs: Iterable[FieldSpec]) -> dict[str, str]:
    """The name that each would have as a field of the account, by key.

    A field that already came from the same source under the same key is shared. A name that somebody else has gets the
    connector's label behind it, and then a number.
    """
    known, taken = _existing(account, connector.kind)
    names = {}
    for spec in specs:
        field = known.get(spec.key)
        names[spec.key] = field.name if field else _free_name(spec.label, connector.label, taken)
        taken.add(names[spec.key].lower())
    return names


@dataclass(frozen=True, slots=True)
class FieldFate:
    """What becomes of a field that is brought: the account's own one is used again, or one of that name is made."""

    spec: FieldSpec
    name: str
    field: Field | None

    @property
    def is_renamed(self) -> bool:
        """Whether it will be made under another name, because its own is taken."""
        return self.field is None and self.name != self.spec.label[:NAME_LENGTH]


def field_fates(account: Account, connector: Connector, specs: Iterable[FieldSpec]) -> list[FieldFate]:
    """What `ensure_fields` would do, without doing it."""
    specs = list(specs)
    known, _ = _existing(account, connector.kind)
    names = field_names(account, connector, specs)
    return [FieldFate(spec, names[spec.key], known.get(spec.key)) for spec in specs]


def ensure_fields(account: Account, connector: Connector, specs: Iterable[FieldSpec]) -> dict[str, Field]:
    """The account's field for each, by key, made where it is missing. Call it while the account's row is locked."""
    specs = list(specs)
    names = field_names(account, connector, specs)
    known, _ = _existing(account, connector.kind)
    missing = [spec for spec in specs if spec.key not in known]
    position = Field.objects.filter(account=account, roadmap=None).count()
    made = Field.objects.bulk_create(
        Field(
            account=account,
            name=names[spec.key],
            type=spec.type,
            source_kind=connector.kind,
            source_key=spec.key,
            source_label=connector.label,
            position=position + number,
        )
        for number, spec in enumerate(missing)
    )
    fields = {field.source_key: field for field in (*known.values(), *made)}
    _ensure_options(fields, specs)
    return {spec.key: fields[spec.key] for spec in specs}


def _existing(account: Account, kind: str) -> tuple[dict[str, Field], set[str]]:
    """The account's fields from that source by key, and every name that is taken, in lower case."""
    fields = list(Field.objects.filter(account=account, roadmap=None))
    known = {field.source_key: field for field in fields if field.source_kind == kind}
    return known, {field.name.lower() for field in fields}


def _free_name(wanted: str, label: str, taken: set[str]) -> str:
    return next(name for name in _candidates(wanted, label) if name.lower() not in taken)


def _candidates(wanted: str, label: str) -> Iterator[str]:
    yield wanted[:NAME_LENGTH]
    yield _with_suffix(wanted, f" ({label})")
    for number in count(2):
        yield _with_suffix(wanted, f" ({label}) {number}")


def _with_suffix(name: str, suffix: str) -> str:
    return name[: NAME_LENGTH - len(suffix)] + suffix


def _ensure_options(fields: Mapping[str, Field], specs: Iterable[FieldSpec]) -> None:
    """Closed lists get all their values at once, in the tracker's order and in the connector's colours; open ones grow
    with the pulls. A value that is there already keeps its colour: somebody may have chosen it."""
    FieldOption.objects.bulk_create(
        (
            FieldOption(
                account_id=fields[spec.key].account_id,
                field=fields[spec.key],
                label=label,
                key=fold(label),
                colour=_colour(spec, label, position),
                position=position,
            )
            for spec in specs
            if fields[spec.key].has_options
            for position, label in enumerate(spec.options)
        ),
        ignore_conflicts=True,
    )


def _colour(spec: FieldSpec, label: str, position: int) -> int:
    told = spec.colours.get(label)
    return _NUMBERS[told] if told else position % FieldOption.COLOURS + 1

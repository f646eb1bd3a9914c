"""Which fields of a source tell how far its work has come, so that a Roll-up is right without a click (B15).

Only whoever feeds roadmaps knows, and stands above this package: it says so here, once, when the site starts. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from roadmaps import fields
from roadmaps.columns import Column


class Progress(Protocol):
    """What a kind of source says, by its own keys: three of its fields, and the values of `state` that mean done."""

    @property
    def by(self) -> str: ...
    @property
    def points(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def done(self) -> tuple[str, ...]: ...


Teller = Callable[[str], Progress | None]
Role = Literal["by", "points", "state"]

_tellers: list[Teller] = []


def tell_by(teller: Teller) -> None:
    """Have that function asked about kinds of sources; None where it does not know one, or has nothing to say."""
    _tellers.append(teller)


def of(column: Column) -> Progress | None:
    """What the source of that field says; None for a field that people fill."""
    if not column.source_kind:
        return None
    return next((told for teller in _tellers if (told := teller(column.source_kind))), None)


def find(columns: Iterable[Column], role: Role) -> Column | None:
    """The first of the columns that has this role at its own source."""
    for column in columns:
        told = of(column)
        if told is not None and getattr(told, role) == column.source_key:
            return column
    return None


def done_values(state: Column) -> tuple[int, ...]:
    """The ids of the values that mean done, where the column is what tells it at its source."""
    told = of(state)
    if told is None or told.state != state.source_key:
        return ()
    meant = {fields.fold(label) for label in told.done}
    return tuple(pk for pk, option in state.options.items() if fields.fold(option.label) in meant)

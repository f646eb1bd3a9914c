"""What people changed on an item, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from roadmaps.changes import LABELS, Difference, Names, describe, load_names
from roadmaps.fields import Stored
from roadmaps.latest import Latest, latest
from roadmaps.models import Item, ItemEdit

#: The columns that every item has.
PLAIN = tuple(LABELS)


@dataclass(frozen=True, slots=True)
class Edit:
    """What one person did to an item in one go."""

    at: datetime
    who: str
    initials: str
    made: bool
    differences: tuple[Difference, ...]


def of_item(item: Item, *, before: int | None = None) -> Latest[Edit]:
    """A page of the changes of an item, newest first, in at most three queries."""
    edits = ItemEdit.objects.filter(account_id=item.account_id, item=item).select_related("member__user")
    found = latest(edits, before=before)
    names = load_names(item.account_id, {column for edit in found.rows for column in _told(edit)})
    return Latest(tuple(_in_words(edit, names) for edit in found.rows), found.earlier)


def _in_words(edit: ItemEdit, names: Names) -> Edit:
    return Edit(
        at=edit.at,
        who=str(edit.member),
        initials=edit.member.user.initials,
        made=edit.kind == ItemEdit.Kind.MADE,
        differences=tuple(describe(column, pair, names) for column, pair in _told(edit).items()),
    )


def _told(edit: ItemEdit) -> Mapping[str, Sequence[Stored | None]]:
    """An item that was just made has all its first values; the card shows those anyway."""
    if edit.kind == ItemEdit.Kind.MADE:
        return {}
    return {column: edit.changes[column] for column in sorted(edit.changes, key=_place)}


def _place(column: str) -> tuple[int, str]:
    """The database keeps columns in an order of its own; here those of every item come first."""
    return (PLAIN.index(column) if column in PLAIN else len(PLAIN), column)

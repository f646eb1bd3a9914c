"""What syncs did, for people: the changes of a run or of an item, with names instead of columns and ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Concat

from integrations.models import ItemChange
from roadmaps.changes import Difference, Names, describe, load_names
from roadmaps.models import Item
from roadmaps.moves import Moves


@dataclass(frozen=True, slots=True)
class Entry:
    """What one run did to one item. `reason` says why an item stopped updating."""

    at: datetime
    run_id: int
    kind: str
    kind_label: str
    item: Item
    reason: str
    differences: tuple[Difference, ...]
    is_undone: bool


def moves_since(moment: datetime) -> Moves:
    """What syncs changed on items after the moment. What an undo took back was found there all the same."""
    changes = ItemChange.objects.exclude(kind=ItemChange.Kind.CREATED).filter(run__finished_at__gt=moment)
    return changes.annotate(
        moved_at=F("run__finished_at"),
        mover=Concat(Value("Sync of "), "run__link__project_name"),
        stands=ExpressionWrapper(Q(run__undone_at=None), output_field=BooleanField()),
    )


def of_item(item: Item, *, limit: int) -> list[Entry]:
    """The latest changes of an item, newest first, in at most three queries."""
    changes = ItemChange.objects.filter(account_id=item.account_id, item=item).select_related("run").order_by("-id")
    found = list(changes[:limit])
    for change in found:
        change.item = item
    return entries(item.account_id, found)


def entries(account_id: int, changes: Iterable[ItemChange]) -> list[Entry]:
    """The changes with the names of fields and list values; two queries. Their runs and items must be loaded."""
    changes = list(changes)
    names = load_names(account_id, {column for change in changes for column in change.changes})
    return [_entry(change, names) for change in changes]


def _entry(change: ItemChange, names: Names) -> Entry:
    return Entry(
        at=change.run.finished_at or change.run.queued_at,
        run_id=change.run_id,
        kind=change.kind,
        kind_label=change.get_kind_display(),
        item=change.item,
        reason=_reason(change),
        is_undone=change.run.undone_at is not None,
        differences=tuple(
            describe(column, pair, names)
            for column, pair in change.changes.items()
            if column not in ItemChange.TOLD_BY_KIND
        ),
    )


def _reason(change: ItemChange) -> str:
    if change.kind != ItemChange.Kind.FLAGGED:
        return ""
    _, state = change.changes.get("source_state", ["", ""])
    return str(dict(Item.SourceState.choices).get(state, ""))

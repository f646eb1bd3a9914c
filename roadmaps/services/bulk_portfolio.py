"""Many items of a portfolio at once: each is changed on its own roadmap, by that roadmap's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from django.db import transaction
from django.db.models import QuerySet

from accounts.errors import Refused
from accounts.models import Membership
from roadmaps import columns
from roadmaps.columns import Column
from roadmaps.models import Item, Roadmap
from roadmaps.services.bulk import MAX_ITEMS, TOO_MANY, BulkReport, change_items


def change_items_of_sources(
    *,
    homes: Sequence[Roadmap],
    items: QuerySet[Item],
    column: Column,
    way: str,
    texts: Sequence[str],
    by: Membership,
) -> BulkReport:
    """Change one column of those of the items that are on `homes`, the roadmaps that the person may edit.

    All of it happens, or nothing. Raises as `change_items` does.
    """
    total = items.count()
    if total > MAX_ITEMS:
        raise Refused(TOO_MANY)
    sums = dict.fromkeys(asdict(BulkReport()), 0)
    known = columns.load_each(homes) if homes else {}
    with transaction.atomic():
        # In one order, so that two such changes, which lock the roadmaps, never wait for each other.
        for home in sorted(homes, key=lambda each: each.pk):
            own = next((each for each in known[home.pk] if each.name == column.name), None)
            if own is None:
                continue
            here = items.filter(roadmap=home)
            report = change_items(roadmap=home, items=here, column=own, way=way, texts=texts, by=by)
            for name, number in asdict(report).items():
                sums[name] += number
    done = sum(sums.values())
    return BulkReport(**{**sums, "barred": max(0, total - done)})

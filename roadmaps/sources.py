"""The sources of a portfolio as they are now: which of them give it items, and why the others don't (D28).

A portfolio shows what its owner may see: a source that is no longer shared with the owner gives nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs

from django.db.models import Exists, OuterRef, Q

from roadmaps import access, query, query_sql
from roadmaps.columns import Column
from roadmaps.models import Roadmap, Source, View


class Dark(StrEnum):
    """Why a source gives no items."""

    ARCHIVED = "In the archive"
    NOT_SHARED = "Not shared with the owner"


@dataclass(frozen=True, slots=True)
class Feed:
    """A source, and why it gives nothing now (None: it does)."""

    source: Source
    dark: Dark | None

    @property
    def roadmap(self) -> Roadmap:
        return self.source.roadmap

    @property
    def view(self) -> View | None:
        return self.source.view

    @property
    def name(self) -> str:
        """The roadmap's; where it is not shared with the owner, nobody reads here what it is called now."""
        return "A roadmap that isn’t shared" if self.dark == Dark.NOT_SHARED else self.roadmap.name

    @property
    def view_name(self) -> str:
        """What of it is shown; empty where the name is hidden."""
        if self.dark == Dark.NOT_SHARED:
            return ""
        return self.view.name if self.view else "All Data"


def of(portfolio: Roadmap) -> list[Feed]:
    """All sources of the portfolio in its order, in one query."""
    seen = access.visible_to(portfolio.owner).filter(pk=OuterRef("roadmap"))
    found = Source.objects.filter(account_id=portfolio.account_id, portfolio=portfolio).select_related(
        "roadmap", "view"
    )
    return [Feed(source, _why_dark(source, is_seen=source.is_seen)) for source in found.annotate(is_seen=Exists(seen))]


def _why_dark(source: Source, *, is_seen: bool) -> Dark | None:
    if not is_seen:
        return Dark.NOT_SHARED
    return Dark.ARCHIVED if source.roadmap.archived_at else None


def condition(feeds: Iterable[Feed], columns: dict[int, list[Column]]) -> Q:
    """Which items these sources give, each through its view; archived ones too, for the portfolio's own question."""
    alike: dict[Q, list[int]] = {}
    for feed in feeds:
        alike.setdefault(_of_view(feed.view, columns[feed.roadmap.pk]), []).append(feed.roadmap.pk)
    # Roadmaps that are narrowed alike share a condition: one index answers it, and no row is asked twice.
    found = Q()
    for narrowed, ids in alike.items():
        found |= Q(roadmap_id__in=ids) & narrowed
    return found


def _of_view(view: View | None, columns: Sequence[Column]) -> Q:
    if view is None:
        return Q()
    return query_sql.condition(query.parse(parse_qs(view.query, keep_blank_values=True), columns), columns)

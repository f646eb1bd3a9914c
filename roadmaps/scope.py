"""Which items the pages of a roadmap are about: its own, or, of a portfolio, what its sources give it (S32, D28)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q, QuerySet

from roadmaps import columns, common_columns, sources
from roadmaps.columns import ROADMAP, Column
from roadmaps.models import Item, Roadmap
from roadmaps.sources import Feed


@dataclass(frozen=True, slots=True)
class Scope:
    """The columns and the items of a roadmap's pages. `homes` are the roadmaps that the items are on, by their ids."""

    roadmap: Roadmap
    columns: Sequence[Column]
    homes: Mapping[int, Roadmap]
    #: Of a portfolio: all its sources, and the columns of those that give items.
    feeds: Sequence[Feed] = ()
    home_columns: Mapping[int, Sequence[Column]] = field(default_factory=dict)
    given: Q | None = None

    def items(self) -> QuerySet[Item]:
        """All items, archived ones included."""
        if self.given is None:
            return Item.objects.filter(roadmap_id=self.roadmap.pk)
        # Every source is of the portfolio's account; the database keeps it so.
        return Item.objects.filter(self.given) if self.homes else Item.objects.none()

    @property
    def has_source(self) -> bool:
        """Whether any of the items may be kept by a source."""
        return any(home.source_label for home in self.homes.values())

    def bring_home(self, item: Item) -> Item:
        """Give the item the roadmap that it is on, without a query."""
        item.roadmap = self.homes[item.roadmap_id]
        return item

    def columns_of(self, item: Item) -> list[Column]:
        """What the pages show of one item: the columns of its own roadmap, as far as they are shown here."""
        if self.given is None:
            return list(self.columns)
        shown = {column.name for column in self.columns}
        own = [column for column in self.home_columns[item.roadmap_id] if column.name in shown]
        return [*own[:4], *(column for column in self.columns if column.name == ROADMAP), *own[4:]]


def of(roadmap: Roadmap) -> Scope:
    """The scope of a roadmap, in one query; of a portfolio in two, however many sources it has."""
    if not roadmap.is_portfolio:
        return Scope(roadmap, columns.load(roadmap), {roadmap.pk: roadmap})
    feeds = sources.of(roadmap)
    live = [feed for feed in feeds if feed.dark is None]
    homes = {feed.roadmap.pk: feed.roadmap for feed in live}
    for home in homes.values():
        home.account = roadmap.account
    # Without a source, the fields of the account are there all the same: views and filters keep their meaning.
    own = columns.load_each([*homes.values()] or [roadmap])
    shown = common_columns.combine([*homes.values()] or [roadmap], own)
    if not homes:
        shown = [replace(column, options={}) if column.name == ROADMAP else column for column in shown]
    return Scope(roadmap, shown, homes, feeds, own, sources.condition(live, own) if live else Q())

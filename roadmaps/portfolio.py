"""What a portfolio says about its sources: which there are, how fresh each is, and the oldest of them (D28, B11)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from roadmaps import freshness
from roadmaps.freshness import Freshness
from roadmaps.models import Roadmap, View
from roadmaps.scope import Scope
from roadmaps.sources import Dark, Feed


@dataclass(frozen=True, slots=True)
class Line:
    """A source, and how fresh it is (None: filled by hand, or giving nothing now)."""

    feed: Feed
    fresh: Freshness | None

    @property
    def id(self) -> int:
        return self.feed.source.pk

    @property
    def roadmap(self) -> Roadmap:
        return self.feed.roadmap

    @property
    def view(self) -> View | None:
        return self.feed.view

    @property
    def name(self) -> str:
        return self.feed.name

    @property
    def view_name(self) -> str:
        return self.feed.view_name

    @property
    def reason(self) -> str:
        """Why it gives nothing, in a sentence; empty where it gives its items."""
        match self.feed.dark:
            case Dark.ARCHIVED:
                return "This roadmap is in the archive, so none of its items are shown."
            case Dark.NOT_SHARED:
                return "This roadmap isn’t shared with the owner of the portfolio, so none of its items are shown."
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All sources in order. `oldest` is None where nothing is synced."""

    lines: Sequence[Line]
    oldest: Line | None

    @property
    def live(self) -> int:
        """How many sources give items."""
        return sum(line.feed.dark is None for line in self.lines)

    @property
    def digest(self) -> str:
        """What the sources give, in brief: another one once any of them synced, went dark or came back."""
        told = [(line.id, line.feed.dark, line.fresh and line.fresh.synced_at) for line in self.lines]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def look(scope: Scope) -> Portfolio:
    """How the sources of a portfolio are; the queries don't grow with them."""
    homes = [*scope.homes.values()]
    fresh = freshness.of_each(homes)
    oldest = freshness.oldest(homes, fresh)
    lines = [Line(feed, fresh.get(feed.roadmap.pk)) for feed in scope.feeds]
    return Portfolio(lines, next((line for line in lines if line.roadmap == oldest), None))

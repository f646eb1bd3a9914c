"""What a run that waits for the owner's word would do, for people (B8, B9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.models import ProjectLink, SyncRun
from roadmaps.models import Item


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item that would stop updating, and why."""

    item_id: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """What a run would stop: how many of those kept up to date, how many for each reason, and the first by name."""

    run: SyncRun
    stopped: int
    current: int
    archives: bool
    reasons: tuple[tuple[str, int], ...]
    items: tuple[HeldItem, ...]

    @property
    def more(self) -> int:
        """Items beyond those that are named."""
        return self.stopped - len(self.items)


def plan_of(run: SyncRun, link: ProjectLink) -> HeldPlan:
    """The plan of a run that is held, or that was turned down; one query."""
    labels: Mapping[str, str] = {key: str(label) for key, label in Item.SourceState.choices}
    reasons = sorted(run.held_reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    stopped = sum(count for _, count in reasons)
    return HeldPlan(
        run=run,
        stopped=stopped,
        # A stopped item may stop for another reason than before, so there may be fewer that are up to date.
        current=max(stopped, _current(link)),
        archives=link.lost_items == "archive",
        reasons=tuple((labels.get(key, key), count) for key, count in reasons),
        items=tuple(
            HeldItem(item["item"], item["name"], labels.get(item["reason"], item["reason"])) for item in run.held_items
        ),
    )


def _current(link: ProjectLink) -> int:
    return link.items().filter(source_state="").count()

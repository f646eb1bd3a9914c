"""A plan as pages show it: that of a preview, or of a run that waits for its owner's word (B1, B2, B8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.models import ProjectLink, SyncRun
from integrations.sync.outline import Line, Outline, read_outline
from roadmaps.models import Item

#: What happens to an item, before it has happened.
KINDS = {"created": "Would be created", "updated": "Would change", "revived": "Would come back"}


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item that would stop updating, and why."""

    item_id: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """What would happen to the items. `current` counts those that are kept up to date, `run` is the one that is held.

    `reasons` say why items would stop, the most frequent first, `items` are the first of these by name.
    """

    outline: Outline
    run: SyncRun | None
    current: int
    archives: bool
    reasons: tuple[tuple[str, int], ...]
    items: tuple[ShownItem, ...]

    @property
    def stopped(self) -> int:
        """Items that would stop updating."""
        return self.outline.flagged

    @property
    def title(self) -> str:
        """What a run that is held would do, as a headline."""
        stops = f"stop {self.stopped} of {self.current} item{'' if self.current == 1 else 's'}"
        values = f"clear {self.outline.cleared} value{'' if self.outline.cleared == 1 else 's'}"
        if self.is_again and self.outline.cleared:
            return f"{stops} and {values}" if self.stopped else values
        return stops

    @property
    def why(self) -> str:
        """Why the owner is asked."""
        if self.is_again:
            return "The project changed after you looked, and this is more than you saw, so it waits for your answer."
        return "That is more than a sync may do by itself, so it waits for your answer."

    @property
    def is_again(self) -> bool:
        """Whether the owner said yes before, to another plan."""
        return self.run is not None and self.run.as_planned is False

    @property
    def more(self) -> int:
        """Items that would stop, beyond those that are named."""
        return self.stopped - len(self.items)

    @property
    def lines(self) -> list[tuple[str, Line]]:
        """The first of the items that would be made or changed, each with what would happen to it."""
        return [(KINDS.get(line.kind, line.kind), line) for line in self.outline.lines]

    @property
    def touched(self) -> int:
        """Items that would be made or changed."""
        return self.outline.created + self.outline.updated + self.outline.revived

    @property
    def is_first(self) -> bool:
        """Whether it only makes items: their dates and kinds say more than what differs."""
        return not (self.outline.updated or self.outline.revived or self.outline.flagged or self.outline.unchanged)

    @property
    def more_lines(self) -> int:
        """Items that would be made or changed, beyond those that are named."""
        return self.touched - len(self.outline.lines)


def of_run(run: SyncRun, link: ProjectLink) -> ShownPlan | None:
    """The plan that the run showed to a person, if it did; one query."""
    if run.plan is None:
        return None
    return show(read_outline(run.plan), link, run=run)


def show(outline: Outline, link: ProjectLink, *, run: SyncRun | None = None) -> ShownPlan:
    """The plan in words; one query. `link` may be one that is not saved yet."""
    labels: Mapping[str, str] = {key: str(label) for key, label in Item.SourceState.choices}
    reasons = sorted(outline.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return ShownPlan(
        outline=outline,
        run=run,
        # A stopped item may stop for another reason than before, so there may be fewer that are up to date.
        current=max(outline.flagged, link.items().filter(source_state="").count()),
        archives=link.lost_items == "archive",
        reasons=tuple((labels.get(key, key), count) for key, count in reasons),
        items=tuple(ShownItem(one.item, one.name, labels.get(one.reason, one.reason)) for one in outline.stopped),
    )

"""How a link is doing, in the words of the page: state, freshness, what went wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import OuterRef, Subquery

from integrations import credentials, registry, undo
from integrations.connectors.base import Connector
from integrations.errors import ProjectUnavailable, PullRefused
from integrations.models import ProjectLink, SyncRun
from roadmaps.freshness import Freshness
from roadmaps.models import Roadmap

State = Literal["Healthy", "Syncing", "Partially synced", "Unable to sync", "Paused"]

#: What a running sync does right now, for people.
STAGES = {
    "connecting": "Connecting",
    "reading": "Reading",
    "comparing": "Comparing with what is here",
    "saving": "Saving",
}


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """A link and its latest runs.

    `live` is the run that waits or works, `last` the latest one that ended, `good` the latest good one that stands.
    """

    link: ProjectLink
    connector: Connector
    state: State
    live: SyncRun | None
    last: SyncRun | None
    good: SyncRun | None

    @property
    def is_initial(self) -> bool:
        """Whether the first pull has not come through yet and is under way."""
        return self.live is not None and not self.live.is_held and self.good is None

    @property
    def held(self) -> SyncRun | None:
        """The live run, where it waits for the owner's word."""
        return self.live if self.live is not None and self.live.is_held else None

    @property
    def running(self) -> SyncRun | None:
        """The live run, where it waits for a worker or is at work."""
        return None if self.held else self.live

    @property
    def is_turned_down(self) -> bool:
        """Whether it rests because the owner said no to a sync."""
        return self.link.paused_code == SyncRun.TURNED_DOWN

    @property
    def is_undone(self) -> bool:
        """Whether it rests because the owner took back what the last sync did."""
        return self.link.paused_code == undo.UNDONE

    @property
    def rests_by_choice(self) -> bool:
        """Whether nothing is wrong: the owner wanted it so."""
        return self.is_turned_down or self.is_undone

    @property
    def fresh_at(self) -> datetime | None:
        """When the roadmap last agreed with the tracker."""
        return self.good.finished_at if self.good else None

    @property
    def next_at(self) -> datetime | None:
        """When the schedule is due next; None where nothing will happen by itself."""
        return None if self.state == "Paused" else self.link.next_sync_at

    @property
    def needs_setup(self) -> bool:
        """Whether only "Modify Setup" helps: asking the tracker again with the same secret would tell nothing new."""
        return self.link.paused_code in credentials.DEAD_SECRET

    @property
    def trouble(self) -> str:
        """What went wrong, as a sentence; empty while all is well, or another try is under way."""
        if self.running:
            return ""
        if self.link.paused_at:
            return self.link.paused_reason
        if self.state == "Unable to sync" and self.last is not None:
            return self.last.error
        return ""

    @property
    def is_called_off(self) -> bool:
        """Whether the owner cancelled the latest sync, and none is under way."""
        return self.live is None and self.last is not None and self.last.error_code == SyncRun.CALLED_OFF

    @property
    def remedy(self) -> str:
        """The one thing that an owner can do about the trouble: "setup" or "sync"."""
        return "setup" if self.needs_setup or self.is_refused else "sync"

    @property
    def is_refused(self) -> bool:
        """Whether the tracker refused the question itself: asking the same again can't help."""
        return self.last is not None and self.last.error_code == PullRefused.code

    @property
    def advice(self) -> str:
        """What the owner can do about the trouble, and what happens by itself."""
        if self.needs_setup:
            return f"Syncing has stopped until you choose working credentials under “Modify Setup”. {KEPT}"
        if self.link.paused_code == ProjectUnavailable.code:
            return f"Syncing has stopped. When the project is back, press “Sync now”. {KEPT}"
        if self.is_turned_down:
            return "Nothing was changed. “Sync now” looks at the project again, and asks you again if need be."
        if self.is_undone:
            return undo.RESTS
        if self.link.paused_at:
            return f"Syncing has stopped. Try “Sync now”, or look at “Modify Setup”. {KEPT}"
        if self.is_refused:
            return f"Look through “Modify Setup”; a choice there no longer fits the project. {KEPT}"
        if self.link.next_sync_at:
            return f"It is tried again by itself. {KEPT}"
        return f"Try “Sync now” in a while. {KEPT}"

    @property
    def advice_for_editors(self) -> str:
        """The same for those who can't mend it themselves."""
        owner = self.link.roadmap.owner
        if not owner.can_create:
            return f"An Account Admin can hand this roadmap to somebody who syncs it again. {KEPT}"
        if self.link.paused_at:
            return f"Ask {owner}, who owns this roadmap, to mend it. {KEPT}"
        again = "It is tried again by itself" if self.link.next_sync_at else "Nothing is tried by itself"
        return f"{again}; if this stays, ask {owner}, who owns this roadmap. {KEPT}"

    @property
    def stage(self) -> str:
        """What the live run does right now."""
        return stage_of(self.live) if self.live else ""


KEPT = "All items of this roadmap are still here."


def stage_of(run: SyncRun) -> str:
    """What a live run does right now."""
    if run.is_held:
        return "Waiting for the owner"
    if run.state == SyncRun.State.QUEUED:
        return "Waiting for its turn"
    return STAGES.get(run.stage, "Working")


def status_of(roadmap: Roadmap) -> SyncStatus | None:
    """How the roadmap's link is doing, in two queries, or three while it is not well; None without a link."""
    link = ProjectLink.objects.filter(account_id=roadmap.account_id, roadmap_id=roadmap.pk).first()
    if link is None:
        return None
    link.roadmap = roadmap
    runs = SyncRun.objects.defer("problems").filter(account_id=link.account_id, link_id=link.pk).order_by("-id")
    latest = list(runs[:2])
    if len(latest) == 2 and not any(_stands(run) for run in latest):
        latest += runs.filter(state__in=SyncRun.GOOD, undone_at=None)[:1]
    return _status(link, latest)


def _stands(run: SyncRun) -> bool:
    """Whether it was good and was not taken back."""
    return run.state in SyncRun.GOOD and run.undone_at is None


def _status(link: ProjectLink, latest: list[SyncRun]) -> SyncStatus:
    """`latest` are the newest two runs of the link and the newest good one that stands, newest first."""
    # Ids grow and at most one run of a link is alive, so the newest one is the live one, if any is.
    live = latest.pop(0) if latest and latest[0].is_live else None
    last = latest[0] if latest else None
    good = next(filter(_stands, latest), None)
    state = state_of(link, live=live.state if live else None, last=last.state if last else None)
    return SyncStatus(link, registry.get(link.kind), state, live=live, last=last, good=good)


def freshness_of_each(roadmaps: Sequence[Roadmap]) -> dict[int, Freshness]:
    """How old the data of each linked roadmap is, in two queries."""
    by_id = {roadmap.pk: roadmap for roadmap in roadmaps}
    runs = SyncRun.objects.filter(link=OuterRef("pk")).order_by("-id").values("pk")
    links = ProjectLink.objects.filter(roadmap__in=by_id, account_id__in={each.account_id for each in roadmaps})
    found = list(
        links.annotate(
            newest=Subquery(runs[:1]),
            second=Subquery(runs[1:2]),
            good=Subquery(runs.filter(state__in=SyncRun.GOOD, undone_at=None)[:1]),
        )
    )
    wanted = {pk for link in found for pk in (link.newest, link.second, link.good) if pk}
    by_link: dict[int, list[SyncRun]] = {}
    for run in SyncRun.objects.filter(pk__in=wanted).order_by("-id") if wanted else ():
        by_link.setdefault(run.link_id, []).append(run)
    told: dict[int, Freshness] = {}
    for link in found:
        link.roadmap = by_id[link.roadmap_id]
        status = _status(link, by_link.get(link.pk, []))
        told[link.roadmap_id] = Freshness(status.connector.label, status.fresh_at, status.state)
    return told


def state_of(link: ProjectLink, *, live: str | None, last: str | None) -> State:
    """One of the five words of D19, by the states of the run that is alive and of the latest one that ended."""
    if link.roadmap.archived_at or live == SyncRun.State.HELD:
        return "Paused"
    if live:
        return "Syncing"
    if link.paused_at:
        return "Paused"
    if last == SyncRun.State.FAILED:
        return "Unable to sync"
    if last == SyncRun.State.PARTIAL:
        return "Partially synced"
    return "Healthy"

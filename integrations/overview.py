"""How the links of many roadmaps are doing, for lists of them, in one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from accounts.models import Account
from integrations.models import ProjectLink, SyncRun
from integrations.status import State, state_of
from roadmaps.models import Roadmap


@dataclass(frozen=True, slots=True)
class Glance:
    """The word for a link, and when its roadmap last agreed with the tracker; None: not yet."""

    state: State
    fresh_at: datetime | None


def glances(account: Account, roadmaps: Iterable[Roadmap]) -> dict[int, Glance]:
    """A glance at each of the account's roadmaps that is linked, by the roadmap's id. No query where none is."""
    fed = [roadmap.pk for roadmap in roadmaps if roadmap.source_label]
    if not fed:
        return {}
    runs = SyncRun.objects.filter(account=account, link=OuterRef("pk")).order_by("-id")
    links = (
        ProjectLink.objects.filter(account=account, roadmap__in=fed)
        .select_related("roadmap")
        .annotate(
            live_state=Subquery(runs.filter(state__in=SyncRun.LIVE).values("state")[:1]),
            last_state=Subquery(runs.exclude(state__in=SyncRun.LIVE).values("state")[:1]),
            good_at=Subquery(runs.filter(state__in=SyncRun.GOOD, undone_at=None).values("finished_at")[:1]),
        )
    )
    return {
        link.roadmap_id: Glance(state_of(link, live=link.live_state, last=link.last_state), link.good_at)
        for link in links
    }

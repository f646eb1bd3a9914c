"""The two places of a roadmap's page that show its link, the toolbar's button and the status, and how they stay fresh.

The page asks again every few seconds and sends what it shows, as a short digest; while that is still true the answer
is an empty 204. When a run ended that changed items, or one was taken back, the answer also makes the page fetch its
items anew. So what it shows must have been looked at before its items were read: `remembered_status` is asked first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince, timeuntil

from integrations import registry
from integrations.errors import OwnerLeft
from integrations.models import Integration, SyncRun
from integrations.shown_plan import of_run
from integrations.status import SyncStatus, status_of
from integrations.sync.progress import written_by
from roadmaps.access import Level, RoadmapRequest

#: Seconds between two looks of an open page: while a sync is under way, and else.
LIVE_SECONDS = 1
IDLE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """A connector kind in the menu of a roadmap that is not linked yet; `reason` says why it can't be set up."""

    label: str
    enabled: bool
    reason: str


def toolbar_context(request: RoadmapRequest) -> dict[str, object]:
    """What the toolbar's button needs: two queries for a linked roadmap, one more for an unlinked one."""
    status = remembered_status(request)
    context = {**_common(request), "status": status}
    if status is None:
        may_ask = request.level >= Level.EDITOR or request.membership.is_admin
        shown = may_ask and not request.roadmap.is_portfolio
        context |= {"kinds": _kinds(request) if shown else [], "shown": shown}
    return context


def status_context(request: RoadmapRequest) -> dict[str, object]:
    """What the status needs; no further query after the toolbar, but one for the owner of a run that is held."""
    status = remembered_status(request)
    if status is None:
        return {"status": None}
    return {
        **_common(request),
        "status": status,
        "seconds": LIVE_SECONDS if status.running else IDLE_SECONDS,
        "poll_url": _poll_url(request, status),
        "troubled": _is_troubled(request, status),
        "held": of_run(status.held, status.link) if status.held and _may_answer(request, status) else None,
        "fresh": _ago(status),
        "written": written_by(status.running) if status.running else None,
        "due": _due(status),
    }


def _may_answer(request: RoadmapRequest, status: SyncStatus) -> bool:
    """Whether this person may say yes or no to a held run: a dead token must be mended first."""
    return request.level == Level.OWNER and request.roadmap.archived_at is None and not status.needs_setup


def _is_troubled(request: RoadmapRequest, status: SyncStatus) -> bool:
    """Whether owner and editors must read that something is wrong. A no of the owner's is nobody else's affair.

    Admins must where somebody left whose credentials they were: often nobody else is there who could.
    """
    if not status.trouble or request.roadmap.archived_at is not None:
        return False
    if status.link.paused_code == OwnerLeft.code and request.membership.is_admin:
        return True
    return request.level == Level.OWNER or (request.level == Level.EDITOR and not status.rests_by_choice)


def remembered_status(request: RoadmapRequest) -> SyncStatus | None:
    """The status of the request's roadmap, read once for a page, and before its items."""
    if not hasattr(request, "sync_status"):
        is_fed = not request.roadmap.is_portfolio
        request.sync_status = status_of(request.roadmap) if is_fed else None  # type: ignore[attr-defined]  # kept for this page alone
    status: SyncStatus | None = request.sync_status  # type: ignore[attr-defined]  # the same
    return status


def answer(request: RoadmapRequest) -> HttpResponse:
    """The status, and with it the toolbar's button where that changed; 204 where the page shows all of it already."""
    status = remembered_status(request)
    seen = request.GET.get("seen", "")
    if status is None or seen == _digest(request, status):
        return HttpResponse(status=204)
    context = status_context(request)
    context["toolbar_changed"] = seen.partition("-")[2] != _toolbar_digest(request, status)
    context["items_changed"] = _items_changed(status, seen=request.GET.get("run", ""))
    return render(request, "integrations/_status.html", context)


def _items_changed(status: SyncStatus, *, seen: str) -> bool:
    """Whether, since the run that the page knows, others ended that changed items, or it was taken back."""
    after, _, undone = seen.partition("-")
    last = status.last
    if last is None or not after.isdecimal() or len(after) > 18:
        return False
    if last.undone_at is not None and not undone:
        return True
    if last.pk <= int(after):
        return False
    ended = SyncRun.objects.filter(account_id=last.account_id, link=status.link, pk__gt=int(after), pk__lte=last.pk)
    counts = ended.values_list("created", "updated", "revived", "flagged")
    return any(any(row) for row in counts[:100])


def _newest(status: SyncStatus) -> str:
    """The latest run that ended, as `_items_changed` reads it."""
    if status.last is None:
        return "0"
    return f"{status.last.pk}-undone" if status.last.undone_at else str(status.last.pk)


def _common(request: RoadmapRequest) -> dict[str, object]:
    return {
        "request": request,
        "account": request.account,
        "roadmap": request.roadmap,
        "is_owner": request.level == Level.OWNER,
        "archived": request.roadmap.archived_at is not None,
    }


def _kinds(request: RoadmapRequest) -> list[Kind]:
    present = set(Integration.objects.filter(account=request.account).values_list("kind", flat=True).distinct())
    is_owner = request.level == Level.OWNER
    kinds = []
    for connector in map(registry.get, registry.all_kinds()):
        reason = ""
        if not is_owner:
            reason = f"Only the owner of this roadmap, {request.roadmap.owner}, can set it up."
        elif connector.kind not in present:
            reason = "An Account Admin adds the connector first, in Account Settings under “Integrations”."
        kinds.append(Kind(connector.label, not reason, reason))
    return kinds


def _poll_url(request: RoadmapRequest, status: SyncStatus) -> str:
    url = reverse("integrations:sync-status", args=[request.account.slug, request.roadmap.pk])
    return f"{url}?seen={_digest(request, status)}&run={_newest(status)}"


def _ago(status: SyncStatus) -> str:
    if status.fresh_at is None:
        return ""
    if (timezone.now() - status.fresh_at).total_seconds() < 60:
        return "just now"
    return f"{timesince(status.fresh_at, depth=1)} ago"


def _due(status: SyncStatus) -> str:
    if status.next_at is None or status.live is not None:
        return ""
    if (status.next_at - timezone.now()).total_seconds() < 60:
        return "in a moment"
    return f"in {timeuntil(status.next_at, depth=1)}"


def _digest(request: RoadmapRequest, status: SyncStatus) -> str:
    live = status.live
    progress = (live.pk, live.records_read, live.pages_read, written_by(live), live.plan_digest) if live else None
    # The owner's panel names no age, so it may stand while they read it.
    age = "" if status.held and _may_answer(request, status) else _ago(status)
    shown = (age, _due(status), status.stage, progress)
    return f"{_short(shown)}-{_toolbar_digest(request, status)}"


def _toolbar_digest(request: RoadmapRequest, status: SyncStatus) -> str:
    last = (status.last.pk, status.last.state) if status.last else None
    live = (status.live.pk, status.live.is_held) if status.live else None
    link = status.link
    return _short(
        (status.state, live, last, status.fresh_at, status.next_at, status.trouble, link.setup_version, request.level)
    )


def _short(shown: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:12]

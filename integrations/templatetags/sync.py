"""`{% sync_toolbar %}`, `{% sync_status %}` and `{% item_sync_history item %}` for the pages of a roadmap; for lists of
them `{% sync_glances roadmaps as glances %}`, and `{% sync_glance glances roadmap %}` for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from django import template
from django.template import RequestContext
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from integrations import history, news, overview, panel
from integrations.models import SyncRun
from integrations.overview import Glance
from roadmaps.access import Level, RoadmapRequest
from roadmaps.models import Item, Roadmap

register = template.Library()

#: Changes that an Item Card shows.
CHANGES_SHOWN = 20

TONES = {
    SyncRun.State.SUCCEEDED: ("ok", "check"),
    SyncRun.State.PARTIAL: ("warn", "triangle-alert"),
    SyncRun.State.FAILED: ("danger", "circle-x"),
    SyncRun.State.CANCELLED: ("", "ban"),
    SyncRun.State.HELD: ("", "circle-pause"),
    SyncRun.State.QUEUED: ("info", "clock"),
    SyncRun.State.RUNNING: ("info", "refresh-cw"),
}


@register.inclusion_tag("integrations/_toolbar.html", takes_context=True)
def sync_toolbar(context: RequestContext) -> dict[str, object]:
    """The button "Integrations", and for a linked roadmap the one with the tracker's name (S12, S26)."""
    return panel.toolbar_context(_request(context))


@register.inclusion_tag("integrations/_status.html", takes_context=True)
def sync_status(context: RequestContext) -> dict[str, object]:
    """Freshness, the first sync's progress, and what went wrong (D8, D19); nothing for an unlinked roadmap."""
    return panel.status_context(_request(context))


@register.inclusion_tag("integrations/_news.html", takes_context=True)
def since_you_looked(context: RequestContext, since: datetime) -> dict[str, object]:
    """How many items appeared, moved, finished or stopped updating since then, in one query (B16)."""
    request = _request(context)
    until = timezone.now()
    counts = news.count([request.roadmap], request.membership, since=since).get(request.roadmap.pk)
    common = {"request": request, "account": request.account, "roadmap": request.roadmap}
    return {**common, "counts": counts, "since": since, "until": until}


@register.simple_tag(takes_context=True)
def dates_step(context: RequestContext) -> str:
    """Where the owner of a linked roadmap chooses what feeds Start and End (S27); "" for everybody else."""
    request = _request(context)
    is_open = request.level == Level.OWNER and request.roadmap.archived_at is None
    if not is_open or panel.remembered_status(request) is None:
        return ""
    return reverse("integrations:setup-step", args=[request.account.slug, request.roadmap.pk, "dates"])


@register.inclusion_tag("integrations/_item_history.html", takes_context=True)
def item_sync_history(context: RequestContext, item: Item) -> dict[str, object]:
    """What syncs did to an item, the newest first (B4); nothing for an item made by hand."""
    request = _request(context)
    entries = history.of_item(item, limit=CHANGES_SHOWN) if item.origin else []
    return {
        "account": request.account,
        "roadmap": request.roadmap,
        "can_open_home": context.get("can_open_home", True),
        "item": item,
        "entries": entries,
        "limit": CHANGES_SHOWN,
    }


@register.inclusion_tag("integrations/_item_age.html", takes_context=True)
def item_age(context: RequestContext, item: Item) -> dict[str, object]:
    """Where an item comes from, and how old that is, in one query; nothing for an item made by hand (B11)."""
    glance = overview.glances(_request(context).account, [item.roadmap]).get(item.roadmap_id) if item.origin else None
    return {"item": item, "fresh_at": glance.fresh_at if glance else None}


@register.simple_tag(takes_context=True)
def sync_glances(context: RequestContext, roadmaps: Iterable[Roadmap]) -> dict[int, Glance]:
    """How the links of these roadmaps are doing, by the roadmap's id, in one query."""
    return overview.glances(_request(context).account, roadmaps)


@register.inclusion_tag("integrations/_glance.html")
def sync_glance(glances: Mapping[int, Glance], roadmap: Roadmap) -> dict[str, object]:
    """The state of that roadmap's link, and how old its data is; a dash where people fill it by hand (D19, B11)."""
    return {"glance": glances.get(roadmap.pk)}


@register.inclusion_tag("_badge.html")
def run_state(run: SyncRun) -> dict[str, str]:
    """The state of a run as a badge."""
    tone, icon = ("", "undo-2") if run.undone_at else TONES[SyncRun.State(run.state)]
    spin = "spin" if run.state == SyncRun.State.RUNNING else ""
    return {"tone": tone, "icon": icon, "icon_class": spin, "label": run.state_label}


@register.filter
def ago(moment: datetime) -> str:
    """How long it is since then, in one unit: "3 hours ago"."""
    if (timezone.now() - moment).total_seconds() < 60:
        return "just now"
    return f"{timesince(moment, depth=1)} ago"


@register.filter
def seconds(value: float | None) -> str:
    """A duration for people: "0.4 s", "12 s", "3 min 5 s"."""
    if value is None:
        return ""
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _request(context: RequestContext) -> RoadmapRequest:
    return cast(RoadmapRequest, context["request"])

"""Since you last looked: a roadmap's news as a list, and the way to be done with them (B16)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from integrations import news
from roadmaps import looks
from roadmaps.access import RoadmapRequest, roadmap_view

SHOWN = 50
#: Further back than one's last look, by the word in the address.
PERIODS = {"7": "7 days", "30": "30 days"}


@require_safe
@roadmap_view(portfolios=False)
def news_list(request: RoadmapRequest) -> HttpResponse:
    """Each item with news, the latest first; of one kind, or of all."""
    now = timezone.now()
    period, kind = request.GET.get("since", ""), request.GET.get("kind", "")
    since = _since(request, period, now)
    chosen = kind if kind in news.KINDS else None
    counts = news.count([request.roadmap], request.membership, since=since).get(request.roadmap.pk, news.Counts())
    found = news.Happenings(request.roadmap, request.membership, since, chosen, counts.of(chosen))
    context = {
        "page": Paginator(found, SHOWN).get_page(request.GET.get("page")),
        "counts": counts,
        "kinds": [(name, word, counts.of(name)) for name, word in news.KINDS.items()],
        "kind": chosen,
        "period": period if period in PERIODS else "",
        "periods": PERIODS,
        "since": since,
        "until": now,
        "roadmap_url": reverse("roadmaps:items-table", args=[request.account.slug, request.roadmap.pk]),
    }
    return render(request, "integrations/news.html", context)


def _since(request: RoadmapRequest, period: str, now: datetime) -> datetime:
    if period in PERIODS:
        return now - timedelta(days=int(period))
    return looks.since(request.roadmap, request.membership) or now


@require_POST
@roadmap_view(portfolios=False)
def seen(request: RoadmapRequest) -> HttpResponse:
    """Be done with the news that the page showed; what came after it was made stays news."""
    until = _moment(request.POST.get("until", ""))
    if until is not None:
        looks.mark_seen(request.roadmap, request.membership, until=until)
    return redirect("roadmaps:items-table", request.account.slug, request.roadmap.pk)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) else None

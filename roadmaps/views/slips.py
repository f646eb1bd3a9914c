"""Slips as a list: what moved since an earlier day, the largest first (B12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from roadmaps import query_sql, saved_views, slips
from roadmaps.access import RoadmapRequest, roadmap_view
from roadmaps.query import Query
from roadmaps.scope import Scope
from roadmaps.slips import Kind, Known, Since
from roadmaps.slips_sql import Question, Slips
from roadmaps.timeline_axis import FIRST_DAY
from roadmaps.timeline_zoom import Move
from roadmaps.views.shared import page_context

SHOWN = 50
#: The list is asked for with a day; without one it takes this.
USUAL = "month"


@dataclass(frozen=True, slots=True)
class KindTab:
    """A kind of slips as a filter of the list."""

    kind: Kind
    label: str
    count: int
    address: str
    current: bool


@require_safe
@roadmap_view()
def slip_list(request: RoadmapRequest) -> HttpResponse:
    """The slips of all items that the address asks for, of one kind."""
    told = saved_views.ask(request.roadmap, dict(request.GET.lists()))
    today = timezone.localdate()
    query, since = told.query, slips.read(told.query, today)
    if since is None:
        query, since = query.laying_out(since=USUAL), slips.ago(USUAL, today)
    question = question_of(told.scope, query, since)
    counts = question.count()
    kind = slips.kind_called(request.GET.get("kind", ""))
    found = Slips(question, kind, counts[kind])
    page = Paginator(found, SHOWN).get_page(request.GET.get("page"))
    timeline_url = reverse("roadmaps:timeline", args=[request.account.slug, request.roadmap.pk])
    context = {
        **page_context(request, told),
        "page": page,
        "rows": [(slip, told.scope.homes[slip.roadmap_id]) for slip in page],
        "since": since,
        "kind": kind,
        "kinds": _kinds(query, counts, kind),
        "compare": {**compare_menu(query, since), "none": ""},
        "timeline_url": timeline_url + query.address(),
        "is_narrowed": query.is_narrowed,
        **known_context(told.scope, since),
    }
    return render(request, "roadmaps/slips.html", context)


def compare_menu(query: Query, since: Since | None) -> dict[str, object]:
    """What chooses the earlier day: links to the usual ones, a form for any other, and the way back to none."""
    today = timezone.localdate()
    return {
        "choices": [
            Move(label, query.laying_out(since=text).address(), since is not None and since.text == text)
            for text, label in slips.AGO.items()
        ],
        "none": query.laying_out(since="").address(),
        "pairs": query.laying_out(since="").pairs(),
        "first": FIRST_DAY,
        "last": slips.day_before(today),
        "since": since,
    }


def known_context(scope: Scope, since: Since | None) -> dict[str, object]:
    """From when on changes are known, and whether the day lies before."""
    known = _known(scope)
    return {"known": known, "lacking": bool(since and known and known.lacks(since))}


def _known(scope: Scope) -> Known | None:
    begun = min((home.created_at for home in scope.homes.values()), default=None)
    if begun is None or not scope.has_source or settings.KEEP_HISTORY_DAYS <= 0:
        return Known(begun, is_kept=False) if begun else None
    kept = timezone.now() - timedelta(days=settings.KEEP_HISTORY_DAYS)
    return Known(max(begun, kept), is_kept=kept > begun)


def question_of(scope: Scope, query: Query, since: Since) -> Question:
    """What is asked about the items of the question."""
    asked = query_sql.apply(query, scope.items(), scope.columns)
    return Question(asked, [*scope.homes], since, scope.roadmap.account_id)


def _kinds(query: Query, counts: dict[Kind, int], chosen: Kind) -> list[KindTab]:
    return [
        KindTab(kind, label, counts[kind], f"{query.address()}&kind={kind}", kind == chosen)
        for kind, label in slips.KINDS.items()
    ]

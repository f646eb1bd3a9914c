"""Who may do what with a roadmap, and the decorator that every view of one starts behind.

Owner: everything. Editor: items, fields, views. Viewer: looks. Admins of the account see every roadmap.
Reviewers never edit, whatever a share says, and not even as the owner that they were before.

A portfolio's levels are about its sources, views and milestones; its items are written by who may write them at home.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from accounts import walls
from accounts.access import AccountRequest, enter
from accounts.models import Membership
from roadmaps.models import Roadmap, Share

P = ParamSpec("P")


class Level(enum.IntEnum):
    """What somebody may do with a roadmap; each level may do what the ones before it may."""

    VIEWER = 1
    EDITOR = 2
    OWNER = 3


class RoadmapRequest(AccountRequest):
    """A request inside a roadmap, as `roadmap_view` hands it on."""

    roadmap: Roadmap
    level: Level


class RoadmapView(Protocol[P]):
    """A view behind `roadmap_view`."""

    def __call__(
        self, request: HttpRequest, account_slug: str, roadmap_id: int, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase: ...


def visible_to(member: Membership) -> QuerySet[Roadmap]:
    """The roadmaps of the member's account that they may see, archived ones included."""
    roadmaps = Roadmap.objects.filter(account=member.account)
    if member.is_admin:
        return roadmaps
    return roadmaps.filter(Q(owner=member) | Q(pk__in=Share.objects.filter(member=member).values("roadmap")))


def level_of(member: Membership, roadmap: Roadmap) -> Level | None:
    """What the member may do with the roadmap; None: not even see it."""
    if not member.is_active or roadmap.account_id != member.account_id:
        return None
    if roadmap.owner_id == member.pk:
        return Level.OWNER if member.can_create else Level.VIEWER
    share = Share.objects.filter(roadmap=roadmap, member=member).first()
    if share is not None and share.level == Share.Level.EDITOR and member.can_create:
        return Level.EDITOR
    return Level.VIEWER if share is not None or member.is_admin else None


def editable_by(member: Membership, roadmaps: Iterable[Roadmap]) -> frozenset[int]:
    """The ids of those of the account's roadmaps on which the member may write items; one query."""
    if not (member.can_create and member.is_active):
        return frozenset()
    editors = Share.objects.filter(member=member, level=Share.Level.EDITOR)
    mine = Roadmap.objects.filter(account_id=member.account_id, archived_at=None, kind=Roadmap.Kind.STANDARD)
    mine = mine.filter(Q(owner=member) | Q(pk__in=editors.values("roadmap")))
    return frozenset(mine.filter(pk__in=[each.pk for each in roadmaps]).values_list("pk", flat=True))


def may_hand_over(member: Membership, roadmap: Roadmap) -> bool:
    """The owner; and, where the owner left the account or became a Reviewer, its admins."""
    if level_of(member, roadmap) == Level.OWNER:
        return True
    return member.is_admin and member.account_id == roadmap.account_id and not roadmap.owner.can_create


def roadmap_view(
    *,
    level: Level = Level.VIEWER,
    archived: bool = False,
    of_items: bool = False,
    portfolios: bool = True,
    standard: bool = True,
) -> Callable[[Callable[Concatenate[RoadmapRequest, P], HttpResponseBase]], RoadmapView[P]]:
    """Let in who has at least `level`; give the view `request.roadmap` and `request.level`.

    Whoever may not see the roadmap gets 404, who sees it without the right 403. An archived roadmap is
    read-only: views above VIEWER refuse it, unless `archived` is set.

    `of_items`: the view writes items. On a portfolio they are those of other roadmaps, so whoever sees it is let in,
    and `find_item` asks for the level on the item's own roadmap. `portfolios` and `standard`: which
    roadmaps have this page.
    """

    def decorate(view: Callable[Concatenate[RoadmapRequest, P], HttpResponseBase]) -> RoadmapView[P]:
        @wraps(view)
        def inside(
            request: HttpRequest, account_slug: str, roadmap_id: int, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            member = enter(request, account_slug)
            with walls.entered(member.account_id):
                roadmap, found = _find(member, roadmap_id)
                if not (portfolios if roadmap.is_portfolio else standard):
                    raise Http404
                needed = Level.VIEWER if of_items and roadmap.is_portfolio else level
                if found < needed or (roadmap.archived_at and level > Level.VIEWER and not archived):
                    raise PermissionDenied
                request.roadmap, request.level = roadmap, found  # type: ignore[attr-defined]  # makes a RoadmapRequest
                return view(request, *args, **kwargs)  # type: ignore[arg-type]  # the same

        return login_required(inside)

    return decorate


def _find(member: Membership, roadmap_id: int) -> tuple[Roadmap, Level]:
    """The roadmap, and what the member may do with it. Raises Http404 where that is nothing."""
    roadmap = Roadmap.objects.filter(account_id=member.account_id, pk=roadmap_id).select_related("owner__user").first()
    found = level_of(member, roadmap) if roadmap else None
    if roadmap is None or found is None:
        raise Http404
    roadmap.account = member.account
    return roadmap, found

"""Since when a roadmap's changes are news to somebody (B16).

A visit lasts a working day. With the first page of the next one, what changed since the last one began is news: rather
something twice than anything never. So reading costs a person one write in eight hours, and none else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from accounts.models import Membership
from roadmaps.models import Look, Roadmap

VISIT = timedelta(hours=8)


def look(roadmap: Roadmap, member: Membership) -> datetime:
    """Note that the member looks at the roadmap now; answers since when changes are news to them. Mostly one query."""
    now = timezone.now()
    known = _of(roadmap, member)
    if known is None:
        first = Look(account_id=roadmap.account_id, roadmap=roadmap, member=member, since=now, visit_at=now)
        Look.objects.bulk_create([first], ignore_conflicts=True)
        return now
    if now - known.visit_at < VISIT:
        return known.since
    # Of two pages that open at once, one begins the visit, and the other finds it begun.
    same = Look.objects.filter(pk=known.pk, visit_at=known.visit_at)
    same.update(since=F("visit_at"), visit_at=now)
    return known.visit_at


def since(roadmap: Roadmap, member: Membership) -> datetime | None:
    """Since when changes are news to the member; None for who never looked. Notes nothing."""
    known = _of(roadmap, member)
    return known.since if known else None


def mark_seen(roadmap: Roadmap, member: Membership, *, until: datetime) -> None:
    """What changed until then is no news any more. A moment before the last one, or to come, changes nothing."""
    now = timezone.now()
    own = Look.objects.filter(account_id=roadmap.account_id, roadmap=roadmap, member=member)
    own.filter(since__lt=min(until, now)).update(since=min(until, now), visit_at=now)


def _of(roadmap: Roadmap, member: Membership) -> Look | None:
    return Look.objects.filter(account_id=roadmap.account_id, roadmap_id=roadmap.pk, member_id=member.pk).first()

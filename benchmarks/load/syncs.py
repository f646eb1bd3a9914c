"""Whether beat and workers keep the cadence: when each link was due, and when its run began."""

from __future__ import annotations

from datetime import datetime, timedelta

from benchmarks import stage
from benchmarks.load import seed
from benchmarks.load.figures import Syncs
from benchmarks.load.size import Size

#: Seconds after its time within which a run must have ended, or its link was forgotten.
FORGOTTEN = 60.0

#: As after a day of work: every link is well, has just been read, and comes in turn within one cadence.
SPREAD = """
UPDATE integrations_projectlink AS link
SET cursor = first.cursor, last_full_at = now(), cadence_minutes = %(cadence)s, failures = 0, episode = NULL,
    paused_at = NULL, paused_code = '', paused_reason = '',
    next_sync_at = now() + random() * %(cadence)s * interval '1 minute'
FROM integrations_projectlink AS first WHERE first.id = %(first)s AND link.id <> first.id
"""


def pull_first() -> None:
    """Let the cursor that all links get be of today."""
    stage.run_once(seed.first_link())


def rest() -> None:
    """Let nothing be due or under way, whatever an earlier measurement left."""
    from django.db.models.functions import Now

    from integrations.models import ProjectLink, SyncRun

    live = SyncRun.objects.filter(state__in=SyncRun.LIVE)
    live.update(state=SyncRun.State.CANCELLED, finished_at=Now(), fence=None, lease_until=None)
    ProjectLink.objects.exclude(next_sync_at=None).update(next_sync_at=None)


def spread(size: Size) -> dict[int, datetime]:
    """Set when each link is due, from now on; answers it."""
    from django.db import connection

    from integrations.models import ProjectLink

    first = seed.first_link()
    with connection.cursor() as cursor:
        cursor.execute(SPREAD, {"first": first.pk, "cadence": size.cadence})
        cursor.execute("ANALYZE integrations_projectlink")
    return {link.pk: link.next_sync_at for link in ProjectLink.objects.exclude(next_sync_at=None) if link.next_sync_at}


def look(due: dict[int, datetime], size: Size) -> Syncs:
    """How the syncs of these links went so far. Call while the workers still run."""
    from django.utils import timezone

    from integrations.models import SyncRun

    since, now = min(due.values()), timezone.now()
    ended = SyncRun.objects.filter(trigger="schedule", queued_at__gte=since).exclude(finished_at=None).order_by("id")
    runs = list(ended.values_list("link_id", "started_at", "state", "requests"))
    begun: dict[int, datetime] = {}
    for link, started_at, _, _ in runs:
        if started_at is not None:
            begun.setdefault(link, started_at)
    over = [link for link, at in due.items() if at < now - timedelta(seconds=FORGOTTEN)]
    return Syncs(
        runs=len(runs),
        rate=len(runs) / (now - since).total_seconds(),
        due=size.syncs_a_second,
        bad=sum((state, requests) != ("succeeded", 1) for _, _, state, requests in runs),
        forgotten=sum(link not in begun for link in over),
        lateness=[(at - due[link]).total_seconds() for link, at in begun.items()],
    )

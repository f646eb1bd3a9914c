"""Cadences are lengths of time: no night in which clocks are changed makes a link late, or syncs it twice (R10)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection

from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule

#: In UTC, an hour before clocks are changed there.
NIGHTS = {
    "America/New_York": ("2026-03-08T06:00Z", "2026-11-01T05:00Z"),
    "Europe/London": ("2026-03-29T00:00Z", "2026-10-25T00:00Z"),
    "Australia/Lord_Howe": ("2026-10-03T14:30Z", "2026-04-04T14:00Z"),
    "America/Santiago": ("2026-09-06T03:00Z", "2026-04-05T02:00Z"),
}


@pytest.mark.parametrize("cadence", [5, 15, 60, 720, 1440])
@pytest.mark.parametrize(("zone", "night"), [(zone, night) for zone, nights in NIGHTS.items() for night in nights])
def test_a_link_is_due_after_its_cadence(zone: str, night: str, cadence: int, link: ProjectLink) -> None:
    """By the statement of the dispatcher itself, at given moments, in a session of that zone."""
    ProjectLink.objects.update(cadence_minutes=cadence, next_sync_at=night)
    moment = datetime.fromisoformat(night)
    for _ in range(4):
        link.refresh_from_db()
        assert link.next_sync_at is not None
        moment = max(moment, link.next_sync_at)
        assert not queued_at(moment - timedelta(seconds=1), zone)
        assert queued_at(moment, zone)
        link.refresh_from_db()
        wait = link.next_sync_at - moment
        assert timedelta(minutes=cadence) <= wait <= timedelta(minutes=cadence) * 1.1
        SyncRun.objects.all().delete()


def queued_at(moment: datetime, zone: str) -> list[int]:
    """What the dispatcher queues when the database's clock says so."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
        cursor.execute(schedule.QUEUE_DUE.replace("now()", f"timestamptz '{moment.isoformat()}'"), [schedule.BATCH])
        found = [run_id for (run_id,) in cursor.fetchall()]
        cursor.execute("SELECT set_config('TimeZone', 'UTC', true)")
    return found

"""A flood of heavy pulls keeps nobody waiting who pressed "Sync now"."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db.models.functions import Now

from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from tests import factories
from tests.faults import times
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site
from tests.histories.cast import OUR_TOKEN

ACCOUNTS, EACH = 10, 10
#: Pulls of the flood that may begin after somebody pressed: one for each place that a worker has, running or taken
#: beforehand, and one more of each queue in turn.
AHEAD = 8


def test_sync_now_overtakes_a_flood_of_whole_pulls(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """With one worker of two threads, each of whose pulls reads a whole project."""
    roadmap.changes()
    roadmap.update(next_sync_at=Now() + timedelta(minutes=10))
    roadmap.look()
    site.hold("message came")
    flood = [link for _ in range(ACCOUNTS) for link in tenant(roadmap)]
    runs = SyncRun.objects.filter(link__in=flood)
    try:
        ProjectLink.objects.filter(pk__in=flood).update(next_sync_at=Now())
        site.wait_until_held()
        asked = schedule.request_run(link=roadmap.link, trigger=SyncRun.Trigger.MANUAL, send=False)
        site.let_go()
        measure("queues", roadmap.heals(), target=2 * times.DISPATCH_SECONDS + 5)
        asked.refresh_from_db()
        assert runs.count() == ACCOUNTS * EACH
        assert runs.filter(started_at__gt=asked.sent_at, started_at__lt=asked.started_at).count() <= AHEAD
        assert runs.exclude(started_at__lt=asked.started_at).count() > AHEAD, "No flood, no proof."
    finally:
        ProjectLink.objects.filter(pk__in=flood).update(next_sync_at=None, cadence_minutes=None)
        runs.filter(state__in=SyncRun.LIVE).update(state="cancelled", finished_at=Now(), fence=None, lease_until=None)


def tenant(roadmap: LinkedRoadmap) -> list[int]:
    """Ten roadmaps of another account, none of them pulled yet."""
    owner = factories.make_member(factories.make_account(f"Flood {secrets.token_hex(4)}"))
    credential = factories.make_credential(owner, secret=OUR_TOKEN)
    project = roadmap.link.project_id
    roadmaps = (factories.make_roadmap(owner, f"Plan {number}") for number in range(EACH))
    made = (
        factories.make_link(each, credential=credential, project_id=project, cadence_minutes=15) for each in roadmaps
    )
    return [link.pk for link in made]

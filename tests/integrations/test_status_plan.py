"""How a link is doing is asked by every page of a roadmap, so it must cost the same with years of runs behind it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import walls
from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun
from integrations.status import status_of
from roadmaps.models import Roadmap
from tests.factories import make_link, make_roadmap

RUNS = """
INSERT INTO integrations_syncrun (account_id, link_id, trigger, state, queued_at, finished_at, problems)
SELECT account_id, id, 'schedule', 'succeeded', at, at, '[]'
FROM integrations_projectlink, generate_series(now() - interval '1 day', now(), interval '15 minutes') AS at
"""


@pytest.fixture
def link(olga: Membership) -> ProjectLink:
    """One of two hundred links with a hundred runs each."""
    link = make_link(make_roadmap(olga))
    link.refresh_from_db()
    roadmaps = Roadmap.objects.bulk_create(
        Roadmap(account=olga.account, owner=olga, name=f"Map {number}") for number in range(199)
    )
    columns = [field.attname for field in ProjectLink._meta.concrete_fields if field.name not in ("id", "roadmap")]
    same = {name: getattr(link, name) for name in columns}
    ProjectLink.objects.bulk_create(ProjectLink(**same, roadmap=roadmap) for roadmap in roadmaps)
    with connection.cursor() as cursor:
        cursor.execute(RUNS)
        cursor.execute("ANALYZE integrations_syncrun, integrations_projectlink")
    return link


def test_the_latest_runs_are_read_from_the_index_and_no_others(link: ProjectLink) -> None:
    with walls.entered(link.account_id):
        with CaptureQueriesContext(connection) as captured:
            status = status_of(link.roadmap)
        assert status is not None
        assert status.state == "Healthy"
        (asked,) = [each["sql"] for each in captured if 'FROM "integrations_syncrun"' in each["sql"]]
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + asked.partition("; ")[2])
            plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "using syncrun_by_link" in plan
    assert "Sort" not in plan


def test_a_link_that_is_not_well_still_knows_when_it_was(link: ProjectLink) -> None:
    good = SyncRun.objects.filter(link=link).latest("id")
    for _ in range(3):
        SyncRun.objects.create(
            account=link.account, link=link, trigger="schedule", state="failed", finished_at=good.finished_at
        )
    roadmap = link.roadmap
    with walls.entered(link.account_id), CaptureQueriesContext(connection) as captured:
        status = status_of(roadmap)
    assert status is not None
    assert status.good == good
    assert status.state == "Unable to sync"
    assert len(captured) == 3

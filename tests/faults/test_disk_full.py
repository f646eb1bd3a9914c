"""A disk without room: the run says so, nothing is half applied, and the next one heals it (R7)."""

from __future__ import annotations

import resource
import secrets

import pytest

from integrations.models import SyncRun
from tests.faults import times
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site, soon

#: Bytes that a file may have while the disk is "full": more than PostgreSQL's log segments here, and less than the
#: descriptions of all these stories.
ROOM = 1_200_000
STORIES = 80


def much_to_store(roadmap: LinkedRoadmap) -> None:
    """Descriptions that no compression makes smaller."""
    world, project = roadmap.stage.world, roadmap.stage.cast.project
    for number in range(STORIES):
        text = secrets.token_urlsafe(14_000)
        world.create_story(project.id, f"Long {number}", current_state="started", estimate=1.0, description=text)


def test_the_database_has_no_room(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    roadmap.changes()
    roadmap.update(next_sync_at=None)
    much_to_store(roadmap)
    roadmap.look()
    site.limit_files("postgres", ROOM)
    roadmap.be_due()
    soon(lambda: any(run.state == SyncRun.State.FAILED for run in roadmap.runs()), why=site.last_words)
    assert roadmap.stage.items() == roadmap.before
    (failed, *_) = roadmap.runs()
    assert failed.error_code == "no_room"
    assert "no room" in failed.error and "Nothing was changed" in failed.error
    site.limit_files("postgres", resource.RLIM_INFINITY)
    measure("R7", roadmap.heals(), target=10 * times.FIRST_WAIT_SECONDS + 5)


@pytest.mark.faults_all
def test_a_worker_can_write_no_file(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """Not a byte, its own log included: a pull needs no disk but the database's."""
    site.limit_files("worker", 0)
    roadmap.changes()
    measure("R7", roadmap.heals())
    site.kill("worker")

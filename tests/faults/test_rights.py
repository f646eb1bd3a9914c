"""Rights that the tracker takes away in the middle of a pull: it is not asked again, and one letter says so (N6)."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db.models.functions import Now

from integrations.models import Notice, ProjectLink, SyncRun
from tests.faults import times
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site, soon
from tests.histories import steps
from tests.histories.stage import Stage

#: Requests of all links together after the right is gone: the one that is refused, and "who am I?".
MOST = 2
LOSSES: dict[str, tuple[Callable[[Stage], None], str]] = {
    "token revoked": (lambda stage: stage.world.revoke_token(stage.token), "credential_rejected"),
    "project deleted": (lambda stage: stage.world.delete_project(stage.cast.project.id), "project_unavailable"),
    "left the project": (
        lambda stage: stage.world.leave(stage.cast.project.id, stage.cast.reader.id),
        "project_unavailable",
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_right_is_lost_between_two_pages(loss: str, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    happen, code = LOSSES[loss]
    site.hold("request 3")
    roadmap.changes()
    site.wait_until_held()
    happen(roadmap.stage)
    asked = len(site.sandbox.requests)
    site.let_go()
    measure("N6", soon(lambda: is_paused(roadmap.link, code), why=site.last_words))
    time.sleep(3 * times.DISPATCH_SECONDS)
    assert len(site.sandbox.requests) - asked <= MOST
    assert roadmap.run().error_code == code
    assert roadmap.stage.items() == roadmap.before
    assert Notice.objects.filter(to=roadmap.owner).count() == 1


def lower_our_role(stage: Stage) -> None:
    stage.world.join(stage.cast.project.id, stage.cast.reader.id, role="viewer")


def hide_a_story(stage: Stage) -> None:
    steps.MoveAway(0, unseen=True).happen(stage)


@pytest.mark.faults_all
@pytest.mark.parametrize("happen", [lower_our_role, hide_a_story])
def test_who_may_still_read_goes_on(
    happen: Callable[[Stage], None], site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    """N6: a viewer reads as much as a member, and a story that we may not see any more is marked and kept."""
    site.hold("request 3")
    roadmap.changes()
    site.wait_until_held()
    happen(roadmap.stage)
    site.let_go()
    soon(lambda: roadmap.runs()[-1].state in SyncRun.GOOD, why=site.last_words)
    roadmap.be_due()
    measure("N6", soon(lambda: roadmap.stage.items() == roadmap.stage.expected(roadmap.before), why=site.last_words))
    assert not any(run.error_code for run in roadmap.runs())
    assert not Notice.objects.filter(to=roadmap.owner).exists()
    if happen is hide_a_story:
        assert "hidden" in {item.reason for item in roadmap.stage.items().values()}


def test_a_dead_token_stops_all_that_wait_with_it(site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    """Twelve roadmaps are due at once: the first refusal is for all of them, also for those in the queue."""
    links = [roadmap.link, *(roadmap.stage.new_link(f"Plan {number}") for number in range(11))]
    ids = [link.pk for link in links]
    ProjectLink.objects.filter(pk__in=ids).update(next_sync_at=None, cadence_minutes=15)
    roadmap.look()
    roadmap.stage.world.revoke_token(roadmap.stage.token)
    site.hold("message came")
    roadmap.be_due()
    site.wait_until_held()
    queued = [SyncRun(account_id=link.account_id, link=link, trigger=SyncRun.Trigger.SCHEDULE) for link in links[1:]]
    SyncRun.objects.bulk_create(queued)
    SyncRun.objects.filter(pk__in=[run.pk for run in queued]).update(sent_at=Now())
    site.let_go()
    measure("N6", soon(lambda: all(is_paused(link, "credential_rejected") for link in links), why=site.last_words))
    for run in queued:
        site.send_run(run.pk)
    time.sleep(3 * times.DISPATCH_SECONDS)
    assert len(site.sandbox.requests) <= MOST
    runs = SyncRun.objects.filter(pk__in=[run.pk for run in queued])
    assert set(runs.values_list("state", "error_code")) == {("failed", "credential_rejected")}
    assert Notice.objects.filter(to=roadmap.owner).count() == 1


def is_paused(link: ProjectLink, code: str) -> bool:
    return ProjectLink.objects.filter(pk=link.pk, paused_code=code).exists()

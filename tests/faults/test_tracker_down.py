"""A tracker that is down for everybody is left alone, asked by one run at a time, and not overrun afterwards (N8)."""

from __future__ import annotations

import secrets
import time

from django.db.models.functions import Now

from integrations.models import ProjectLink, SyncRun
from tests import factories
from tests.faults import times
from tests.faults.measure import Measure
from tests.faults.roadmap import CADENCE_MINUTES, LinkedRoadmap
from tests.faults.site import Site, soon
from tests.histories.cast import OUR_TOKEN

TENANTS = 6
_PARTS = ("down", "pauses", "paused", "probe", "recovery")
#: Two minutes, scaled as pauses are.
TARGET = times.LONGEST_PAUSE_SECONDS + times.BACK_SECONDS + 30


def test_six_tenants_fail_at_once_and_the_tracker_comes_back(
    site: Site, roadmap: LinkedRoadmap, measure: Measure
) -> None:
    links = [roadmap.link, *(tenant(roadmap) for _ in range(TENANTS - 1))]
    ids = [link.pk for link in links]
    runs = SyncRun.objects.filter(link__in=ids)
    known = set(runs.values_list("pk", flat=True))
    fresh = runs.exclude(pk__in=known)
    try:
        site.sandbox.faults.add("internal_error", times=None)
        all_due(ids)
        soon(
            lambda: "left alone for" in site.log("worker"),
            seconds=30,
            why=lambda: str(list(fresh.values_list("link", "state", "trigger", "error_code", "requests"))),
        )
        soon(lambda: not fresh.filter(state="running").exists(), why=site.last_words)
        asked = len(site.sandbox.requests)
        began, known_pauses = time.monotonic(), site.log("worker").count("left alone for")
        while time.monotonic() - began < 3 * times.LONGEST_PAUSE_SECONDS:
            all_due(ids)  # whatever each link would wait by itself
            time.sleep(0.5)
        probes = site.log("worker").count("left alone for") - known_pauses
        # A probe tries one request five times; without a breaker all six would, again and again.
        assert 1 <= probes <= 5
        assert len(site.sandbox.requests) - asked <= 5 * (probes + 1)

        good = fresh.filter(state__in=SyncRun.GOOD)
        site.sandbox.faults.clear()
        asked, began = len(site.sandbox.requests), time.monotonic()
        took = soon(lambda: good.values("link").distinct().count() == TENANTS, seconds=TARGET + 60, why=site.last_words)
        measure("N8", took, target=TARGET)
        assert "is back; all syncs go on" in site.log("worker")
        # Waits are scaled, and so is the second in which there may be two requests.
        rate = (len(site.sandbox.requests) - asked) / (time.monotonic() - began) * times.WAITS
        assert rate < 2, f"{rate:.1f} requests a second"
    finally:
        ProjectLink.objects.filter(pk__in=ids).update(next_sync_at=None, cadence_minutes=None)
        fresh.filter(state__in=SyncRun.LIVE).update(state="cancelled", finished_at=Now(), fence=None, lease_until=None)
        site.redis("DEL " + " ".join(f"breaker:pivotal_tracker:{part}" for part in _PARTS))


def tenant(roadmap: LinkedRoadmap) -> ProjectLink:
    """Another account that syncs the same project, with a secret of its own."""
    owner = factories.make_member(factories.make_account(f"Tenant {secrets.token_hex(4)}"))
    return factories.make_link(
        factories.make_roadmap(owner),
        credential=factories.make_credential(owner, secret=OUR_TOKEN),
        project_id=roadmap.link.project_id,
        cadence_minutes=CADENCE_MINUTES,
    )


def all_due(ids: list[int]) -> None:
    ProjectLink.objects.filter(pk__in=ids).update(next_sync_at=Now())

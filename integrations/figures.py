"""How the syncs of the whole installation are doing right now, for its operator: counts and ages.

Two statements that stay quick: live runs have an index of their own, and links are as many as roadmaps, not as runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from accounts import walls
from accounts.walls import Across
from integrations.models import SyncRun

LIVE = """
SELECT state, count(*), COALESCE(extract(epoch FROM max(now() - queued_at)), 0)::float
FROM integrations_syncrun WHERE state IN ('queued', 'running', 'held') GROUP BY state
"""

LINKS = """
SELECT
    count(*) FILTER (WHERE link.paused_at IS NULL),
    count(*) FILTER (WHERE link.paused_at IS NOT NULL),
    count(*) FILTER (WHERE link.paused_at IS NULL AND link.next_sync_at <= now()),
    COALESCE(extract(epoch FROM max(now() - link.next_sync_at)
        FILTER (WHERE link.paused_at IS NULL AND link.next_sync_at <= now())), 0)::float
FROM integrations_projectlink AS link JOIN roadmaps_roadmap AS roadmap ON roadmap.id = link.roadmap_id
WHERE roadmap.archived_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """Ages are seconds, 0 where there is nothing to be old."""

    #: Live runs by state.
    runs: dict[str, int]
    #: Age of the run that waits for a worker the longest.
    queue_age: float
    links_active: int
    links_paused: int
    #: Links whose time has come and that the dispatcher has not taken up, and how late the latest is.
    due: int
    due_age: float


@walls.every_account(Across.FIGURES)
def figures() -> Figures:
    """Ask the database. Roadmaps in the archive don't count."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE)
        live = {state: (number, age) for state, number, age in cursor.fetchall()}
        cursor.execute(LINKS)
        active, paused, due, due_age = cursor.fetchone()
    return Figures(
        runs={state: live.get(state, (0, 0.0))[0] for state in SyncRun.LIVE},
        queue_age=live.get(SyncRun.State.QUEUED, (0, 0.0))[1],
        links_active=active,
        links_paused=paused,
        due=due,
        due_age=due_age,
    )

"""How long the dispatcher looks for due links, with many that are not due."""

from __future__ import annotations

import time
from statistics import median

from benchmarks import stage

DUE = 1_000
#: The due links belong to so many accounts, each of which may have ten runs at the workers.
ACCOUNTS = 100
ROUNDS = 3

FILL = """
WITH made AS (
    INSERT INTO roadmaps_roadmap (account_id, owner_id, name, description, kind, source_label, synced_columns)
    SELECT %(account)s, %(owner)s, 'R' || n, '', 'standard', '', '[]' FROM generate_series(1, %(links)s) AS n
    RETURNING id
)
INSERT INTO integrations_projectlink (
    account_id, roadmap_id, integration_id, credential_id, kind, project_id, project_name, project_url, created_by_id,
    setup_version, states, start_sources, end_sources, lost_items, cadence_minutes, next_sync_at,
    paused_code, paused_reason, failures
)
SELECT %(account)s, id, %(integration)s, %(credential)s, 'pivotal_tracker', '99', 'P', '', %(owner)s,
    1, '[]', '[]', '[]', 'keep', 720, now() + interval '1 day', '', '', 0
FROM made
"""


def measure(links: int) -> dict[str, float]:
    """Seconds of one tick with 1,000 due links among so many."""
    from django.db import connection

    from integrations.models import Credential, Integration, ProjectLink, SyncRun
    from integrations.sync import schedule

    ids: list[int] = []
    for _ in range(ACCOUNTS):
        owner = stage.make_owner()
        account = owner.account
        integration = Integration.objects.create(account=account, kind="pivotal_tracker", name="T", created_by=owner)
        credential = Credential.objects.create(
            account=account, owner=owner, kind="pivotal_tracker", label="C", sealed=""
        )
        names = {"account": account.pk, "owner": owner.pk, "integration": integration.pk, "credential": credential.pk}
        with connection.cursor() as cursor:
            cursor.execute(FILL, {**names, "links": links // ACCOUNTS})
        own = ProjectLink.objects.filter(account=account).order_by("?").values_list("id", flat=True)
        ids += own[: DUE // ACCOUNTS]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE integrations_projectlink; ANALYZE roadmaps_roadmap")
    took = []
    for _ in range(ROUNDS):
        SyncRun.objects.all().delete()
        ProjectLink.objects.filter(pk__in=ids).update(next_sync_at="2026-01-01T00:00:00Z")
        begun = time.perf_counter()
        sent = schedule.tick()
        took.append(time.perf_counter() - begun)
        assert len(sent) == DUE, len(sent)
    SyncRun.objects.all().delete()
    return {f"{links:,} links": median(took)}

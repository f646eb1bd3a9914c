"""Each roadmap that was made before there were views gets its first one."""

from __future__ import annotations

from django.db import migrations

FIRST_VIEWS = """
INSERT INTO roadmaps_view (account_id, roadmap_id, name, created_by_id)
SELECT account_id, id, 'View 1', owner_id FROM roadmaps_roadmap AS roadmap
WHERE NOT EXISTS (SELECT 1 FROM roadmaps_view AS one WHERE one.roadmap_id = roadmap.id)
"""


class Migration(migrations.Migration):
    unsafe_because = "the upgrade from 0.1.0 is taken with the site stopped, see CHANGELOG"

    dependencies = [("roadmaps", "0005_views_milestones_and_talk")]
    operations = [migrations.RunSQL(FIRST_VIEWS, migrations.RunSQL.noop)]

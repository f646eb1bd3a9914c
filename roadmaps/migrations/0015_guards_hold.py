"""No table of a session's own blinds the guards, or takes what is counted."""

from __future__ import annotations

from django.db import migrations

from accounts.guards import at_home


class Migration(migrations.Migration):
    dependencies = [("roadmaps", "0014_item_counts")]
    operations = [
        at_home(
            "roadmaps_field_type_is_fixed",
            "roadmaps_deleted_only_when_archived",
            "roadmaps_source_fits",
            "roadmaps_kind_is_fixed",
            "roadmaps_count_items",
            "roadmaps_item_stays",
        )
    ]

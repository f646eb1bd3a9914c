"""How many items a roadmap has, read from what the database keeps instead of counting them."""

from __future__ import annotations

from django.db import connection
from django.db.models import IntegerField
from django.db.models.expressions import RawSQL

from roadmaps.models import Roadmap

_ALL = "(SELECT COALESCE(sum(items), 0)::bigint FROM roadmaps_itemcount WHERE roadmap_id = {roadmap})"
#: Archived ones are few, and have an index of their own.
_ARCHIVED = "(SELECT count(*) FROM roadmaps_item WHERE roadmap_id = {roadmap} AND archived_at IS NOT NULL)"
_NOT_ARCHIVED = f"{_ALL} - {_ARCHIVED}"
#: Of each roadmap of a queryset, without the archived items.
EACH = RawSQL(_NOT_ARCHIVED.format(roadmap="roadmaps_roadmap.id"), [], output_field=IntegerField())  # noqa: S611 - ours


def of(roadmap: Roadmap, *, archived: bool) -> int:
    """The items of one roadmap that is no portfolio, with or without the archived ones; one query."""
    with connection.cursor() as cursor:
        number = _ALL if archived else _NOT_ARCHIVED
        cursor.execute(f"SELECT {number.format(roadmap='%(roadmap)s')}", {"roadmap": roadmap.pk})
        return int(cursor.fetchone()[0])

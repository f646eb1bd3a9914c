"""How many items a roadmap has, read from what the database keeps instead of counting them."""

from __future__ import annotations

from django.db import connection, transaction
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


def wrong_ones() -> list[int]:
    """The roadmaps whose number is not what is there, among those of what is entered; reads all items.

    There are none, unless somebody wrote behind the triggers' back: TRUNCATE, a restore of data alone.
    """
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT roadmap_id FROM (
                SELECT roadmap_id, items FROM roadmaps_itemcount
                UNION ALL SELECT roadmap_id, -count(*) FROM roadmaps_item GROUP BY roadmap_id
            ) AS both_ways GROUP BY roadmap_id HAVING sum(items) <> 0 ORDER BY roadmap_id
        """)
        return [roadmap for (roadmap,) in cursor.fetchall()]


@transaction.atomic
def count_anew() -> None:
    """Put the numbers of what is entered right. Nobody adds or deletes an item meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE roadmaps_item IN SHARE MODE")
        cursor.execute("DELETE FROM roadmaps_itemcount")
        cursor.execute("""
            INSERT INTO roadmaps_itemcount (account_id, roadmap_id, items)
            SELECT account_id, roadmap_id, count(*) FROM roadmaps_item GROUP BY account_id, roadmap_id
        """)

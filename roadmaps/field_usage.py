"""Which roadmaps use a field: an item of theirs has a value in it, archived or not, or their source pulls it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection
from django.db.models import Count, Q, QuerySet

from accounts.models import Account
from roadmaps.models import Field, Roadmap


def count_roadmaps(account: Account, fields: Iterable[Field]) -> Mapping[int, int]:
    """How many roadmaps use each field, by the field's id; one query. A field that none uses is left out."""
    columns = [field.column for field in fields]
    if not columns:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT substr(used.field, 2)::bigint, count(*) FROM (
                SELECT item.roadmap_id, key.field
                FROM roadmaps_item AS item, jsonb_object_keys(item."values") AS key (field)
                WHERE item.roadmap_id IN (SELECT id FROM roadmaps_roadmap WHERE account_id = %(account)s)
                    AND key.field = ANY(%(columns)s)
                UNION
                SELECT roadmap.id, key.field
                FROM roadmaps_roadmap AS roadmap, jsonb_array_elements_text(roadmap.synced_columns) AS key (field)
                WHERE roadmap.account_id = %(account)s AND key.field = ANY(%(columns)s)
            ) AS used GROUP BY used.field
            """,
            {"account": account.pk, "columns": columns},
        )
        return dict(cursor.fetchall())


def roadmaps_using(field: Field) -> QuerySet[Roadmap]:
    """The roadmaps that use the field, each with how many items have a value (`having`), by name."""
    having = Count("items", filter=Q(items__values__has_key=field.column))
    roadmaps = Roadmap.objects.filter(account_id=field.account_id).annotate(having=having)
    return roadmaps.filter(Q(having__gt=0) | Q(synced_columns__contains=[field.column])).order_by("name", "pk")

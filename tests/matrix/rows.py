"""What stands in the database, as text."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

#: Sessions keep their data sealed, and are about browsers; the rest of Django's own is the same on every site.
TABLES = frozenset(
    model._meta.db_table
    for model in apps.get_models()
    if model._meta.app_label not in {"auth", "contenttypes", "sessions"}
)


def all_rows(*, account_id: int | None = None) -> dict[str, list[str]]:
    """All rows, by table; or those of an account alone, where only the tables of accounts have any."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(TABLES):
            cursor.execute(f"SELECT to_jsonb(each)::text FROM {table} AS each")  # noqa: S608  # a model's
            rows = [text for (text,) in cursor.fetchall()]
            found[table] = sorted(rows if account_id is None else [row for row in rows if is_of(row, account_id)])
    return found


def is_of(row: str, account_id: int) -> bool:
    """Whether the row says that it belongs to that account."""
    return f'"account_id": {account_id},' in row or f'"account_id": {account_id}}}' in row

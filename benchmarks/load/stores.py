"""How much PostgreSQL and Redis hold."""

from __future__ import annotations

#: Tables that grow with use.
TABLES = {
    "item": "roadmaps_item",
    "change": "integrations_itemchange",
    "run": "integrations_syncrun",
    "session": "django_session",
}


def look() -> dict[str, float]:
    """Rows, and bytes of each with its indexes; bytes of the whole; connections; bytes in Redis."""
    from django.db import connection

    from integrations.redis_server import server

    found: dict[str, float] = {}
    with connection.cursor() as cursor:
        for name, table in TABLES.items():
            cursor.execute(
                f"SELECT count(*), pg_table_size('{table}'), pg_indexes_size('{table}') FROM {table}"  # noqa: S608 - ours
            )
            rows, table_size, index_size = cursor.fetchone()
            found[f"{name}s"] = rows
            found[f"bytes of a {name}"] = table_size / max(1, rows)
            found[f"bytes of its indexes, a {name}"] = index_size / max(1, rows)
        cursor.execute("SELECT pg_database_size(current_database())")
        (found["bytes of the database"],) = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        (found["connections"],) = cursor.fetchone()
    found["bytes in Redis"] = server().info("memory")["used_memory"]
    return found

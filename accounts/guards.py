"""Functions of triggers that ask the real tables, whatever else a session puts in their way."""

from __future__ import annotations

from django.db.migrations.operations import RunSQL


def at_home(*functions: str) -> RunSQL:
    """Let these trigger functions look for tables in the schema that they are in themselves.

    Else a session would blind them by a temporary table of the same name: PostgreSQL looks there first, unless the path
    names `pg_temp`, as the last. Not by names with a schema in the body, because operators are looked up by the path
    too, and because the schema may be any; not by a path for each session, which whoever is in the session changes.
    It costs some microseconds a call, so a trigger for each of many rows asks in its WHEN before it calls one.
    """
    return RunSQL(
        _for_each(functions, "' SET search_path = ' || guard.home || ', pg_temp'"),
        _for_each(functions, "' RESET search_path'"),
    )


def _for_each(functions: tuple[str, ...], change: str) -> str:
    names = ", ".join(f"'{name}()'" for name in functions)
    return f"""
DO $$
DECLARE
    guard record;
BEGIN
    FOR guard IN
        SELECT oid::regprocedure AS name, pronamespace::regnamespace AS home
        FROM pg_proc WHERE oid = ANY (ARRAY[{names}]::regprocedure[])
    LOOP
        EXECUTE 'ALTER FUNCTION ' || guard.name || {change};
    END LOOP;
END $$;
"""  # noqa: S608 - the names are ours

"""Is the database one that the site can trust?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts import checks
from accounts.tenancy import OwnedByAccount
from roadmaps import item_counts
from roadmunk.doctor.finding import Finding, ok, wrong

OLDEST: Final = 150000
#: Seconds that the clocks of host and database may be apart.
MOST_SKEW: Final = 2.0


def role() -> Iterator[Finding]:
    """Row-level security binds the role that the site signs in as."""
    found = checks.check_role(databases=["default"])
    for message in found:
        yield wrong(str(message.msg), str(message.hint))
    if not found:
        yield ok("the role is bound by row-level security")


def version() -> Iterator[Finding]:
    """PostgreSQL is new enough."""
    connection.ensure_connection()
    number = connection.connection.server_version
    if number < OLDEST:
        yield wrong(f"PostgreSQL {number // 10000} is too old", "Upgrade PostgreSQL to 15 or newer.")
    else:
        yield ok(f"PostgreSQL {number // 10000}.{number % 10000}")


def migrations() -> Iterator[Finding]:
    """The database is as new as the code, and no newer."""
    executor = MigrationExecutor(connection)
    loader = executor.loader
    missing = executor.migration_plan(loader.graph.leaf_nodes())
    unknown = sorted(f"{app}.{name}" for app, name in set(loader.applied_migrations) - set(loader.disk_migrations))
    if missing:
        first = f"{missing[0][0]} is the first" if len(missing) > 1 else str(missing[0][0])
        yield wrong(f"{len(missing)} migrations are not applied ({first})", "Run: manage.py migrate")
    elif unknown:
        yield wrong(
            f"the database knows {len(unknown)} migrations that this code does not ({unknown[0]})",
            "Start the newer release that migrated it.",
        )
    else:
        yield ok("all migrations are applied")


def walls() -> Iterator[Finding]:
    """Every table of accounts is behind row-level security, which a restore with the wrong options may lose."""
    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, OwnedByAccount)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND relrowsecurity AND relforcerowsecurity"
            " AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid)",
            [sorted(tables)],
        )
        open_ones = sorted(tables - {row[0] for row in cursor.fetchall()})
    if open_ones:
        yield wrong(
            f"{len(open_ones)} tables have no wall between accounts ({open_ones[0]})",
            "Restore the last backup as docs/operations.md says, or run: manage.py migrate",
        )
    else:
        yield ok(f"{len(tables)} tables are behind their walls")


def counts() -> Iterator[Finding]:
    """Each roadmap's number of items is that of its items, which a restore of data alone may have doubled."""
    if found := item_counts.wrong_ones():
        yield wrong(
            f"roadmaps that have another number of items than they say: {len(found)} (roadmap {found[0]})",
            'Run: manage.py shell -c "from roadmaps import item_counts; item_counts.count_anew()"',
        )
    else:
        yield ok("each roadmap has as many items as it says")


def clock() -> Iterator[Finding]:
    """Host and database agree on the time. Leases go by the database's clock alone, sessions by the host's."""
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float")
        (theirs,) = cursor.fetchone()
    apart = theirs - (before + time.time()) / 2
    if abs(apart) > MOST_SKEW:
        way = "ahead of" if apart > 0 else "behind"
        yield wrong(f"the database’s clock is {abs(apart):.1f} s {way} this host’s", "Let NTP set both clocks.")
    else:
        yield ok(f"the clocks of database and host are {abs(apart):.2f} s apart")

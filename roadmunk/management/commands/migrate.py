"""`manage.py migrate`, as Django's, with one more care: it never makes the site wait long.

A change of a table needs its lock for a moment. Where a long statement holds it, the change would wait, and everybody
else behind the change. So it waits five seconds at most, lets the others pass, and tries again.
"""

from __future__ import annotations

import time
from typing import Any, Final

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.utils import CursorWrapper

#: The longest that a statement waits for a lock, in milliseconds.
LOCK_TIMEOUT: Final = 5000
#: What PostgreSQL answers then.
LOCK_NOT_AVAILABLE: Final = "55P03"
#: Seconds between the tries.
PAUSES: Final = (1, 2, 4, 8, 15)


class Command(migrate.Command):
    """Each migration is one transaction, or can be repeated, so the next try goes on where the last one stopped."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        for pause in (*PAUSES, None):
            with connection.cursor() as cursor:
                _refuse_pooler(cursor)
                cursor.execute("SET lock_timeout = %s", [LOCK_TIMEOUT])
            try:
                super().handle(*args, **options)
                return
            except OperationalError as error:
                if getattr(error.__cause__, "pgcode", "") != LOCK_NOT_AVAILABLE:
                    raise
                if pause is None:
                    raise CommandError(_GIVE_UP) from error
                self.stderr.write(f"A table is in use; trying again in {pause} s.")
                time.sleep(pause)
            finally:
                connection.close()  # and with it the setting


def _refuse_pooler(cursor: CursorWrapper) -> None:
    """A pooler hands sessions around, and the setting with them. It does not know its server's process, or hides it."""
    cursor.execute("SELECT pg_backend_pid()")
    if cursor.fetchone() != (cursor.connection.get_backend_pid(),):
        raise CommandError(_POOLER)


_POOLER: Final = (
    "There is a connection pooler between here and PostgreSQL. Nothing was changed. Set DATABASE_URL to the address of"
    " PostgreSQL itself for this one command; web and workers keep the pooler's."
)
_GIVE_UP: Final = (
    "A table stayed in use for longer than half a minute, so the rest was left undone; what was done is whole, and"
    " the site works on. Look for long statements (SELECT * FROM pg_stat_activity), then run this again."
)

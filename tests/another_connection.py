"""A connection to the tests' database that is somebody else's: what it holds, we wait for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from django.db import connection
from psycopg2.extensions import connection as Connection


@contextmanager
def another_connection() -> Iterator[Connection]:
    """In a transaction of its own from its first statement on; what was not committed is taken back at the end."""
    with closing(psycopg2.connect(**{**connection.get_connection_params(), "cursor_factory": None})) as made:
        yield made

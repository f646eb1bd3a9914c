"""A site whose processes reach PostgreSQL through PgBouncer in transaction mode, as one that outgrew a machine does."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2

from roadmunk.embedded import NAME
from roadmunk.processes import Child, Program, last_words
from tests.faults.site import Site, soon

#: Debian puts it where only root looks.
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") or ""
#: Connections to PostgreSQL for all processes together: fewer than any one of them would like to have.
SERVER_CONNECTIONS = 3

CONFIGURATION = """
[databases]
{name} = host={postgres} dbname={name}
[pgbouncer]
pool_mode = transaction
default_pool_size = {most}
max_client_conn = 200
listen_port = 5432
unix_socket_dir = {place}
auth_type = trust
auth_file = {users}
admin_users = {name}
pidfile =
"""


class PooledSite(Site):
    """Migrated past the pooler, run through it."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._pooler: Child | None = None

    def __enter__(self) -> PooledSite:
        super().__enter__()
        place = self.servers.run_dir / "pooler"
        place.mkdir(mode=0o700)
        users, configuration = place / "users", place / "pgbouncer.ini"
        users.write_text(f'"{NAME}" ""\n')
        values = {"name": NAME, "postgres": self.servers.run_dir, "place": place, "users": users}
        configuration.write_text(CONFIGURATION.format(most=SERVER_CONNECTIONS, **values))
        # It refuses to be root, as PostgreSQL does, and is whoever that is.
        user = self.servers.user
        if user.uid is not None:
            for path in (place, users, configuration):
                os.chown(path, user.uid, user.gid or 0)
        self._pooler = Child(Program("pooler", (PGBOUNCER, configuration), self.logs / "pooler.log", user=user))
        self._pooler.start()
        soon((place / ".s.PGSQL.5432").exists, why=lambda: last_words(self.logs / "pooler.log"))
        return self

    def __exit__(self, *details: object) -> None:
        self.stop(*self.children)
        if self._pooler is not None:
            self._pooler.stop()
        super().__exit__(*details)

    @property
    def database_url(self) -> str:
        if self._pooler is None:
            return super().database_url
        return f"postgres://{NAME}@/{NAME}?host={self.servers.run_dir / 'pooler'}"

    def connect(self, database: str = NAME) -> Any:
        """A connection of a client of the pooler; "pgbouncer" is its own console."""
        found = psycopg2.connect(host=str(self.servers.run_dir / "pooler"), user=NAME, dbname=database)
        found.autocommit = True
        return found

    def pool(self) -> dict[str, Any]:
        """How many clients and servers there are, as PgBouncer counts them."""
        with closing(self.connect("pgbouncer")) as console, console.cursor() as cursor:
            cursor.execute("SHOW POOLS")
            names = [column.name for column in cursor.description]
            return next(
                pool for row in cursor.fetchall() if (pool := dict(zip(names, row, strict=True)))["database"] == NAME
            )

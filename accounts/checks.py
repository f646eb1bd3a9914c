"""What must be true of the database before the walls between accounts can hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

_WHO = "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"


@register(Tags.database)
def check_role(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The site's role must be one that row-level security binds. Asked by `migrate` and at each start."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(_WHO)
            role, walks_through = cursor.fetchone()
        if walks_through:
            found.append(
                Error(
                    f"The database role “{role}” walks through the walls between accounts.",
                    hint="Let the site sign in as a role with NOSUPERUSER NOBYPASSRLS that owns its database; "
                    "docker-compose.yml shows how to make one.",
                    id="accounts.E001",
                )
            )
    return found

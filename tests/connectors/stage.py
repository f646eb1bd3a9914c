"""What the contract needs of a connector's tracker: a server to play with, and the truth about what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from integrations.connectors.base import Auth, Connector
from integrations.records import Query, Value


@dataclass(frozen=True, slots=True)
class Truth:
    """A record as it must arrive, made from the server's own data and not from its answers."""

    name: str
    description: str
    state: str
    values: Mapping[str, Value]
    dates: Mapping[str, datetime]


class Stage(Protocol):
    """A tracker of one's own, with a project of at least 20 records in at least 4 states."""

    connector: Connector
    project_id: str

    def auth(self, secret: str | None = None, *, impatient: bool = False) -> Auth:
        """The good secret, or another one, with a way out of its own that does not sleep between tries."""
        ...

    def bad_secrets(self) -> list[str]:
        """Secrets that the tracker refuses, each for another reason."""
        ...

    def projects(self) -> list[str]:
        """The names of all projects that the good secret sees."""
        ...

    def truth(self) -> dict[str, Truth]:
        """Every record of the project, of whatever state, by id. Each key of values and dates in it is compared."""
        ...

    def add_projects(self, count: int) -> None:
        """So many projects more that the good secret sees."""
        ...

    def archive_other_project(self) -> str:
        """Put a project, not the one that is pulled, out of use; its name."""
        ...

    def leave_all_projects(self) -> None:
        """No project is shared with the good secret any more."""
        ...

    def query(self) -> Query:
        """A query for all states, all fields and all dates."""
        ...

    def change_record(self) -> str:
        """Change one record's name; its id."""
        ...

    def delete_record(self) -> str:
        """Delete one record; its id."""
        ...

    def move_record(self) -> str:
        """Move one record to another project that the secret sees; its id."""
        ...

    def hide_record(self) -> str:
        """Move one record to a project that the secret does not see; its id."""
        ...

    def revoke_secret(self) -> None:
        """The good secret is good no more."""
        ...

    def lose_project(self) -> None:
        """The project is no longer shared with the secret's owner."""
        ...

    def break_request(self, kind: str, *, after: int, times: int | None) -> None:
        """Let a fault go off at the request that follows `after` good ones, so many times (None: for ever)."""
        ...

    def change_between_pages(self, *, after: int) -> None:
        """Change the project right after that many answers of the next pull, and one more."""
        ...

    def asked(self) -> list[tuple[str, str]]:
        """Method and path of every request so far."""
        ...

"""What every connector offers. A connector is plain Python: no models, settings, database or vault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from integrations.http import Http
from integrations.records import Cursor, Description, Fate, Identity, Page, Progress, ProjectRef, Query


@dataclass(frozen=True, slots=True)
class Auth:
    """A secret and the only way out: `http` reaches one host, chosen by the operator, and no other."""

    secret: str = field(repr=False)
    http: Http


class Connector(Protocol):
    """The seam. Every method may raise the errors of `integrations.errors` and nothing else."""

    #: Name of the folder; stored in the database.
    kind: str
    #: Name on the screen.
    label: str
    #: Address used where the operator sets none by `<KIND>_URL`.
    default_url: str
    #: What this tracker calls its secret, where it shows it, and the shape that it must have.
    secret_label: str
    secret_help: str
    secret_pattern: str
    #: What adds records up into progress, and which are finished; None where nothing tells.
    progress: Progress | None
    #: Key of the field that says what kind of thing a record is; "" where this tracker has none.
    type_key: str

    def verify(self, auth: Auth) -> Identity:
        """Ask the tracker whose secret this is. Raises CredentialRejected."""
        ...

    def list_projects(self, auth: Auth) -> list[ProjectRef]:
        """Every project that the secret can see, by name."""
        ...

    def describe(self, auth: Auth, project_id: str) -> Description:
        """States, fields and dates that the project offers. Raises ProjectUnavailable."""
        ...

    def pull(self, auth: Auth, query: Query, cursor: Cursor | None) -> Iterator[Page]:
        """Yield a listing's pages, the last one with a cursor. Without a cursor the listing is complete."""
        ...

    def lookup(self, auth: Auth, query: Query, ids: Sequence[str]) -> dict[str, Fate]:
        """Say for each id what became of it; ids of any number."""
        ...

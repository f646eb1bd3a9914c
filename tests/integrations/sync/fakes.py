"""A connector whose tracker is a Python object: for what a run does, not for how Tracker speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from integrations.connectors.base import Auth
from integrations.records import Cursor, Description, Fate, Identity, Page, Problem, Progress, ProjectRef, Query, Record


def record(
    id_: str, name: str = "", state: str = "started", *, problems: tuple[Problem, ...] = (), **values: object
) -> Record:
    """A record started on the first of March, with those values."""
    return Record(
        id=id_,
        url=f"https://tracker.test/story/show/{id_}",
        name=name or f"Story {id_}",
        description="",
        state=state,
        values=values,  # type: ignore[arg-type]  # tests also pass what a connector never would
        dates={"started": datetime(2026, 3, 1, 12, tzinfo=UTC)},
        problems=problems,
    )


@dataclass
class FakeConnector:
    """Holds records by id; `before_page` may raise or change them, `fates` answers for what is missing."""

    kind: str = "pivotal_tracker"
    label: str = "Pivotal Tracker"
    default_url: str = "https://tracker.test"
    secret_label: str = "Personal Access Token"
    secret_help: str = ""
    secret_pattern: str = ".*"
    progress: Progress | None = field(default_factory=lambda: Progress("epics", "estimate", "state", ("Accepted",)))
    type_key: str = ""
    records: dict[str, Record] = field(default_factory=dict)
    version: int = 1
    page_size: int = 2
    fates: dict[str, str] = field(default_factory=dict)
    before_page: Callable[[int], None] = lambda page: None
    pulls: list[Cursor | None] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)

    def hold(self, *records: Record) -> None:
        """The tracker now holds these, and nothing else."""
        self.records = {found.id: found for found in records}
        self.version += 1

    def verify(self, auth: Auth) -> Identity:
        return Identity(id="1", name="Robin", projects=1)

    def list_projects(self, auth: Auth) -> list[ProjectRef]:
        return [ProjectRef(id="99", name="Shop")]

    def describe(self, auth: Auth, project_id: str) -> Description:
        raise NotImplementedError

    def pull(self, auth: Auth, query: Query, cursor: Cursor | None) -> Iterator[Page]:
        self.pulls.append(cursor)
        if cursor is not None and cursor["version"] == self.version:
            yield Page(stamp=str(self.version), unchanged=True, complete=False, cursor=cursor)
            return
        everything = list(self.records.values())
        for number, at in enumerate(range(0, max(len(everything), 1), self.page_size)):
            self.before_page(number)
            page = everything[at : at + self.page_size]
            yield Page(
                stamp=str(self.version),
                records=tuple(found for found in page if found.state in query.states),
                passed_over={found.id: found.state for found in page if found.state not in query.states},
                announced=len(everything),
                cursor={"version": self.version},
            )

    def lookup(self, auth: Auth, query: Query, ids: Sequence[str]) -> dict[str, Fate]:
        self.looked_up.extend(ids)
        return {id_: Fate(kind=self.fates.get(id_, "deleted")) for id_ in ids}  # type: ignore[arg-type]  # as told

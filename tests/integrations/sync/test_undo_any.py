"""Whatever a sync did and people wrote since: undone, each value is as before, or what a person made of it (P5)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from integrations import undo
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from integrations.sync.run import execute
from roadmaps.models import Field, Item
from tests.histories.stage import TEMPORARY
from tests.integrations.sync.fakes import FakeConnector, record

KNOWN = ("1", "2", "3", "4")
LABELS = ("a", "b", "c")


@dataclass(frozen=True)
class Remote:
    """What happens to a record at the tracker."""

    deleted: bool
    name: str | None
    labels: tuple[str, ...] | None
    undated: bool


@dataclass(frozen=True)
class Own:
    """What a person writes on its item afterwards."""

    name: bool
    labels: bool
    notes: bool


remote = st.builds(
    Remote,
    deleted=st.booleans(),
    name=st.none() | st.sampled_from(["Renamed", "Again"]),
    labels=st.none() | st.lists(st.sampled_from(LABELS), unique=True).map(tuple),
    undated=st.booleans(),
)
own = st.builds(Own, name=st.booleans(), labels=st.booleans(), notes=st.booleans())


class _NeverMind(Exception):
    """Takes an example's rows away again."""


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(changes=st.tuples(*[remote] * 3), edits=st.tuples(*[own] * 4), added=st.integers(0, 2))
def test_a_run_goes_back_whole(
    link: ProjectLink,
    tracker: FakeConnector,
    labels: Field,
    changes: tuple[Remote, ...],
    edits: tuple[Own, ...],
    added: int,
) -> None:
    with pytest.raises(_NeverMind), transaction.atomic():
        tracker.hold(*(record(id_, labels=("a", "b")) for id_ in KNOWN))
        pull(link)
        before = looks(link)
        happen(tracker, changes, added)
        run = pull(link)
        assume(run.has_changes)
        for id_, edit in zip(KNOWN, edits, strict=True):
            write(link, id_, edit, labels.column)
        undo.undo(run, member=link.roadmap.owner)
        expected = {
            id_: as_edited(before[id_], id_, edit, labels.column) for id_, edit in zip(KNOWN, edits, strict=True)
        }
        assert looks(link) == expected
        raise _NeverMind


def happen(tracker: FakeConnector, changes: tuple[Remote, ...], added: int) -> None:
    """The last record always stays, because a project that is suddenly empty is believed by nobody."""
    kept = list(tracker.records.values())[len(changes) :]
    for found, change in zip(tracker.records.values(), changes, strict=False):
        if change.deleted:
            continue
        values = found.values if change.labels is None else {"labels": change.labels}
        dates = {} if change.undated else found.dates
        kept.append(structs.replace(found, name=change.name or found.name, values=values, dates=dates))
    tracker.hold(*kept, *(record(f"new-{number}") for number in range(added)))


def pull(link: ProjectLink) -> SyncRun:
    run = execute(schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk)
    assert run is not None and run.state in SyncRun.GOOD
    with connection.cursor() as cursor:  # they go with the transaction, which here is that of the whole example
        cursor.execute(f"DROP TABLE IF EXISTS {', '.join(TEMPORARY)}")
    link.refresh_from_db()
    return run


def write(link: ProjectLink, id_: str, edit: Own, column: str) -> None:
    item = Item.objects.get(roadmap=link.roadmap, external_id=id_)
    columns = as_edited({"name": item.name, "notes": item.notes, "values": item.values}, id_, edit, column)
    Item.objects.filter(pk=item.pk).update(**columns)


def as_edited(seen: dict[str, object], id_: str, edit: Own, column: str) -> dict[str, object]:
    """With what the person wrote in the place of what was there."""
    values = seen["values"]
    assert isinstance(values, dict)
    return {
        **seen,
        **({"name": f"Own name of {id_}"} if edit.name else {}),
        **({"notes": f"Own notes on {id_}"} if edit.notes else {}),
        **({"values": {**values, column: [-1]}} if edit.labels else {}),
    }


def looks(link: ProjectLink) -> dict[str, dict[str, object]]:
    """All that a person sees of every item that is not archived, by its record."""
    columns = ("name", "description", "start_date", "end_date", "values", "source_state", "notes")
    found = link.items().filter(archived_at=None)
    return {
        item["external_id"]: {name: item[name] for name in columns} for item in found.values("external_id", *columns)
    }

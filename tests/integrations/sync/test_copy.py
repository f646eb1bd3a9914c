"""COPY that the database does not carry through fails as any other statement does (R7, R14)."""

from __future__ import annotations

import pytest
from django.db import Error, connection, transaction

from integrations.models import ProjectLink, SyncRun
from integrations.sync import copy, outcome, schedule
from integrations.sync.copy import Staging, copy_rows
from integrations.sync.run import execute
from roadmaps.models import Item
from tests.another_connection import another_connection
from tests.integrations.sync.fakes import FakeConnector, record

FULL = """
CREATE FUNCTION pg_temp.full() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE 'could not write' USING ERRCODE = 'disk_full'; END$$;
CREATE TRIGGER full_disk BEFORE INSERT ON stories EXECUTE FUNCTION pg_temp.full();
"""


@pytest.mark.django_db
def test_a_full_disk_is_told_as_one() -> None:
    with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
        Staging(cursor, "stories", {"name": "text"})
        cursor.execute(FULL)
        copy_rows(cursor, "stories", [("Shop",)])
    assert isinstance(outcome.of_database(caught.value), outcome.NoRoom)


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_database_goes_in_the_middle_is_taken_up_again(
    link: ProjectLink, tracker: FakeConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.hold(record("1"))
    reads = copy._Lines.read

    def read_and_lose(lines: copy._Lines, size: int | None = -1) -> str:
        pid = connection.connection.get_backend_pid()
        with another_connection() as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return reads(lines, size)

    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    with monkeypatch.context() as patch:
        patch.setattr(copy._Lines, "read", read_and_lose)
        assert execute(asked.pk) is None
    asked.refresh_from_db()
    assert (asked.state, asked.error_code) == ("running", "")
    SyncRun.objects.update(lease_until="2000-01-01T00:00:00Z")
    schedule.take_up_lost_runs()
    again = execute(asked.pk)
    assert again is not None
    assert (again.state, Item.objects.count()) == ("succeeded", 1)

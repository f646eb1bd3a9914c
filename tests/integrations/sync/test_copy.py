"""COPY that the database does not carry through fails as any other statement does (R7, R14)."""

from __future__ import annotations

import pytest
from django.db import Error, connection, transaction

from integrations.sync import outcome
from integrations.sync.copy import Staging, copy_rows

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
    assert outcome.of_database(caught.value).code == "no_room"

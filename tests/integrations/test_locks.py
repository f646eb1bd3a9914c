"""Whoever locks a link and its credential locks the link first: nobody waits for somebody who waits for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts import walls
from integrations import credentials
from integrations.models import Credential, ProjectLink
from integrations.records import Identity
from tests.another_connection import another_connection

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_new_token_waits_for_a_run_that_fails_and_not_the_run_for_it(
    link: ProjectLink, credential: Credential
) -> None:
    replacing = walls.carried(credentials.replace_secret)

    def replace() -> int:
        try:
            return replacing(credential, secret="another-token", identity=Identity("1", "Robin", 1))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, another_connection() as run, run.cursor() as cursor:
        cursor.execute(f"SET {walls.SETTING} = '{walls.EVERY}'; SET lock_timeout = 2000")
        cursor.execute("SELECT 1 FROM integrations_projectlink WHERE id = %s FOR NO KEY UPDATE", [link.pk])
        replaced = pool.submit(replace)
        wait_until_somebody_waits()
        cursor.execute("SELECT 1 FROM integrations_credential WHERE id = %s FOR NO KEY UPDATE", [credential.pk])
        run.commit()
        assert replaced.result(timeout=10) == 0


def wait_until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("Nobody waits.")

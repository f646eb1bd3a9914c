"""A database of the first release, with data, comes up to now: nothing lost, nothing rewritten, as if made today."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.roadmunk.installation import Installation

FIRST = Path(__file__).with_name("release_0_1_0.sql")
#: Tables that Django itself adds to while it migrates.
GROW = {"django_migrations", "django_content_type", "auth_permission"}
Rows = dict[str, dict[object, dict[str, object]]]


class Upgraded:
    """An installation that was of the first release, and what was in it before."""

    def __init__(self, site: Installation) -> None:
        self.site = site
        site.postgres("psql", "--quiet", "-v", "ON_ERROR_STOP=1", "-f", str(FIRST))
        self.before, self.files_before = site.rows(), files(site)
        migrated = site.manage("migrate", "--no-input", "-v", "0")
        assert migrated.returncode == 0, migrated.stderr
        self.after, self.files_after = site.rows(), files(site)


def files(site: Installation) -> dict[str, int]:
    """The file that holds each table; a rewritten table gets another."""
    with closing(site.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT relname, relfilenode FROM pg_class WHERE relkind = 'r' AND relname !~ '^(pg|sql)_'")
        return dict(cursor.fetchall())


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    with Installation(tmp_path_factory.mktemp("upgrade")) as site:
        yield Upgraded(site)


def test_every_row_is_still_there_with_every_value(upgraded: Upgraded) -> None:
    lost = []
    for table, rows in upgraded.before.items():
        for key, row in rows.items():
            now = upgraded.after[table].get(key)
            if now is None:
                lost.append(f"{table} {key}")
            else:
                lost += [f"{table} {key} {name}" for name in row.keys() & now.keys() if row[name] != now[name]]
    assert lost == []
    assert sum(map(len, upgraded.before.values())) > 100
    assert len(upgraded.before["roadmaps_item"]) == 8


def test_what_is_added_to_old_tables_is_nothing_but_djangos_own(upgraded: Upgraded) -> None:
    grown = {table for table in upgraded.before if len(upgraded.after[table]) > len(upgraded.before[table])}
    assert grown <= GROW


def test_no_table_is_rewritten(upgraded: Upgraded) -> None:
    kept = upgraded.files_before.keys() & upgraded.files_after.keys()
    assert len(kept) > 20
    assert {name for name in kept if upgraded.files_before[name] != upgraded.files_after[name]} == set()


def test_the_items_that_were_there_are_counted(upgraded: Upgraded) -> None:
    there = Counter(item["roadmap_id"] for item in upgraded.after["roadmaps_item"].values())
    counted = {part["roadmap_id"]: part["items"] for part in upgraded.after["roadmaps_itemcount"].values()}
    assert counted == there


def test_the_schema_is_that_of_a_new_database(upgraded: Upgraded) -> None:
    site = upgraded.site
    site.postgres("psql", "-c", "CREATE DATABASE fresh")
    fresh = site.servers.database_url.replace("/roadmunk?", "/fresh?")
    assert site.manage("migrate", "--no-input", "-v", "0", DATABASE_URL=fresh).returncode == 0
    assert schema(site, "roadmunk") == schema(site, "fresh")


def schema(site: Installation, database: str) -> str:
    """The whole schema in words, restored once: PostgreSQL words a condition anew when it reads its own words."""
    again = f"{database}_again"
    site.postgres("psql", "-c", f"CREATE DATABASE {again}")
    dumped = site.place / f"{database}.sql"
    site.postgres("pg_dump", "--schema-only", "--no-owner", "-f", str(dumped), database=database)
    site.postgres("psql", "--quiet", "-v", "ON_ERROR_STOP=1", "-f", str(dumped), database=again)
    dump = site.postgres("pg_dump", "--schema-only", "--no-owner", database=again)
    return re.sub(r"^\\(un)?restrict .*$", "", dump, flags=re.MULTILINE)


def test_the_site_works_on_it(upgraded: Upgraded) -> None:
    """People see their roadmap, strangers don't, the stored secret opens, the queued run still waits."""
    answer = upgraded.site.do(
        """
from django.test import Client
from accounts.models import User
from integrations import vault
from integrations.models import Credential, SyncRun
from roadmaps.models import Roadmap
def status(name, path):
    browser = Client(headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
    browser.force_login(User.objects.get(name=name))
    return browser.get(path, secure=True).status_code
credential = Credential.objects.get()
from django.urls import reverse
page = reverse("roadmaps:items-table", args=["acme", Roadmap.objects.get(name="Shop").pk])
answer = {
    "statuses": [status(name, page) for name in ("Olga Olsen", "Vera Viljanen", "Mallory Malone")],
    "secret": vault.open_sealed(credential.sealed, credential.vault_context),
    "waiting": SyncRun.objects.filter(state="queued").count(),
}
""",
        DEBUG="true",
        ALLOWED_HOSTS="localhost",
    )
    assert answer == {"statuses": [200, 200, 404], "secret": "token-of-the-owner", "waiting": 1}


def test_nothing_is_left_to_migrate(upgraded: Upgraded) -> None:
    assert upgraded.site.manage("migrate", "--check").returncode == 0

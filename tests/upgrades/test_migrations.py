"""A site is upgraded while it works: no migration makes it wait, or takes away what the old code still asks for."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from roadmunk.management.commands import migrate
from tests.another_connection import another_connection
from tests.upgrades.rules import complaints

#: The last migration of each part in release 0.1.0. What came before made the tables.
FIRST_RELEASE = {"accounts": "0002_guards", "roadmaps": "0004", "integrations": "0006"}


def later_migrations() -> list[tuple[Migration, list[str]]]:
    """Each migration since the first release, with its SQL."""
    loader = MigrationLoader(connection, replace_migrations=False)
    keys = [
        key for key in sorted(loader.graph.nodes) if key[0] in FIRST_RELEASE and key[1] > FIRST_RELEASE[key[0]] + "~"
    ]
    return [(loader.graph.nodes[key], loader.collect_sql([(loader.graph.nodes[key], False)])) for key in keys]


@pytest.mark.django_db
def test_no_migration_holds_up_a_site_that_works_unless_it_says_why() -> None:
    """A migration that must do such a thing says so: `unsafe_because = "..."` in its class, and in CHANGELOG."""
    wrong = {}
    for migration, statements in later_migrations():
        found = complaints(statements)
        marked = getattr(migration, "unsafe_because", "")
        if found and not marked:
            wrong[str(migration)] = found
        if marked and not found:
            wrong[str(migration)] = ["is marked, and needs no mark"]
    assert wrong == {}


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ('ALTER TABLE "item" ALTER COLUMN "name" TYPE text USING "name"::text', "rewrites"),
        ('ALTER TABLE "item" ADD COLUMN "x" integer GENERATED ALWAYS AS (1) STORED', "rewrites"),
        ('ALTER TABLE "item" ADD COLUMN "x" uuid DEFAULT gen_random_uuid() NOT NULL', "rewrites"),
        ('ALTER TABLE "item" ADD COLUMN "x" integer NOT NULL', "fails"),
        ('ALTER TABLE "item" ALTER COLUMN "x" DROP DEFAULT', "db_default"),
        ('ALTER TABLE "item" ALTER COLUMN "x" SET NOT NULL', "reads the table"),
        ('CREATE INDEX "i" ON "item" ("x")', "Concurrently"),
        ('CREATE UNIQUE INDEX "i" ON "item" ("x")', "Concurrently"),
        ('ALTER TABLE "item" ADD CONSTRAINT "c" CHECK (x > 1)', "NOT VALID"),
        ('ALTER TABLE "item" DROP COLUMN "x" CASCADE', "takes away"),
        ('ALTER TABLE "item" RENAME COLUMN "x" TO "y"', "takes away"),
        ('ALTER TABLE "item" ENABLE ROW LEVEL SECURITY', "hides"),
        ("-- Add a comment\nUPDATE item SET x = 1", "many rows"),
        ("-- THIS OPERATION CANNOT BE WRITTEN AS SQL", "many rows"),
        ('CREATE TABLE "new" (id int); CREATE INDEX "i" ON "item" ("x")', "Concurrently"),
    ],
)
def test_what_holds_up_a_site_is_seen(statement: str, word: str) -> None:
    assert any(word in found for found in complaints([statement]))


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE "item" ADD COLUMN "x" integer NULL',
        'ALTER TABLE "item" ADD COLUMN "x" integer DEFAULT 0 NOT NULL',
        'ALTER TABLE "item" ADD COLUMN "x" timestamp DEFAULT (STATEMENT_TIMESTAMP()) NOT NULL',
        'CREATE INDEX CONCURRENTLY "i" ON "item" ("x")',
        'ALTER TABLE "item" ADD CONSTRAINT "c" CHECK (x > 1) NOT VALID',
        'ALTER TABLE "item" VALIDATE CONSTRAINT "c"',
        'CREATE TABLE "new" ("x" integer NOT NULL); CREATE INDEX "i" ON "new" ("x")',
        "CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN UPDATE item SET x = 1; END $$",
        "-- Add field x to item",
    ],
)
def test_what_passes_in_a_moment_is_let_pass(statement: str) -> None:
    assert complaints([statement]) == []


@pytest.fixture
def in_use(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg2.extensions.connection]:
    """Somebody else holds a table that migrating asks for."""
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", 100)
    with another_connection() as other:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        yield other


def test_migrating_never_waits_long_for_a_table(
    in_use: psycopg2.extensions.connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "PAUSES", (0,))
    with pytest.raises(CommandError, match="stayed in use") as refused:
        call_command("migrate", verbosity=0)
    assert "run this again" in str(refused.value)


def test_migrating_goes_on_when_the_table_is_free(
    in_use: psycopg2.extensions.connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(migrate, "PAUSES", (1,))
    free = threading.Timer(0.5, in_use.rollback)
    free.start()
    call_command("migrate", verbosity=0)
    free.join()
    assert "trying again in 1 s" in capsys.readouterr().err

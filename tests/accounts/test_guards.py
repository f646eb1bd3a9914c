"""The rules that triggers keep hold whatever else a session puts in their way, as long as nobody drops them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import walls
from accounts.models import Membership
from tests import factories


def run(*statements: str) -> None:
    """As somebody at a psql would, up to what is asked at the end of the transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db
def test_each_function_of_a_trigger_looks_for_its_tables_where_it_is_itself() -> None:
    """A new one says so too, by `guards.at_home` in its migration."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, pronamespace::regnamespace::text, proconfig FROM pg_proc"
            " WHERE prorettype = 'trigger'::regtype AND pronamespace = current_schema::regnamespace"
        )
        found = cursor.fetchall()
    assert len(found) > 10
    assert [name for name, home, settings in found if settings != [f"search_path={home}, pg_temp"]] == []


#: A table of the session's own under the name of one that the guard asks; what is done to the real ones then.
TRICKS = {
    "the last admin": (
        "CREATE TEMP TABLE accounts_account (id bigint) ON COMMIT DROP",
        "UPDATE accounts_membership SET role = 'reviewer'",
    ),
    "a roadmap that is not archived": (
        "CREATE TEMP TABLE accounts_account (id bigint) ON COMMIT DROP",
        "DELETE FROM integrations_projectlink",
        "DELETE FROM roadmaps_view",
        "DELETE FROM roadmaps_roadmap",
    ),
    "a link": (
        "CREATE TEMP TABLE roadmaps_roadmap (id bigint) ON COMMIT DROP",
        "DELETE FROM integrations_projectlink",
    ),
    "the source of a portfolio": (
        "CREATE TEMP TABLE roadmaps_roadmap ON COMMIT DROP AS SELECT id, 'portfolio' AS kind FROM roadmaps_roadmap"
        " UNION ALL SELECT id, 'standard' FROM roadmaps_roadmap",
        "INSERT INTO roadmaps_source (account_id, portfolio_id, roadmap_id)"
        " SELECT account_id, id, id FROM public.roadmaps_roadmap",
    ),
}


@pytest.mark.parametrize("statements", TRICKS.values(), ids=TRICKS.keys())
def test_a_table_of_the_sessions_own_does_not_blind_a_guard(olga: Membership, statements: tuple[str, ...]) -> None:
    factories.make_link(factories.make_roadmap(olga))
    with pytest.raises(IntegrityError):
        run(*statements)


def test_items_are_counted_past_a_table_of_the_sessions_own(olga: Membership) -> None:
    roadmap = factories.make_roadmap(olga)
    run("CREATE TEMP TABLE roadmaps_itemcount (LIKE roadmaps_itemcount INCLUDING ALL) ON COMMIT DROP")
    factories.make_item(roadmap)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(items) FROM public.roadmaps_itemcount WHERE roadmap_id = %s", [roadmap.pk])
        assert cursor.fetchone() == (1,)


def test_a_link_stays_also_where_its_roadmap_is_out_of_sight_at_the_end(olga: Membership) -> None:
    """Whether it may go is asked when the transaction ends, inside of whatever account it ends in."""
    factories.make_link(factories.make_roadmap(olga))
    with pytest.raises(IntegrityError, match="linked roadmap stays linked"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM integrations_projectlink")
        with walls.outside(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

"""The walls between accounts, as the database keeps them when a filter is forgotten (W1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts import checks, walls
from accounts.models import Account, Membership
from accounts.tenancy import OwnedByAccount
from accounts.walls import Across
from roadmaps import access
from roadmaps.models import Field, Item, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]
TENANTS = [model for model in apps.get_models() if issubclass(model, OwnedByAccount)]


@pytest.fixture
def ours(olga: Membership) -> Item:
    return factories.make_item(factories.make_roadmap(olga, "Ours"), "Our plan")


@pytest.fixture
def theirs(mallory: Membership) -> Item:
    return factories.make_item(factories.make_roadmap(mallory, "Theirs"), "Their plan")


def whose() -> str:
    with connection.cursor() as cursor:
        raw = cursor.connection.cursor()
        raw.execute(f"SELECT current_setting('{walls.SETTING}', true)")
        return str(raw.fetchone()[0] or "")


@pytest.mark.parametrize("model", TENANTS, ids=lambda model: model.__name__)
@pytest.mark.django_db
def test_each_table_of_an_account_is_behind_a_wall_that_binds_its_owner(model: type[OwnedByAccount]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity AND relforcerowsecurity, (SELECT count(*) FROM pg_policy WHERE polrelid = each.oid)"
            " FROM pg_class AS each WHERE relname = %s",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True, 1)


def test_every_model_with_an_account_is_one_of_them() -> None:
    with_account = {
        model for model in apps.get_models() if any(field.name == "account" for field in model._meta.concrete_fields)
    }
    assert with_account - set(TENANTS) == set()


def test_outside_of_all_accounts_nothing_is_seen_or_written(ours: Item) -> None:
    with walls.outside():
        assert not Item.objects.exists()
        assert Item.objects.filter(pk=ours.pk).update(name="Taken") == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Item.objects.create(account_id=ours.account_id, roadmap_id=ours.roadmap_id, name="More")
    assert Item.objects.get().name == "Our plan"


def test_inside_an_account_there_is_no_other(ours: Item, theirs: Item) -> None:
    with walls.entered(ours.account_id):
        assert Item.objects.get() == ours
        assert Item.objects.update(name="Renamed") == 1
        assert Item.objects.filter(pk=theirs.pk).delete()[0] == 0
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Item.objects.create(account_id=theirs.account_id, roadmap_id=theirs.roadmap_id, name="Planted")
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            Item.objects.filter(pk=ours.pk).update(account_id=theirs.account_id)
    assert Item.objects.get(pk=theirs.pk).name == "Their plan"
    assert Item.objects.count() == 2


def test_sql_by_hand_is_behind_the_wall_too(ours: Item, theirs: Item) -> None:
    with walls.entered(ours.account_id), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM roadmaps_item")
        assert cursor.fetchall() == [("Our plan",)]
        cursor.executemany("UPDATE roadmaps_item SET name = %s", [["One"], ["Two"]])
        cursor.execute("WITH gone AS (DELETE FROM roadmaps_item RETURNING id) SELECT count(*) FROM gone")
        assert cursor.fetchone() == (1,)
    assert Item.objects.get() == theirs


@pytest.mark.parametrize(
    "statement",
    [
        "/* page 7 */ SELECT name FROM roadmaps_item",
        "-- page 7\n /* and\n more */ select name FROM roadmaps_item",
        "(SELECT name FROM roadmaps_item) UNION SELECT name FROM roadmaps_item",
        "SELECT name FROM (TABLE roadmaps_item) AS found",
        "CREATE TEMP TABLE found ON COMMIT DROP AS SELECT name FROM roadmaps_item; SELECT name FROM found",
        "DO $$ BEGIN CREATE TEMP TABLE found ON COMMIT DROP AS SELECT name FROM roadmaps_item; END $$; TABLE found",
    ],
)
def test_no_statement_sees_what_the_one_before_it_could(ours: Item, theirs: Item, statement: str) -> None:
    """However it begins, in a transaction that was in all accounts a moment ago."""
    with transaction.atomic():
        with walls.every_account(Across.CLAIM):
            assert Item.objects.count() == 2
        with walls.entered(ours.account_id), connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.fetchall() == [("Our plan",)]


def test_leaving_a_block_leaves_the_account_also_in_the_middle_of_a_transaction(ours: Item, theirs: Item) -> None:
    with transaction.atomic():
        with walls.entered(ours.account_id):
            assert Item.objects.get() == ours
            with walls.entered(theirs.account_id):
                assert Item.objects.get() == theirs
            assert Item.objects.get() == ours
        with walls.outside():
            assert not Item.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_behind_on_the_connection(ours: Item) -> None:
    """So a pooler may give each transaction another connection, and the next request finds none of the last one's."""
    with walls.entered(ours.account_id):
        assert Item.objects.exists()
        assert whose() == ""
        with transaction.atomic():
            assert Item.objects.exists()
            assert whose() == str(ours.account_id)
        assert whose() == ""


def test_an_error_in_a_savepoint_does_not_open_the_wall(ours: Item, theirs: Item) -> None:
    with walls.entered(ours.account_id):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        assert Item.objects.get() == ours


def test_a_list_whose_filter_was_forgotten_shows_nothing_of_another_account(
    ours: Item, theirs: Item, olga: Membership, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "visible_to", lambda member: Roadmap.objects.all())
    page = signed_in(olga).get(reverse("roadmaps:list", args=[ours.account.slug])).content.decode()
    assert "Ours" in page and "Theirs" not in page


@pytest.mark.django_db(transaction=True)
def test_a_page_whose_filter_was_forgotten_is_not_found(
    ours: Item, theirs: Item, olga: Membership, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(member: Membership, roadmap_id: int) -> tuple[Roadmap, access.Level]:
        found = Roadmap.objects.filter(pk=roadmap_id).first() or Roadmap(pk=roadmap_id, account=member.account)
        found.owner = member
        return found, access.Level.OWNER

    monkeypatch.setattr(access, "_find", find)
    client, slug = signed_in(olga), ours.account.slug
    client.raise_request_exception = False  # what such a page also writes is refused: an error, and no leak
    for name in ("items-table", "timeline", "swimlane", "export-csv"):
        response = client.get(reverse(f"roadmaps:{name}", args=[slug, theirs.roadmap_id]))
        body = b"".join(response.streaming_content) if response.streaming else response.content
        assert b"Their plan" not in body
    card = reverse("roadmaps:item", args=[slug, theirs.roadmap_id, theirs.pk])
    assert client.get(card).status_code == 404
    assert client.post(reverse("roadmaps:item-delete", args=[slug, theirs.roadmap_id, theirs.pk])).status_code == 404
    assert Item.objects.filter(pk=theirs.pk).exists()


def test_what_is_sent_after_the_view_ended_is_made_inside_its_account(ours: Item, theirs: Item) -> None:
    def names() -> Iterator[str]:
        yield from Item.objects.values_list("name", flat=True)
        yield from Item.objects.values_list("name", flat=True)

    with walls.entered(ours.account_id):
        made = walls.carry(names())
    with walls.outside():
        assert list(made) == ["Our plan", "Our plan"]


def test_the_questions_across_accounts_are_these_alone() -> None:
    """Each is somewhere that a reader of the code looks through; a further one needs a reason of its own."""
    found: dict[str, set[str]] = {}
    for package in ("accounts", "roadmaps", "integrations", "roadmunk"):
        for path in (Path(settings.BASE_DIR) / package).rglob("*.py"):
            reasons = set(re.findall(r"every_account\((?:walls\.)?Across\.(\w+)\)", path.read_text()))
            if reasons:
                found[path.relative_to(settings.BASE_DIR).as_posix()] = reasons
    assert found == {
        "accounts/access.py": {"SIGN_IN"},
        "accounts/templatetags/shell.py": {"SIGN_IN"},
        "accounts/views/home.py": {"SIGN_IN"},
        "accounts/digest.py": {"LETTER"},
        "accounts/invitations.py": {"INVITATION"},
        "accounts/services.py": {"NAME"},
        "accounts/outbox.py": {"LETTER"},
        "integrations/checks.py": {"KEYS"},
        "integrations/breaker.py": {"SCHEDULE"},
        "integrations/digests.py": {"SCHEDULE"},
        "integrations/figures.py": {"FIGURES"},
        "roadmunk/retention.py": {"HOUSEKEEPING"},
        "integrations/sync/claim.py": {"CLAIM"},
        "integrations/sync/schedule.py": {"SCHEDULE"},
    }


@pytest.mark.django_db
def test_a_role_that_walks_through_walls_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.check_role(databases=["default"]) == []
    monkeypatch.setattr(checks, "_WHO", "SELECT current_user, true")
    [error] = checks.check_role(databases=["default"])
    assert error.id == "accounts.E001" and "walks through" in error.msg


def test_the_planner_knows_how_many_rows_a_wall_lets_through(db: None) -> None:
    """Else it takes an account's rows for one, and reads and sorts all of them where an index has them in order."""
    accounts = Account.objects.bulk_create(Account(name=f"A{number}", slug=f"a{number}") for number in range(300))
    with walls.every_account(Across.OPERATOR):
        Field.objects.bulk_create(
            Field(account=account, name=f"Field {number}", type="text") for account in accounts for number in range(20)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE roadmaps_field")
    with walls.entered(accounts[0].pk), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (FORMAT JSON) SELECT * FROM roadmaps_field WHERE account_id = %s", [accounts[0].pk])
        (plan,) = cursor.fetchone()
    assert 5 <= plan[0]["Plan"]["Plan Rows"] <= 40

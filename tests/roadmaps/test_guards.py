"""Rules that hold for every writer, SQL included: what the services refuse, the database refuses too."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Membership
from roadmaps import services
from roadmaps.models import Roadmap
from tests import factories


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


def run(sql: str, *values: object) -> None:
    """Run raw SQL, and the checks that wait for the end of the transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_roadmap_is_deleted_only_from_the_archive_even_by_sql(roadmap: Roadmap) -> None:
    """D22."""
    roadmap.views.all().delete()
    with pytest.raises(IntegrityError, match="only from the archive"):
        run("DELETE FROM roadmaps_roadmap WHERE id = %s", roadmap.pk)
    with pytest.raises(services.Refused, match="Archive it first"):
        services.delete(roadmap=roadmap, by=roadmap.owner)

    services.archive(roadmap=roadmap, by=roadmap.owner)
    run("DELETE FROM roadmaps_roadmap WHERE id = %s", roadmap.pk)
    assert not Roadmap.objects.filter(pk=roadmap.pk).exists()


def test_deleting_from_the_archive_takes_everything_along(roadmap: Roadmap, vera: Membership) -> None:
    factories.make_item(roadmap)
    factories.make_field(roadmap.account, roadmap=roadmap, type_="choice", options=["Blue"])
    factories.make_share(roadmap, vera)
    services.archive(roadmap=roadmap, by=roadmap.owner)
    services.delete(roadmap=roadmap, by=roadmap.owner)
    run("SELECT 1")
    assert not Roadmap.objects.exists()


def test_a_whole_account_can_be_deleted_with_its_roadmaps(roadmap: Roadmap) -> None:
    roadmap.account.delete()
    run("SELECT 1")
    assert not Roadmap.objects.exists()


def test_the_type_of_a_field_never_changes_even_by_sql(roadmap: Roadmap) -> None:
    """D14."""
    field = factories.make_field(roadmap.account, "Points", "number")
    with pytest.raises(IntegrityError, match="type of a field never changes"):
        run("UPDATE roadmaps_field SET type = 'text' WHERE id = %s", field.pk)


def test_the_same_story_is_the_same_item(roadmap: Roadmap) -> None:
    """D12."""
    factories.make_item(roadmap, external_id="4711")
    with pytest.raises(IntegrityError, match="item_external_id_once"), transaction.atomic():
        factories.make_item(roadmap, external_id="4711")


def test_an_item_never_ends_before_it_starts(roadmap: Roadmap) -> None:
    with pytest.raises(IntegrityError, match="item_end_not_before_start"), transaction.atomic():
        factories.make_item(roadmap, start_date="2026-02-01", end_date="2026-01-31")


def test_no_row_joins_two_accounts(roadmap: Roadmap, mallory: Membership) -> None:
    """S33: neither create nor SQL ties rows of two accounts together."""
    theirs = factories.make_roadmap(mallory)
    for sql in (
        "UPDATE roadmaps_roadmap SET owner_id = %s WHERE id = %s",
        "INSERT INTO roadmaps_share (member_id, roadmap_id, account_id, level)"
        " SELECT %s, id, account_id, 'viewer' FROM roadmaps_roadmap WHERE id = %s",
    ):
        with pytest.raises(IntegrityError):
            run(sql, mallory.pk, roadmap.pk)
    item = factories.make_item(roadmap)
    with pytest.raises(IntegrityError):
        run("UPDATE roadmaps_item SET roadmap_id = %s WHERE id = %s", theirs.pk, item.pk)


def test_a_name_is_taken_once_whatever_its_case(roadmap: Roadmap) -> None:
    factories.make_field(roadmap.account, "Theme")
    factories.make_field(roadmap.account, "Theme", roadmap=roadmap)
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.make_field(roadmap.account, "THEME")
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.make_field(roadmap.account, "theme", roadmap=roadmap)


def test_archiving_twice_keeps_the_first_time(roadmap: Roadmap) -> None:
    services.archive(roadmap=roadmap, by=roadmap.owner)
    first = roadmap.archived_at
    services.archive(roadmap=roadmap, by=roadmap.owner)
    assert roadmap.archived_at == first
    assert first is not None
    assert first <= timezone.now()

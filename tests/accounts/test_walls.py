"""S33: rows of two accounts can't be tied together, by any route."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Invitation, Membership
from roadmaps.models import Item, Roadmap
from tests.factories import make_item, make_roadmap


def roadmap_across(olga: Membership, mallory: Membership) -> Roadmap:
    return Roadmap(account=mallory.account, owner=olga, name="Across")


def test_a_roadmap_of_one_account_takes_no_owner_of_another(olga: Membership, mallory: Membership) -> None:
    with pytest.raises(IntegrityError, match="roadmap_owner_account"):
        roadmap_across(olga, mallory).save()


def test_bulk_create_does_not_go_around_the_wall(olga: Membership, mallory: Membership) -> None:
    with pytest.raises(IntegrityError, match="roadmap_owner_account"):
        Roadmap.objects.bulk_create([roadmap_across(olga, mallory)])


def test_update_does_not_go_around_the_wall(olga: Membership, mallory: Membership) -> None:
    roadmap = make_roadmap(olga)
    with pytest.raises(IntegrityError, match="roadmap_owner_account"), transaction.atomic():
        Roadmap.objects.filter(pk=roadmap.pk).update(owner=mallory)
    with pytest.raises(IntegrityError), transaction.atomic():
        Roadmap.objects.filter(pk=roadmap.pk).update(account=mallory.account)
    roadmap.refresh_from_db()
    assert (roadmap.owner, roadmap.account) == (olga, olga.account)


def test_sql_does_not_go_around_the_wall(olga: Membership, mallory: Membership) -> None:
    item, theirs = make_item(make_roadmap(olga)), make_roadmap(mallory)
    sql = "UPDATE roadmaps_item SET roadmap_id = %s WHERE id = %s"
    with pytest.raises(IntegrityError, match="item_roadmap_account"), connection.cursor() as cursor:
        cursor.execute(sql, [theirs.pk, item.pk])


def test_the_wall_is_checked_at_once_and_not_at_commit(olga: Membership, mallory: Membership) -> None:
    rows = connection.introspection.get_constraints
    with connection.cursor() as cursor:
        names = rows(cursor, Item._meta.db_table)
        assert "item_roadmap_account" in names
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE conname LIKE '%\\_account' AND contype = 'f' AND condeferrable"
        )
        assert cursor.fetchone() == (0,)


def test_a_form_says_which_field_belongs_to_somebody_else(olga: Membership, mallory: Membership) -> None:
    with pytest.raises(ValidationError) as caught:
        roadmap_across(olga, mallory).full_clean()
    assert caught.value.message_dict == {"owner": ["That belongs to another account."]}


def test_an_admin_invites_nobody_to_another_account(alice: Membership, mallory: Membership) -> None:
    invitation = Invitation(
        account=mallory.account,
        invited_by=alice,
        email="x@example.test",
        token_hash="0" * 64,
        expires_at=timezone.now(),
    )
    with pytest.raises(IntegrityError, match="invitation_inviter_account"):
        invitation.save()

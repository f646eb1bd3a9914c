"""S34: an account never loses its last active Account Admin, whoever writes."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import members
from accounts.errors import Refused
from accounts.models import Account, Membership, Role
from tests.accounts.racing import both_at_once
from tests.factories import make_account, make_member


def test_the_last_admin_keeps_the_role(alice: Membership, olga: Membership) -> None:
    with pytest.raises(Refused, match="only active Account Admin of Acme"):
        members.change_role(alice, role=Role.REVIEWER, by=alice)
    alice.refresh_from_db()
    assert alice.role == Role.ADMIN


def test_the_last_admin_is_not_deactivated(alice: Membership) -> None:
    with pytest.raises(Refused, match="Make somebody else an Account Admin first"):
        members.deactivate(alice, by=alice)
    alice.refresh_from_db()
    assert alice.is_active


def test_a_deactivated_admin_does_not_count(alice: Membership) -> None:
    make_member(alice.account, Role.ADMIN, name="Gone", deactivated_at=timezone.now())
    with pytest.raises(Refused):
        members.change_role(alice, role=Role.COLLABORATOR, by=alice)


def test_one_of_two_admins_may_go(alice: Membership, olga: Membership) -> None:
    members.change_role(olga, role=Role.ADMIN, by=alice)
    assert not members.deactivate(alice, by=alice).is_active


WAYS = {
    "demoted": "UPDATE accounts_membership SET role = 'reviewer' WHERE id = %s",
    "deactivated": "UPDATE accounts_membership SET deactivated_at = now() WHERE id = %s",
    "deleted": "DELETE FROM accounts_membership WHERE id = %s",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sql", WAYS.values(), ids=WAYS.keys())
def test_sql_does_not_take_the_last_admin(sql: str) -> None:
    alice = make_member(make_account(), Role.ADMIN)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="keeps at least one active"):
        cursor.execute(sql, [alice.pk])
    assert Membership.objects.get(pk=alice.pk).is_admin


@pytest.mark.django_db(transaction=True)
def test_update_does_not_take_all_admins_at_once() -> None:
    acme = make_account()
    for name in ("Alice", "Anna"):
        make_member(acme, Role.ADMIN, name=name)
    with pytest.raises(IntegrityError):
        Membership.objects.filter(account=acme).update(role=Role.COLLABORATOR)
    assert Membership.objects.filter(account=acme, role=Role.ADMIN).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_whole_account_can_still_be_deleted() -> None:
    acme = make_account()
    make_member(acme, Role.ADMIN)
    acme.delete()
    assert not Account.objects.filter(pk=acme.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_leave_at_the_same_moment_do_not_both_pass() -> None:
    acme = make_account()
    alice, anna = (make_member(acme, Role.ADMIN, name=name) for name in ("Alice", "Anna"))
    both_written = threading.Barrier(2)

    def leave(member: Membership) -> Callable[[], None]:
        def act() -> None:
            with transaction.atomic():
                Membership.objects.filter(pk=member.pk).update(role=Role.REVIEWER)
                both_written.wait(10)

        return act

    raised = both_at_once(leave(alice), leave(anna))
    assert [type(error) for error in raised] == [IntegrityError]
    assert Membership.objects.filter(account=acme, role=Role.ADMIN).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_leave_one_admin_and_one_sentence() -> None:
    acme = make_account()
    alice, anna = (make_member(acme, Role.ADMIN, name=name) for name in ("Alice", "Anna"))
    raised = both_at_once(lambda: members.deactivate(alice, by=alice), lambda: members.deactivate(anna, by=alice))
    assert [type(error) for error in raised] == [Refused]
    assert Membership.objects.filter(account=acme, deactivated_at=None).count() == 1

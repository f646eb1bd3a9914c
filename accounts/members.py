"""Changes what members may do. Each function locks the account first, as the guard in the database does."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import audit, departures
from accounts.audit import brief
from accounts.errors import Refused
from accounts.models import Account, AuditArea, Invitation, Membership, Role


@transaction.atomic
def change_role(member: Membership, *, role: Role, by: Membership) -> Membership:
    """Give the member another role. Raises Refused where the account would lose its last admin.

    The open invitations of somebody who is no longer an admin go.
    """
    member = _locked(member)
    if role != Role.ADMIN:
        _check_another_admin(member)
    could_create, before, member.role = member.can_create, member.get_role_display(), role
    member.save(update_fields=["role"])
    audit.record(by, AuditArea.MEMBERS, f"Changed the role of {brief(member)} from {before} to {role.label}.")
    if role != Role.ADMIN:
        _withdraw_written_by(member, by=by)
    if member.can_create != could_create:
        transaction.on_commit(lambda: departures.tell(member))
    return member


@transaction.atomic
def deactivate(member: Membership, *, by: Membership) -> Membership:
    """Shut the member out from their next request on; what they own keeps its owner. Raises Refused.

    Neither an open invitation to them nor one that they wrote lets anybody in afterwards.
    """
    member = _locked(member)
    _check_another_admin(member)
    if member.is_active:
        member.deactivated_at = timezone.now()
        member.save(update_fields=["deactivated_at"])
        audit.record(by, AuditArea.MEMBERS, f"Deactivated {brief(member)}.")
        transaction.on_commit(lambda: departures.tell(member))
    _withdraw_written_by(member, by=by)
    _withdraw(_open_in(member.account_id).filter(email__iexact=member.user.email), by=by)
    return member


@transaction.atomic
def reactivate(member: Membership, *, by: Membership) -> Membership:
    """Let a deactivated member in again, in the role that they had."""
    member = _locked(member)
    if not member.is_active:
        member.deactivated_at = None
        member.save(update_fields=["deactivated_at"])
        audit.record(by, AuditArea.MEMBERS, f"Reactivated {brief(member)}.")
        transaction.on_commit(lambda: departures.tell(member))
    return member


def _locked(member: Membership) -> Membership:
    """The member as it is now, with nobody else changing the members of that account until the end."""
    Account.objects.select_for_update(no_key=True).get(pk=member.account_id)
    return Membership.objects.select_related("account", "user").get(pk=member.pk)


def _open_in(account_id: int) -> QuerySet[Invitation]:
    return Invitation.objects.filter(account_id=account_id, accepted_at=None)


def _withdraw_written_by(member: Membership, *, by: Membership) -> None:
    written = _open_in(member.account_id).filter(invited_by=member)
    _withdraw(written, by=by, which=f", written by {brief(member)}")


def _withdraw(found: QuerySet[Invitation], *, by: Membership, which: str = "") -> None:
    """Nobody accepts one of them meanwhile."""
    held = found.select_for_update(no_key=True).order_by("email").values_list("pk", "email")
    if emails := dict(held):
        Invitation.objects.filter(pk__in=emails).delete()
        many = "invitation" if len(emails) == 1 else "invitations"
        named = audit.first_few([brief(email) for email in emails.values()])
        audit.record(by, AuditArea.MEMBERS, f"Withdrew the {many} of {named}{which}.")


def _check_another_admin(member: Membership) -> None:
    if not member.is_admin:
        return
    others = Membership.objects.filter(account_id=member.account_id, role=Role.ADMIN, deactivated_at=None)
    if not others.exclude(pk=member.pk).exists():
        raise Refused(
            f"{member} is the only active Account Admin of {member.account}. Make somebody else an Account Admin "
            "first. Nothing was changed."
        )

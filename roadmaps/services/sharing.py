"""Who else may see a roadmap or edit it, and who owns it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import audit
from accounts.audit import brief, quoted
from accounts.errors import Refused
from accounts.models import AuditArea, Membership
from roadmaps.models import Roadmap, Share


@transaction.atomic
def share(*, roadmap: Roadmap, member: Membership, level: str, by: Membership) -> Share:
    """Let an active member of the account see or edit the roadmap. Raises ValidationError."""
    _check_member(roadmap, member)
    if level not in Share.Level.values:
        raise ValidationError({"level": "Choose “Editor” or “Viewer”."})
    if level == Share.Level.EDITOR and not member.can_create:
        raise ValidationError({"level": f"{member} is a Reviewer, and Reviewers can only be viewers."})
    if member.pk == roadmap.owner_id:
        raise ValidationError({"member": f"{member} owns this roadmap already."})
    found, _ = Share.objects.update_or_create(
        roadmap=roadmap, member=member, defaults={"level": level, "account_id": roadmap.account_id}
    )
    level_label = found.get_level_display()
    audit.record(by, AuditArea.SHARING, f"Shared {quoted(roadmap)} with {brief(member)} as {level_label}.")
    return found


@transaction.atomic
def unshare(*, roadmap: Roadmap, member: Membership, by: Membership) -> None:
    """Take the roadmap away from a member; nothing happens where it wasn't shared."""
    if Share.objects.filter(roadmap=roadmap, member=member, account_id=roadmap.account_id).delete()[0]:
        audit.record(by, AuditArea.SHARING, f"Took {quoted(roadmap)} away from {brief(member)}.")


def hand_over(*, roadmap: Roadmap, member: Membership, by: Membership) -> None:
    """Give the roadmap to another member; the old owner becomes an editor, a Reviewer a
    viewer. Raises ValidationError.

    A roadmap has one owner at any time: both changes happen, or none.
    """
    _check_member(roadmap, member)
    if not member.can_create:
        raise ValidationError({"member": f"{member} is a Reviewer, and Reviewers can't own roadmaps."})
    with transaction.atomic():
        locked = Roadmap.objects.select_for_update(no_key=True, of=("self",)).select_related("owner")
        old = locked.get(pk=roadmap.pk).owner
        if old == member:
            raise Refused(f"{member} owns this roadmap already.")
        Roadmap.objects.filter(pk=roadmap.pk).update(owner=member)
        Share.objects.filter(roadmap=roadmap, member=member).delete()
        level = Share.Level.EDITOR if old.can_create else Share.Level.VIEWER
        defaults = {"level": level, "account_id": roadmap.account_id}
        Share.objects.update_or_create(roadmap=roadmap, member=old, defaults=defaults)
        audit.record(by, AuditArea.SHARING, f"Handed {quoted(roadmap)} over from {brief(old)} to {brief(member)}.")
    roadmap.owner = member


def _check_member(roadmap: Roadmap, member: Membership) -> None:
    if member.account_id != roadmap.account_id or not member.is_active:
        raise ValidationError({"member": "Choose somebody from the list: an active member of this account."})

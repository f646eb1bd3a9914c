"""The life of a roadmap: made, renamed, archived, restored, deleted (D22)."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import quoted
from accounts.errors import Refused
from accounts.models import AuditArea, Membership
from roadmaps import fields
from roadmaps.models import Roadmap, View

NAME_LENGTH = 120
DESCRIPTION_LENGTH = 500


def create_roadmap(
    *, owner: Membership, name: str, description: str = "", kind: str = Roadmap.Kind.STANDARD
) -> Roadmap:
    """Make an empty roadmap, or portfolio, with one view. Raises ValidationError; Refused for Reviewers."""
    if not owner.can_create:
        raise Refused("Reviewers look at roadmaps and can't make any. Ask an Account Admin for another role.")
    name, description = _checked(name, description)
    with transaction.atomic():
        made = Roadmap.objects.create(
            account_id=owner.account_id, owner=owner, name=name, description=description, kind=Roadmap.Kind(kind)
        )
        View.objects.create(account_id=made.account_id, roadmap=made, name=View.FIRST_NAME, created_by=owner)
        what = "portfolio" if made.is_portfolio else "roadmap"
        audit.record(owner, AuditArea.ROADMAPS, f"Made the {what} {quoted(made)}.")
    return made


@transaction.atomic
def rename(*, roadmap: Roadmap, name: str, description: str, by: Membership) -> None:
    """Change what the roadmap is called and says about itself. Raises ValidationError."""
    before = Roadmap.objects.select_for_update(no_key=True).get(pk=roadmap.pk)
    roadmap.name, roadmap.description = _checked(name, description)
    roadmap.save(update_fields=["name", "description"])
    if roadmap.name != before.name:
        audit.record(by, AuditArea.ROADMAPS, f"Renamed {quoted(before)} to {quoted(roadmap)}.")
    if roadmap.description != before.description:
        audit.record(by, AuditArea.ROADMAPS, f"Described {quoted(roadmap)} anew.")


@transaction.atomic
def archive(*, roadmap: Roadmap, by: Membership) -> None:
    """Put the roadmap away: it is read-only and no longer synced until it is restored."""
    if Roadmap.objects.filter(pk=roadmap.pk, archived_at=None).update(archived_at=timezone.now()):
        audit.record(by, AuditArea.ROADMAPS, f"Archived {quoted(roadmap)}.")
    roadmap.refresh_from_db(fields=["archived_at"])


@transaction.atomic
def restore(*, roadmap: Roadmap, by: Membership) -> None:
    """Take the roadmap out of the archive; its sync goes on."""
    if Roadmap.objects.filter(pk=roadmap.pk).exclude(archived_at=None).update(archived_at=None):
        audit.record(by, AuditArea.ROADMAPS, f"Took {quoted(roadmap)} out of the archive.")
    roadmap.archived_at = None


@transaction.atomic
def delete(*, roadmap: Roadmap, by: Membership) -> None:
    """Delete the roadmap and everything on it, for good. Raises Refused unless it is in the archive."""
    if roadmap.archived_at is None:
        raise Refused(f"“{roadmap}” is in use. Archive it first; then it can be deleted.")
    roadmap.delete()
    audit.record(by, AuditArea.ROADMAPS, f"Deleted {quoted(roadmap)} for good.")


def _checked(name: str, description: str) -> tuple[str, str]:
    errors = {}
    cleaned = {"name": "", "description": ""}
    for column, text, limit in (("name", name, NAME_LENGTH), ("description", description, DESCRIPTION_LENGTH)):
        try:
            cleaned[column] = fields.clean_text(text, limit=limit)
        except fields.InvalidValue as problem:
            errors[column] = str(problem)
    if not cleaned["name"] and "name" not in errors:
        errors["name"] = "Enter a name."
    if errors:
        raise ValidationError(errors)
    return cleaned["name"], cleaned["description"]

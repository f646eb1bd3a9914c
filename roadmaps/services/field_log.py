"""What is done to the account's own fields, in its audit log. A field of one roadmap is the business of its editors."""

from __future__ import annotations

from accounts import audit
from accounts.models import AuditArea, Membership
from roadmaps.models import Field


def record(field: Field, by: Membership, what: str) -> None:
    """Write the sentence down where every roadmap has the field, inside a transaction."""
    if field.roadmap_id is None:
        audit.record(by, AuditArea.SETTINGS, what)

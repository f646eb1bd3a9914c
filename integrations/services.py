"""Connectors of an account: made, renamed and deleted by its admins (S4-S8, D2)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import RestrictedError

from accounts import audit
from accounts.audit import quoted
from accounts.models import AuditArea, Membership
from integrations.models import Integration
from roadmaps.names import listed


class NameTaken(ValueError):
    """The account has an integration with that name."""

    def __init__(self) -> None:
        super().__init__("There is an integration with this name already. Please choose another one.")


class InUse(Exception):
    """Roadmaps still use it. The message names them."""

    def __init__(self, roadmaps: Sequence[str], *, hidden: int = 0) -> None:
        number = len(roadmaps) + hidden
        users = "A roadmap still uses it" if number == 1 else f"{number} roadmaps still use it"
        super().__init__(f"{users}: {listed(roadmaps, hidden=hidden)}.")


@transaction.atomic
def create_integration(member: Membership, *, kind: str, name: str) -> Integration:
    """Add a connector to the member's account; every roadmap there can use it from now on. Raises NameTaken."""
    integration = Integration(account_id=member.account_id, created_by=member, kind=kind, name=name)
    _save(integration)
    kind_label = integration.get_kind_display()
    audit.record(member, AuditArea.INTEGRATIONS, f"Added the connector {quoted(name)} ({kind_label}).")
    return integration


@transaction.atomic
def rename_integration(integration: Integration, *, name: str, by: Membership) -> None:
    """Change its name for everybody, at once. Raises NameTaken."""
    before = Integration.objects.values_list("name", flat=True).get(pk=integration.pk)
    integration.name = name
    _save(integration)
    if name != before:
        audit.record(by, AuditArea.INTEGRATIONS, f"Renamed the connector {quoted(before)} to {quoted(name)}.")


def delete_integration(integration: Integration, *, by: Membership) -> None:
    """Delete it at once. Raises InUse, naming the roadmaps."""
    try:
        with transaction.atomic():
            integration.delete()
            audit.record(by, AuditArea.INTEGRATIONS, f"Deleted the connector {quoted(integration)}.")
    except RestrictedError:
        names = integration.links.values_list("roadmap__name", flat=True).order_by("roadmap__name")
        raise InUse(list(names)) from None


def may_edit(integration: Integration, member: Membership) -> bool:
    """The creator, or, when the creator is no longer an active Account Admin, any Account Admin (S7, D2)."""
    if not member.is_admin or integration.account_id != member.account_id:
        return False
    return integration.created_by_id == member.pk or not integration.created_by.is_admin


def _save(integration: Integration) -> None:
    try:
        with transaction.atomic():
            integration.save()
    except IntegrityError as error:
        if "integration_name_once" in str(error):
            raise NameTaken from None
        raise

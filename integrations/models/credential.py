"""A person's secret for a connector."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy import OwnedByAccount, SameOwner
from integrations import registry
from integrations.models.integration import KIND_LENGTH


class Credential(OwnedByAccount):
    """A person's labelled secret for a connector, sealed. Only `integrations.vault` opens it.

    `host` is the tracker's, as it was when the secret was given: it is sent to no other one (W8). `rejected_at` is
    since when the tracker refuses it, and empty while it does not; `last_rejected_at` stays.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(Membership, on_delete=models.RESTRICT, related_name="credentials")
    kind = models.CharField(max_length=KIND_LENGTH, choices=registry.choices)
    label = models.CharField(max_length=120)
    sealed = models.TextField(editable=False)
    host = models.CharField(max_length=255, blank=True, default="", db_default="", editable=False)
    identity_name = models.CharField(max_length=255, blank=True, default="", editable=False)
    projects_seen = models.PositiveIntegerField(default=0, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    rejected_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_rejected_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["label", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("owner", name="credential_owner_account"),
            models.UniqueConstraint("owner", Lower("label"), name="credential_label_once"),
        ]

    def __str__(self) -> str:
        return self.label

    def may_be_moved_by(self, member: Membership) -> bool:
        """Its owner; and, where the owner left the account or became a Reviewer, its admins."""
        if self.account_id != member.account_id:
            return False
        return self.owner_id == member.pk or (member.is_admin and not self.owner.can_create)

    @property
    def vault_context(self) -> str:
        """What the seal is bound to: a sealed secret copied to another row does not open."""
        return f"cred:{self.account_id}:{self.uuid}"

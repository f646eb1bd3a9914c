"""A connector in use."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy import OwnedByAccount, SameOwner
from integrations import registry

#: A whole name of a connector: the folder's name.
KIND_LENGTH = 40


class Integration(OwnedByAccount):
    """A connector added to an account under a name (the wizard calls it "connector").

    There is no address here on purpose: the server's address is the operator's setting, never a tenant's.
    """

    kind = models.CharField(max_length=KIND_LENGTH, choices=registry.choices)
    name = models.CharField(max_length=120)
    created_by = models.ForeignKey(Membership, on_delete=models.RESTRICT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["name", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("created_by", name="integration_creator_account"),
            models.UniqueConstraint("account", Lower("name"), name="integration_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

"""How many items a roadmap has, kept while they come and go."""

from __future__ import annotations

from django.db import models

from accounts.models import Account
from accounts.tenancy import OwnedByAccount, SameOwner
from roadmaps.models.roadmap import Roadmap


class ItemCount(OwnedByAccount):
    """A part of the number of a roadmap's items, archived ones included; the number is the sum of its parts.

    Triggers (migration 0014) write it with each INSERT and DELETE of items, to a part that no other transaction holds,
    or to a new one. So nobody who adds an item waits for a pull that adds thousands; a part alone may be negative.
    """

    # As of Item: the composite key proves both. The database itself takes the parts away with their roadmap, last,
    # because the items that go before it are still counted.
    account = models.ForeignKey(
        Account, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    roadmap = models.ForeignKey(Roadmap, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    items = models.BigIntegerField()

    class Meta(OwnedByAccount.Meta):
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="itemcount_roadmap_account", cascades=True),
        ]

    def __str__(self) -> str:
        return f"{self.items} of {self.roadmap_id}"

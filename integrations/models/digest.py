"""Letters about what changed in a week."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.db import models

from accounts.outbox import Letter
from accounts.tenancy import SameOwner


class Digest(Letter):
    """What changed since the last one, for a member who wants to know. `week` is the Monday that it is for."""

    week = models.DateField()
    since = models.DateTimeField()

    class Meta(Letter.Meta):
        constraints = [
            *Letter.Meta.constraints,
            SameOwner("to", name="digest_to_account"),
            models.UniqueConstraint(fields=["to", "week"], name="digest_once"),
        ]

    def __str__(self) -> str:
        return f"{self.week} for {self.to_id}"

    def compose(self) -> EmailMessage | None:
        from integrations import digests  # it reads this model

        return digests.compose(self)

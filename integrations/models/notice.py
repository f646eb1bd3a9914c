"""Letters about how a link is doing."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.db import models
from django.db.models import Q

from accounts.outbox import Letter
from accounts.tenancy import SameOwner
from integrations.models.link import ProjectLink
from integrations.models.run import SyncRun


class Notice(Letter):
    """Says once that syncing is in trouble, and once that it works again.

    An episode is the time from the first to the second. Links that one dead secret stops share theirs.
    """

    class Kind(models.TextChoices):
        TROUBLE = "trouble", "In trouble"
        RECOVERED = "recovered", "Works again"

    episode = models.UUIDField()
    kind = models.CharField(max_length=9, choices=Kind)
    link = models.ForeignKey(ProjectLink, on_delete=models.CASCADE, related_name="notices")
    #: The run that gave reason for it.
    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="+")

    class Meta(Letter.Meta):
        constraints = [
            *Letter.Meta.constraints,
            SameOwner("to", name="notice_to_account"),
            SameOwner("link", name="notice_link_account"),
            SameOwner("run", name="notice_run_account"),
            models.UniqueConstraint(fields=["episode", "to", "kind"], name="notice_once"),
            models.CheckConstraint(condition=Q(kind__in=["trouble", "recovered"]), name="notice_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.link_id}"

    def compose(self) -> EmailMessage | None:
        from integrations import notices  # it reads this model

        return notices.compose(self)

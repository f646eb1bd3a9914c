"""A look at a project for somebody who sets up a roadmap: what a sync would do there, without doing it (B1-B3)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.tenancy import OwnedByAccount, SameOwner
from integrations.models.work import Work
from roadmaps.models import Roadmap


class Preview(Work, OwnedByAccount):
    """What the setup that a roadmap's draft holds would do; one of each purpose for a roadmap, the latest.

    `question` is a digest of all that the answer depends on in the draft: with another draft the answer is no longer
    of use. `answer` is a `sync.outline.Outline` for "plan", and for "dates" what `dates.Coverage` counts from.
    """

    class Purpose(models.TextChoices):
        DATES = "dates", "How many stories have which dates"
        PLAN = "plan", "What the next sync would do"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Looking"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    roadmap = models.ForeignKey(Roadmap, on_delete=models.CASCADE, related_name="previews")
    purpose = models.CharField(max_length=5, choices=Purpose)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    question = models.CharField(max_length=32)
    answer = models.JSONField(null=True, blank=True)

    class Meta(OwnedByAccount.Meta):
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="preview_roadmap_account"),
            models.UniqueConstraint(fields=["roadmap", "purpose"], name="preview_once_for_each_purpose"),
            models.CheckConstraint(condition=~Q(state="ready") | Q(answer__isnull=False), name="preview_ready_answers"),
        ]
        indexes = [
            models.Index(fields=["state"], condition=Q(state__in=["queued", "running"]), name="preview_live"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()}: {self.roadmap}"

    @property
    def is_live(self) -> bool:
        """Whether a worker is at it, or will be."""
        return self.state in (self.State.QUEUED, self.State.RUNNING)

"""What everything has in common that a worker carries out: who holds it, how far it is, and why it failed."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone


class Work(models.Model):
    """A row that is the work itself; the message that a worker gets only names it.

    `fence` is the claim's own mark: a worker whose lease ran out, and whose work somebody else took, no longer holds it
    and can write nothing. The rest is progress for people to see; pages are those that hold stories.
    """

    #: Each kind of work has its own states, "queued" and "running" among them.
    state = models.CharField(max_length=9)
    queued_at = models.DateTimeField(default=timezone.now, db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    fence = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, db_default=0)

    stage = models.CharField(max_length=40, blank=True, default="", db_default="")
    records_read = models.PositiveIntegerField(default=0, db_default=0)
    records_announced = models.PositiveIntegerField(null=True, blank=True)
    pages_read = models.PositiveIntegerField(default=0, db_default=0)
    pages_announced = models.PositiveIntegerField(null=True, blank=True)
    requests = models.PositiveIntegerField(default=0, db_default=0)
    error_code = models.CharField(max_length=40, blank=True, default="", db_default="")
    error = models.CharField(max_length=500, blank=True, default="", db_default="")

    class Meta:
        abstract = True

    @property
    def seconds(self) -> float | None:
        """How long it took, in seconds; None while it has no end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

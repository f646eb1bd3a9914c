"""What each pull did, to the link and to each item."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Account, Membership
from accounts.tenancy import OwnedByAccount, SameOwner, Wall
from integrations.models.link import ProjectLink
from integrations.models.work import Work
from roadmaps.models import Item


class SyncRun(Work, OwnedByAccount):
    """One execution of a link's pull: who asked, how far it is, what it did, and why it failed.

    The partial unique index "one live run per link" is the only mutex. `plan` is a `sync.outline.Outline` that a person
    was shown: by a preview before the run, or by the run itself, which then waits for an answer. While it is not held,
    the person said yes to it. `as_planned`: whether what such a run did is exactly that. `undone_at`: since when its
    changes are taken back.
    """

    class Trigger(models.TextChoices):
        SETUP = "setup", "First sync"
        SCHEDULE = "schedule", "Schedule"
        MANUAL = "manual", "Sync now"
        MODIFY = "modify", "Modify Setup"
        COMMAND = "command", "Command line"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Syncing"
        HELD = "held", "Waiting for the owner"
        SUCCEEDED = "succeeded", "Succeeded"
        PARTIAL = "partial", "Partially synced"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    LIVE = (State.QUEUED, State.RUNNING, State.HELD)
    GOOD = (State.SUCCEEDED, State.PARTIAL)
    #: Error codes of a run that the owner ended: by a no to its plan, and while it waited or worked.
    TURNED_DOWN = "turned_down"
    CALLED_OFF = "called_off"

    # "syncrun_by_link" is its index.
    link = models.ForeignKey(ProjectLink, on_delete=models.CASCADE, related_name="runs", db_index=False)
    trigger = models.CharField(max_length=8, choices=Trigger)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    asked_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    created = models.PositiveIntegerField(default=0, db_default=0)
    updated = models.PositiveIntegerField(default=0, db_default=0)
    revived = models.PositiveIntegerField(default=0, db_default=0)
    unchanged = models.PositiveIntegerField(default=0, db_default=0)
    flagged = models.PositiveIntegerField(default=0, db_default=0)
    plan = models.JSONField(null=True, blank=True)
    as_planned = models.BooleanField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    problem_count = models.PositiveIntegerField(default=0, db_default=0)
    #: The first hundred problems, each {"record", "field", "message"}.
    problems = models.JSONField(default=list, blank=True)

    class Meta(OwnedByAccount.Meta):
        ordering = ["-id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("link", name="syncrun_link_account"),
            SameOwner("asked_by", name="syncrun_asker_account"),
            SameOwner("undone_by", name="syncrun_undoer_account"),
            models.UniqueConstraint(
                fields=["link"], condition=Q(state__in=["queued", "running", "held"]), name="syncrun_one_live"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "held"], finished_at=None)
                | Q(state__in=["succeeded", "partial", "failed", "cancelled"], finished_at__isnull=False),
                name="syncrun_finished_exactly_when_not_live",
            ),
        ]
        indexes = [
            models.Index(fields=["link", "-id"], name="syncrun_by_link"),
            models.Index(fields=["link", "-id"], condition=Q(state__in=["succeeded", "partial"]), name="syncrun_good"),
            models.Index(
                fields=["link", "finished_at"],
                condition=Q(created__gt=0) | Q(updated__gt=0) | Q(revived__gt=0) | Q(flagged__gt=0),
                name="syncrun_with_changes",
            ),
            models.Index(fields=["state"], condition=Q(state__in=["queued", "running"]), name="syncrun_live"),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} of {self.link_id}"

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def is_held(self) -> bool:
        """Whether it waits for the owner's word."""
        return self.state == self.State.HELD

    @property
    def is_turned_down(self) -> bool:
        """Whether the owner said no to it."""
        return self.error_code == self.TURNED_DOWN

    @property
    def state_label(self) -> str:
        """The state in words; a no of the owner, or an undo, is more than any other end."""
        if self.undone_at is not None:
            return "Undone"
        return "Turned down" if self.is_turned_down else self.get_state_display()

    @property
    def plan_digest(self) -> str:
        """Tells one plan that was shown from another; "" without one."""
        return str(self.plan.get("digest", "")) if self.plan else ""

    @property
    def planned_flags(self) -> int:
        """Items that it was shown to stop."""
        return int(self.plan.get("flagged", 0)) if self.plan else 0

    @property
    def has_changes(self) -> bool:
        """Whether it changed any item."""
        return any((self.created, self.updated, self.revived, self.flagged))


class ItemChange(OwnedByAccount):
    """What one run did to one item. `changes` maps a column to its old and new value, as stored."""

    class Kind(models.TextChoices):
        CREATED = "created", "Created"
        UPDATED = "updated", "Updated"
        REVIVED = "revived", "Came back"
        FLAGGED = "flagged", "Stopped updating"

    #: Columns that the kind of the change tells already.
    TOLD_BY_KIND = frozenset({"source_state", "archived_by_source"})

    # The composite keys prove all three; no second check for each row.
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="item_changes", db_constraint=False)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="sync_changes", db_constraint=False)
    kind = models.CharField(max_length=7, choices=Kind)
    changes = models.JSONField(default=dict, blank=True)

    class Meta(OwnedByAccount.Meta):
        ordering = ["-id"]
        constraints = [
            Wall(name="integrations_itemchange_wall"),
            SameOwner("run", name="itemchange_run_account"),
            SameOwner("item", name="itemchange_item_account"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id}"

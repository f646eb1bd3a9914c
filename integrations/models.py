"""Connectors in use, secrets, links between roadmaps and outside projects, and what each run did."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Account, Membership
from accounts.tenancy import OwnedByAccount, SameOwner
from integrations import registry
from roadmaps.models import Field, Item, Roadmap

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


class Credential(OwnedByAccount):
    """A person's labelled secret for a connector, sealed. Only `integrations.vault` opens it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(Membership, on_delete=models.RESTRICT, related_name="credentials")
    kind = models.CharField(max_length=KIND_LENGTH, choices=registry.choices)
    label = models.CharField(max_length=120)
    sealed = models.TextField(editable=False)
    identity_name = models.CharField(max_length=255, blank=True, default="", editable=False)
    projects_seen = models.PositiveIntegerField(default=0, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    rejected_at = models.DateTimeField(null=True, blank=True, editable=False)
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

    @property
    def vault_context(self) -> str:
        """What the seal is bound to: a sealed secret copied to another row does not open."""
        return f"cred:{self.account_id}:{self.uuid}"


class Setup(models.Model):
    """What the wizard asks for, shared by the draft and the link. Lists hold keys of the connector, in order."""

    LOST_ITEMS = [("keep", "Keep them, marked with the reason"), ("archive", "Archive them")]

    cadence_minutes = models.PositiveIntegerField(null=True, blank=True, default=720)
    states = models.JSONField(default=list, blank=True)
    start_sources = models.JSONField(default=list, blank=True)
    end_sources = models.JSONField(default=list, blank=True)
    lost_items = models.CharField(max_length=7, choices=LOST_ITEMS, default="keep")

    class Meta:
        abstract = True


class ProjectLink(Setup, OwnedByAccount):
    """One roadmap tied to one outside project, for good.

    Roadmap, kind and project never change and the row is not deleted while its roadmap lives: triggers refuse.
    `cadence_minutes` is null for "manual only". `setup_version` grows with each change of setup; the next run then
    reads everything. `cursor` is how far the last good run is proved complete.
    """

    roadmap = models.OneToOneField(Roadmap, on_delete=models.CASCADE, related_name="link")
    integration = models.ForeignKey(Integration, on_delete=models.RESTRICT, related_name="links")
    credential = models.ForeignKey(Credential, on_delete=models.RESTRICT, related_name="links")
    kind = models.CharField(max_length=KIND_LENGTH, choices=registry.choices)
    project_id = models.CharField(max_length=64)
    project_name = models.CharField(max_length=255)
    project_url = models.URLField(max_length=500, blank=True)
    setup_version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(Membership, on_delete=models.RESTRICT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    next_sync_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_code = models.CharField(max_length=40, blank=True, default="", editable=False)
    paused_reason = models.CharField(max_length=500, blank=True, default="", editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    last_full_at = models.DateTimeField(null=True, blank=True, editable=False)
    cursor = models.JSONField(null=True, blank=True, editable=False)

    class Meta(OwnedByAccount.Meta):
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="projectlink_roadmap_account"),
            SameOwner("integration", name="projectlink_integration_account"),
            SameOwner("credential", name="projectlink_credential_account"),
            SameOwner("created_by", name="projectlink_creator_account"),
            models.CheckConstraint(condition=~Q(project_id=""), name="projectlink_has_project"),
        ]
        indexes = [
            models.Index(
                fields=["next_sync_at"],
                condition=Q(paused_at=None, next_sync_at__isnull=False),
                name="projectlink_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.roadmap} from {self.project_name}"

    @cached_property
    def keys(self) -> frozenset[str]:
        """What is pulled as a field, in the tracker's words."""
        return frozenset(self.mappings.values_list("key", flat=True))

    @property
    def is_well(self) -> bool:
        """Whether a good run has nothing to mend on it."""
        is_scheduled = self.cadence_minutes is not None or self.next_sync_at is None
        return not self.failures and not self.paused_at and is_scheduled and not self.credential.rejected_at

    def items(self) -> models.QuerySet[Item]:
        """Every item that the link keeps, of whatever state."""
        return Item.objects.filter(account_id=self.account_id, roadmap_id=self.roadmap_id, origin=self.kind)


class FieldMapping(OwnedByAccount):
    """A field of the tracker that a link pulls, and the account-level field that it fills."""

    link = models.ForeignKey(ProjectLink, on_delete=models.CASCADE, related_name="mappings")
    key = models.CharField(max_length=80)
    field = models.ForeignKey(Field, on_delete=models.RESTRICT, related_name="+")
    position = models.PositiveIntegerField(default=0)

    class Meta(OwnedByAccount.Meta):
        ordering = ["position", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("link", name="fieldmapping_link_account"),
            SameOwner("field", name="fieldmapping_field_account"),
            models.UniqueConstraint(fields=["link", "key"], name="fieldmapping_key_once"),
            models.UniqueConstraint(fields=["link", "field"], name="fieldmapping_field_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key} -> {self.field}"


class SetupDraft(Setup, OwnedByAccount):
    """How far the owner of a roadmap has come in the wizard; also what "Modify Setup" changes before it is saved."""

    roadmap = models.OneToOneField(Roadmap, on_delete=models.CASCADE, related_name="setup_draft")
    integration = models.ForeignKey(Integration, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    credential = models.ForeignKey(Credential, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    project_id = models.CharField(max_length=64, blank=True, default="")
    project_name = models.CharField(max_length=255, blank=True, default="")
    fields = models.JSONField(default=list, blank=True)
    #: The steps that the owner has saved, by name.
    done = models.JSONField(default=list, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(OwnedByAccount.Meta):
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="setupdraft_roadmap_account"),
            SameOwner("integration", name="setupdraft_integration_account"),
            SameOwner("credential", name="setupdraft_credential_account"),
        ]

    def __str__(self) -> str:
        return f"Setup of {self.roadmap}"


class SyncRun(OwnedByAccount):
    """One execution of a link's pull: who asked, how far it is, what it did, and why it failed.

    The partial unique index "one live run per link" is the only mutex. `fence` is the claim's own mark: a worker whose
    lease ran out, and whose run somebody else took, no longer holds it and can write nothing.
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

    link = models.ForeignKey(ProjectLink, on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=8, choices=Trigger)
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    asked_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
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

    created = models.PositiveIntegerField(default=0, db_default=0)
    updated = models.PositiveIntegerField(default=0, db_default=0)
    revived = models.PositiveIntegerField(default=0, db_default=0)
    unchanged = models.PositiveIntegerField(default=0, db_default=0)
    flagged = models.PositiveIntegerField(default=0, db_default=0)
    requests = models.PositiveIntegerField(default=0, db_default=0)
    #: How many items the owner allowed this run to stop, and what a held run would stop: {"item", "name", "reason"}.
    approved_flags = models.PositiveIntegerField(default=0, db_default=0)
    held_items = models.JSONField(default=list, blank=True, db_default=models.Value([], models.JSONField()))
    #: How many items it would stop for each reason, a value of Item.SourceState; kept when the owner has answered.
    held_reasons = models.JSONField(default=dict, blank=True, db_default=models.Value({}, models.JSONField()))
    problem_count = models.PositiveIntegerField(default=0, db_default=0)
    #: The first hundred problems, each {"record", "field", "message"}.
    problems = models.JSONField(default=list, blank=True)
    error_code = models.CharField(max_length=40, blank=True, default="", db_default="")
    error = models.CharField(max_length=500, blank=True, default="", db_default="")

    class Meta(OwnedByAccount.Meta):
        ordering = ["-id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("link", name="syncrun_link_account"),
            SameOwner("asked_by", name="syncrun_asker_account"),
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
        """The state in words; a no of the owner is more than any other end."""
        return "Turned down" if self.is_turned_down else self.get_state_display()

    @property
    def seconds(self) -> float | None:
        """How long the run took, in seconds; None while it has no end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class ItemChange(OwnedByAccount):
    """What one run did to one item. `changes` maps a column to its old and new value, as stored."""

    class Kind(models.TextChoices):
        CREATED = "created", "Created"
        UPDATED = "updated", "Updated"
        REVIVED = "revived", "Came back"
        FLAGGED = "flagged", "Stopped updating"

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
            SameOwner("run", name="itemchange_run_account"),
            SameOwner("item", name="itemchange_item_account"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id}"

"""A roadmap tied to an outside project: what the wizard sets, and how far the owner has come in it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Membership
from accounts.tenancy import OwnedByAccount, SameOwner
from integrations import registry
from integrations.models.credential import Credential
from integrations.models.integration import KIND_LENGTH, Integration
from roadmaps.models import Field, Item, Roadmap


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
    reads everything. `cursor` is how far the last good run is proved complete. `episode` is the trouble that people
    were told of and that has not ended; see `integrations.notices`.
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
    episode = models.UUIDField(null=True, blank=True, editable=False)
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
        is_quiet = not self.failures and not self.paused_at and self.episode is None
        return is_quiet and is_scheduled and not self.credential.rejected_at

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

"""An item: one bar, card or row of a roadmap."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Account
from accounts.tenancy import OwnedByAccount, SameOwner
from roadmaps.models.roadmap import Roadmap


class Item(OwnedByAccount):
    """One row of a roadmap, made by hand or kept by a source.

    `values` holds every field's value under `f<field id>`, stored as `roadmaps.fields` says; an absent key is
    no value. `origin` is the connector kind of items that a source keeps, and empty for items made by hand;
    `source_hash` is the digest of what the source wrote last. `source_state` says why such an item no longer
    updates. `notes` are the roadmap's own and never touched by a source.
    """

    class SourceState(models.TextChoices):
        CURRENT = "", "Up to date"
        DELETED = "deleted", "Deleted at the source"
        MOVED = "moved", "Moved to another project"
        OUT_OF_FILTER = "out_of_filter", "No longer matches the filter"
        HIDDEN = "hidden", "No longer visible to the credential"
        UNDONE = "undone", "Its sync was undone"

    # The composite key to the roadmap, and the roadmap's own to the account, prove both; no second check for each row.
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    # The unique (roadmap, external id) is its index.
    roadmap = models.ForeignKey(
        Roadmap, on_delete=models.CASCADE, related_name="items", db_constraint=False, db_index=False
    )
    name = models.CharField(max_length=5000)
    description = models.TextField(blank=True, default="", db_default="")
    notes = models.TextField(blank=True, default="", db_default="")
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    values = models.JSONField(default=dict, blank=True)

    origin = models.CharField(max_length=40, blank=True, default="", db_default="", editable=False)
    external_id = models.CharField(max_length=64, null=True, blank=True, editable=False)  # noqa: DJ001 - null keeps own items out of the unique constraint
    external_url = models.URLField(max_length=500, blank=True, default="", db_default="", editable=False)
    source_state = models.CharField(
        max_length=13, choices=SourceState, blank=True, default="", db_default="", editable=False
    )
    source_state_at = models.DateTimeField(null=True, blank=True, editable=False)
    source_hash = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)

    archived_at = models.DateTimeField(null=True, blank=True)
    archived_by_source = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    updated_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta(OwnedByAccount.Meta):
        ordering = ["id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="item_roadmap_account"),
            models.UniqueConstraint(fields=["roadmap", "external_id"], name="item_external_id_once"),
            models.CheckConstraint(
                condition=Q(start_date=None) | Q(end_date=None) | Q(end_date__gte=F("start_date")),
                name="item_end_not_before_start",
            ),
            models.CheckConstraint(
                condition=Q(source_state__in=["", "deleted", "moved", "out_of_filter", "hidden", "undone"]),
                name="item_source_state_known",
            ),
            models.CheckConstraint(
                condition=Q(origin="") | Q(external_id__isnull=False), name="item_from_source_has_id"
            ),
        ]
        indexes = [
            models.Index(fields=["roadmap", "start_date", "end_date"], name="item_by_dates"),
            # Counts and pages of a big roadmap without a look at its rows; the wall asks for the account.
            models.Index(
                fields=["roadmap", "id"], include=["account"], condition=Q(archived_at=None), name="item_not_archived"
            ),
            models.Index(
                fields=["roadmap"], include=["account"], condition=Q(archived_at__isnull=False), name="item_archived"
            ),
            GinIndex(fields=["values"], opclasses=["jsonb_path_ops"], name="item_by_values"),
        ]

    def __str__(self) -> str:
        return self.name

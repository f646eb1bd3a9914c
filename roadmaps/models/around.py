"""What people put around an item: comments, links to other items, and the trail of what they changed on it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy import OwnedByAccount, SameOwner
from roadmaps.models.item import Item


class Comment(OwnedByAccount):
    """What somebody who may see the roadmap says about an item. Plain Markdown; no sync touches it."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(Membership, on_delete=models.RESTRICT, related_name="+")
    text = models.CharField(max_length=10_000)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    edited_at = models.DateTimeField(null=True, blank=True)

    class Meta(OwnedByAccount.Meta):
        ordering = ["id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("item", name="comment_item_account"),
            SameOwner("author", name="comment_author_account"),
            models.CheckConstraint(condition=~Q(text=""), name="comment_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.author} on {self.item_id}"


class ItemLink(OwnedByAccount):
    """Two items of one account that belong together, whichever of its roadmaps they are on. Has no direction.

    `low` is the one with the smaller id, so that a pair can't be linked twice.
    """

    low = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="links_as_low")
    high = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="links_as_high")
    created_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("low", name="itemlink_low_account"),
            SameOwner("high", name="itemlink_high_account"),
            SameOwner("created_by", name="itemlink_creator_account"),
            models.UniqueConstraint(fields=["low", "high"], name="itemlink_once"),
            models.CheckConstraint(condition=Q(low__lt=F("high")), name="itemlink_low_is_lower"),
        ]

    def __str__(self) -> str:
        return f"{self.low_id} and {self.high_id}"


class ItemEdit(OwnedByAccount):
    """What a person did to an item, once it was saved. `changes` maps a column to its old and new value, as stored."""

    class Kind(models.TextChoices):
        MADE = "made", "Made"
        CHANGED = "changed", "Changed"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="edits")
    member = models.ForeignKey(Membership, on_delete=models.RESTRICT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind)
    changes = models.JSONField(default=dict, blank=True)
    at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["-id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("item", name="itemedit_item_account"),
            SameOwner("member", name="itemedit_member_account"),
            models.CheckConstraint(condition=Q(kind__in=["made", "changed"]), name="itemedit_kind_known"),
        ]
        indexes = [models.Index(fields=["account", "at"], name="itemedit_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.item_id}"

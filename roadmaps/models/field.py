"""Fields that items have values for, and the values that list fields offer."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy import OwnedByAccount, SameOwner
from roadmaps.models.roadmap import Roadmap


class FieldType(models.TextChoices):
    """How a field's values are parsed, stored and shown; see `roadmaps.fields`."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DATE = "date", "Date"
    CHECKBOX = "checkbox", "Checkbox"
    LINK = "link", "Link"
    CHOICE = "choice", "List, one value"
    CHOICES = "choices", "List, several values"


class Field(OwnedByAccount):
    """A field of the whole account, or, where `roadmap` is set, of one roadmap.

    `source_kind` and `source_key` name the connector and its own field where the values come from outside;
    such a field is always the account's, and never archived. The type never changes: a trigger refuses. An archived
    field is on no table and in no form, but its values stay and its name stays taken, so that it can always come back.
    """

    roadmap = models.ForeignKey(Roadmap, null=True, blank=True, on_delete=models.CASCADE, related_name="own_fields")
    name = models.CharField(max_length=80)
    type = models.CharField(max_length=8, choices=FieldType)
    source_kind = models.CharField(max_length=40, blank=True, default="", editable=False)
    source_key = models.CharField(max_length=80, blank=True, default="", editable=False)
    source_label = models.CharField(max_length=80, blank=True, default="", editable=False)
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["position", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="field_roadmap_account"),
            SameOwner("created_by", name="field_creator_account"),
            models.UniqueConstraint(
                "account", Lower("name"), condition=Q(roadmap=None), name="field_name_once_in_account"
            ),
            models.UniqueConstraint(
                "roadmap", Lower("name"), condition=~Q(roadmap=None), name="field_name_once_in_roadmap"
            ),
            models.UniqueConstraint(
                fields=["account", "source_kind", "source_key"],
                condition=~Q(source_kind=""),
                name="field_source_once",
            ),
            models.CheckConstraint(
                condition=Q(source_kind="") | Q(roadmap=None), name="field_from_outside_is_account_level"
            ),
            models.CheckConstraint(
                condition=Q(source_kind="") | Q(archived_at=None), name="field_from_outside_is_not_archived"
            ),
            models.CheckConstraint(condition=Q(type__in=FieldType.values), name="field_type_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def column(self) -> str:
        """The field's name in `Item.values` and in query strings."""
        return f"f{self.pk}"

    @property
    def is_synced(self) -> bool:
        """Whether a connector keeps its name and its list values."""
        return bool(self.source_kind)

    @property
    def source_name(self) -> str:
        """What the connector calls it, for people: its key, in words."""
        return self.source_key.replace("_", " ").capitalize()

    @property
    def has_options(self) -> bool:
        return self.type in (FieldType.CHOICE, FieldType.CHOICES)


class FieldOption(OwnedByAccount):
    """A value that a list field offers. Archived, never deleted: its id lives in the items' JSON.

    `key` is the label folded (NFC, case, blanks), so that twins which differ in case can't both exist.
    """

    COLOURS = 12

    field = models.ForeignKey(Field, on_delete=models.CASCADE, related_name="options")
    label = models.CharField(max_length=255)
    key = models.CharField(max_length=765, editable=False)  # folding can make three letters of one
    colour = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveIntegerField(default=0)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta(OwnedByAccount.Meta):
        ordering = ["position", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("field", name="fieldoption_field_account"),
            models.UniqueConstraint(fields=["field", "key"], name="fieldoption_key_once"),
            models.CheckConstraint(condition=Q(colour__range=(1, 12)), name="fieldoption_colour_known"),
        ]

    def __str__(self) -> str:
        return self.label

"""A milestone: a day of a roadmap that has a name."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.tenancy import OwnedByAccount, SameOwner
from roadmaps.models.field import FieldOption
from roadmaps.models.roadmap import Roadmap


class Milestone(OwnedByAccount):
    """A named day, drawn across the Timeline. Made by hand; no source writes it (D24)."""

    roadmap = models.ForeignKey(Roadmap, on_delete=models.CASCADE, related_name="milestones")
    name = models.CharField(max_length=120)
    date = models.DateField()
    colour = models.PositiveSmallIntegerField(default=1, db_default=1)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["date", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="milestone_roadmap_account"),
            models.CheckConstraint(condition=~Q(name=""), name="milestone_has_name"),
            models.CheckConstraint(condition=Q(colour__range=(1, FieldOption.COLOURS)), name="milestone_colour_known"),
        ]

    def __str__(self) -> str:
        return self.name

"""A view: a named way to look at a roadmap."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy import OwnedByAccount, SameOwner
from roadmaps.models.roadmap import Roadmap


class View(OwnedByAccount):
    """A saved question to a roadmap's items, and how the answer is laid out.

    `query` is the query string of the page's address without `view` and `page`: filters, order, columns and what each
    layout needs, all in one. `layout` is the page that the view opens on. A roadmap has at least one view; "All Data"
    is none of them: it shows everything and can't be changed.
    """

    class Layout(models.TextChoices):
        TABLE = "table", "Items Table"
        TIMELINE = "timeline", "Timeline"
        SWIMLANE = "swimlane", "Swimlane"
        ROLLUP = "rollup", "Roll-up"

    FIRST_NAME = "View 1"

    roadmap = models.ForeignKey(Roadmap, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(max_length=80)
    layout = models.CharField(max_length=8, choices=Layout, default=Layout.TABLE, db_default=Layout.TABLE)
    query = models.CharField(max_length=4000, blank=True, default="", db_default="")
    position = models.PositiveIntegerField(default=0, db_default=0)
    created_by = models.ForeignKey(Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["position", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="view_roadmap_account"),
            SameOwner("created_by", name="view_creator_account"),
            models.UniqueConstraint("roadmap", Lower("name"), name="view_name_once_in_roadmap"),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_name"),
            models.CheckConstraint(
                condition=Q(layout__in=["table", "timeline", "swimlane", "rollup"]), name="view_layout_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

"""A source: a roadmap that a portfolio shows, and through which of its views."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.tenancy import OwnedByAccount, SameOwner
from roadmaps.models.roadmap import Roadmap
from roadmaps.models.view import View


class Source(OwnedByAccount):
    """What one roadmap gives to a portfolio: the items that `view` finds; None: "All Data".

    The database keeps portfolios out of portfolios, and knows that the view is one of that roadmap (D28).
    """

    portfolio = models.ForeignKey(Roadmap, on_delete=models.CASCADE, related_name="sources")
    roadmap = models.ForeignKey(Roadmap, on_delete=models.CASCADE, related_name="shown_by")
    view = models.ForeignKey(View, null=True, blank=True, on_delete=models.RESTRICT, related_name="shown_by")
    position = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["position", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("portfolio", name="source_portfolio_account"),
            SameOwner("roadmap", name="source_roadmap_account"),
            SameOwner("view", name="source_view_account"),
            models.UniqueConstraint(fields=["portfolio", "roadmap"], name="source_once_in_portfolio"),
        ]

    def __str__(self) -> str:
        return f"{self.roadmap}, {self.view or 'All Data'}"

"""When somebody last looked at a roadmap."""

from __future__ import annotations

from django.db import models

from accounts.models import Membership
from accounts.tenancy import OwnedByAccount, SameOwner
from roadmaps.models.roadmap import Roadmap


class Look(OwnedByAccount):
    """A member's latest visit of a roadmap. What changed after `since` is news to them; see `roadmaps.looks`."""

    roadmap = models.ForeignKey(Roadmap, on_delete=models.CASCADE, related_name="looks")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="looks")
    since = models.DateTimeField()
    visit_at = models.DateTimeField()

    class Meta(OwnedByAccount.Meta):
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="look_roadmap_account"),
            SameOwner("member", name="look_member_account"),
            models.UniqueConstraint(fields=["roadmap", "member"], name="look_once"),
            models.CheckConstraint(condition=models.Q(since__lte=models.F("visit_at")), name="look_since_before_visit"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} at {self.roadmap_id}"

"""A roadmap, and who else may see it."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Membership
from accounts.tenancy import OwnedByAccount, SameOwner


class Roadmap(OwnedByAccount):
    """A collection of items with one owner.

    `source_label` and `synced_columns` are set by whoever feeds the roadmap from outside: the name of that
    source, and which columns of its items it writes ("name", "start_date", "f12", ...). Those cells are
    locked on such items.
    """

    class Kind(models.TextChoices):
        STANDARD = "standard", "Roadmap"
        PORTFOLIO = "portfolio", "Portfolio"

    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.STANDARD)
    owner = models.ForeignKey(Membership, on_delete=models.RESTRICT, related_name="roadmaps")
    source_label = models.CharField(max_length=80, blank=True, editable=False)
    synced_columns = models.JSONField(default=list, blank=True, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["name", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("owner", name="roadmap_owner_account"),
            models.CheckConstraint(condition=models.Q(kind__in=["standard", "portfolio"]), name="roadmap_kind_known"),
            # A portfolio shows what other roadmaps hold; nothing feeds it.
            models.CheckConstraint(
                condition=models.Q(kind="standard") | models.Q(source_label="", synced_columns=[]),
                name="roadmap_portfolio_is_not_fed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_portfolio(self) -> bool:
        """Whether it shows the items of other roadmaps, its sources, and has none of its own."""
        return self.kind == self.Kind.PORTFOLIO


class Share(OwnedByAccount):
    """A member who is not the owner and may see, or edit, a roadmap."""

    class Level(models.TextChoices):
        EDITOR = "editor", "Editor"
        VIEWER = "viewer", "Viewer"

    roadmap = models.ForeignKey(Roadmap, on_delete=models.CASCADE, related_name="shares")
    member = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="shares")
    level = models.CharField(max_length=6, choices=Level, default=Level.VIEWER)
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)

    class Meta(OwnedByAccount.Meta):
        ordering = ["member__user__name", "id"]
        constraints = [
            *OwnedByAccount.Meta.constraints,
            SameOwner("roadmap", name="share_roadmap_account"),
            SameOwner("member", name="share_member_account"),
            models.UniqueConstraint(fields=["roadmap", "member"], name="share_once"),
            models.CheckConstraint(condition=models.Q(level__in=["editor", "viewer"]), name="share_level_known"),
        ]

    def __str__(self) -> str:
        return f"{self.member} as {self.get_level_display()}"

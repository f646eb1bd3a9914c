"""What a reader of the sync history looks for: runs by outcome, start and item, and changes by kind and name.

Read from the address; what means nothing there is left out.
"""

from __future__ import annotations

from django import forms
from django.db.models import Q, QuerySet

from integrations.models import ItemChange, SyncRun
from roadmaps.models import Item, Roadmap

OUTCOMES = {
    "changed": ("Changed items", ~Q(created=0, updated=0, revived=0, flagged=0)),
    "good": ("Succeeded", Q(state=SyncRun.State.SUCCEEDED)),
    "partial": ("Partially synced", Q(state=SyncRun.State.PARTIAL)),
    "failed": ("Failed", Q(state=SyncRun.State.FAILED)),
    "cancelled": ("Cancelled or turned down", Q(state=SyncRun.State.CANCELLED)),
    "undone": ("Undone", Q(undone_at__isnull=False)),
    "live": ("Under way", Q(state__in=SyncRun.LIVE)),
}


class RunFilter(forms.Form):
    """Which runs are listed."""

    outcome = forms.ChoiceField(
        label="Outcome",
        required=False,
        choices=[("", "All"), *((key, label) for key, (label, _) in OUTCOMES.items())],
    )
    trigger = forms.ChoiceField(label="Started by", required=False, choices=[("", "All"), *SyncRun.Trigger.choices])
    item = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    def apply(self, runs: QuerySet[SyncRun]) -> QuerySet[SyncRun]:
        """Those of the runs that are asked for."""
        self.full_clean()
        asked = self.cleaned_data
        if asked.get("outcome"):
            runs = runs.filter(OUTCOMES[asked["outcome"]][1])
        if asked.get("trigger"):
            runs = runs.filter(trigger=asked["trigger"])
        if asked.get("item"):
            touched = ItemChange.objects.filter(item_id=asked["item"]).values("run_id")
            runs = runs.filter(pk__in=touched)
        return runs

    def item_in(self, roadmap: Roadmap) -> Item | None:
        """The item whose runs are asked for."""
        asked = self.cleaned_data.get("item")
        return Item.objects.filter(account_id=roadmap.account_id, roadmap=roadmap, pk=asked).first() if asked else None


class ChangeFilter(forms.Form):
    """Which of a run's changes are listed."""

    kind = forms.ChoiceField(label="What happened", required=False, choices=[("", "All"), *ItemChange.Kind.choices])
    q = forms.CharField(label="Name or External ID", required=False, max_length=200)

    def apply(self, changes: QuerySet[ItemChange]) -> QuerySet[ItemChange]:
        """Those of the changes that are asked for."""
        self.full_clean()
        asked = self.cleaned_data
        if asked.get("kind"):
            changes = changes.filter(kind=asked["kind"])
        if asked.get("q"):
            changes = changes.filter(Q(item__name__icontains=asked["q"]) | Q(item__external_id=asked["q"]))
        return changes

"""A linked roadmap on the site, and all that must hold of it after a fault."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import Role
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from roadmaps.models import Item
from tests import factories
from tests.faults.site import Site, soon
from tests.histories import steps
from tests.histories.cast import OUR_TOKEN
from tests.histories.setups import SETUPS
from tests.histories.stage import Items, Office, Stage, difference
from tests.histories.steps import Step, play

#: Something of every kind: items are made, changed, flagged and, the second time, revived.
CHANGES: tuple[Step, ...] = (
    steps.Create("Gift card", state="started", estimate=3.0),
    steps.Edit(0, "name", "Basket and wish list"),
    steps.Relabel(1, "mobile"),
    steps.Delete(4),
    steps.MoveAway(3),
    steps.WriteOwn(1, "Ours, whatever happens"),
)
CADENCE_MINUTES = 15
_numbers = itertools.count(1)


class LinkedRoadmap:
    """One roadmap, its link, and the project at the tracker."""

    def __init__(self, site: Site, *, setup: str = "suggested") -> None:
        self.site = site
        account = factories.make_account(f"Acme {next(_numbers)}")
        factories.make_member(account, Role.ADMIN)
        self.owner = factories.make_member(account)
        self.stage = Stage(Office(self.owner, site.sandbox), SETUPS[setup])
        self.link = self.stage.link
        self.update(cadence_minutes=CADENCE_MINUTES)
        self.before: Items = {}
        self.known_runs: set[int] = set()

    def update(self, **columns: object) -> None:
        ProjectLink.objects.filter(pk=self.link.pk).update(**columns)

    def rest(self) -> None:
        """Nothing more shall happen to it."""
        self.update(next_sync_at=None, cadence_minutes=None)
        SyncRun.objects.filter(link=self.link, state__in=SyncRun.LIVE).update(
            state="cancelled", finished_at=Now(), fence=None, lease_until=None
        )

    # -- runs

    def runs(self) -> list[SyncRun]:
        """Those since the last look, the oldest first."""
        return list(SyncRun.objects.filter(link=self.link).exclude(pk__in=self.known_runs).order_by("pk"))

    def run(self) -> SyncRun:
        """The only run since the last look."""
        (run,) = self.runs()
        return run

    def look(self) -> None:
        """Remember how everything stands: what comes next is compared with it."""
        self.known_runs = set(SyncRun.objects.filter(link=self.link).values_list("pk", flat=True))
        self.before = self.stage.items()
        self.site.sandbox.app.requests.clear()

    def be_due(self) -> None:
        """Let the next tick queue it."""
        self.update(next_sync_at=Now() - timedelta(seconds=1))

    def ask(self) -> SyncRun:
        """As "Sync now" does, while the queue takes no message."""
        return schedule.request_run(link=self.link, trigger=SyncRun.Trigger.MANUAL, send=False)

    def first_pull(self) -> None:
        """Undisturbed, and whole."""
        self.look()
        self.be_due()
        self.heals()

    def changes(self, steps: Iterable[Step] = CHANGES) -> None:
        """Much changes at the tracker, and the next pull, a whole one, is due."""
        play(self.stage, steps)
        self.look()
        self.stage.let_a_day_pass()
        self.be_due()

    @property
    def page(self) -> str:
        """Where its Items Table is."""
        return f"/a/{self.owner.account.slug}/roadmaps/{self.link.roadmap_id}/"

    # -- afterwards

    def heals(self, *, seconds: float = 40) -> float:
        """Wait until all is as it should be, check everything, and answer the seconds that it took."""
        took = soon(self._is_done, seconds=seconds, why=self._why)
        self.check()
        return took

    def _is_done(self) -> bool:
        self.site.look_after()
        runs = self.runs()
        return bool(runs) and not any(run.is_live for run in runs) and runs[-1].state in SyncRun.GOOD

    def check(self) -> None:
        """No item lost, doubled or half updated; no link stuck; each run's record tells the truth; nothing leaked."""
        expected, found = self.stage.expected(self.before), self.stage.items()
        assert found == expected, difference(found, expected)
        assert Item.objects.filter(roadmap=self.link.roadmap).exclude(origin="").count() == len(found)
        self._check_records(found)
        self.stage.check_own()
        self._check_link()
        assert self.site.sandbox.non_gets == []
        assert not [role for role in self.site.children if OUR_TOKEN in self.site.log(role)]

    def _check_records(self, found: Items) -> None:
        runs = self.runs()
        wrote = [run for run in runs if run.has_changes]
        assert len(wrote) <= 1, [(run.pk, run.state, run.created, run.updated) for run in wrote]
        for run in runs:
            before = self.before if run in wrote or found == self.before else found
            self.stage.check_report(run, before, found)
            assert (run.state in SyncRun.GOOD) == (run.error_code == ""), (run.state, run.error_code)
            assert (run.fence is None or run.finished_at is not None) and run.lease_until is None
        if found != self.before:
            assert len(wrote) == 1

    def _check_link(self) -> None:
        link = ProjectLink.objects.get(pk=self.link.pk)
        assert (link.failures, link.paused_at, link.episode) == (0, None, None)
        assert self.waits_no_longer_than_its_cadence()

    def waits_no_longer_than_its_cadence(self) -> bool:
        """Whether its next sync comes in time, by the database's clock."""
        latest = Now() + timedelta(minutes=CADENCE_MINUTES * 1.1)
        return ProjectLink.objects.filter(pk=self.link.pk, next_sync_at__lte=latest).exists()

    def _why(self) -> str:
        runs = [(run.pk, run.state, run.stage, run.attempts, run.error_code, run.error) for run in self.runs()]
        return f"{runs}\n{self.site.last_words()}"

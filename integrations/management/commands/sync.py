"""Runs pulls in the foreground, for operators and scripts."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone

from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from integrations.sync.run import execute

WIDTH = 30


class Command(BaseCommand):
    help = "Pulls linked roadmaps now, in the foreground. Exit status 1 where a run failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("roadmap_id", nargs="*", type=int)
        parser.add_argument("--due", action="store_true", help="every roadmap whose sync is due")
        parser.add_argument("--json", action="store_true", help="one JSON object a line, one for each run")

    def handle(self, *, roadmap_id: list[int], due: bool, json: bool, **options: object) -> None:
        """Run each link's pull to its end, one after the other."""
        if not roadmap_id and not due:
            raise CommandError("Name roadmaps by id, or give --due.")
        failed = False
        for link in self.links(roadmap_id, due=due):
            run = self.run_one(link, quiet=json)
            failed |= run.state == SyncRun.State.FAILED
            self.stdout.write(as_json(run) if json else as_line(run))
        if failed:
            sys.exit(1)

    def links(self, roadmap_ids: list[int], *, due: bool) -> Iterable[ProjectLink]:
        """The links asked for, in the order of their roadmaps."""
        asked = Q(roadmap_id__in=roadmap_ids)
        if due:
            asked |= Q(next_sync_at__lte=timezone.now(), paused_at=None, roadmap__archived_at=None)
        links = list(ProjectLink.objects.filter(asked).select_related("roadmap").order_by("roadmap_id"))
        missing = set(roadmap_ids) - {link.roadmap_id for link in links}
        if missing:
            raise CommandError(f"Not a linked roadmap: {', '.join(map(str, sorted(missing)))}.")
        return links

    def run_one(self, link: ProjectLink, *, quiet: bool) -> SyncRun:
        """Ask for a run and carry it out here. Raises CommandError where a worker has it already."""
        asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.COMMAND, send=False)
        run = execute(asked.pk, on_progress=None if quiet else self.show)
        if run is None:
            raise CommandError(f"{link.roadmap}: a worker is syncing this roadmap right now, or it is archived.")
        return run

    def show(self, run: SyncRun) -> None:
        """A progress bar on a terminal; nothing where the output is not one."""
        if not self.stderr.isatty():
            return
        total = run.records_announced or 0
        filled = WIDTH * run.records_read // total if total else 0
        bar = "#" * filled + "." * (WIDTH - filled)
        self.stderr.write(f"\r{run.link.roadmap} [{bar}] {run.records_read} of {total or '?'}", ending="")
        self.stderr.flush()


def as_json(run: SyncRun) -> str:
    """One object: state, counts, requests, seconds, error."""
    names = ("created", "updated", "unchanged", "flagged", "revived", "requests")
    report = {"roadmap": run.link.roadmap_id, "run": run.pk, "state": run.state}
    report |= {name: getattr(run, name) for name in names}
    return json.dumps({**report, "seconds": run.seconds, "error": run.error})


def as_line(run: SyncRun) -> str:
    """The same for people."""
    counts = f"{run.created} created, {run.updated} updated, {run.unchanged} unchanged, {run.flagged} flagged"
    cost = f"{run.requests} request{'' if run.requests == 1 else 's'}, {run.seconds:.1f} s"
    return f"{run.link.roadmap}: {run.get_state_display()}. {run.error or counts} ({cost})"

"""`manage.py doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from roadmunk.doctor import examine
from roadmunk.doctor.finding import Level


class Command(BaseCommand):
    """One line for each finding, with what to do below it. Changes nothing, sends nothing, shows no secret."""

    help = "Looks over a running installation. Exit status 1 where something is wrong."
    #: A part of what it looks at: it must start where they fail.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        counts = dict.fromkeys(Level, 0)
        for part, found in examine():
            counts[found.level] += 1
            self.stdout.write(f"{found.level:<8} {part:<9} {found.text}")
            if found.todo:
                self.stdout.write(f"{'':<18} -> {found.todo}")
        if counts[Level.WRONG]:
            self.stdout.write(f"\n{counts[Level.WRONG]} things are wrong.")
            sys.exit(1)
        self.stdout.write("\nNothing is wrong.")

"""`manage.py prepare`: everything between new code and a running site."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from integrations.errors import PullError
from roadmunk import demo


class Command(BaseCommand):
    """Migrates, collects the static files and, on an embedded database, loads the demo account once."""

    help = "Brings the database and the static files up to date; loads the demo once where the database is embedded."

    def handle(self, *args: Any, **options: Any) -> None:
        verbosity = options["verbosity"]
        # Django leaves checks out where code calls a command; these say what would keep the site from working.
        call_command("migrate", interactive=False, verbosity=verbosity, skip_checks=False)
        call_command("collectstatic", interactive=False, verbosity=verbosity)
        if settings.EMBEDDED and demo.load():
            self.stdout.write("Made the account Demo.")
            self._link_roadmaps()

    def _link_roadmaps(self) -> None:
        """Without a sandbox that answers the demo is there all the same; its roadmaps can be linked by hand."""
        try:
            demo.link_roadmaps()
        except PullError as error:
            self.stderr.write(f"The demo's roadmaps were not linked: {error}")

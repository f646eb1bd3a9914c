"""`manage.py reset_second_factor EMAIL`: for a person who lost both the app and the recovery codes."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User


class Command(BaseCommand):
    """Takes the second factor away. It is for the operator alone: a person may be a member of many accounts."""

    help = "Takes a person's second factor away. Make sure first that it is them who asks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].lower()
        if not User.objects.filter(email=email).exists():
            raise CommandError(f"Nobody signs in as {email}. Nothing was changed.")
        taken, _ = Authenticator.objects.filter(user__email=email).delete()
        if not taken:
            raise CommandError(f"{email} has no second factor. Nothing was changed.")
        self.stdout.write(f"{email} now signs in with the password alone, and can set up a new second factor.")

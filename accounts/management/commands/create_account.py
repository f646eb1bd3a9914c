"""`manage.py create_account`: an account and its first admin, for operators."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.addresses import one_spelling
from accounts.models import User
from accounts.services import create_account


class Command(BaseCommand):
    """Makes an account; its admin is made too, unless the address is known."""

    help = "Makes an account and its first admin. Asks for the password, or reads it from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name of the account")
        parser.add_argument("--admin", required=True, metavar="EMAIL", help="e-mail address of its first admin")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the admin's password from standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            email = one_spelling(options["admin"])
        except ValidationError as error:
            raise CommandError("Nothing was made. " + " ".join(error.messages)) from error
        known = User.objects.filter(email=email).exists()
        password = None if known else _ask(from_stdin=options["password_stdin"])
        try:
            admin = create_account(name=options["name"], admin_email=email, password=password)
        except ValidationError as error:
            raise CommandError("Nothing was made. " + " ".join(error.messages)) from error
        kept = ", who keeps the password that they have" if known else ""
        self.stdout.write(f"Made the account {admin.account}, /a/{admin.account.slug}/; its admin is {email}{kept}.")


def _ask(*, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password of the admin: ")
        if getpass.getpass("Once more: ") != password:
            raise CommandError("The two passwords differ. Nothing was made.")
    if not password:
        raise CommandError("The password is empty. Nothing was made.")
    return password

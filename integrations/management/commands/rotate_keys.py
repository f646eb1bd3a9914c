"""`manage.py rotate_keys`: all saved secrets under the newest key, so that older keys can be thrown away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError

from integrations import second_factor, vault
from integrations.models import Credential


class Command(BaseCommand):
    """Seals every credential and second factor anew; runs and edits may go on meanwhile."""

    help = "Seals all saved secrets with the first key of CREDENTIAL_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        counts = {"resealed": 0, "current": 0}
        broken: list[str] = []
        for name, reseal in _secrets():
            try:
                counts["resealed" if reseal() else "current"] += 1
            except vault.SealBroken:
                broken.append(name)
            except ObjectDoesNotExist:
                continue  # deleted meanwhile
        self.stdout.write(f"{counts['resealed']} sealed anew, {counts['current']} already under the newest key.")
        if broken:
            raise CommandError(
                "These secrets do not open with any key of CREDENTIAL_KEYS and were left as they are: "
                f"{', '.join(broken)}. Put their key back and run this again, or let their owners enter them anew."
            )


def _secrets() -> Iterator[tuple[str, Callable[[], bool]]]:
    """Each secret: how to name it, and what seals it anew where that is due and says whether it was."""
    for credential in Credential.objects.order_by("pk").iterator(chunk_size=500):
        yield f"{credential.pk} (account {credential.account_id})", partial(_reseal, credential)
    for authenticator in Authenticator.objects.order_by("pk").iterator(chunk_size=500):
        name = f"second factor {authenticator.pk} (person {authenticator.user_id})"
        yield name, partial(second_factor.reseal, authenticator)


def _reseal(credential: Credential) -> bool:
    """Seal it anew where that is due; says whether it was. Raises SealBroken, or DoesNotExist where it is gone."""
    while True:
        before = credential.sealed
        sealed = vault.reseal(before, credential.vault_context)
        if sealed == before:
            return False
        if Credential.objects.filter(pk=credential.pk, sealed=before).update(sealed=sealed):
            return True
        # Entered anew meanwhile, maybe by a process that has not got the newest key yet.
        credential.refresh_from_db(fields=["sealed"])

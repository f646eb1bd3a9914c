"""`manage.py rotate_keys`: all saved secrets under the newest key, so that older keys can be thrown away."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError

from integrations import second_factor, vault
from integrations.models import Credential


class Command(BaseCommand):
    """Seals every credential and second factor anew; runs and edits may go on meanwhile."""

    help = "Seals all saved secrets with the first key of CREDENTIAL_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        counts = {"resealed": 0, "current": 0}
        broken: list[str] = []
        for credential in Credential.objects.order_by("pk").iterator(chunk_size=500):
            try:
                counts["resealed" if _reseal(credential) else "current"] += 1
            except vault.SealBroken:
                broken.append(f"{credential.pk} (account {credential.account_id})")
        for authenticator in Authenticator.objects.order_by("pk").iterator(chunk_size=500):
            try:
                counts["resealed" if second_factor.reseal(authenticator) else "current"] += 1
            except vault.SealBroken:
                broken.append(f"second factor {authenticator.pk} (person {authenticator.user_id})")
        self.stdout.write(f"{counts['resealed']} sealed anew, {counts['current']} already under the newest key.")
        if broken:
            raise CommandError(
                "These secrets do not open with any key of CREDENTIAL_KEYS and were left as they are: "
                f"{', '.join(broken)}. Put their key back and run this again, or let their owners enter them anew."
            )


def _reseal(credential: Credential) -> bool:
    """Seal one credential anew where that is due. One that changes meanwhile is under the newest key already."""
    sealed = vault.reseal(credential.sealed, credential.vault_context)
    if sealed == credential.sealed:
        return False
    Credential.objects.filter(pk=credential.pk, sealed=credential.sealed).update(sealed=sealed)
    return True

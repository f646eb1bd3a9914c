"""Keeps the secrets of second factors as credentials are kept: sealed by the vault, under the same rotating keys."""

from __future__ import annotations

from typing import Final

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator

from integrations import vault

#: allauth does not say whose secret it hands over, so the seal is bound to its use and not to its row.
CONTEXT: Final = "second-factor"
#: Where an authenticator keeps what must be sealed, by its type.
SEALED: Final = {"totp": "secret", "recovery_codes": "seed"}


class SealedAdapter(DefaultMFAAdapter):
    """allauth's own ways, with sealed secrets and our words."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is not the one we expected. Wait for the next one in your app, then enter that.",
        "unverified_email": "Confirm your e-mail address first. Then set up the second factor.",
    }

    def encrypt(self, text: str) -> str:
        return vault.seal(text, CONTEXT)

    def decrypt(self, encrypted_text: str) -> str:
        return vault.open_sealed(encrypted_text, CONTEXT)


def reseal(authenticator: Authenticator) -> bool:
    """Seal its secret under the newest key where that is due; says whether it was. Raises SealBroken."""
    name = SEALED[authenticator.type]
    before = authenticator.data[name]
    sealed = vault.reseal(before, CONTEXT)
    if sealed == before:
        return False
    # A recovery code may be used up at this moment, so only what is as we read it is written.
    unchanged = Authenticator.objects.filter(pk=authenticator.pk, data=authenticator.data)
    return bool(unchanged.update(data={**authenticator.data, name: sealed}))

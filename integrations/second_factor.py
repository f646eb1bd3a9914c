"""Keeps the secrets of second factors as credentials are kept: sealed by the vault, under the same rotating keys."""

from __future__ import annotations

from typing import Any, Final

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret

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


class SealedActivateForm(ActivateTOTPForm):
    """allauth's own, with the new secret sealed in the person's session too, where it waits for the first code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session, bound_to = context.request.session, f"{CONTEXT}-setup:{kwargs['user'].pk}"
        waiting = session.get(SECRET_SESSION_KEY)
        super().__init__(*args, **kwargs)
        if self.is_bound and waiting:
            try:
                self.secret = vault.open_sealed(waiting, bound_to)
            except vault.SealBroken:  # its key is gone; the page shows a new one
                self.secret = generate_totp_secret()
        session[SECRET_SESSION_KEY] = vault.seal(self.secret, bound_to)


def reseal(authenticator: Authenticator) -> bool:
    """Seal its secret anew where that is due; says whether it was. Raises SealBroken, or DoesNotExist where it is gone.

    A recovery code may be used up at any moment, so only what is as we read it is written.
    """
    name = SEALED[authenticator.type]
    while True:
        before = authenticator.data
        sealed = vault.reseal(before[name], CONTEXT)
        if sealed == before[name]:
            return False
        unchanged = Authenticator.objects.filter(pk=authenticator.pk, data=before)
        if unchanged.update(data={**before, name: sealed}):
            return True
        authenticator.refresh_from_db(fields=["data"])

"""Do the keys open what was sealed?"""

from __future__ import annotations

from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from django.conf import settings

from integrations import second_factor, vault
from integrations.models import Credential
from roadmunk.doctor.finding import Finding, ok, warning, wrong


def keys() -> Iterator[Finding]:
    """Every key of CREDENTIAL_KEYS can be read, and the newest seals what it opens."""
    try:
        holds = vault.open_sealed(vault.seal("doctor", "doctor"), "doctor") == "doctor"
    except vault.SealBroken as error:
        yield wrong(str(error), "Put the right keys into CREDENTIAL_KEYS: openssl rand -base64 32 makes one.")
        return
    assert holds  # noqa: S101 - AES answers what went in, or raises
    number = len(settings.CREDENTIAL_KEYS)
    yield ok(f"{number} key{'s' if number > 1 else ''} in CREDENTIAL_KEYS, all readable")


def saved() -> Iterator[Finding]:
    """Each saved token and second factor opens; which, and nothing of what is in them."""
    current = old = 0
    broken: list[str] = []
    for name, sealed, context in _sealed():
        try:
            vault.open_sealed(sealed, context)
        except vault.SealBroken:
            broken.append(name)
        else:
            old += not vault.is_current(sealed)
            current += vault.is_current(sealed)
    if broken:
        yield wrong(
            f"{len(broken)} of {len(broken) + old + current} saved secrets do not open ({', '.join(broken[:5])})",
            "Put the key that sealed them back into CREDENTIAL_KEYS, or let their owners enter them anew.",
        )
    if old:
        yield warning(f"{old} saved secrets are under an older key", "Run: manage.py rotate_keys")
    if not broken:
        yield ok(f"all {old + current} saved secrets open")


def _sealed() -> Iterator[tuple[str, str, str]]:
    """Names, sealed secrets and what they are bound to."""
    for credential in Credential.objects.order_by("pk").iterator(chunk_size=500):
        yield f"credential {credential.pk}", credential.sealed, credential.vault_context
    for factor in Authenticator.objects.order_by("pk").iterator(chunk_size=500):
        name = second_factor.SEALED[factor.type]
        yield f"second factor {factor.pk}", factor.data[name], second_factor.CONTEXT

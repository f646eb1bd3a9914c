"""Why a site does not start with the settings that it was given. Better no site than one that only looks safe. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Final

LEAST_SIGNS: Final = 32
KEY_BYTES: Final = 32
#: Names by which only this machine is reached; others than these, without a dot, are of no network either.
OWN: Final = ("127.0.0.1", "[::1]")


def why_not(*, secret_key: str, credential_keys: Sequence[str], debug: bool, hosts: Sequence[str]) -> str:
    """A sentence that names the variable and what to do, without its value; "" where all is well."""
    if len(secret_key) < LEAST_SIGNS or secret_key.startswith("django-insecure-"):
        return f"SECRET_KEY can be guessed. Make one of more than {LEAST_SIGNS} signs by chance; see .env.example."
    if not credential_keys or not all(map(_is_key, credential_keys)):
        return (
            f"CREDENTIAL_KEYS holds a key that is not base64 of {KEY_BYTES} bytes. `openssl rand -base64 32` makes one."
        )
    if debug and any(map(_is_of_the_network, hosts)):
        return (
            "DEBUG shows the inside of the site to whoever asks. Take it away, or all but localhost from ALLOWED_HOSTS."
        )
    return ""


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _is_of_the_network(host: str) -> bool:
    return "*" in host or (host not in OWN and "." in host and not host.endswith(".localhost"))

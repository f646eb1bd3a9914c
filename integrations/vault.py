"""Secrets at rest: sealed with a list of keys, bound to where they belong. The only import of cryptography.

A sealed secret reads `v1.<key id>.<base64 of nonce and ciphertext>`. Its context, such as "cred:<account>:<uuid>", is
authenticated with it, so that a sealed secret copied to another row does not open there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_FORMAT: Final = "v1"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class SealBroken(Exception):
    """A sealed secret does not open: its key is gone, or it was changed or belongs elsewhere."""


def new_key() -> str:
    """A fresh key as CREDENTIAL_KEYS takes it."""
    return base64.b64encode(os.urandom(_KEY_BYTES)).decode()


def seal(secret: str, context: str) -> str:
    """Seal a secret with the newest key, so that it opens only under the same context."""
    key_id, key = next(iter(_keys().items()))
    nonce = os.urandom(_NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, secret.encode(), context.encode())
    return ".".join([_FORMAT, key_id, base64.urlsafe_b64encode(nonce + ciphertext).decode()])


def open_sealed(sealed: str, context: str) -> str:
    """The secret. Raises SealBroken."""
    key_id, blob = _parse(sealed)
    key = _keys().get(key_id)
    if key is None:
        raise SealBroken(
            "A saved secret was sealed with a key that is not in CREDENTIAL_KEYS. Put that key back, or enter the "
            "secret anew."
        )
    try:
        return AESGCM(key).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], context.encode()).decode()
    except (InvalidTag, ValueError):
        pass
    raise SealBroken("A saved secret was changed or does not belong here, so it was not opened. Enter it anew.")


def key_ids() -> frozenset[str]:
    """The ids of the keys in CREDENTIAL_KEYS. Raises SealBroken where one can't be read."""
    return frozenset(_keys())


def is_current(sealed: str) -> bool:
    """Whether it is sealed with the newest key already."""
    return _parse(sealed)[0] == next(iter(_keys()))


def reseal(sealed: str, context: str) -> str:
    """The same secret under the newest key; unchanged where it is already. Raises SealBroken."""
    secret = open_sealed(sealed, context)
    return sealed if is_current(sealed) else seal(secret, context)


def _parse(sealed: str) -> tuple[str, bytes]:
    parts = sealed.split(".")
    try:
        if len(parts) == 3 and parts[0] == _FORMAT:
            return parts[1], base64.b64decode(parts[2], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        pass
    raise SealBroken("A saved secret is not in a form that can be opened. Enter it anew.")


def _keys() -> dict[str, bytes]:
    """Keys by their id, the newest first. The id is a digest, so it tells nothing of the key."""
    keys = [_decode_key(text) for text in settings.CREDENTIAL_KEYS]
    if not keys:
        raise SealBroken("CREDENTIAL_KEYS is empty, so no secret can be sealed or opened.")
    return {hashlib.sha256(key).hexdigest()[:8]: key for key in keys}


def _decode_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise SealBroken("CREDENTIAL_KEYS holds a key that is not base64 of 32 bytes.")
    return key

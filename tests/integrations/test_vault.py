"""Secrets at rest open only where they belong, and keys can be changed without a pause (W5, S10)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from integrations import vault

SECRET = "canary0123456789canary0123456789"
CONTEXT = "cred:1:0b2e"


def test_a_sealed_secret_opens_and_shows_nothing() -> None:
    sealed = vault.seal(SECRET, CONTEXT)
    assert vault.open_sealed(sealed, CONTEXT) == SECRET
    assert sealed.startswith("v1.")
    assert SECRET not in sealed
    assert SECRET.encode() not in base64.urlsafe_b64decode(sealed.split(".")[2])


def test_the_same_secret_never_looks_the_same() -> None:
    assert vault.seal(SECRET, CONTEXT) != vault.seal(SECRET, CONTEXT)


def test_a_secret_copied_to_another_row_does_not_open() -> None:
    sealed = vault.seal(SECRET, CONTEXT)
    with pytest.raises(vault.SealBroken, match="does not belong here") as caught:
        vault.open_sealed(sealed, "cred:2:0b2e")
    assert SECRET not in str(caught.value)


def test_a_changed_byte_is_noticed_wherever_it_is() -> None:
    version, key_id, text = vault.seal(SECRET, CONTEXT).split(".")
    blob = base64.urlsafe_b64decode(text)
    for at in range(len(blob)):
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        with pytest.raises(vault.SealBroken):
            vault.open_sealed(".".join([version, key_id, base64.urlsafe_b64encode(changed).decode()]), CONTEXT)


@given(text=st.one_of(st.text(), st.text().map("v1.{0}.{0}".format), st.sampled_from(["", "v1", "v1..", "v2.a.bb=="])))
def test_nonsense_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(vault.SealBroken):
        vault.open_sealed(text, CONTEXT)


def test_a_new_key_opens_the_old_and_seals_the_new(settings: Settings) -> None:
    old, new = vault.new_key(), vault.new_key()
    settings.CREDENTIAL_KEYS = [old]
    sealed = vault.seal(SECRET, CONTEXT)
    settings.CREDENTIAL_KEYS = [new, old]
    assert vault.open_sealed(sealed, CONTEXT) == SECRET
    assert not vault.is_current(sealed)
    resealed = vault.reseal(sealed, CONTEXT)
    assert vault.is_current(resealed)
    assert vault.reseal(resealed, CONTEXT) == resealed
    settings.CREDENTIAL_KEYS = [new]
    assert vault.open_sealed(resealed, CONTEXT) == SECRET


def test_a_key_dropped_too_early_is_named_as_the_cause(settings: Settings) -> None:
    sealed = vault.seal(SECRET, CONTEXT)
    settings.CREDENTIAL_KEYS = [vault.new_key()]
    with pytest.raises(vault.SealBroken, match="CREDENTIAL_KEYS"):
        vault.open_sealed(sealed, CONTEXT)


@pytest.mark.parametrize("keys", [[], ["short"], ["!" * 44], [base64.b64encode(b"x" * 16).decode()], ["é"]])
def test_keys_that_are_none_are_refused_without_being_shown(keys: list[str], settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = keys
    with pytest.raises(vault.SealBroken, match="CREDENTIAL_KEYS") as caught:
        vault.seal(SECRET, CONTEXT)
    assert not any(key in str(caught.value) for key in keys)

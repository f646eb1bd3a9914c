"""`manage.py rotate_keys`: new keys without a pause, and old keys can go (W5)."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from accounts.models import Membership
from integrations import vault
from integrations.models import Credential
from tests import factories

SECRET = "0123456789abcdef0123456789abcdef"


def rotate() -> str:
    said = io.StringIO()
    call_command("rotate_keys", stdout=said)
    return said.getvalue()


def open_secret(credential: Credential) -> str:
    credential.refresh_from_db()
    return vault.open_sealed(credential.sealed, credential.vault_context)


@pytest.fixture
def old() -> str:
    return vault.new_key()


@pytest.fixture
def new() -> str:
    return vault.new_key()


@pytest.fixture
def credential(olga: Membership, old: str, settings: Settings) -> Credential:
    """Sealed under the old key."""
    settings.CREDENTIAL_KEYS = [old]
    return factories.make_credential(olga, secret=SECRET)


def test_after_a_rotation_the_old_key_can_go(credential: Credential, old: str, new: str, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [new, old]
    said = rotate()
    assert said.startswith("1 sealed anew, 0 already")
    assert SECRET not in said
    settings.CREDENTIAL_KEYS = [new]
    assert open_secret(credential) == SECRET


def test_a_second_rotation_changes_nothing(credential: Credential, old: str, new: str, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [new, old]
    rotate()
    credential.refresh_from_db()
    before = credential.sealed
    assert rotate().startswith("0 sealed anew, 1 already")
    credential.refresh_from_db()
    assert credential.sealed == before


def test_a_secret_whose_key_is_gone_is_named_and_kept(
    credential: Credential, olga: Membership, new: str, settings: Settings
) -> None:
    sealed = credential.sealed
    settings.CREDENTIAL_KEYS = [new]
    other = factories.make_credential(olga, label="Other", secret=SECRET)
    with pytest.raises(CommandError, match=rf"{credential.pk} \(account {credential.account_id}\)"):
        rotate()
    credential.refresh_from_db()
    assert credential.sealed == sealed
    assert open_secret(other) == SECRET


def test_a_secret_that_is_entered_anew_meanwhile_is_not_overwritten(
    credential: Credential, old: str, new: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CREDENTIAL_KEYS = [new, old]
    fresh = vault.seal("another secret", credential.vault_context)
    reseal = vault.reseal

    def slow_reseal(sealed: str, context: str) -> str:
        Credential.objects.filter(pk=credential.pk).update(sealed=fresh)
        return reseal(sealed, context)

    monkeypatch.setattr(vault, "reseal", slow_reseal)
    rotate()
    assert open_secret(credential) == "another secret"

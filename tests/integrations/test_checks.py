"""A key that was taken away too early is told by the key's id, without opening anything (W5)."""

from __future__ import annotations

import io

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts import walls
from accounts.models import Membership
from integrations import checks, second_factor, vault
from integrations.models import Credential
from tests import factories

OLD, NEW = vault.new_key(), vault.new_key()


@pytest.fixture
def old_id(olga: Membership, settings: Settings) -> str:
    """Of the key under which a token and two parts of a second factor are sealed."""
    settings.CREDENTIAL_KEYS = [OLD]
    factories.make_credential(olga)
    for kind, name in second_factor.SEALED.items():
        data = {name: vault.seal("a secret", second_factor.CONTEXT)}
        Authenticator.objects.create(user=olga.user, type=kind, data=data)
    (key_id,) = vault.key_ids()
    return key_id


def told() -> list[str]:
    with walls.outside():
        return [f"{error.msg} {error.hint}" for error in checks.check_keys(databases=["default"])]


def test_all_is_well_while_the_old_key_is_there(old_id: str, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    assert told() == []


def test_a_missing_key_is_named_with_what_to_do(old_id: str, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [NEW]
    (text,) = told()
    assert f"3 saved secrets are sealed under what is no longer in CREDENTIAL_KEYS (key {old_id})" in text
    assert "Nothing is lost" in text
    assert "behind the new one" in text and "manage.py rotate_keys" in text
    assert OLD not in text and NEW not in text


def test_each_kind_of_secret_counts(old_id: str, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [NEW]
    Credential.objects.all().delete()
    assert "2 saved secrets are" in told()[0]
    Authenticator.objects.filter(type="totp").delete()
    assert "1 saved secret is" in told()[0]
    Authenticator.objects.all().delete()
    assert told() == []


def test_a_key_that_was_given_up_is_not_missed(old_id: str, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS, settings.LOST_KEYS = [NEW], [old_id]
    assert told() == []
    settings.LOST_KEYS = ["00000000"]
    assert f"LOST_KEYS={old_id}" in told()[0]


def test_after_a_rotation_the_old_key_is_not_missed(old_id: str, settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.CREDENTIAL_KEYS = [NEW]
    assert told() == []


def test_it_costs_the_same_with_many_secrets(
    old_id: str, olga: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        factories.make_credential(olga, f"Token {number}")
    with django_assert_num_queries(3):
        assert told() == []

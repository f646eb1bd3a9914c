"""What happens between the moment when credentials are read and the one when they are written (W5)."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.access import AccountRequest
from accounts.models import AuditEvent, Membership
from integrations import credentials, vault
from integrations.models import Credential
from integrations.records import Identity
from integrations.views import credentials as views
from tests import factories
from tests.integrations.pages.stage import DEAD_TOKEN, NARROW_TOKEN, TOKEN, Tracker
from tests.integrations.pages.test_credentials_tab import address

SignedIn = Callable[[Membership], Client]

IDENTITY = Identity(id="1", name="Sam Okafor", projects=1)


@pytest.fixture
def browser(olga: Membership, signed_in: SignedIn, tracker: Tracker) -> Client:
    """Olga's."""
    return signed_in(olga)


def test_a_rename_leaves_a_token_that_was_replaced_meanwhile(olga: Membership) -> None:
    credential = factories.make_credential(olga, "Robin", secret=TOKEN)
    stale = Credential.objects.get(pk=credential.pk)
    credentials.replace_secret(credential, secret=NARROW_TOKEN, identity=IDENTITY)
    credentials.rename_credential(stale, label="Sam")
    credential.refresh_from_db()
    assert (credential.label, credential.identity_name) == ("Sam", "Sam Okafor")
    assert vault.open_sealed(credential.sealed, credential.vault_context) == NARROW_TOKEN


def test_a_rename_leaves_a_token_under_the_key_that_came_meanwhile(olga: Membership, settings: Settings) -> None:
    """W5"""
    credential = factories.make_credential(olga, "Robin", secret=TOKEN)
    stale = Credential.objects.get(pk=credential.pk)
    settings.CREDENTIAL_KEYS = [vault.new_key(), *settings.CREDENTIAL_KEYS]
    call_command("rotate_keys", stdout=io.StringIO())
    credentials.rename_credential(stale, label="Sam")
    credential.refresh_from_db()
    assert vault.is_current(credential.sealed)


def test_a_new_token_leaves_a_name_that_was_given_meanwhile(olga: Membership) -> None:
    credential = factories.make_credential(olga, "Robin", secret=TOKEN)
    stale = Credential.objects.get(pk=credential.pk)
    credentials.rename_credential(credential, label="Sam")
    credentials.replace_secret(stale, secret=NARROW_TOKEN, identity=IDENTITY)
    credential.refresh_from_db()
    assert credential.label == "Sam"


@pytest.mark.parametrize("name", ["rename", "replace", "delete"])
def test_what_was_deleted_meanwhile_stays_so_and_does_not_exist(
    browser: Client, olga: Membership, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The audit says nothing of what did not happen."""
    credential = factories.make_credential(olga, "Robin", secret=TOKEN)
    read = views._visible_or_404

    def read_and_lose(request: AccountRequest, credential_id: int) -> Credential:
        found = read(request, credential_id)
        Credential.objects.all().delete()
        return found

    monkeypatch.setattr(views, "_visible_or_404", read_and_lose)
    answer = browser.post(address(name, credential), {"label": "Sam", "secret": NARROW_TOKEN})
    assert answer.status_code == 404
    assert "may have been deleted" in answer.content.decode()
    assert not Credential.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("token", [TOKEN, DEAD_TOKEN])
def test_the_answer_about_a_token_is_not_noted_at_the_next_one(
    browser: Client, olga: Membership, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    credential = factories.make_credential(olga, "Robin", secret=token)
    check = credentials.check_secret

    def check_and_replace(kind: str, secret: str) -> Identity:
        mine = Credential.objects.get(pk=credential.pk)
        credentials.replace_secret(mine, secret=NARROW_TOKEN, identity=IDENTITY)
        return check(kind, secret)

    monkeypatch.setattr(credentials, "check_secret", check_and_replace)
    page = browser.post(address("check", credential), follow=True).content.decode()
    assert ("changed or deleted meanwhile" if token == TOKEN else "refuses the Personal Access Token") in page
    credential.refresh_from_db()
    assert (credential.identity_name, credential.rejected_at) == ("Sam Okafor", None)


def test_a_token_that_is_deleted_while_it_is_checked_is_told_as_such(
    browser: Client, olga: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = factories.make_credential(olga, "Robin", secret=TOKEN)

    def check_and_lose(kind: str, secret: str) -> Identity:
        Credential.objects.all().delete()
        return IDENTITY

    monkeypatch.setattr(credentials, "check_secret", check_and_lose)
    page = browser.post(address("check", credential), follow=True).content.decode()
    assert "“Robin” were changed or deleted meanwhile" in page

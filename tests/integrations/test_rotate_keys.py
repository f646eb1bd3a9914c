"""`manage.py rotate_keys`: new keys without a pause, and old keys can go (W5)."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django.fixtures import Settings

from accounts import walls
from accounts.models import Membership
from integrations import second_factor, vault
from integrations.models import Credential
from integrations.sync import schedule
from integrations.sync.run import execute
from tests import factories
from tracker_sandbox.demo import DEMO_TOKEN, build_demo
from tracker_sandbox.server import Sandbox

Meanwhile = Callable[[Callable[[], object]], None]

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


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Let something happen between the moment when a secret is read and the one when it is written; once."""

    def happen(event: Callable[[], object]) -> None:
        reseal, events = vault.reseal, [event]

        def slow_reseal(sealed: str, context: str) -> str:
            while events:
                events.pop()()
            return reseal(sealed, context)

        monkeypatch.setattr(vault, "reseal", slow_reseal)

    return happen


def test_a_secret_that_is_entered_anew_under_the_old_key_meanwhile_is_sealed_under_the_newest(
    credential: Credential, old: str, new: str, settings: Settings, meanwhile: Meanwhile
) -> None:
    """By a process that has not got the newest key yet."""
    fresh = vault.seal("another secret", credential.vault_context)
    settings.CREDENTIAL_KEYS = [new, old]
    meanwhile(lambda: Credential.objects.filter(pk=credential.pk).update(sealed=fresh))
    assert rotate().startswith("1 sealed anew, 0 already")
    settings.CREDENTIAL_KEYS = [new]
    assert open_secret(credential) == "another secret"


def test_a_recovery_code_that_is_used_up_meanwhile_keeps_no_second_factor_under_the_old_key(
    olga: Membership, old: str, new: str, settings: Settings, meanwhile: Meanwhile
) -> None:
    settings.CREDENTIAL_KEYS = [old]
    data = {"seed": vault.seal("seed", second_factor.CONTEXT), "used_mask": 0}
    codes = Authenticator.objects.create(user=olga.user, type="recovery_codes", data=data)
    settings.CREDENTIAL_KEYS = [new, old]
    meanwhile(lambda: Authenticator.objects.filter(pk=codes.pk).update(data={**data, "used_mask": 1}))
    assert rotate().startswith("1 sealed anew, 0 already")
    codes.refresh_from_db()
    assert vault.is_current(codes.data["seed"])
    assert codes.data["used_mask"] == 1


def test_a_secret_that_is_deleted_meanwhile_is_counted_nowhere(
    credential: Credential, old: str, new: str, settings: Settings, meanwhile: Meanwhile
) -> None:
    settings.CREDENTIAL_KEYS = [new, old]
    meanwhile(credential.delete)
    assert rotate().startswith("0 sealed anew, 0 already")


@pytest.mark.django_db(transaction=True)
def test_keys_rotate_while_runs_go_on_and_none_of_them_fails(olga: Membership, old: str, settings: Settings) -> None:
    """W5: one worker pulls without end, while keys come, secrets are sealed anew, and old keys go."""
    settings.CREDENTIAL_KEYS = [old]
    with Sandbox(build_demo()) as tracker:
        settings.CONNECTOR_URLS = {"pivotal_tracker": tracker.url}
        project = next(iter(tracker.world.projects.values()))
        links = [
            factories.make_link(
                factories.make_roadmap(olga, f"Roadmap {number}"),
                credential=factories.make_credential(olga, f"Token {number}", secret=DEMO_TOKEN),
                project_id=str(project.id),
            )
            for number in range(3)
        ]
        before = set(Credential.objects.values_list("sealed", flat=True))
        states: list[str] = []
        ended = Event()

        def pull_on() -> None:
            with walls.every_account(walls.Across.OPERATOR):
                while not ended.is_set():
                    for link in links:
                        run = execute(schedule.request_run(link=link, trigger="manual", send=False).pk)
                        states.append(run.state if run else "not had")
            connection.close()

        with ThreadPoolExecutor(1) as worker:
            pulling = worker.submit(pull_on)
            try:
                for _ in range(5):
                    settings.CREDENTIAL_KEYS = [vault.new_key(), *settings.CREDENTIAL_KEYS]
                    enough = len(states) + 2 * len(links)
                    assert "3 sealed anew" in rotate()
                    while len(states) < enough and not pulling.done():
                        ended.wait(0.01)
                    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[:1]
            finally:
                ended.set()
            pulling.result()
    assert len(states) >= 30 and set(states) == {"succeeded"}
    assert not before & set(Credential.objects.values_list("sealed", flat=True))


def test_a_sealed_secret_copied_to_another_row_stops_that_row_alone(
    credential: Credential, mallory: Membership
) -> None:
    """W5: also between rows of one account, and with the very same key."""
    for owner in (credential.owner, mallory):
        other = factories.make_credential(owner, "Copy", secret="another-secret-entirely")
        Credential.objects.filter(pk=other.pk).update(sealed=credential.sealed)
        with pytest.raises(vault.SealBroken, match="does not belong here"):
            open_secret(other)
    assert open_secret(credential) == SECRET

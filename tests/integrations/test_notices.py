"""Letters about trouble and recovery: to whom, when, and exactly once (D21, S11, N6)."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts import members, outbox
from accounts.models import Account, Membership
from integrations import credentials, moving, notices, tasks
from integrations.models import Credential, Notice, ProjectLink, SyncRun
from integrations.sync import claim, schedule
from integrations.sync.run import execute
from tests import factories
from tests.integrations.pages.stage import NARROW_TOKEN, TOKEN, Tracker

# Workers have connections of their own.
pytestmark = pytest.mark.django_db(transaction=True)


def pull(link: ProjectLink) -> SyncRun:
    """One whole run; then the letters that it gave reason for leave, and once more, as if the task came twice."""
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE, send=False)
    run = execute(asked.pk)
    assert run is not None
    tasks.send_letters()
    tasks.send_letters()
    link.refresh_from_db()
    return run


def subjects() -> list[str]:
    return [letter.subject for letter in mail.outbox]


def break_it(tracker: Tracker) -> None:
    """An answer that no patience helps against, so that a run fails without waiting."""
    tracker.sandbox.faults.add("sign_in_page", times=None)


def mend(tracker: Tracker) -> None:
    tracker.sandbox.faults.clear()


# --- When


def test_one_letter_after_the_second_failure_one_on_recovery_none_between(
    link: ProjectLink, tracker: Tracker, olga: Membership
) -> None:
    """D21"""
    pull(link)
    break_it(tracker)
    told = []
    for _ in range(4):
        pull(link)
        told.append(len(mail.outbox))
    assert told == [0, 1, 1, 1]
    mend(tracker)
    pull(link)
    pull(link)
    assert subjects() == ["The roadmap “Apollo” does not sync", "The roadmap “Apollo” syncs again"]
    assert {address for letter in mail.outbox for address in letter.to} == {olga.user.email}


def test_the_next_trouble_is_told_anew(link: ProjectLink, tracker: Tracker) -> None:
    for _ in range(2):
        break_it(tracker)
        pull(link)
        pull(link)
        mend(tracker)
        pull(link)
    assert len(mail.outbox) == 4


def test_a_single_failure_is_told_to_nobody(link: ProjectLink, tracker: Tracker) -> None:
    break_it(tracker)
    pull(link)
    mend(tracker)
    pull(link)
    assert mail.outbox == []


def test_a_letter_says_what_happened_what_was_not_lost_and_what_to_do(
    link: ProjectLink, tracker: Tracker, settings: Settings
) -> None:
    settings.SITE_URL = "https://roadmunk.example"
    break_it(tracker)
    run = [pull(link), pull(link)][-1]
    body = mail.outbox[0].body
    assert run.error in body
    assert "All items are still there" in body
    assert "it is tried again by itself" in body
    assert f"https://roadmunk.example/a/acme/roadmaps/{link.roadmap_id}/" in body
    assert TOKEN not in body


def test_manual_tries_in_between_tell_nothing_more(link: ProjectLink, tracker: Tracker) -> None:
    """Also where somebody resumed the link meanwhile, and its count begins anew."""
    break_it(tracker)
    pull(link)
    pull(link)
    credentials.resume(link)
    pull(link)
    pull(link)
    assert len(mail.outbox) == 1


# --- To whom


def test_a_dead_token_makes_one_letter_for_each_person_however_many_roadmaps(
    link: ProjectLink, credential: Credential, tracker: Tracker, olga: Membership, alice: Membership
) -> None:
    """N6: at once, because nothing is tried again by itself."""
    other = tracker.feed(olga, credential, "Gemini")
    theirs = tracker.feed(alice, credential, "Secret plans")
    tracker.world.revoke_token(TOKEN)
    pull(link)
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted([olga.user.email, alice.user.email])
    to_olga, to_alice = sorted(mail.outbox, key=lambda letter: letter.to != [olga.user.email])
    assert to_olga.subject == "3 roadmaps do not sync"
    assert "“Apollo”, “Gemini”, 1 that you can’t see" in to_olga.body
    assert "Replace the token “Robin”" in to_olga.body
    assert f"/settings/credentials/{credential.pk}/replace/" in to_olga.body
    assert "belongs to Olga Olsen, who can replace it" in to_alice.body
    new = factories.make_credential(olga, "New", secret=NARROW_TOKEN)
    moving.move_roadmaps(credential, new, by=olga)
    for each in (link, other, theirs):
        pull(each)
    assert subjects()[2:] == ["Syncing works again", "The roadmap “Secret plans” syncs again"]


def test_where_the_owner_left_the_admins_are_told(
    link: ProjectLink, tracker: Tracker, olga: Membership, alice: Membership
) -> None:
    members.deactivate(olga, by=alice)
    break_it(tracker)
    pull(link)
    pull(link)
    assert [letter.to for letter in mail.outbox] == [[alice.user.email]]


def test_who_may_no_longer_see_the_roadmap_gets_no_letter(
    link: ProjectLink, tracker: Tracker, acme: Account, olga: Membership
) -> None:
    """Between the run and the letter the roadmap was handed over."""
    break_it(tracker)
    for _ in range(2):
        asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE, send=False)
        execute(asked.pk)
    Credential.objects.update(owner=factories.make_member(acme))
    link.roadmap.owner = factories.make_member(acme)
    link.roadmap.save()
    tasks.send_letters()
    assert mail.outbox == []
    assert not Notice.objects.filter(sent_at=None).exists()


def test_names_can_neither_break_a_letter_nor_its_head(link: ProjectLink, tracker: Tracker) -> None:
    link.roadmap.name = "Apollo\r\nBcc: mallory@evil.test\n<b>{{ 7|add:1 }}</b>"
    link.roadmap.save()
    break_it(tracker)
    pull(link)
    pull(link)
    letter = mail.outbox[0]
    assert letter.subject == "The roadmap “Apollo Bcc: mallory@evil.test <b>{{ 7|add:1 }}</b>” does not sync"
    assert "\nBcc" not in letter.body
    assert letter.recipients() == letter.to


# --- Exactly once


def test_a_mail_server_that_refuses_is_asked_again_later(
    link: ProjectLink, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: EmailMessage) -> int:
        raise smtplib.SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        break_it(tracker)
        pull(link)
        pull(link)
    tasks.send_letters()
    assert mail.outbox == []
    Notice.objects.update(try_at=timezone.now())
    tasks.send_letters()
    assert len(mail.outbox) == 1


def test_a_worker_that_dies_before_the_run_ends_tells_nothing_and_the_next_one_does(
    link: ProjectLink, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1: the letter and the run's end are one transaction."""
    break_it(tracker)
    pull(link)
    asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE, send=False)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(notices, "_write", die)
        with pytest.raises(KeyboardInterrupt):
            execute(asked.pk)
    link.refresh_from_db()
    assert (link.failures, link.episode, Notice.objects.exists()) == (1, None, False)
    SyncRun.objects.filter(pk=asked.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    schedule.take_up_lost_runs()
    execute(asked.pk)
    tasks.send_letters()
    assert len(mail.outbox) == 1


def test_workers_that_die_again_and_again_are_failures_too(link: ProjectLink) -> None:
    """R1, D21"""
    for _ in range(2):
        asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE, send=False)
        for _ in range(schedule.MAX_ATTEMPTS):
            assert claim.claim(asked.pk)
            SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
            schedule.take_up_lost_runs()
    tasks.send_letters()
    assert subjects() == ["The roadmap “Apollo” does not sync"]
    assert "cut off several times" in mail.outbox[0].body
    link.refresh_from_db()
    assert link.failures == 2


Together = Callable[..., None]


@pytest.fixture
def together() -> Together:
    """Call each at the same moment, on a connection of its own."""

    def run(*calls: Callable[[], object]) -> None:
        barrier = Barrier(len(calls))

        def start(call: Callable[[], object]) -> None:
            barrier.wait()
            try:
                call()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(calls)) as pool:
            for future in [pool.submit(start, call) for call in calls]:
                future.result(timeout=30)

    return run


def test_a_task_that_comes_eight_times_at_once_sends_one_letter(
    link: ProjectLink, tracker: Tracker, together: Together
) -> None:
    break_it(tracker)
    for _ in range(2):
        asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE, send=False)
        execute(asked.pk)
    together(*[tasks.send_letters] * 8)
    assert len(mail.outbox) == 1


def test_two_refusals_at_the_same_moment_make_one_letter(
    link: ProjectLink, credential: Credential, tracker: Tracker, olga: Membership, together: Together
) -> None:
    """N6"""
    links = [link, *(tracker.feed(olga, credential, name) for name in ("Gemini", "Mercury", "Vostok"))]
    runs = [schedule.request_run(link=each, trigger=SyncRun.Trigger.SCHEDULE, send=False) for each in links]
    tracker.world.revoke_token(TOKEN)
    together(*[lambda run=run: execute(run.pk) for run in runs])
    tasks.send_letters()
    assert subjects() == ["4 roadmaps do not sync"]
    assert not SyncRun.objects.filter(state__in=["queued", "running"]).exists()


def test_a_worker_killed_while_it_mails_leaves_the_letter_to_the_next(
    link: ProjectLink, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection breaks before the mail server has the letter."""
    break_it(tracker)
    for _ in range(2):
        asked = schedule.request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE, send=False)
        execute(asked.pk)

    def die(letter: Notice) -> None:
        connection.connection.close()
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_mail", die)
        with pytest.raises(SystemExit):
            tasks.send_letters()
    connection.close()
    tasks.send_letters()
    tasks.send_letters()
    assert len(mail.outbox) == 1

"""The weekly e-mail: to whom, about what, and exactly once for a week and a person (B16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import digest, members, outbox
from accounts.models import Account, Membership
from integrations import digests, tasks
from integrations.models import Digest
from roadmaps.models import Look, Roadmap, Share
from tests import factories

SignedIn = Callable[[Membership], Client]

#: A Monday, nine o'clock in Berlin.
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def berlin(acme: Account) -> Account:
    Account.objects.filter(pk=acme.pk).update(time_zone="Europe/Berlin")
    return acme


@pytest.fixture
def reader(berlin: Account, vera: Membership) -> Membership:
    """Vera, who wants the letter since long."""
    Membership.objects.filter(pk=vera.pk).update(digest_wanted_at=MONDAY - timedelta(days=30))
    vera.refresh_from_db()
    return vera


@pytest.fixture
def roadmap(olga: Membership, vera: Membership) -> Roadmap:
    """Olga's, which Vera has looked at, and on which Olga made an item."""
    return make_roadmap(olga, vera, "Apollo")


def make_roadmap(owner: Membership, reader: Membership, name: str) -> Roadmap:
    roadmap = factories.make_roadmap(owner, name)
    factories.make_share(roadmap, reader)
    look_at(roadmap, reader)
    factories.make_edit(factories.make_item(roadmap, "New"), owner, kind="made")
    return roadmap


def look_at(roadmap: Roadmap, member: Membership) -> None:
    now = timezone.now()
    Look.objects.create(account=roadmap.account, roadmap=roadmap, member=member, since=now, visit_at=now)


def letters(now: datetime = MONDAY) -> int:
    """What a look of beat at that time makes and sends."""
    digests.queue_due(now)
    outbox.send_due(Digest.objects.all())
    return len(mail.outbox)


# --- When


def test_one_letter_for_each_week_on_monday_at_eight_in_the_accounts_zone(roadmap: Roadmap, reader: Membership) -> None:
    digests.queue_due(MONDAY - timedelta(hours=1, minutes=1))
    before = Digest.objects.count()
    digests.queue_due(MONDAY - timedelta(minutes=59))
    after = Digest.objects.count()
    for days in range(7):
        digests.queue_due(MONDAY + timedelta(days=days))
    next_week = Digest.objects.count()
    digests.queue_due(MONDAY + timedelta(days=7))
    assert (before, after, next_week, Digest.objects.count()) == (0, 1, 1, 2)


def test_it_is_off_until_somebody_wants_it_and_begins_with_the_next_monday(
    roadmap: Roadmap, berlin: Account, vera: Membership, signed_in: SignedIn
) -> None:
    assert letters() == 0
    page = signed_in(vera)
    form = page.get("/a/acme/settings/profile/").content.decode()
    assert re.search(r'<input type="checkbox" name="weekly_digest"(?!.*checked)[^>]*>', form)
    page.post("/a/acme/settings/profile/", {"name": "Vera", "weekly_digest": "on"})
    vera.refresh_from_db()
    assert vera.digest_wanted_at is not None
    this_week = vera.digest_wanted_at
    assert digests.queue_due(this_week) == 0
    assert digests.queue_due(this_week + timedelta(days=7)) == 1
    page.post("/a/acme/settings/profile/", {"name": "Vera"})
    vera.refresh_from_db()
    assert not vera.wants_digest


def test_each_letter_begins_where_the_last_one_ended(roadmap: Roadmap, reader: Membership) -> None:
    letters()
    digests.queue_due(MONDAY + timedelta(days=7))
    first, second = Digest.objects.order_by("week")
    assert first.since == MONDAY - timedelta(days=7)
    assert second.since == first.created_at


# --- What


def test_it_tells_the_numbers_of_each_roadmap_and_how_to_stop_it(roadmap: Roadmap, reader: Membership) -> None:
    assert letters() == 1
    letter = mail.outbox[0]
    assert letter.to == [reader.user.email]
    assert "Apollo\n1 appeared\n" in letter.body
    [stop] = re.findall(r"\S+/unsubscribe/\S+", letter.body)
    assert letter.extra_headers["List-Unsubscribe"] == f"<{stop}>"
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_week_without_news_makes_no_letter(reader: Membership, olga: Membership) -> None:
    roadmap = factories.make_roadmap(olga, "Quiet")
    factories.make_share(roadmap, reader)
    look_at(roadmap, reader)
    assert letters() == 0
    assert Digest.objects.get().sent_at is not None


def test_only_roadmaps_that_the_reader_still_may_see_and_looks_at(
    roadmap: Roadmap, reader: Membership, olga: Membership
) -> None:
    for name in ("Unshared", "Archived", "Never opened"):
        make_roadmap(olga, reader, name)
    digests.queue_due(MONDAY)
    Share.objects.filter(roadmap__name="Unshared").delete()
    Roadmap.objects.filter(name="Archived").update(archived_at=timezone.now())
    Look.objects.filter(roadmap__name="Never opened").delete()
    assert letters() == 1
    body = mail.outbox[0].body
    assert "Apollo" in body
    for name in ("Unshared", "Archived", "Never opened"):
        assert name not in body


def test_names_can_not_break_the_letter(roadmap: Roadmap, reader: Membership) -> None:
    Roadmap.objects.update(name="Apollo\n\nYour password: <script>")
    letters()
    assert "\nApollo Your password: <script>\n" in mail.outbox[0].body


def test_who_left_or_stopped_it_meanwhile_gets_none(roadmap: Roadmap, reader: Membership, alice: Membership) -> None:
    digests.queue_due(MONDAY)
    members.deactivate(reader, by=alice)
    assert letters() == 0
    members.reactivate(reader, by=alice)
    digests.queue_due(MONDAY + timedelta(days=7))
    digest.want(reader, wanted=False)
    assert letters() == 0


# --- The way out


def test_the_link_in_the_letter_ends_it_with_one_button_and_without_signing_in(reader: Membership) -> None:
    """And not by being looked at."""
    url = f"/unsubscribe/{digest.make_token(reader)}/"
    anybody = Client(enforce_csrf_checks=True)
    assert "Stop the weekly e-mail" in anybody.get(url).content.decode()
    reader.refresh_from_db()
    assert reader.wants_digest
    assert "gets no weekly e-mail" in anybody.post(url, {"List-Unsubscribe": "One-Click"}).content.decode()
    reader.refresh_from_db()
    assert not reader.wants_digest


@pytest.mark.parametrize("token", ["x", "1", "1:x", "999999:abc", "٣:abc"])
def test_a_made_up_link_ends_nothing(reader: Membership, token: str) -> None:
    assert Client().post(f"/unsubscribe/{token}/").status_code == 404
    reader.refresh_from_db()
    assert reader.wants_digest


# --- Exactly once


@pytest.mark.django_db(transaction=True)
def test_a_task_that_comes_eight_times_at_once_sends_one_letter(roadmap: Roadmap, reader: Membership) -> None:
    barrier = Barrier(8)

    def look() -> None:
        barrier.wait()
        try:
            digests.queue_due(MONDAY)
            outbox.send_due(Digest.objects.all())
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(look) for _ in range(8)]:
            future.result(timeout=30)
    assert len(mail.outbox) == 1
    assert Digest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_it_mails_leaves_the_letter_to_the_next(
    roadmap: Roadmap, reader: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests.queue_due(MONDAY)

    def die(letter: Digest) -> None:
        connection.connection.close()
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_mail", die)
        with pytest.raises(SystemExit):
            outbox.send_due(Digest.objects.all())
    connection.close()
    tasks.send_letters()
    tasks.send_letters()
    assert len(mail.outbox) == 1

"""W3: rights that are taken away act at once, also on what syncs in the name of who lost them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import members
from accounts.models import Membership, Role
from integrations import moving, tasks
from integrations.models import Credential, ProjectLink, SyncRun
from integrations.sync import schedule
from integrations.sync.run import execute
from tests import factories
from tests.integrations.pages.stage import TOKEN, Tracker

# What follows a departure follows its commit.
pytestmark = pytest.mark.django_db(transaction=True)

SignedIn = Callable[[Membership], Client]


def work_off() -> list[SyncRun]:
    """What the dispatcher queues, and the workers then do with all that waits."""
    schedule.tick()
    waiting = SyncRun.objects.filter(state=SyncRun.State.QUEUED).order_by("pk").values_list("pk", flat=True)
    return [run for pk in list(waiting) if (run := execute(pk)) is not None]


def make_due(*links: ProjectLink) -> None:
    ProjectLink.objects.filter(pk__in=[link.pk for link in links]).update(next_sync_at="2026-01-01T00:00:00Z")


def test_a_queued_run_is_refused_and_says_what_happened(
    link: ProjectLink, tracker: Tracker, olga: Membership, alice: Membership
) -> None:
    queued = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    members.deactivate(olga, by=alice)
    run = execute(queued.pk)
    link.refresh_from_db()
    assert run is not None
    assert (run.state, run.error_code, tracker.asked()) == ("failed", "owner_left", 0)
    assert "belong to Olga Olsen, who is no longer an active member of Acme" in run.error
    assert "nothing was asked with them" in run.error
    assert "with other credentials, or once an Account Admin reactivates this member" in run.error
    assert (link.paused_code, link.paused_reason) == ("owner_left", run.error)


def test_all_their_roadmaps_stop_at_once_and_are_not_due_again(
    link: ProjectLink, credential: Credential, tracker: Tracker, olga: Membership, alice: Membership
) -> None:
    """Nobody waits for the next sync to be due, also where there is none."""
    manual = tracker.feed(olga, credential, "By hand")
    members.deactivate(olga, by=alice)
    assert [run.error_code for run in work_off()] == ["owner_left"]
    assert list(ProjectLink.objects.values_list("paused_code", flat=True)) == ["owner_left", "owner_left"]
    make_due(link, manual)
    assert work_off() == []
    assert tracker.asked() == 0
    assert Credential.objects.get().rejected_at is None  # the tracker did not


def test_a_link_that_is_due_is_refused_whoever_shut_its_owner_out(
    link: ProjectLink, tracker: Tracker, olga: Membership
) -> None:
    """By SQL, past everything that is told of it."""
    Membership.objects.filter(pk=olga.pk).update(deactivated_at="2026-01-01T00:00:00Z")
    make_due(link)
    assert [run.error_code for run in work_off()] == ["owner_left"]
    assert tracker.asked() == 0


def test_a_run_at_work_writes_nothing_more(
    link: ProjectLink, tracker: Tracker, olga: Membership, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.sync.heart.TELL_EVERY", 0)
    queued = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)

    def leave(run: SyncRun) -> None:
        if olga.is_active:
            olga.refresh_from_db()
            olga.deactivated_at = members.deactivate(olga, by=alice).deactivated_at

    assert execute(queued.pk, on_progress=leave) is None
    assert link.items().count() == 0
    assert [run.error_code for run in work_off()] == ["owner_left"]
    assert SyncRun.objects.count() == 1


def test_the_admins_get_one_letter_that_leads_to_the_mending(
    link: ProjectLink, credential: Credential, tracker: Tracker, olga: Membership, alice: Membership
) -> None:
    tracker.feed(olga, credential, "Other")
    members.deactivate(olga, by=alice)
    for _ in range(2):
        work_off()
        tasks.send_letters()
    letter = mail.outbox[0]
    assert (len(mail.outbox), letter.to, letter.subject) == (1, [alice.user.email], "2 roadmaps do not sync")
    assert "Move what syncs with “Robin” to credentials of your own, or let Olga Olsen in again." in letter.body
    assert reverse("integrations:credential-move", args=["acme", credential.pk]) in letter.body
    assert "All items are still there" in letter.body


def test_an_admin_reads_on_the_page_why_it_rests(
    link: ProjectLink, olga: Membership, alice: Membership, vera: Membership, signed_in: SignedIn
) -> None:
    """P1: who could mend it is the one who left."""
    factories.make_share(link.roadmap, vera)
    members.deactivate(olga, by=alice)
    work_off()
    address = reverse("roadmaps:items-table", args=["acme", link.roadmap_id])
    page, looking = (signed_in(member).get(address).content.decode() for member in (alice, vera))
    assert "belong to Olga Olsen, who is no longer an active member of Acme" in page
    assert "An Account Admin can hand this roadmap to somebody who syncs it again." in page
    assert "Olga Olsen, who is no longer" not in looking and "Paused" in looking


def test_who_owns_the_roadmap_by_now_is_told_and_sees_why_it_rests(
    credential: Credential, tracker: Tracker, olga: Membership, alice: Membership, signed_in: SignedIn
) -> None:
    link = tracker.feed(alice, credential, "Handed over")
    members.deactivate(olga, by=alice)
    work_off()
    tasks.send_letters()
    assert [letter.to for letter in mail.outbox] == [[alice.user.email]]
    browser = signed_in(alice)
    page = browser.get(reverse("roadmaps:items-table", args=["acme", link.roadmap_id])).content.decode()
    assert "belong to Olga Olsen, who is no longer an active member of Acme" in page
    assert "Syncing has stopped until you choose working credentials under “Modify Setup”." in page
    again = browser.post(reverse("integrations:sync-now", args=["acme", link.roadmap_id]), follow=True)
    assert "Nothing was synced." in again.content.decode()
    assert tracker.asked() == 0


def test_nothing_syncs_in_the_name_of_a_reviewer(
    link: ProjectLink, credential: Credential, tracker: Tracker, olga: Membership, alice: Membership
) -> None:
    """A run that waits is refused, what is not due stops too, and it goes on with the role that they had."""
    queued = schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False)
    tracker.feed(olga, credential, "By hand")
    members.change_role(olga, role=Role.REVIEWER, by=alice)
    run = execute(queued.pk)
    assert run is not None
    assert (run.state, run.error_code, tracker.asked()) == ("failed", "owner_left", 0)
    assert "belong to Olga Olsen, who is a Reviewer of Acme" in run.error
    assert "once an Account Admin gives this member another role" in run.error
    work_off()
    assert list(ProjectLink.objects.values_list("paused_code", flat=True)) == ["owner_left", "owner_left"]
    for _ in range(2):
        tasks.send_letters()
    assert "or give Olga Olsen another role. It goes on at once." in mail.outbox[0].body
    members.change_role(olga, role=Role.COLLABORATOR, by=alice)
    assert [run.state for run in work_off()] == ["succeeded", "succeeded"]


def test_another_role_that_may_sync_disturbs_nothing(
    link: ProjectLink, tracker: Tracker, olga: Membership, alice: Membership
) -> None:
    members.change_role(olga, role=Role.ADMIN, by=alice)
    members.change_role(olga, role=Role.COLLABORATOR, by=alice)
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("how", ["reactivated", "moved"])
def test_it_goes_on_by_itself_with_an_owner_who_is_in(
    link: ProjectLink, credential: Credential, tracker: Tracker, olga: Membership, alice: Membership, how: str
) -> None:
    members.deactivate(olga, by=alice)
    work_off()
    if how == "reactivated":
        members.reactivate(olga, by=alice)
    else:
        moving.move_roadmaps(credential, factories.make_credential(alice, "Alice's", secret=TOKEN), by=alice)
    assert [run.state for run in work_off()] == ["succeeded"]
    link.refresh_from_db()
    assert (link.paused_at, link.items().count()) == (None, 3)
    tasks.send_letters()
    assert [letter.subject for letter in mail.outbox][-1] == "The roadmap “Apollo” syncs again"


def test_the_wizard_asks_nothing_with_them_either(
    credential: Credential, tracker: Tracker, olga: Membership, alice: Membership, signed_in: SignedIn
) -> None:
    link = tracker.feed(alice, credential, "Handed over")
    members.deactivate(olga, by=alice)
    page = signed_in(alice).get(reverse("integrations:setup-step", args=["acme", link.roadmap_id, "filter"]))
    assert "who is no longer an active member of Acme" in page.content.decode()
    assert tracker.asked() == 0


def test_a_pause_for_another_reason_stays_when_they_come_back(
    link: ProjectLink, tracker: Tracker, olga: Membership, alice: Membership
) -> None:
    ProjectLink.objects.update(paused_at="2026-01-01T00:00:00Z", paused_code="turned_down", paused_reason="No.")
    members.deactivate(olga, by=alice)
    members.reactivate(olga, by=alice)
    link.refresh_from_db()
    assert (link.paused_code, work_off()) == ("turned_down", [])

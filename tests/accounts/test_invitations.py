"""S34: an invitation lets one person in, once, until it expires."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail import EmailMessage
from django.db import IntegrityError
from django.utils import timezone

from accounts import invitations, members
from accounts.errors import InvitationClosed, Refused
from accounts.models import Invitation, Membership, Role
from tests.accounts.racing import both_at_once
from tests.factories import PASSWORD, make_account, make_invitation, make_member, make_user

TOKEN = "secret-of-the-letter"


def test_the_invited_person_becomes_a_member_with_the_role(alice: Membership) -> None:
    make_invitation(alice, "nina@example.test", role=Role.REVIEWER)
    nina = make_user("Nina")
    member = invitations.accept(token=TOKEN, user=nina)
    assert (member.account, member.user, member.role) == (alice.account, nina, Role.REVIEWER)


def test_it_works_once(alice: Membership) -> None:
    make_invitation(alice, "nina@example.test")
    nina = make_user("Nina")
    invitations.accept(token=TOKEN, user=nina)
    with pytest.raises(InvitationClosed, match="accepted already"):
        invitations.accept(token=TOKEN, user=nina)
    assert Membership.objects.filter(user=nina).count() == 1


def test_it_expires(alice: Membership) -> None:
    letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    nina = make_user("Nina")
    later = timezone.now() + timedelta(days=7, seconds=1)
    with time_machine.travel(later), pytest.raises(InvitationClosed, match="Ask Alice Acker to send it again"):
        invitations.accept(token=letter.token, user=nina)
    assert not Membership.objects.filter(user=nina).exists()


def test_it_works_until_the_end_of_the_seventh_day(alice: Membership) -> None:
    letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    nina = make_user("Nina")
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        assert invitations.accept(token=letter.token, user=nina).is_active


def test_it_is_for_nobody_else(alice: Membership, mallory: Membership) -> None:
    make_invitation(alice, "nina@example.test", role=Role.ADMIN)
    with pytest.raises(Refused, match=r"for nina@example\.test, and you are signed in as mallory"):
        invitations.accept(token=TOKEN, user=mallory.user)
    assert not Membership.objects.filter(account=alice.account, user=mallory.user).exists()
    assert Invitation.objects.get().accepted_at is None


def test_a_made_up_secret_opens_nothing(alice: Membership) -> None:
    make_invitation(alice)
    for token in ("", "x", invitations.hash_token(TOKEN)):
        with pytest.raises(InvitationClosed, match="does not exist any more"):
            invitations.find_open(token)


def test_the_secret_is_not_in_the_database_nor_in_a_traceback(alice: Membership) -> None:
    letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    stored = Invitation.objects.values_list("token_hash", flat=True).get()
    assert letter.token not in stored
    assert letter.token not in repr(letter)


def test_a_person_without_a_sign_in_joins_with_name_and_password(alice: Membership) -> None:
    make_invitation(alice, "nina@example.test")
    member = invitations.join(token=TOKEN, name="Nina", password=PASSWORD)
    assert (member.user.email, member.user.name) == ("nina@example.test", "Nina")
    assert member.user.check_password(PASSWORD)
    assert member.user.emailaddress_set.get().verified
    assert Membership.objects.filter(user=member.user).count() == 1


def test_nobody_sets_a_password_for_somebody_who_has_one(alice: Membership, mallory: Membership) -> None:
    make_invitation(alice, mallory.user.email)
    with pytest.raises(Refused, match="Sign in to accept"):
        invitations.join(token=TOKEN, name="x", password="another-long-password")
    mallory.user.refresh_from_db()
    assert mallory.user.check_password(PASSWORD)


def test_a_member_is_not_invited_again(alice: Membership, olga: Membership) -> None:
    with pytest.raises(Refused, match="is a member already"):
        invitations.invite(inviter=alice, email=olga.user.email.upper(), role=Role.ADMIN)


def test_a_deactivated_member_comes_back_by_reactivation_only(alice: Membership, olga: Membership) -> None:
    members.deactivate(olga, by=alice)
    with pytest.raises(Refused, match="Reactivate them"):
        invitations.invite(inviter=alice, email=olga.user.email, role=Role.ADMIN)


def test_who_is_no_longer_an_admin_invites_nobody(alice: Membership) -> None:
    """Also where the request began while they were one."""
    other = make_member(alice.account, Role.ADMIN, name="Anna")
    as_it_was = Membership.objects.get(pk=other.pk)
    members.deactivate(other, by=alice)
    with pytest.raises(Refused, match="no Account Admin any more"):
        invitations.invite(inviter=as_it_was, email="nina@example.test", role=Role.ADMIN)
    assert not Invitation.objects.exists()


def test_the_invitations_of_an_admin_end_with_their_access(alice: Membership, mallory: Membership) -> None:
    """Nobody leaves a door open for themselves; who came in before stays."""
    anna = make_member(alice.account, Role.ADMIN, name="Anna")
    make_invitation(anna, "nina@example.test", token="accepted")
    invitations.accept(token="accepted", user=make_user("Nina"))
    make_invitation(anna, "second@example.test", role=Role.ADMIN)
    make_invitation(alice, "ida@example.test", token="other")
    make_invitation(mallory, "theirs@example.test", token="third")
    members.deactivate(anna, by=alice)
    with pytest.raises(InvitationClosed):
        invitations.join(token=TOKEN, name="Zed", password=PASSWORD)
    left = set(Invitation.objects.values_list("email", flat=True))
    assert left == {"nina@example.test", "ida@example.test", "theirs@example.test"}


@pytest.mark.parametrize(("role", "left"), [(Role.ADMIN, 1), (Role.COLLABORATOR, 0), (Role.REVIEWER, 0)])
def test_the_invitations_of_somebody_who_is_no_longer_an_admin_end(alice: Membership, role: Role, left: int) -> None:
    anna = make_member(alice.account, Role.ADMIN, name="Anna")
    make_invitation(anna, "second@example.test")
    members.change_role(anna, role=role, by=alice)
    assert Invitation.objects.count() == left


def test_an_old_letter_does_not_bring_a_deactivated_member_back(alice: Membership) -> None:
    gone = make_member(alice.account, name="Gone", deactivated_at=timezone.now())
    make_invitation(alice, gone.user.email)
    with pytest.raises(Refused, match="Your access to Acme has ended"):
        invitations.accept(token=TOKEN, user=gone.user)


def test_one_open_invitation_a_person(alice: Membership) -> None:
    invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    with pytest.raises(Refused, match="invited already"):
        invitations.invite(inviter=alice, email="Nina@Example.test", role=Role.ADMIN)
    with pytest.raises(IntegrityError, match="invitation_open_once"):
        make_invitation(alice, "NINA@example.test")


def test_two_accounts_invite_the_same_person(alice: Membership, mallory: Membership) -> None:
    nina = make_user("Nina")
    for inviter in (alice, mallory):
        letter = invitations.invite(inviter=inviter, email=nina.email, role=Role.REVIEWER)
        invitations.accept(token=letter.token, user=nina)
    assert {member.account for member in nina.memberships.all()} == {alice.account, mallory.account}


def test_an_expired_invitation_makes_room_for_a_new_one(alice: Membership) -> None:
    make_invitation(alice, "nina@example.test", expires_at=timezone.now() - timedelta(days=1))
    assert invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)


def test_sending_again_kills_the_old_link_and_starts_the_week_anew(alice: Membership) -> None:
    old = make_invitation(alice, "nina@example.test", expires_at=timezone.now() - timedelta(days=1))
    letter = invitations.renew(old, by=alice)
    with pytest.raises(InvitationClosed):
        invitations.find_open(TOKEN)
    assert invitations.find_open(letter.token).expires_at > timezone.now() + timedelta(days=6)


def test_letters_to_one_person_are_a_minute_apart(alice: Membership) -> None:
    letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    with pytest.raises(Refused, match="less than a minute ago"):
        invitations.renew(letter.invitation, by=alice)


def test_withdrawing_does_not_shorten_the_wait(alice: Membership, mallory: Membership) -> None:
    letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    invitations.revoke(letter.invitation, by=alice)
    with pytest.raises(Refused, match="less than a minute ago, so no other one was sent"):
        invitations.invite(inviter=alice, email="NINA@example.test", role=Role.REVIEWER)
    assert not Invitation.objects.exists()
    assert invitations.invite(inviter=alice, email="olaf@example.test", role=Role.REVIEWER)
    assert invitations.invite(inviter=mallory, email="nina@example.test", role=Role.REVIEWER)


def test_after_the_wait_the_same_person_is_invited_again(alice: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "PAUSE", timedelta(seconds=1))
    for _ in range(2):
        letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
        invitations.revoke(letter.invitation, by=alice)
        time.sleep(1.1)


def test_an_account_mails_so_many_a_day_whether_they_are_withdrawn_or_sent_again(
    alice: Membership, mallory: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MAX_A_DAY", 3)
    noon = timezone.now().replace(hour=12)
    with time_machine.travel(noon, tick=False) as clock:
        invitations.renew(make_invitation(alice, "open@example.test"), by=alice)
        for number in range(2):
            letter = invitations.invite(inviter=alice, email=f"n{number}@example.test", role=Role.REVIEWER)
            invitations.revoke(letter.invitation, by=alice)
        with pytest.raises(Refused, match=r"3 invitations left this account today.*Try again after midnight UTC"):
            invitations.invite(inviter=alice, email="n2@example.test", role=Role.REVIEWER)
        with pytest.raises(Refused, match="3 invitations left this account today"):
            invitations.renew(make_invitation(alice, "late@example.test", token="late"), by=alice)
        assert invitations.invite(inviter=mallory, email="n2@example.test", role=Role.REVIEWER)
        clock.shift(timedelta(hours=12))
        assert invitations.invite(inviter=alice, email="n3@example.test", role=Role.REVIEWER)


def test_who_is_refused_for_another_reason_counts_for_nothing(
    alice: Membership, olga: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "MAX_A_DAY", 1)
    for _ in range(2):
        with pytest.raises(Refused, match="is a member already"):
            invitations.invite(inviter=alice, email=olga.user.email, role=Role.REVIEWER)
    assert invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_send_a_letter_again_at_the_same_moment_one_sends_it() -> None:
    alice = make_member(make_account(), Role.ADMIN)
    invitation = make_invitation(alice, "nina@example.test")
    raised = both_at_once(*[lambda: invitations.renew(invitation, by=alice)] * 2)
    assert [str(error).partition(",")[0] for error in raised] == [
        "A letter to nina@example.test left less than a minute ago"
    ]


def test_a_withdrawn_invitation_opens_nothing(alice: Membership) -> None:
    invitations.revoke(make_invitation(alice, "nina@example.test"), by=alice)
    with pytest.raises(InvitationClosed):
        invitations.accept(token=TOKEN, user=make_user("Nina"))


def test_the_letter_says_who_invites_to_what_and_keeps_to_its_lines(alice: Membership) -> None:
    alice.account.name = "Acme & Söhne\r\nBcc: everybody@example.test"
    alice.account.save()
    letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    assert invitations.send(letter, link="https://roadmunk.test/invitations/abc/")
    [message] = mail.outbox
    assert message.to == ["nina@example.test"]
    assert message.bcc == []
    assert "\n" not in message.subject
    assert message.subject.startswith("Alice Acker invites you to Acme & Söhne Bcc:")
    assert "Bcc" not in message.message()
    assert "https://roadmunk.test/invitations/abc/" in message.body
    assert "as Reviewer" in message.body


def test_a_mail_server_that_refuses_loses_nothing(alice: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: EmailMessage, fail_silently: bool = False) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr(EmailMessage, "send", refuse)
    letter = invitations.invite(inviter=alice, email="nina@example.test", role=Role.REVIEWER)
    assert not invitations.send(letter, link="https://roadmunk.test/")
    assert Invitation.objects.filter(email="nina@example.test").exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_make_one_member() -> None:
    alice = make_member(make_account(), Role.ADMIN)
    make_invitation(alice, "nina@example.test")
    nina = make_user("Nina")
    raised = both_at_once(*[lambda: invitations.accept(token=TOKEN, user=nina)] * 2)
    assert [type(error) for error in raised] == [InvitationClosed]
    assert nina.memberships.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_sign_ups_at_the_same_moment_make_one_person() -> None:
    alice = make_member(make_account(), Role.ADMIN)
    make_invitation(alice, "nina@example.test")
    raised = both_at_once(*[lambda: invitations.join(token=TOKEN, name="Nina", password=PASSWORD)] * 2)
    assert [type(error) for error in raised] == [InvitationClosed]
    assert Membership.objects.filter(user__email="nina@example.test").count() == 1

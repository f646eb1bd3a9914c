"""Invites people by letter: one secret link for one person, once, for seven days.

Only a hash of the secret is kept, so that nobody who reads the database can join.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import audit, walls
from accounts.addresses import one_spelling
from accounts.errors import InvitationClosed, Refused
from accounts.models import Account, AuditArea, Invitation, Membership, Role, User
from accounts.outbox import one_line
from accounts.services import create_person
from accounts.walls import Across

logger = logging.getLogger(__name__)

VALID_FOR = timedelta(days=7)
#: Waiting time between two letters to the same person, how many leave an account in a day of UTC, and how many may be
#: open: nobody mails the world from here.
PAUSE = timedelta(minutes=1)
MAX_A_DAY = 100
MAX_OPEN = 100


@dataclass(frozen=True, slots=True)
class Letter:
    """An invitation and its secret, which exists only here and in the letter."""

    invitation: Invitation
    token: str = field(repr=False)


def hash_token(token: str) -> str:
    """What is stored of a secret. It is long and random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invite(*, inviter: Membership, email: str, role: Role) -> Letter:
    """Open an invitation to the inviter's account.

    Raises Refused for members, for those invited already, right after the last letter, and after too many in a day;
    and where the inviter lost the right to it meanwhile, because their open invitations ended with it.
    """
    email = one_spelling(email)
    account = Account.objects.select_for_update(no_key=True).get(pk=inviter.account_id)
    if not Membership.objects.get(pk=inviter.pk).is_admin:
        raise Refused("You are no Account Admin any more, so nobody was invited.")
    _check_not_member(account, email)
    open_ones = Invitation.objects.filter(account=account, accepted_at=None)
    open_ones.filter(expires_at__lte=timezone.now(), email__iexact=email).delete()
    if open_ones.filter(email__iexact=email).exists():
        raise Refused(f"{email} has been invited already. Send the letter again from the list below.")
    if open_ones.count() >= MAX_OPEN:
        raise Refused(f"There are {MAX_OPEN} open invitations. Withdraw some of them first.")
    _count_letter(account.pk, email)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        account=account,
        invited_by=inviter,
        email=email,
        role=role,
        token_hash=hash_token(token),
        expires_at=timezone.now() + VALID_FOR,
    )
    audit.record(inviter, AuditArea.MEMBERS, f"Invited {email} as {invitation.get_role_display()}.")
    return Letter(invitation, token)


def _check_not_member(account: Account, email: str) -> None:
    member = Membership.objects.filter(account=account, user__email=email).select_related("user").first()
    if member is None:
        return
    if member.is_active:
        raise Refused(f"{email} is a member already.")
    raise Refused(f"{email} was a member before. Reactivate them in the list of users.")


@transaction.atomic
def renew(invitation: Invitation, *, by: Membership) -> Letter:
    """A new secret and seven more days; the old link stops working.

    Raises Refused right after the last letter, and after too many in a day.
    """
    current = Invitation.objects.select_for_update(no_key=True).filter(pk=invitation.pk, accepted_at=None).first()
    if current is None:
        raise Refused("That invitation has been accepted or withdrawn.")
    _count_letter(current.account_id, current.email)
    token = secrets.token_urlsafe(32)
    current.token_hash = hash_token(token)
    current.expires_at = timezone.now() + VALID_FOR
    current.save(update_fields=["token_hash", "expires_at"])
    audit.record(by, AuditArea.MEMBERS, f"Sent the invitation of {current.email} again.")
    return Letter(current, token)


def _count_letter(account_id: int, email: str) -> None:
    """Count a letter that is about to leave. In the cache, because a row is gone once its invitation is withdrawn."""
    person = hashlib.sha256(email.encode()).hexdigest()
    if not cache.add(f"invited:{account_id}:{person}", True, PAUSE.total_seconds()):
        raise Refused(
            f"A letter to {email} left less than a minute ago, so no other one was sent. Wait a moment, then try again."
        )
    day = f"invitations:{account_id}:{timezone.now():%Y-%m-%d}"
    cache.add(day, 0, timedelta(days=2).total_seconds())
    if cache.incr(day) > MAX_A_DAY:
        raise Refused(
            f"{MAX_A_DAY} invitations left this account today, which is the most for one day, so {email} got none. The "
            "others still work. Try again after midnight UTC."
        )


@transaction.atomic
def revoke(invitation: Invitation, *, by: Membership) -> None:
    """Withdraw an invitation that nobody has accepted; its link stops working."""
    if Invitation.objects.filter(pk=invitation.pk, accepted_at=None).delete()[0]:
        audit.record(by, AuditArea.MEMBERS, f"Withdrew the invitation of {invitation.email}.")


def send(letter: Letter, *, link: str) -> bool:
    """Send the letter with its link; False where the mail server refused, so that the page can say so."""
    invitation = letter.invitation
    context = {
        "inviter": one_line(str(invitation.invited_by)),
        "account": one_line(invitation.account.name),
        "asks_for_second_factor": invitation.account.requires_second_factor,
        "role": invitation.get_role_display(),
        "email": invitation.email,
        "link": link,
        "days": VALID_FOR.days,
    }
    subject = one_line(render_to_string("accounts/email/invitation_subject.txt", context))
    body = render_to_string("accounts/email/invitation.txt", context)
    try:
        EmailMessage(subject, body, to=[invitation.email]).send()
    except OSError as error:
        logger.warning("Invitation %s could not be mailed: %s", invitation.pk, type(error).__name__)
        return False
    return True


@walls.every_account(Across.INVITATION)
def find_open(token: str) -> Invitation:
    """The invitation that the link belongs to. Raises InvitationClosed with the reason."""
    return _check_open(_with_token(token).first())


@walls.every_account(Across.INVITATION)
@transaction.atomic
def accept(*, token: str, user: User) -> Membership:
    """Make the person a member. Raises InvitationClosed, or Refused for anybody but the invited one."""
    invitation = _check_open(_with_token(token).select_for_update(no_key=True, of=("self",)).first())
    if not is_for(invitation, user):
        raise Refused(f"This invitation is for {invitation.email}, and you are signed in as {user.email}.")
    member, made = Membership.objects.get_or_create(
        account=invitation.account, user=user, defaults={"role": invitation.role}
    )
    if not made and not member.is_active:
        raise Refused(f"Your access to {invitation.account} has ended. Ask one of its Account Admins.")
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    if made:
        joined = f"Joined as {member.get_role_display()}, invited by {invitation.invited_by}."
        audit.record(member, AuditArea.MEMBERS, joined)
    return member


@walls.every_account(Across.INVITATION)
@transaction.atomic
def join(*, token: str, name: str, password: str) -> Membership:
    """Sign up through the link: a new person, and a member. Raises InvitationClosed, Refused, ValidationError."""
    invitation = _check_open(_with_token(token).select_for_update(no_key=True, of=("self",)).first())
    if is_known(invitation.email):
        raise Refused(f"{invitation.email} has a sign-in already. Sign in to accept the invitation.")
    person = create_person(email=invitation.email, name=name, password=password)
    return accept(token=token, user=person)


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the invitation was written to that person."""
    return invitation.email.lower() == user.email.lower()


def is_known(email: str) -> bool:
    """Whether somebody signs in with that address, or has proved that it is theirs."""
    theirs = Q(email=email.lower()) | Q(emailaddress__email=email.lower(), emailaddress__verified=True)
    return User.objects.filter(theirs).exists()


def _with_token(token: str) -> models.QuerySet[Invitation]:
    return Invitation.objects.filter(token_hash=hash_token(token)).select_related("account", "invited_by__user")


def _check_open(invitation: Invitation | None) -> Invitation:
    if invitation is None:
        raise InvitationClosed("This invitation does not exist any more. Ask for a new one.")
    if invitation.accepted_at is not None:
        raise InvitationClosed("This invitation has been accepted already. Sign in to go on.")
    if invitation.is_expired:
        raise InvitationClosed(
            f"This invitation has expired. Ask {invitation.invited_by} to send it again; it then works for another "
            f"{VALID_FOR.days} days."
        )
    return invitation

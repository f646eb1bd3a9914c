"""E-mails that the database remembers until they have left.

A letter is a row, written in the transaction that gives reason for it, and at most once: a unique constraint of its
model says for what. A worker sends it later, and holds its row locked meanwhile. So a task that is delivered twice
finds the row locked or settled, and when a worker dies, the next one sends what it had not. Only a worker that dies
between the mail server's yes and the end of its own transaction lets a letter leave twice. Both then bear the same
Message-ID, by which mailboxes know a double.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts import walls
from accounts.models import Membership
from accounts.tenancy import OwnedByAccount
from accounts.walls import Across

log = logging.getLogger(__name__)

#: Letters that one look sends; the next look sends more.
BATCH = 200
#: Wait after a first try that the mail server refused, doubled with each more, never beyond the cap.
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
#: After so many tries, a day or so, a letter is given up.
MAX_ATTEMPTS = 12


class Letter(OwnedByAccount):
    """An e-mail to a member. `sent_at` is when it was settled: sent, or found to be wanted no more."""

    to = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    try_at = models.DateTimeField(default=timezone.now, db_default=Now(), editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)

    class Meta(OwnedByAccount.Meta):
        abstract = True
        indexes = [models.Index(fields=["try_at"], condition=Q(sent_at=None), name="%(class)s_waiting")]

    def compose(self) -> EmailMessage | None:
        """The e-mail as things stand now; None: it is wanted no more."""
        raise NotImplementedError


L = TypeVar("L", bound=Letter)


def send_due(letters: QuerySet[L]) -> int:
    """Send the letters that wait; answers how many were settled. Any number of workers may do so at once."""
    settled = 0
    for _ in range(BATCH):
        sent = _send_next(letters)
        if sent is None:
            break
        settled += sent
    return settled


def _send_next(letters: QuerySet[L]) -> bool | None:
    """Take the next letter that nobody else has, and send it. None: there is none."""
    due = letters.filter(sent_at=None, try_at__lte=Now(), attempts__lt=MAX_ATTEMPTS)
    with transaction.atomic():
        due = due.select_related("account", "to__user", "to__account").order_by("try_at", "pk")
        with walls.every_account(Across.LETTER):
            letter = due.select_for_update(no_key=True, skip_locked=True, of=["self"]).first()
        if letter is None:
            return None
        with walls.entered(letter.account_id):
            return _send(letter)


def _send(letter: Letter) -> bool:
    try:
        with transaction.atomic():
            _mail(letter)
    except Exception as error:  # the boundary: one letter that can't be sent must not keep the others
        wait = min(FIRST_WAIT * 2**letter.attempts, LONGEST_WAIT)
        log.warning("%s %s could not be mailed: %s", type(letter).__name__, letter.pk, type(error).__name__)
        letter.attempts, letter.try_at = letter.attempts + 1, timezone.now() + wait
        letter.save(update_fields=["attempts", "try_at"])
        return False
    letter.sent_at = timezone.now()
    letter.save(update_fields=["sent_at"])
    return True


def _mail(letter: Letter) -> None:
    member = letter.to
    email = letter.compose() if member.is_active and member.user.is_active else None
    if email is None:
        return
    email.to = [member.user.email]
    email.extra_headers["Message-ID"] = f"<{letter._meta.model_name}-{letter.pk}@{_domain()}>"
    email.extra_headers["Auto-Submitted"] = "auto-generated"
    email.send()


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")


def one_line(text: str, *, most: int = 200) -> str:
    """Text of other people as part of a sentence: without line breaks and other signs that nobody sees.

    Nor may it begin an encoded word (RFC 2047), which mail programs would write out in a subject.
    """
    plain = "".join(sign if sign.isprintable() else " " for sign in text).replace("=?", "= ?")
    brief = " ".join(plain.split())
    return brief if len(brief) <= most else f"{brief[: most - 1]}…"

"""The account's audit log: who did what to members, settings, fields of all roadmaps, sharing, roadmaps, connectors,
credentials and links.

A service writes its line in the transaction of the act itself, so there is neither an act without a line nor a line
without its act. What people called a thing goes into it by `brief` or `quoted`. The database refuses to change a line
or to take one away (migrations 0005 and 0008).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError

from accounts.models import Account, AuditArea, AuditEvent, Membership
from accounts.outbox import one_line

LENGTH = 500
#: A longer name is cut, and not the sentence: what stands behind the name is never pushed out of the line by it.
NAME_LENGTH = 80
#: A line names so many things, and counts the others.
NAMED = 3
#: No name ends its own quotes.
_QUOTES = str.maketrans("“”„", '"""')


def record(by: Membership, area: AuditArea, what: str) -> None:
    """Write down that the member did it. `what` is a sentence in the past tense, and never holds a secret.

    Raises TransactionManagementError outside of a transaction.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("An audit event is written in the transaction of its act.")
    AuditEvent.objects.create(account_id=by.account_id, member=by, area=area, what=what[:LENGTH])


def brief(named: object) -> str:
    """What somebody or something is called, as part of a sentence: in one line, and cut where it is overlong."""
    return one_line(str(named), most=NAME_LENGTH).translate(_QUOTES)


def quoted(named: object) -> str:
    """The same in quotes."""
    return f"“{brief(named)}”"


def first_few(names: Sequence[str], *, most: int = NAMED) -> str:
    """The first of the names, as `brief` or `quoted` made them, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events somebody looks for; what is empty does not narrow."""

    area: str = ""
    member_id: int | None = None
    text: str = ""


def events(account: Account, wanted: Filter) -> QuerySet[AuditEvent]:
    """The account's events with their people, the newest first."""
    found = AuditEvent.objects.filter(account=account).select_related("member__user")
    if wanted.area:
        found = found.filter(area=wanted.area)
    if wanted.member_id is not None:
        found = found.filter(member_id=wanted.member_id)
    if wanted.text:
        found = found.filter(what__icontains=wanted.text)
    return found.order_by("-id")

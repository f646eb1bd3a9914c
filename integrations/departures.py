"""What syncs with the credentials of a member who loses the right to sync stops at once, and goes on when they get it
back: who is shut out and let in again, who becomes a Reviewer and a Collaborator again.

Nothing is asked with the secret of somebody who left: `auth_for` refuses it, and the run that meets this pauses every
link of the credential and tells people, as with a secret that the tracker refuses. Here it only meets it now, and
not when the next sync is due.
"""

from __future__ import annotations

from django.db import transaction

from accounts.models import Membership
from integrations import credentials
from integrations.errors import OwnerLeft
from integrations.models import ProjectLink, SyncRun
from integrations.sync import claim
from integrations.sync.schedule import request_run


def follow(member: Membership) -> None:
    """After a member was deactivated, reactivated, or got another role."""
    (_go_on if member.can_create else _stop)(member)


def _stop(member: Membership) -> None:
    """Runs at work go back to the queue, where they are refused; one new run for each credential is, too."""
    running = SyncRun.objects.filter(
        account_id=member.account_id, link__credential__owner=member, state=SyncRun.State.RUNNING
    )
    claim.give_back(SyncRun, list(running.values_list("pk", flat=True)))
    links = ProjectLink.objects.filter(
        account_id=member.account_id, credential__owner=member, paused_at=None, roadmap__archived_at=None
    )
    free = links.exclude(runs__state=SyncRun.State.HELD)
    for link in free.order_by("credential_id", "pk").distinct("credential_id"):
        request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE)


@transaction.atomic
def _go_on(member: Membership) -> None:
    paused = ProjectLink.objects.filter(
        account_id=member.account_id, credential__owner=member, paused_code=OwnerLeft.code
    )
    for link in paused.order_by("pk").select_for_update(no_key=True, of=["self"]):
        credentials.resume(link)
        request_run(link=link, trigger=SyncRun.Trigger.SCHEDULE)

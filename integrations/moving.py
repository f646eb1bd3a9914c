"""All roadmaps of one credential moved to another in one step, once that one is proved to see their projects (B10)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.audit import quoted
from accounts.models import AuditArea, Membership
from integrations import catalogue, credentials
from integrations.models import Credential, ProjectLink, SyncRun
from integrations.sync.schedule import request_run
from roadmaps.access import visible_to
from roadmaps.names import listed


def targets(credential: Credential, member: Membership) -> QuerySet[Credential]:
    """Where the member can move the roadmaps to: other credentials of their own, for the same tracker (D6)."""
    own = Credential.objects.filter(account_id=member.account_id, owner=member, kind=credential.kind)
    return own.exclude(pk=credential.pk)


def out_of_sight(credential: Credential, seen_by: Credential) -> list[ProjectLink]:
    """The links of the credential whose project the other one does not see. Raises errors of `integrations.errors`."""
    seen = {project.id for project in catalogue.list_projects(seen_by)}
    links = credential.links.select_related("roadmap").order_by("roadmap__name", "pk")
    return [link for link in links if link.project_id not in seen]


def named(links: list[ProjectLink], member: Membership) -> str:
    """Their roadmaps in a sentence: those that the member sees by name, the others counted."""
    ids = [link.roadmap_id for link in links]
    names = list(visible_to(member).filter(pk__in=ids).order_by("name", "pk").values_list("name", flat=True))
    return listed(names, hidden=len(ids) - len(names))


def move_roadmaps(credential: Credential, target: Credential, *, by: Membership) -> int:
    """Let the target, which was just checked, feed every roadmap of the credential; answers how many.

    Links that the old secret's death paused go on; pauses for other reasons stay.
    """
    with transaction.atomic():
        links = list(
            credential.links.select_related("roadmap").order_by("pk").select_for_update(no_key=True, of=["self"])
        )
        credential.links.filter(pk__in=[link.pk for link in links]).update(credential=target)
        for link in links:
            if link.paused_code in credentials.DEAD_SECRET:
                credentials.resume(link)
                request_run(link=link, trigger=SyncRun.Trigger.MANUAL, asked_by=by)
        what = "1 roadmap" if len(links) == 1 else f"{len(links)} roadmaps"
        done = f"Moved {what} from the credential {quoted(credential)} to {quoted(target)}."
        audit.record(by, AuditArea.CREDENTIALS, done)
    return len(links)

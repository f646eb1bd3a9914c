"""Whom to tell that a link is in trouble, when, and in which words (D21).

After the second failed run in a row, or at once where a link pauses until somebody mends it, its owner gets one
letter; one more when it syncs again; none in between. What is decided here is decided in the transaction that ends the
run, so it is decided once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, Role
from accounts.outbox import one_line
from integrations import registry
from integrations.errors import CredentialRejected, OwnerLeft
from integrations.models import Notice, ProjectLink, SyncRun
from roadmaps.access import visible_to
from roadmaps.models import Roadmap
from roadmaps.names import listed

#: Failed runs in a row after which the owner is told.
ENOUGH = 2
#: Account Admins who are told where the owner can do nothing.
MOST_ADMINS = 10


def tell_of_trouble(run: SyncRun, link: ProjectLink) -> None:
    """After a run failed: tell the link's owner, unless they know. The link is locked, and its failures are counted."""
    if link.failures < ENOUGH and link.paused_at is None:
        return
    if link.episode is None or _is_over(link.episode):
        link.episode = uuid.uuid4()
        link.save(update_fields=["episode"])
        _write(Notice.Kind.TROUBLE, link.episode, run, link, _who_can_mend(link.roadmap))


def tell_of_dead_secret(run: SyncRun, links: Iterable[ProjectLink]) -> None:
    """After a secret was refused: one letter for each person, however many roadmaps it stops.

    `links` are all that it stops just now, locked; so is the secret's row, by which refusals come one after the other.
    """
    untold = [link for link in links if link.episode is None or _is_over(link.episode)]
    if not untold:
        return
    credential_id = run.link.credential_id
    stopped = ProjectLink.objects.filter(credential_id=credential_id, paused_code=run.error_code)
    known = stopped.filter(episode__isnull=False).exclude(pk__in=[link.pk for link in untold]).first()
    episode = known.episode if known and known.episode and not _is_over(known.episode) else uuid.uuid4()
    ProjectLink.objects.filter(pk__in=[link.pk for link in untold]).update(episode=episode)
    owner = run.link.credential.owner
    people = {owner.pk: owner} if owner.is_active else {}
    for link in untold:
        people |= {member.pk: member for member in _who_can_mend(link.roadmap)}
    _write(Notice.Kind.TROUBLE, episode, run, run.link, people.values())


def tell_of_recovery(run: SyncRun, link: ProjectLink) -> None:
    """After a run went well: tell the owner that it is over, and the secret's owner where they knew of it.

    The link is locked, and saved by the caller.
    """
    if link.episode is None:
        return
    people, owner = _who_can_mend(link.roadmap), run.link.credential.owner
    told = Notice.objects.filter(episode=link.episode, kind=Notice.Kind.TROUBLE, to=owner)
    _write(Notice.Kind.RECOVERED, link.episode, run, link, [*people, owner] if told.exists() else people)
    link.episode = None


def _is_over(episode: uuid.UUID) -> bool:
    """Whether people read already that it is over; what goes wrong now is news."""
    return Notice.objects.filter(episode=episode, kind=Notice.Kind.RECOVERED).exists()


def _who_can_mend(roadmap: Roadmap) -> list[Membership]:
    """The owner; and, where the owner left the account or became a Reviewer, its admins."""
    if roadmap.owner.can_create:
        return [roadmap.owner]
    admins = Membership.objects.filter(account_id=roadmap.account_id, role=Role.ADMIN, deactivated_at=None)
    return list(admins.order_by("pk")[:MOST_ADMINS])


def _write(
    kind: Notice.Kind, episode: uuid.UUID, run: SyncRun, link: ProjectLink, people: Iterable[Membership]
) -> None:
    """A letter for each person; the one that they have of this kind about this episode is enough."""
    Notice.objects.bulk_create(
        (
            Notice(account_id=link.account_id, to=member, episode=episode, kind=kind, link=link, run=run)
            for member in {member.pk: member for member in people}.values()
        ),
        ignore_conflicts=True,
    )


# --- In words


def compose(notice: Notice) -> EmailMessage | None:
    """The e-mail, with what its reader may see; None where that is nothing any more."""
    link, to = notice.link, notice.to
    episode = ProjectLink.objects.filter(account_id=notice.account_id, episode=notice.episode).exclude(pk=link.pk)
    ids = [link.roadmap_id, *episode.values_list("roadmap_id", flat=True)]
    seen = dict(visible_to(to).filter(pk__in=ids).order_by("name", "pk").values_list("pk", "name"))
    if not seen and link.credential.owner_id != to.pk:
        return None
    concerned = ids if link.credential.owner_id == to.pk else list(seen)
    names = listed(list(seen.values()), hidden=len(concerned) - len(seen))
    context = {
        "to": one_line(str(to)),
        "account": one_line(notice.account.name),
        "connector": registry.get(link.kind).label,
        "what": _what(list(seen.values()), len(concerned)),
        "roadmaps": one_line(names, most=2000),
        "count": len(concerned),
        "error": one_line(notice.run.error, most=500),
        "at": timezone.localtime(notice.run.finished_at or notice.created_at, notice.account.zone),
        "paused": link.paused_at is not None,
        "next_at": timezone.localtime(link.next_sync_at, notice.account.zone) if link.next_sync_at else None,
        "is_dead_secret": notice.run.error_code == CredentialRejected.code,
        "owner_left": notice.run.error_code == OwnerLeft.code,
        "is_reviewer": link.credential.owner.is_active,
        "may_move": link.credential.may_be_moved_by(to),
        "credential": one_line(link.credential.label),
        "owns_credential": link.credential.owner_id == to.pk,
        "credential_owner": one_line(str(link.credential.owner)),
        "url": _url(notice, seen),
        "site": settings.SITE_URL,
    }
    template = f"integrations/email/{notice.kind}"
    subject = one_line(render_to_string(f"{template}_subject.txt", context))
    return EmailMessage(subject, render_to_string(f"{template}.txt", context))


def _what(names: list[str], count: int) -> str:
    """What does not sync, or does so again."""
    if count > 1:
        return f"{count} roadmaps"
    return f"The roadmap “{one_line(names[0])}”" if names else "A roadmap that you can’t see"


def _url(notice: Notice, seen: dict[int, str]) -> str:
    """Where the one thing to do is done, or where to look."""
    slug, link = notice.account.slug, notice.link
    is_dead_secret = notice.kind == Notice.Kind.TROUBLE and notice.run.error_code == CredentialRejected.code
    if is_dead_secret and link.credential.owner_id == notice.to_id:
        return settings.SITE_URL + reverse("integrations:credential-replace", args=[slug, link.credential_id])
    if notice.run.error_code == OwnerLeft.code and link.credential.may_be_moved_by(notice.to):
        return settings.SITE_URL + reverse("integrations:credential-move", args=[slug, link.credential_id])
    if link.roadmap_id in seen or not seen:
        return settings.SITE_URL + reverse("roadmaps:items-table", args=[slug, link.roadmap_id])
    return settings.SITE_URL + reverse("roadmaps:list", args=[slug])

"""Saved secrets: checked against the tracker before they are kept, sealed, replaced, refused, deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, QuerySet, RestrictedError, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts import audit
from accounts.audit import brief, quoted
from accounts.models import AuditArea, Membership
from integrations import registry, vault
from integrations.auth import auth_with, open_secret
from integrations.errors import CredentialRejected, OwnerLeft
from integrations.http import Limits
from integrations.models import Credential, ProjectLink, SyncRun
from integrations.records import Identity
from integrations.services import InUse
from integrations.sync.schedule import request_run
from roadmaps.access import visible_to
from roadmaps.models import Roadmap

#: A person waits for the answer, so these calls give up much sooner than a run does.
IMPATIENT = Limits(connect_seconds=3, total_seconds=8, tries=2, patience_seconds=2)


#: Codes of pauses that another secret ends.
DEAD_SECRET = (CredentialRejected.code, OwnerLeft.code, "secret_unreadable")
#: What is known of a secret that the tracker takes.
ACCEPTED = ("identity_name", "projects_seen", "accepted_at", "rejected_at", "host")


class InvalidSecret(ValueError):
    """The text can't be a secret of that tracker. The message never repeats the text."""


class LabelTaken(ValueError):
    """The person already has a credential with that label."""


def with_last_accepted(credentials: QuerySet[Credential]) -> QuerySet[Credential]:
    """The credentials with `last_accepted_at`: checked by a person, or used by a sync that went well.

    A sync that finds nothing changed writes nothing but itself, so it is asked when it ended.
    """
    good = SyncRun.objects.filter(link=OuterRef("pk"), state__in=SyncRun.GOOD).order_by("-id").values("finished_at")[:1]
    used = ProjectLink.objects.filter(credential=OuterRef("pk")).annotate(good_at=Subquery(good))
    latest = used.filter(good_at__isnull=False).order_by("-good_at").values("good_at")[:1]
    return credentials.annotate(last_accepted_at=Greatest("accepted_at", Subquery(latest)))


def check_shape(kind: str, secret: str) -> None:
    """Raise InvalidSecret for what can't be a secret of that tracker; nothing is sent."""
    name = registry.get(kind).secret_label
    if any(character.isspace() for character in secret):
        raise InvalidSecret(f"The {name} has a blank or a line break in it. Copy it again, without anything around it.")
    if not re.fullmatch(registry.get(kind).secret_pattern, secret):
        label = registry.get(kind).label
        raise InvalidSecret(f"This does not look like a {name} of {label}. Copy the whole of it again.")


def check_secret(kind: str, secret: str) -> Identity:
    """Whose secret it is, as the tracker says. Raises InvalidSecret, or an error of `integrations.errors`."""
    check_shape(kind, secret)
    auth = auth_with(kind, secret, limits=IMPATIENT)
    with auth.http:
        return registry.get(kind).verify(auth)


def look_at_project(kind: str, secret: str, project_id: str) -> None:
    """Raise ProjectUnavailable, or another error of `integrations.errors`, where the secret can't read the project."""
    auth = auth_with(kind, secret, limits=IMPATIENT)
    with auth.http:
        registry.get(kind).describe(auth, project_id)


def check_saved(credential: Credential) -> Identity:
    """Ask the tracker again about a saved secret, and note the answer. Raises errors of `integrations.errors`."""
    try:
        secret = open_secret(credential)
        identity = check_secret(credential.kind, secret)
    except (vault.SealBroken, InvalidSecret):
        raise CredentialRejected(unreadable(credential)) from None
    except CredentialRejected:
        mark_rejected(credential)
        raise
    if not mark_accepted(credential, identity):
        raise CredentialRejected(f"The credentials “{credential.label}” were changed or deleted meanwhile. Look again.")
    return identity


def unreadable(credential: Credential) -> str:
    """What to say where the seal does not open."""
    name = registry.get(credential.kind).secret_label
    return f"The saved {name} “{credential.label}” can’t be opened with this server’s keys. Replace it with a new one."


def accepted(identity: Identity) -> str:
    """What to say of a secret that the tracker takes (D7)."""
    projects = "1 project" if identity.projects == 1 else f"{identity.projects:,} projects"
    return f"The token is accepted. It belongs to {identity.name}, who sees {projects}."


@transaction.atomic
def save_credential(owner: Membership, *, kind: str, label: str, secret: str, identity: Identity) -> Credential:
    """Seal and keep a secret that was just checked. Raises LabelTaken."""
    credential = Credential(account_id=owner.account_id, owner=owner, kind=kind, label=label)
    _fill(credential, secret=secret, identity=identity)
    _save(credential)
    kind_label = registry.get(kind).label
    audit.record(owner, AuditArea.CREDENTIALS, f"Saved the credential {quoted(label)} for {kind_label}.")
    return credential


@transaction.atomic
def rename_credential(credential: Credential, *, label: str) -> None:
    """Change the label. Raises LabelTaken, or DoesNotExist where it was deleted meanwhile."""
    current = _lock(credential)
    before, current.label = current.label, label
    _save(current, update_fields=["label"])
    credential.label = label
    if label != before:
        done = f"Renamed the credential {quoted(before)} to {quoted(label)}."
        audit.record(credential.owner, AuditArea.CREDENTIALS, done)


def replace_secret(credential: Credential, *, secret: str, identity: Identity) -> int:
    """Put a checked secret in the place of the old one, for every roadmap that uses it.

    Links that the old secret's death paused go on; answers how many. Raises DoesNotExist where the credential was
    deleted meanwhile.
    """
    with transaction.atomic():
        # The links first, as a run that fails does: so neither waits for the other.
        using = credential.links.select_related("roadmap").order_by("pk")
        links = list(using.select_for_update(no_key=True, of=["self"]))
        _lock(credential)
        _fill(credential, secret=secret, identity=identity)
        credential.save(update_fields=["sealed", *ACCEPTED])
        done = f"Replaced the secret of the credential {quoted(credential)}."
        audit.record(credential.owner, AuditArea.CREDENTIALS, done)
        paused = [link for link in links if link.paused_code in DEAD_SECRET]
        for link in paused:
            resume(link)
            request_run(link=link, trigger=SyncRun.Trigger.MANUAL, asked_by=credential.owner)
    return len(paused)


def resume(link: ProjectLink) -> None:
    """Take away a link's pause, whatever its reason."""
    link.paused_at, link.paused_code, link.paused_reason, link.failures = None, "", "", 0
    link.save(update_fields=["paused_at", "paused_code", "paused_reason", "failures"])


def delete_credential(credential: Credential, *, member: Membership) -> None:
    """Delete it at once. Raises InUse, naming the roadmaps that the member can see and counting the others.

    Raises DoesNotExist where it was deleted meanwhile.
    """
    try:
        with transaction.atomic():
            deleted, _ = credential.delete()
            if not deleted:
                raise Credential.DoesNotExist
            whose = "" if credential.owner_id == member.pk else f" of {brief(credential.owner)}"
            audit.record(member, AuditArea.CREDENTIALS, f"Deleted the credential {quoted(credential.label)}{whose}.")
    except RestrictedError:
        using = Roadmap.objects.filter(account_id=credential.account_id, link__credential=credential)
        names = list(visible_to(member).filter(pk__in=using).order_by("name").values_list("name", flat=True))
        raise InUse(names, hidden=using.count() - len(names)) from None


def mark_accepted(credential: Credential, identity: Identity) -> bool:
    """Note that the tracker just took the secret, and whose it is. False where it is not this secret any more."""
    _accept(credential, identity)
    return bool(_unchanged(credential).update(**{name: getattr(credential, name) for name in ACCEPTED}))


def mark_rejected(credential: Credential) -> None:
    """Note that the tracker just refused the secret; it is refused since the first time.

    Nothing is noted where it is another secret by now.
    """
    now = timezone.now()
    _unchanged(credential).update(rejected_at=Coalesce("rejected_at", now), last_rejected_at=now)
    credential.rejected_at, credential.last_rejected_at = credential.rejected_at or now, now


def _unchanged(credential: Credential) -> QuerySet[Credential]:
    """It, unless it was deleted or its secret replaced since it was read."""
    return Credential.objects.filter(pk=credential.pk, sealed=credential.sealed)


def _lock(credential: Credential) -> Credential:
    """It, as it is by now, for as long as the transaction takes. Raises DoesNotExist."""
    return Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)


def _fill(credential: Credential, *, secret: str, identity: Identity) -> None:
    credential.sealed = vault.seal(secret, credential.vault_context)
    _accept(credential, identity)


def _accept(credential: Credential, identity: Identity) -> None:
    credential.identity_name, credential.projects_seen = identity.name[:255], identity.projects
    credential.accepted_at, credential.rejected_at = timezone.now(), None
    credential.host = registry.host(credential.kind)


def _save(credential: Credential, *, update_fields: Sequence[str] | None = None) -> None:
    try:
        with transaction.atomic():
            credential.save(update_fields=update_fields)
    except IntegrityError as error:
        if "credential_label_once" in str(error):
            raise LabelTaken(f"You already have a credential called “{credential.label}”.") from None
        raise

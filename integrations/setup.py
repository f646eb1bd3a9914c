"""From a finished draft to a link, and from a changed draft to a changed link; each in one transaction.

A field that is no longer chosen loses its mapping and its lock, and the roadmap shows it no more. Its values stay in
the items, and the account-level field stays for the other roadmaps; choosing it again shows and fills it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit
from accounts.audit import quoted
from accounts.models import Account, AuditArea, Membership
from integrations import catalogue, credentials, promotion, registry
from integrations.connectors.base import Connector
from integrations.models import Credential, FieldMapping, Integration, Preview, ProjectLink, Setup, SetupDraft, SyncRun
from integrations.records import Description
from integrations.sync.outline import Outline
from integrations.sync.schedule import drop_live_run, request_run
from roadmaps.models import Field, Roadmap

#: Minutes between two syncs, and what they are called; None: only when somebody asks (D1).
CADENCES: dict[int | None, str] = {
    5: "Every 5 minutes",
    15: "Every 15 minutes",
    30: "Every 30 minutes",
    60: "Every hour",
    180: "Every 3 hours",
    360: "Every 6 hours",
    720: "Every 12 hours",
    1440: "Every 24 hours",
    None: "Manual only",
}
DEFAULT_CADENCE = 720

SETUP_COLUMNS = ("cadence_minutes", "states", "start_sources", "end_sources", "lost_items")


class SetupRefused(Exception):
    """The draft can't become a link, or can't change it. The message is a sentence for the page; nothing was saved."""


class AlreadyLinked(SetupRefused):
    """The roadmap got its link meanwhile."""

    def __init__(self) -> None:
        super().__init__("This roadmap is linked already. A link is for good, so nothing was changed.")


def cadences() -> dict[int | None, str]:
    """The choices that the operator allows."""
    return {m: label for m, label in CADENCES.items() if m is None or m >= settings.MIN_SYNC_MINUTES}


def link_of(roadmap: Roadmap) -> ProjectLink | None:
    """The roadmap's link with all that its pages name, in one query."""
    links = ProjectLink.objects.select_related("integration", "credential__owner__user")
    link = links.filter(account_id=roadmap.account_id, roadmap=roadmap).first()
    if link is not None:
        link.roadmap = roadmap
    return link


def start_draft(roadmap: Roadmap, link: ProjectLink | None) -> SetupDraft:
    """What the wizard stands at: the saved draft, else a new one that is not saved yet, filled from the link if any."""
    drafts = SetupDraft.objects.select_related("integration", "credential__owner__user")
    draft = drafts.filter(account_id=roadmap.account_id, roadmap=roadmap).first()
    if draft is None:
        draft = SetupDraft(account_id=roadmap.account_id, roadmap=roadmap)
        if link is not None:
            copy_setup(link, draft)
            draft.integration, draft.credential = link.integration, link.credential
            draft.fields = list(link.mappings.values_list("key", flat=True))
    draft.roadmap = roadmap
    if link is not None:
        draft.project_id, draft.project_name = link.project_id, link.project_name
    return draft


def save_draft(draft: SetupDraft) -> None:
    """Keep the draft. Two tabs that save at the same moment share one row; the later one wins."""
    values = {
        field.attname: getattr(draft, field.attname)
        for field in SetupDraft._meta.concrete_fields
        if field.name not in ("id", "roadmap", "updated_at")
    }
    draft.pk = SetupDraft.objects.update_or_create(roadmap_id=draft.roadmap_id, defaults=values)[0].pk


def discard_draft(roadmap: Roadmap) -> None:
    """Forget what was entered and not yet carried out, and what was looked up for it."""
    Preview.objects.filter(account_id=roadmap.account_id, roadmap=roadmap).delete()
    SetupDraft.objects.filter(account_id=roadmap.account_id, roadmap=roadmap).delete()


def finish(draft: SetupDraft, *, member: Membership, plan: Outline | None = None) -> ProjectLink:
    """Link the roadmap for good, as the draft says, and ask for the first sync, which does what `plan` showed, if any.

    Raises SetupRefused, or an error of `integrations.errors` where the tracker does not confirm the project.
    """
    checked = check_draft(draft, member)
    try:
        with transaction.atomic():
            roadmap = _locked_roadmap(draft, member)
            if ProjectLink.objects.filter(roadmap=roadmap).exists():
                raise AlreadyLinked
            link = _new_link(draft, checked, member)
            copy_setup(draft, link)
            link.next_sync_at = next_sync(link)
            link.save()
            _bring_fields(link, draft.fields, checked.description)
            discard_draft(roadmap)
            project = f"{quoted(link.project_name)} by {quoted(link.integration)} and {quoted(link.credential.label)}"
            audit.record(member, AuditArea.LINKS, f"Linked {quoted(roadmap)} for good to the project {project}.")
            request_run(link=link, trigger=SyncRun.Trigger.SETUP, asked_by=member, plan=plan)
    except IntegrityError:
        if ProjectLink.objects.filter(roadmap_id=draft.roadmap_id).exists():
            raise AlreadyLinked from None
        raise _clashed() from None
    return link


def modify(link: ProjectLink, draft: SetupDraft, *, member: Membership, plan: Outline) -> None:
    """Change what may change on a link as the draft says, take away its pause, and ask for a sync of everything.

    A run that waits or works ends; the new one does what `plan` showed.

    Raises SetupRefused, or an error of `integrations.errors` where the tracker does not confirm the project.
    """
    checked = check_draft(draft, member, current=link)
    try:
        with transaction.atomic():
            drop_live_run(link)
            roadmap = _locked_roadmap(draft, member)
            link = ProjectLink.objects.select_for_update(no_key=True).get(pk=link.pk)
            link.integration, link.credential = checked.integration, checked.credential
            link.project_name = checked.description.project.name[:255]
            copy_setup(draft, link)
            link.setup_version += 1
            link.cursor, link.last_full_at = None, None
            link.next_sync_at = next_sync(link)
            link.save()
            credentials.resume(link)
            _bring_fields(link, draft.fields, checked.description)
            discard_draft(draft.roadmap)
            means = f"{quoted(link.integration)} and {quoted(link.credential.label)}"
            audit.record(member, AuditArea.LINKS, f"Changed the setup of {quoted(roadmap)}; it syncs by {means}.")
            request_run(link=link, trigger=SyncRun.Trigger.MODIFY, asked_by=member, plan=plan)
    except IntegrityError:
        raise _clashed() from None


def may_use(draft: SetupDraft, member: Membership, *, current: ProjectLink | None) -> bool:
    """Whether the draft's credential is the member's own, or the one that the link uses already (D6)."""
    if draft.credential is None:
        return False
    kept = current is not None and current.credential_id == draft.credential_id
    return kept or draft.credential.owner_id == member.pk


def next_sync(link: Setup, *, now: datetime | None = None) -> datetime | None:
    """When the schedule is due next; None for "Manual only"."""
    if link.cadence_minutes is None:
        return None
    return (now or timezone.now()) + timedelta(minutes=link.cadence_minutes)


def unknown_choices(draft: Setup, description: Description, *, fields: Iterable[str]) -> str:
    """The step with choices that the project does not offer: "filter", "dates" or "fields"; "" if all is well."""
    states = {state.key for state in description.states}
    dates = {spec.key for spec in description.dates}
    if not draft.states or not states.issuperset(draft.states):
        return "filter"
    if not dates.issuperset([*draft.start_sources, *draft.end_sources]):
        return "dates"
    if not promotion.offers(description).keys() >= set(fields):
        return "fields"
    return ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a draft names, once all of it was found to be there and to belong together."""

    integration: Integration
    credential: Credential
    description: Description


def check_draft(draft: SetupDraft, member: Membership, *, current: ProjectLink | None = None) -> Checked:
    """Find what the draft names, and see that the project still offers it. Raises as `finish` does."""
    integration, credential = draft.integration, draft.credential
    if integration is None or credential is None or not draft.project_id:
        raise SetupRefused("Something that this setup needs was deleted meanwhile. Please go through the steps again.")
    if not may_use(draft, member, current=current):
        raise SetupRefused("These credentials are somebody else’s. Please choose your own in the step “Credentials”.")
    if credential.kind != integration.kind:
        raise SetupRefused("Connector and credentials are of different kinds. Please choose them again.")
    description = catalogue.describe(credential, draft.project_id)
    if step := unknown_choices(draft, description, fields=draft.fields):
        raise SetupRefused(f"The project no longer offers all that you chose. Please look at “{step.title()}” again.")
    return Checked(integration, credential, description)


def _locked_roadmap(draft: SetupDraft, member: Membership) -> Roadmap:
    roadmap = Roadmap.objects.select_for_update(no_key=True).get(pk=draft.roadmap_id, account_id=member.account_id)
    if roadmap.owner_id != member.pk or roadmap.archived_at:
        raise SetupRefused("The roadmap was handed over or archived meanwhile, so nothing was changed.")
    if roadmap.is_portfolio:
        raise SetupRefused("A portfolio shows other roadmaps. Link one of those instead; nothing was changed.")
    return roadmap


def _new_link(draft: SetupDraft, checked: Checked, member: Membership) -> ProjectLink:
    project = checked.description.project
    return ProjectLink(
        account_id=member.account_id,
        roadmap=draft.roadmap,
        integration=checked.integration,
        credential=checked.credential,
        kind=checked.integration.kind,
        project_id=draft.project_id,
        project_name=project.name[:255],
        project_url=project.url if len(project.url) <= 500 else "",
        created_by=member,
    )


def copy_setup(source: Setup, target: Setup) -> None:
    """Let the target have the source's choices, but for its fields."""
    for name in SETUP_COLUMNS:
        setattr(target, name, getattr(source, name))


def _bring_fields(link: ProjectLink, keys: Iterable[str], description: Description) -> None:
    """Account-level fields for the chosen keys, their mappings, and the locks on the roadmap's columns."""
    connector = registry.get(link.kind)
    # Two setups at once in one account would both want to make the same field.
    account = Account.objects.select_for_update(no_key=True).get(pk=link.account_id)
    chosen = set(keys)
    specs = [spec for key, spec in promotion.offers(description).items() if key in chosen]
    fields = promotion.ensure_fields(account, connector, specs)
    link.mappings.exclude(key__in=fields).delete()
    FieldMapping.objects.bulk_create(
        (
            FieldMapping(account_id=link.account_id, link=link, key=key, field=field, position=position)
            for position, (key, field) in enumerate(fields.items())
        ),
        update_conflicts=True,
        unique_fields=["link", "key"],
        update_fields=["position"],
    )
    _lock_columns(link, connector, fields.values())


def _lock_columns(link: ProjectLink, connector: Connector, fields: Iterable[Field]) -> None:
    columns = ["name", "description"]
    columns += ["start_date"] if link.start_sources else []
    columns += ["end_date"] if link.end_sources else []
    columns += [field.column for field in fields]
    Roadmap.objects.filter(pk=link.roadmap_id).update(source_label=connector.label[:80], synced_columns=columns)


def _clashed() -> SetupRefused:
    return SetupRefused("The account’s fields changed at the same moment. Nothing was saved; please try again.")

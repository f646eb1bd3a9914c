"""What a draft would do, looked up by a worker while the owner waits; nothing is changed by it (B1-B3).

The look is the run's own (`sync.look`), over a link that is not saved: the draft's setup, and for fields that are not
there yet a place holder. What the owner then says yes to goes with the run (`sync.brake.must_ask`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
from django.db import transaction
from django.db.models.functions import Now

from accounts import walls
from accounts.models import Membership
from integrations import promotion, registry, setup, vault
from integrations.auth import auth_for
from integrations.connectors.base import Connector
from integrations.coverage import Tally
from integrations.credentials import mark_rejected
from integrations.errors import CredentialRejected, PullError
from integrations.models import Preview, ProjectLink, SetupDraft
from integrations.records import Description
from integrations.sync.claim import LeaseLost, claim_preview
from integrations.sync.heart import Heart
from integrations.sync.look import Look, query_of, rules_with
from integrations.sync.mapping import FieldColumn
from integrations.sync.options import planned_column
from integrations.sync.outline import outline
from integrations.sync.schedule import send_previews
from integrations.sync.speed import at_full_speed
from roadmaps.models import Field, Roadmap

log = logging.getLogger(__name__)


def question_of(draft: SetupDraft, purpose: str) -> str:
    """A digest of all that the answer depends on in the draft."""
    parts: list[object] = [purpose, draft.credential_id, draft.project_id, sorted(draft.states)]
    if purpose == Preview.Purpose.PLAN:
        parts += [draft.start_sources, draft.end_sources, draft.fields]
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()


def find(draft: SetupDraft, purpose: str) -> Preview | None:
    """The preview of exactly this draft, however far it is; None where nobody asked yet."""
    found = Preview.objects.filter(account_id=draft.account_id, roadmap_id=draft.roadmap_id, purpose=purpose)
    return found.filter(question=question_of(draft, purpose)).first()


def ask(draft: SetupDraft, purpose: str) -> Preview:
    """Let a worker look, unless one does already. An older look of that purpose is forgotten."""
    question = question_of(draft, purpose)
    with transaction.atomic():
        # One after the other: two tabs that ask at once share the row.
        Roadmap.objects.select_for_update(no_key=True).get(pk=draft.roadmap_id)
        found = find(draft, purpose)
        if found is not None and found.is_live:
            return found
        drop(draft.roadmap, purpose)
        made = Preview.objects.create(
            account_id=draft.account_id, roadmap_id=draft.roadmap_id, purpose=purpose, question=question
        )
        transaction.on_commit(lambda: send_previews([made.pk]))
    return made


def drop(roadmap: Roadmap, *purposes: str) -> None:
    """Forget what was looked up; a worker that is at it stops at its next sign of life."""
    Preview.objects.filter(account_id=roadmap.account_id, roadmap=roadmap, purpose__in=purposes).delete()


def cancel(preview: Preview, *, member: Membership) -> bool:
    """Stop looking. False where it was over."""
    live = Preview.objects.filter(pk=preview.pk, account_id=member.account_id, state__in=["queued", "running"])
    return bool(live.update(state=Preview.State.CANCELLED, finished_at=Now(), fence=None, lease_until=None, stage=""))


# --- In the worker


def execute(preview_id: int) -> Preview | None:
    """Look, and keep the answer or what went wrong. None where it was not ours to take, or was taken from us."""
    preview = claim_preview(preview_id)
    if preview is None:
        return None
    with walls.entered(preview.account_id):
        return _carry_out(preview)


def _carry_out(preview: Preview) -> Preview | None:
    try:
        with at_full_speed(), Heart(preview) as heart:
            answer = _look(preview, heart)
            heart.check()
    except LeaseLost:
        return None
    except PullError as error:
        _close(preview, Preview.State.FAILED, error_code=error.code, error=str(error)[:500])
    except vault.SealBroken as error:
        _close(preview, Preview.State.FAILED, error_code="secret_unreadable", error=str(error)[:500])
    except setup.SetupRefused as refusal:
        _close(preview, Preview.State.FAILED, error_code="refused", error=str(refusal)[:500])
    except Exception:  # the boundary: whatever goes wrong, the preview must say so
        log.exception("Preview %s failed unexpectedly", preview.pk)
        message = "Something went wrong on our side. Nothing was changed here."
        _close(preview, Preview.State.FAILED, error_code="internal", error=message)
    else:
        _close(preview, Preview.State.READY, answer=answer)
    preview.refresh_from_db()
    return preview


def _close(preview: Preview, state: Preview.State, **values: object) -> None:
    ours = Preview.objects.filter(pk=preview.pk, fence=preview.fence, state=Preview.State.RUNNING)
    ours.update(state=state, finished_at=Now(), lease_until=None, stage="", requests=preview.requests, **values)


def _look(preview: Preview, heart: Heart) -> dict[str, object]:
    roadmap = preview.roadmap
    link = setup.link_of(roadmap)
    draft = setup.start_draft(roadmap, link)
    if question_of(draft, preview.purpose) != preview.question:
        raise setup.SetupRefused("The setup was changed while we looked. Please look again.")
    checked = setup.check_draft(draft, roadmap.owner, current=link)
    planned = link_as_planned(draft, checked, link)
    auth = auth_for(checked.credential, before_request=lambda: _count(heart), sleep=heart.sleep)
    connector = registry.get(planned.kind)
    look = Look(planned, connector, auth, query_of(planned), heart)
    try:
        if preview.purpose == Preview.Purpose.DATES:
            return _count_dates(look, checked.description)
        return _outline(look, connector, checked.description, draft)
    except CredentialRejected:
        mark_rejected(checked.credential)
        raise


def _count(heart: Heart) -> None:
    heart.count_request()


def link_as_planned(draft: SetupDraft, checked: setup.Checked, current: ProjectLink | None) -> ProjectLink:
    """The link as it would be with this draft; never saved."""
    link = ProjectLink(
        account_id=draft.account_id,
        roadmap=draft.roadmap,
        integration=checked.integration,
        credential=checked.credential,
        kind=current.kind if current else checked.integration.kind,
        project_id=current.project_id if current else draft.project_id,
    )
    setup.copy_setup(draft, link)
    link.account = draft.roadmap.account
    link.keys = frozenset(draft.fields)
    return link


def _count_dates(look: Look, description: Description) -> dict[str, object]:
    """Every date of every story, as far as it matters for which of two is the earlier."""
    wanted = frozenset(spec.key for spec in description.dates)
    query = replace(look.query, wanted=wanted)
    snapshot = replace(look, query=query).fetch(None)
    tally = Tally(look.link.account.zone)
    for record in snapshot.records():
        tally.add(record)
    return tally.as_json()


def _outline(look: Look, connector: Connector, description: Description, draft: SetupDraft) -> dict[str, object]:
    columns = columns_as_planned(draft, connector, description)
    rules = rules_with(look.link, tuple(one.column for one in columns.values()))
    wanted = look.query.wanted | {connector.type_key} - {""}
    plan = replace(look, rules=rules, query=replace(look.query, wanted=wanted)).plan(None)
    if plan is None:
        raise LookupError("A look without a cursor is never unchanged.")
    look.heart.announce("comparing")
    states = {state.key: state.label for state in description.states}
    fields = {one.column.column: one.field for one in columns.values() if one.field is not None}
    return outline(look.link, plan, type_key=connector.type_key, states=states, planned=fields).as_json()


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """Where a field's values will be; `field` is set where it would be made, and is not saved."""

    column: FieldColumn
    field: Field | None


def columns_as_planned(
    draft: SetupDraft, connector: Connector, description: Description
) -> Mapping[str, PlannedColumn]:
    """By key, for the chosen fields: the account's own, and for those that would be made a place holder."""
    chosen = [spec for key, spec in promotion.offers(description).items() if key in set(draft.fields)]
    columns: dict[str, PlannedColumn] = {}
    for fate in promotion.field_fates(draft.roadmap.account, connector, chosen):
        spec, field = fate.spec, fate.field
        if field is not None:
            columns[spec.key] = PlannedColumn(FieldColumn(spec.key, field.column, field.type), None)
            continue
        new = Field(account_id=draft.account_id, name=fate.name, type=spec.type)
        columns[spec.key] = PlannedColumn(FieldColumn(spec.key, planned_column(spec.key), spec.type), new)
    return columns

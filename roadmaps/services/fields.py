"""Own fields of a roadmap or of the account: made, renamed, put aside, shared. Synced fields are left alone."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.audit import quoted
from accounts.errors import Refused
from accounts.models import Account, Membership
from roadmaps import fields
from roadmaps.models import Field, FieldType, Roadmap
from roadmaps.services import field_log, options

NAME_LENGTH = 80
MAX_FIELDS = 200
#: What every item has, so that a field of that name would only confuse.
BUILT_IN = frozenset({"name", "start date", "end date", "external id", "description", "notes"})
TAKEN = "There is a field of that name already."
TAKEN_BY_ARCHIVED = "An archived field has that name. Bring it back, or choose another name."
#: A refusal names so many roadmaps, and counts the others.
NAMED = 3


def create_field(
    *,
    account: Account,
    roadmap: Roadmap | None = None,
    name: str,
    type_: str,
    labels: Iterable[str] = (),
    by: Membership,
) -> Field:
    """Make a field of the account, or of one roadmap of it, with its list values. Raises ValidationError."""
    if roadmap is not None and roadmap.account_id != account.pk:
        raise ValidationError({"name": "That roadmap belongs to another account."})
    if type_ not in FieldType.values:
        raise ValidationError({"type": "Choose a type from the list."})
    field = Field(account=account, roadmap=roadmap, name=_clean_name(name), type=type_, created_by=by)
    cleaned = options.clean_labels(labels) if field.has_options else {}
    with transaction.atomic():
        _put_last(field)
        _save(field)
        options.add(field, cleaned)
        field_log.record(field, by, f"Made the field {quoted(field)} for all roadmaps.")
    return field


def rename_field(*, field: Field, name: str, by: Membership) -> None:
    """Call an own field something else. Raises ValidationError, and Refused for a synced one."""
    options.refuse_synced(field)
    with transaction.atomic():
        before = Field.objects.select_for_update(no_key=True).get(pk=field.pk).name
        field.name = _clean_name(name)
        _save(field)
        if field.name != before:
            field_log.record(field, by, f"Renamed the field {quoted(before)} to {quoted(field)}.")


@transaction.atomic
def archive_field(*, field: Field, by: Membership) -> None:
    """Take an own field off tables, forms and filters; its values stay with the items. Raises Refused."""
    if put_aside(field):
        field_log.record(field, by, f"Archived the field {quoted(field)}.")


def put_aside(field: Field) -> bool:
    """The same as a part of something else, which writes it down; whether it was in use. Raises Refused."""
    if field.is_synced:
        raise Refused(_why_synced_stays(field))
    return bool(Field.objects.filter(pk=field.pk, archived_at=None).update(archived_at=timezone.now()))


@transaction.atomic
def restore_field(*, field: Field, by: Membership) -> None:
    """Bring an archived field back, with all values that items had in it. Raises Refused."""
    if _siblings(field).filter(archived_at=None).count() >= MAX_FIELDS:
        raise Refused(f"There are {MAX_FIELDS} fields already, which is the most. Archive another one first.")
    if Field.objects.filter(pk=field.pk).exclude(archived_at=None).update(archived_at=None):
        field_log.record(field, by, f"Took the field {quoted(field)} out of the archive.")


def promote_field(*, field: Field, name: str, by: Membership) -> None:
    """Make a roadmap's field one of all roadmaps, under that name. Its values stay where they are.

    Raises ValidationError, also where the account has a field of that name, and Refused.
    """
    if field.roadmap_id is None:
        raise Refused(f"“{field}” is on every roadmap already.")
    if field.archived_at:
        raise Refused(f"“{field}” is archived. Bring it back first.")
    before = f"{quoted(field)} of {quoted(field.roadmap)}"
    field.roadmap = None
    field.name = _clean_name(name)
    with transaction.atomic():
        _put_last(field)
        _save(field)
        field_log.record(field, by, f"Gave the field {before} to all roadmaps, as {quoted(field)}.")


def namesake(field: Field, name: str) -> Field | None:
    """The account-level field that has this name already, in which a promoted field could end."""
    shared = Field.objects.filter(account_id=field.account_id, roadmap=None)
    return shared.filter(name__iexact=fields.clean_text(name)).exclude(pk=field.pk).first()


def _why_synced_stays(field: Field) -> str:
    pulling = Roadmap.objects.filter(account_id=field.account_id, synced_columns__contains=[field.column])
    names = [f"“{name}”" for name in pulling.values_list("name", flat=True)[: NAMED + 1]]
    if not names:
        return f"“{field}” comes from {field.source_label}. No roadmap pulls it now, so it is on no table anyway."
    count = pulling.count() if len(names) > NAMED else len(names)
    others = f" and {count - NAMED} more" if count > NAMED else ""
    return (
        f"“{field}” can’t be archived: it is used by the sync of {', '.join(names[:NAMED])}{others}. "
        f"Leave it out there with “Modify Setup”, under “Fields”."
    )


def _clean_name(name: str) -> str:
    try:
        cleaned = fields.clean_text(name, limit=NAME_LENGTH)
    except fields.InvalidValue as problem:
        raise ValidationError({"name": str(problem)}) from None
    if not cleaned:
        raise ValidationError({"name": "Enter a name."})
    if fields.fold(cleaned) in BUILT_IN:
        raise ValidationError({"name": f"Every item has “{cleaned}” already; choose another name."})
    return cleaned


def _siblings(field: Field) -> QuerySet[Field]:
    return Field.objects.filter(account_id=field.account_id, roadmap=field.roadmap)


def _put_last(field: Field) -> None:
    siblings = _siblings(field)
    if siblings.filter(archived_at=None).count() >= MAX_FIELDS:
        raise ValidationError({"name": f"There are {MAX_FIELDS} fields already, which is the most."})
    field.position = (siblings.aggregate(last=Max("position"))["last"] or 0) + 1


def _save(field: Field) -> None:
    """Save inside a transaction; the unique constraint of names has the last word."""
    twin = _siblings(field).filter(name__iexact=field.name).exclude(pk=field.pk).first()
    if twin is not None:
        raise ValidationError({"name": TAKEN_BY_ARCHIVED if twin.archived_at else TAKEN})
    try:
        with transaction.atomic():
            field.save()
    except IntegrityError:
        raise ValidationError({"name": TAKEN}) from None

"""Own fields of a roadmap or of the account, and the values that list fields offer. Synced fields are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Account
from roadmaps import fields
from roadmaps.models import Field, FieldOption, FieldType, Roadmap

NAME_LENGTH = 80
LABEL_LENGTH = 255
MAX_FIELDS = 200
MAX_OPTIONS = 500
#: What every item has, so that a field of that name would only confuse.
BUILT_IN = frozenset({"name", "start date", "end date", "external id", "description", "notes"})
TAKEN = "There is a field of that name already."


def create_field(
    *, account: Account, roadmap: Roadmap | None = None, name: str, type_: str, labels: Iterable[str] = ()
) -> Field:
    """Make a field of the account, or of one roadmap of it, with its list values. Raises ValidationError."""
    if roadmap is not None and roadmap.account_id != account.pk:
        raise ValidationError({"name": "That roadmap belongs to another account."})
    if type_ not in FieldType.values:
        raise ValidationError({"type": "Choose a type from the list."})
    field = Field(account=account, roadmap=roadmap, name=_clean_name(name), type=type_)
    siblings = _siblings(field)
    if siblings.count() >= MAX_FIELDS:
        raise ValidationError({"name": f"There are {MAX_FIELDS} fields already, which is the most."})
    field.position = (siblings.aggregate(last=Max("position"))["last"] or 0) + 1
    cleaned = _clean_labels(labels) if field.has_options else {}
    with transaction.atomic():
        _save(field)
        _add(field, cleaned)
    return field


def rename_field(*, field: Field, name: str) -> None:
    """Call an own field something else. Raises ValidationError, and Refused for a synced one."""
    _refuse_synced(field)
    field.name = _clean_name(name)
    with transaction.atomic():
        _save(field)


def add_options(*, field: Field, labels: Iterable[str]) -> list[FieldOption]:
    """Let an own list field offer these too; one that was archived comes back. Raises ValidationError, Refused."""
    _refuse_synced(field)
    if not field.has_options:
        raise Refused(f"“{field}” is no list.")
    with transaction.atomic():
        return _add(field, _clean_labels(labels))


def change_field(*, field: Field, name: str, renamed: Mapping[int, str], labels: Iterable[str]) -> None:
    """Rename an own field and some of its list values, and add others: all, or nothing. Raises as the parts do."""
    with transaction.atomic():
        rename_field(field=field, name=name)
        for option_id, label in renamed.items():
            rename_option(field=field, option_id=option_id, label=label)
        if field.has_options:
            add_options(field=field, labels=labels)


def rename_option(*, field: Field, option_id: int, label: str) -> None:
    """Call a list value something else, everywhere at once. Raises ValidationError, Refused."""
    _refuse_synced(field)
    cleaned = _clean_labels([label])
    if not cleaned:
        raise ValidationError({f"option_{option_id}": "Enter a value."})
    (key, text) = next(iter(cleaned.items()))
    try:
        with transaction.atomic():
            FieldOption.objects.filter(field=field, pk=option_id).update(key=key, label=text)
    except IntegrityError:
        raise ValidationError({f"option_{option_id}": f"“{text}” is in the list already, or was."}) from None


def archive_option(*, field: Field, option_id: str) -> None:
    """Offer a list value no longer; items that have it keep it. Raises Refused."""
    _refuse_synced(field)
    if not option_id.isdecimal() or not (found := field.options.filter(pk=int(option_id[:18]))):
        raise Refused("That value is not in the list.")
    found.update(archived_at=timezone.now())


def _refuse_synced(field: Field) -> None:
    if field.source_kind:
        origin = field.source_label or "its source"
        raise Refused(f"“{field}” comes from {origin}; its name and its values are kept there.")


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


def _save(field: Field) -> None:
    """Save inside a transaction; the unique constraint of names has the last word."""
    if _siblings(field).filter(name__iexact=field.name).exclude(pk=field.pk).exists():
        raise ValidationError({"name": TAKEN})
    try:
        with transaction.atomic():
            field.save()
    except IntegrityError:
        raise ValidationError({"name": TAKEN}) from None


def _clean_labels(labels: Iterable[str]) -> dict[str, str]:
    """Labels by their folded form, twins once. Raises ValidationError."""
    cleaned: dict[str, str] = {}
    for label in labels:
        try:
            text = fields.clean_text(label, limit=LABEL_LENGTH)
        except fields.InvalidValue as problem:
            raise ValidationError({"options": str(problem)}) from None
        key = fields.fold(text)[:LABEL_LENGTH]
        if key:
            cleaned.setdefault(key, text)
    return cleaned


def _add(field: Field, labels: dict[str, str]) -> list[FieldOption]:
    known = {option.key: option for option in field.options.select_for_update(no_key=True)}
    FieldOption.objects.filter(pk__in=[known[key].pk for key in labels if key in known]).update(archived_at=None)
    new = [(key, label) for key, label in labels.items() if key not in known]
    if len(known) + len(new) > MAX_OPTIONS:
        raise ValidationError({"options": f"A list has at most {MAX_OPTIONS} values."})
    start = max((option.position for option in known.values()), default=-1) + 1
    made: Sequence[FieldOption] = [
        FieldOption(
            account_id=field.account_id,
            field=field,
            label=label,
            key=key,
            position=place,
            colour=place % FieldOption.COLOURS + 1,
        )
        for place, (key, label) in enumerate(new, start)
    ]
    return FieldOption.objects.bulk_create(made, ignore_conflicts=True)

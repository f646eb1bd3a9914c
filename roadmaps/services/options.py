"""The values that list fields offer. What they are called is kept by the source of a synced field; how they look and
stand, here: a sync only ever adds values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.audit import first_few, quoted
from accounts.errors import Refused
from accounts.models import Membership
from roadmaps import fields
from roadmaps.models import Field, FieldOption
from roadmaps.services import field_log

LABEL_LENGTH = 255
MAX_OPTIONS = 500
#: A line of the audit log names so many values with their old and their new name, and counts the others.
NAMED_PAIRS = 2
GONE = "That value is not in the list."


def add_options(*, field: Field, labels: Iterable[str], by: Membership) -> list[FieldOption]:
    """Let an own list field offer these too; one that was archived comes back. Raises ValidationError, Refused."""
    refuse_synced(field)
    if not field.has_options:
        raise Refused(f"“{field}” is no list.")
    cleaned = clean_labels(labels)
    with transaction.atomic():
        offered = set(field.options.filter(archived_at=None).values_list("key", flat=True))
        made = add(field, cleaned)
        if more := [quoted(label) for key, label in cleaned.items() if key not in offered]:
            field_log.record(field, by, f"Added to the list of the field {quoted(field)}: {first_few(more)}.")
    return made


def rename_options(*, field: Field, labels: Mapping[int, str], by: Membership) -> None:
    """Call list values something else, by id, everywhere at once: all of them, or none.

    Raises ValidationError, Refused.
    """
    refuse_synced(field)
    with transaction.atomic():
        before = field.options.select_for_update(no_key=True).in_bulk(list(labels))
        for option_id, label in labels.items():
            _rename(field, option_id, label)
        now = field.options.in_bulk(list(before))
        pairs = [(before[pk], option) for pk, option in now.items() if option.label != before[pk].label]
        if renamed := [f"{quoted(old)} to {quoted(new)}" for old, new in pairs]:
            what = f"Renamed in the list of the field {quoted(field)}: {first_few(renamed, most=NAMED_PAIRS)}."
            field_log.record(field, by, what)


def _rename(field: Field, option_id: int, label: str) -> None:
    cleaned = clean_labels([label])
    if not cleaned:
        raise ValidationError({f"option_{option_id}": "Enter a value."})
    (key, text) = next(iter(cleaned.items()))
    try:
        with transaction.atomic():
            FieldOption.objects.filter(field=field, pk=option_id).update(key=key, label=text)
    except IntegrityError:
        raise ValidationError({f"option_{option_id}": f"“{text}” is in the list already, or was."}) from None


@transaction.atomic
def archive_option(*, field: Field, option_id: str, by: Membership) -> None:
    """Offer a list value no longer; items that have it keep it. Raises Refused."""
    refuse_synced(field)
    option = _get(field, option_id)
    if FieldOption.objects.filter(pk=option.pk, archived_at=None).update(archived_at=timezone.now()):
        field_log.record(field, by, f"Archived {quoted(option)} in the list of the field {quoted(field)}.")


@transaction.atomic
def restore_option(*, field: Field, option_id: str, by: Membership) -> None:
    """Offer a list value again. Raises Refused."""
    refuse_synced(field)
    option = _get(field, option_id)
    if FieldOption.objects.filter(pk=option.pk).exclude(archived_at=None).update(archived_at=None):
        what = f"Took {quoted(option)} in the list of the field {quoted(field)} out of the archive."
        field_log.record(field, by, what)


def recolour_options(*, field: Field, colours: Mapping[int, int]) -> None:
    """Give list values other colours, by id; synced ones too. Raises Refused."""
    for option_id, colour in colours.items():
        if not 1 <= colour <= FieldOption.COLOURS:
            raise Refused("Choose one of the colours.")
        FieldOption.objects.filter(field=field, pk=option_id).update(colour=colour)


def move_option(*, field: Field, option_id: str, to: Literal["up", "down"]) -> None:
    """Let a list value change places with its neighbour; archived ones don't count. Raises Refused."""
    moved = _get(field, option_id)
    with transaction.atomic():
        rows = list(field.options.select_for_update(no_key=True).values_list("pk", "archived_at"))
        places = [place for place, (pk, archived_at) in enumerate(rows) if archived_at is None or pk == moved.pk]
        now = next(index for index, place in enumerate(places) if rows[place][0] == moved.pk)
        then = now + (1 if to == "down" else -1)
        if 0 <= then < len(places):
            rows.insert(places[then], rows.pop(places[now]))
            _number(field, [pk for pk, _ in rows])


def sort_options(*, field: Field) -> None:
    """Put the list values in the order of the alphabet; numbers in them count as numbers."""
    with transaction.atomic():
        rows = list(field.options.select_for_update(no_key=True).values_list("pk", "label"))
        rows.sort(key=lambda row: (fields.natural_order(row[1]), row[0]))
        _number(field, [pk for pk, _ in rows])


def refuse_synced(field: Field) -> None:
    """Raises Refused for a field whose name and values a source keeps."""
    if field.is_synced:
        origin = field.source_label or "its source"
        raise Refused(f"“{field}” comes from {origin}; its name and its values are kept there.")


def clean_labels(labels: Iterable[str]) -> dict[str, str]:
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


def add(field: Field, labels: Mapping[str, str]) -> list[FieldOption]:
    """Add labels by their folded form, inside a transaction; archived ones come back. Raises ValidationError."""
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


def _get(field: Field, option_id: str) -> FieldOption:
    found = field.options.filter(pk=int(option_id[:18])).first() if option_id.isdecimal() else None
    if found is None:
        raise Refused(GONE)
    return found


def _number(field: Field, ids: Sequence[int]) -> None:
    """Positions from 0 in that order, in one statement however long the list."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE roadmaps_fieldoption AS option SET position = place.number - 1
            FROM unnest(%s::bigint[]) WITH ORDINALITY AS place (id, number)
            WHERE option.id = place.id AND option.field_id = %s
            """,
            [list(ids), field.pk],
        )

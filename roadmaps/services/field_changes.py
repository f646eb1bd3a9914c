"""What the form of a field asks for, as one change: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import transaction

from accounts.errors import Refused
from accounts.models import Membership
from roadmaps.models import Field
from roadmaps.services import fields, options


def change_field(
    *,
    field: Field,
    name: str,
    renamed: Mapping[int, str],
    labels: Iterable[str],
    recoloured: Mapping[int, int] | None = None,
    then: tuple[str, str] | None = None,
    by: Membership,
) -> None:
    """Rename an own field and some of its list values, colour some, add others, and do what a button says.

    `then` is what `act_on_option` takes. Raises as the parts do; nothing is changed then.
    """
    with transaction.atomic():
        if not field.is_synced or name != field.name:
            fields.rename_field(field=field, name=name, by=by)
        if renamed:
            options.rename_options(field=field, labels=renamed, by=by)
        options.recolour_options(field=field, colours=recoloured or {})
        added = [label for label in labels if label.strip()]
        if added:
            options.add_options(field=field, labels=added, by=by)
        if then:
            act_on_option(field, *then, by=by)


def act_on_option(field: Field, action: str, option_id: str, *, by: Membership) -> None:
    """Do what a button beside a list value says. Raises Refused."""
    match action:
        case "up":
            options.move_option(field=field, option_id=option_id, to="up")
        case "down":
            options.move_option(field=field, option_id=option_id, to="down")
        case "archive":
            options.archive_option(field=field, option_id=option_id, by=by)
        case "restore":
            options.restore_option(field=field, option_id=option_id, by=by)
        case "sort":
            options.sort_options(field=field)
        case _:
            raise Refused("There is no such button.")

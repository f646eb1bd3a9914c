"""Milestones: named days of a roadmap, made by hand. No source writes them (D24)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError

from roadmaps import fields
from roadmaps.models import FieldOption, Milestone, Roadmap

NAME_LENGTH = 120
MAX_MILESTONES = 200
#: What a form sent, by field.
Texts = Mapping[str, str]


def create_milestone(*, roadmap: Roadmap, texts: Texts) -> Milestone:
    """Give a day of the roadmap a name: `name`, `date` and `colour`. Raises ValidationError."""
    values = _clean(texts)
    if Milestone.objects.filter(roadmap=roadmap, account_id=roadmap.account_id).count() >= MAX_MILESTONES:
        raise ValidationError({"name": f"There are {MAX_MILESTONES} milestones already, which is the most."})
    return Milestone.objects.create(account_id=roadmap.account_id, roadmap=roadmap, **values)


def change_milestone(*, milestone: Milestone, texts: Texts) -> Milestone:
    """Give it another name, day or colour. Raises ValidationError."""
    for name, value in _clean(texts).items():
        setattr(milestone, name, value)
    milestone.save(update_fields=["name", "date", "colour"])
    return milestone


def delete_milestone(*, milestone: Milestone) -> None:
    """Take the name from the day; items are left alone."""
    milestone.delete()


def _clean(texts: Texts) -> dict[str, str | date | int]:
    errors: dict[str, str] = {}
    values: dict[str, str | date | int] = {"colour": _colour(texts.get("colour", ""))}
    try:
        values["name"] = fields.clean_text(texts.get("name", ""), limit=NAME_LENGTH)
        if not values["name"]:
            errors["name"] = "Enter a name."
    except fields.InvalidValue as problem:
        errors["name"] = str(problem)
    try:
        values["date"] = fields.parse_date(texts.get("date", ""))
    except fields.InvalidValue as problem:
        errors["date"] = str(problem)
    if errors:
        raise ValidationError(errors)
    return values


def _colour(text: str) -> int:
    """One of the colours; the first where it is none of them."""
    return int(text) if text.isdecimal() and len(text) < 3 and 1 <= int(text) <= FieldOption.COLOURS else 1

"""What somebody would post who knows all our columns: each field of each model, with a value that would fit it."""

from __future__ import annotations

import re

from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import models

from accounts.models import Account, User
from tests.matrix.site import Site
from tests.matrix.watch import TENANTS

MODELS: list[type[models.Model]] = [
    *(model for model in apps.get_models() if model._meta.app_label in {"accounts", "roadmaps", "integrations"}),
    EmailAddress,
]
#: By these a planted text, day, moment or UUID is found wherever it was written to, in whatever shape.
MARKS = re.compile("zplanted|1987-06-05|0badcafe", re.IGNORECASE)


def space_of(name: str) -> str:
    """The app of the address of that name."""
    space = name.partition(":")[0]
    return space if space in {"roadmaps", "integrations"} else "accounts"


def planted(space: str, site: Site) -> dict[str, str]:
    """For posts to the addresses of that app; of fields that are called alike, its own count."""
    found = {"pk": "4242"}
    for model in sorted(MODELS, key=lambda each: each._meta.app_label == space):
        for field in model._meta.concrete_fields:
            found |= dict.fromkeys((field.name, field.attname), value_for(field, site))
    return found


def value_for(field: models.Field[object, object], site: Site) -> str:
    """Something that the field would take and that nothing else has."""
    if field.related_model is not None:
        return str(row_of(field.related_model, site))
    if field.choices:
        return next(str(value) for value, _ in field.flatchoices if value not in ("", field.default))
    for kind, value in VALUES:
        if isinstance(field, kind):
            return value
    if isinstance(field, models.BooleanField):
        return "false" if field.default is True else "on"
    raise AssertionError(f"Say what would fit {field}.")


#: The first that fits: a moment is a kind of day, and an e-mail address is a kind of text.
VALUES: list[tuple[type[models.Field[object, object]], str]] = [
    (models.DateTimeField, "1987-06-05T04:03:02Z"),
    (models.DateField, "1987-06-05"),
    (models.EmailField, "zplanted@example.test"),
    (models.URLField, "https://zplanted.test/"),
    (models.UUIDField, "0badcafe-0000-4000-8000-000000000000"),
    (models.JSONField, '["zplanted"]'),
    (models.CharField, "zplanted"),
    (models.TextField, "zplanted"),
    (models.IntegerField, "4242"),
]


def row_of(model: type[models.Model], site: Site) -> int:
    """The other account; else the newest row of the own one, because one of the other could not be tied to it."""
    if model is Account:
        return int(site.other.pk)
    if model is User:
        return int(site.people["outsider"].user_id)
    rows = model._default_manager.all()
    own = rows.filter(account=site.account) if model._meta.db_table in TENANTS else rows
    return int(own.order_by("-pk").values_list("pk", flat=True)[0])

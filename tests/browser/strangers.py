"""Text of strangers in every place that holds a text of people: it is reversed, and it would break out and run."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Model

from accounts.models import AuditArea, AuditEvent, Membership
from roadmaps.fields import fold
from tracker_sandbox.server import Sandbox

#: Turns the order of all that follows, until the line or the element that isolates it ends.
MARK = "\u202e"
#: Each begins with the mark, leaves the element or attribute that it stands in, and runs; none has 60 signs.
BREAKS = [
    f"{MARK}\"'></title></textarea><img src=x onerror=__xss=1>",
    f"{MARK}</option></select><script>__xss=1</script>",
    f"{MARK}'><svg/onload='__xss=1'>\"onfocus=__xss=1 x=\"",
]
OURS = {"accounts", "integrations", "roadmaps"}
#: Text columns in which nobody writes what they like, and why.
PLAIN = {
    "email": "an address, which the forms and the database check",
    "password": "a digest",
    "slug": "letters, digits and dashes, by a constraint",
    "time_zone": "a name of a zone",
    "token_hash": "a digest",
    "key": "a tracker's name for a field, or a folded label",
    "sealed": "ciphertext",
    "kind": "a connector's name",
    "origin": "a connector's name",
    "source_kind": "a connector's name",
    "source_key": "a connector's name for a field",
    "source_label": "a connector's name for people",
    "source_hash": "a digest",
    "question": "a digest",
    "query": "a saved view's question, which is parsed",
    "project_id": "digits",
    "project_url": "an address of the web, which the connector checks",
    "external_url": "an address of the web, which the connector checks",
    "external_id": "an id",
    "paused_code": "one of our words",
    "error_code": "one of our words",
    "stage": "one of our words",
    # Lists of our words, of ids, or of names of columns.
    **dict.fromkeys(["states", "start_sources", "end_sources", "fields", "done", "synced_columns", "cursor"], "a list"),
}
#: Members of stored JSON that are words or ids of ours; all other texts there come from people or trackers.
OUR_MEMBERS = {"kind", "reason", "digest", "item", "external_id", "record", "reasons"}
#: Dates, numbers, addresses and states inside JSON, which mean what they say.
MEANT = re.compile(r"|\d{4}-\d\d-\d\d|\d+|https?://.*|deleted|moved|out_of_filter|hidden")

_numbers = itertools.count(1)


def text() -> str:
    """The next text; no two are the same."""
    number = next(_numbers)
    return f"{BREAKS[number % len(BREAKS)]}{number}"


def write_everywhere(member: Membership, tracker: Sandbox) -> None:
    """Into every row of the site, and into what the tracker answers; the audit log, which is final, gets one more."""
    AuditEvent.objects.create(account=member.account, member=member, area=AuditArea.SETTINGS, what=f"Renamed {text()}.")
    for model in apps.get_models():
        if model._meta.app_label in OURS and model is not AuditEvent:
            columns = list(_columns(model))
            for row in model._base_manager.all() if columns else ():
                model._base_manager.filter(pk=row.pk).update(**dict(_values(row, columns)))
    world = tracker.world
    named: Iterable[Any] = [*world.projects.values(), *world.people.values()]
    for each in named:
        each.name = text()


def _columns(model: type[Model]) -> Iterable[models.Field[Any, Any]]:
    """Those that hold what people or trackers say."""
    for column in model._meta.concrete_fields:
        is_text = isinstance(column, models.CharField | models.TextField | models.JSONField)
        if is_text and not column.choices and column.name not in PLAIN:
            yield column


def _values(row: Model, columns: Iterable[models.Field[Any, Any]]) -> Iterable[tuple[str, object]]:
    for column in columns:
        was = getattr(row, column.attname)
        if isinstance(column, models.JSONField):
            yield column.name, _inside(was)
        elif was:
            yield column.name, (made := text())
            if hasattr(row, "key") and column.name == "label":
                yield "key", fold(made)


def _inside(value: object) -> object:
    """The same JSON with other texts; what our code reads stays."""
    match value:
        case dict():
            return {_name(name): held if name in OUR_MEMBERS else _inside(held) for name, held in value.items()}
        case list():
            return [_inside(each) for each in value]
        case str():
            return value if MEANT.fullmatch(value) else text()
        case _:
            return value


def _name(name: str) -> str:
    """A tracker's states and types are names of members; ours are small letters."""
    return name if re.fullmatch(r"[a-z_]+|f?\d+", name) else text()

"""Are the keys there under which the saved secrets are sealed? Asked by `migrate` and at each start (W5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.models import Count, F, Func, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from accounts import walls
from accounts.walls import Across
from integrations import second_factor, vault
from integrations.models import Credential


@register(Tags.database)
def check_keys(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """A key was taken away too early. No secret is opened: each names its key."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        gone = _count_by_key(alias)
        for key_id in {*vault.key_ids(), *settings.LOST_KEYS}:
            gone.pop(key_id, None)
        if gone:
            found.append(_missing(sorted(gone), gone.total()))
    return found


def _missing(key_ids: Sequence[str], count: int) -> Error:
    which = f"key{'s' if len(key_ids) > 1 else ''} {', '.join(key_ids)}"
    secrets = "1 saved secret is" if count == 1 else f"{count} saved secrets are"
    return Error(
        f"{secrets} sealed under what is no longer in CREDENTIAL_KEYS ({which}). Nothing is lost: all is in the "
        "database as it was.",
        hint="Put the old key back into CREDENTIAL_KEYS, behind the new one, and start again; then run manage.py "
        "rotate_keys, and only then take the old key away. If it is lost for good, set "
        f"LOST_KEYS={','.join(key_ids)}: the site starts, and what is sealed under it must be entered anew.",
        id="integrations.E001",
    )


def _count_by_key(alias: str) -> Counter[str]:
    """How many secrets are sealed under each key, by its id."""
    counts: Counter[str] = Counter()
    tables = connections[alias].introspection.table_names()
    with walls.every_account(Across.KEYS):
        for sealed in _sealed(alias):
            if sealed.model._meta.db_table in tables:  # else `migrate` makes it now
                counts.update(dict(sealed.values_list("key_id").annotate(Count("pk")).order_by()))
    counts.pop("", None)  # in no form of ours; `manage.py doctor` names those
    return counts


def _sealed(alias: str) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Everything that is sealed, each with the id of its key."""
    factor = Coalesce(*(KT(f"data__{name}") for name in second_factor.SEALED.values()))
    return (
        Credential.objects.using(alias).annotate(key_id=_key_id(F("sealed"))),
        Authenticator.objects.using(alias).annotate(key_id=_key_id(factor)).exclude(key_id=None),
    )


def _key_id(sealed: F | Func) -> Func:
    # The second part, as integrations/vault.py writes it.
    return Func(sealed, Value("."), Value(2), function="split_part", output_field=TextField())

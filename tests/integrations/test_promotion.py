"""Values of a tracker's closed lists begin in the connector's colours, and keep those that people chose (S23)."""

from __future__ import annotations

import pytest

from accounts.models import Account
from integrations import registry
from integrations.promotion import ensure_fields
from integrations.records import FieldSpec
from roadmaps.models import Field

pytestmark = pytest.mark.django_db

RISK = FieldSpec("risk", "Risk", "choice", options=("Low", "High", "Unknown"), colours={"Low": "green", "High": "red"})


def colours(field: Field) -> dict[str, int]:
    return dict(field.options.values_list("label", "colour"))


def bring(account: Account, spec: FieldSpec) -> Field:
    return ensure_fields(account, registry.get("pivotal_tracker"), [spec])[spec.key]


def test_each_value_begins_in_the_colour_that_the_connector_names_or_in_the_next(acme: Account) -> None:
    assert colours(bring(acme, RISK)) == {"Low": 2, "High": 5, "Unknown": 3}


def test_a_colour_that_somebody_chose_stays(acme: Account) -> None:
    bring(acme, RISK).options.filter(label="High").update(colour=7)
    assert colours(bring(acme, RISK)) == {"Low": 2, "High": 7, "Unknown": 3}

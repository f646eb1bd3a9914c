"""A linked roadmap whose tracker is a Python object."""

from __future__ import annotations

import pytest

from accounts.models import Membership
from integrations import registry
from integrations.models import ProjectLink
from roadmaps.models import Field
from tests import factories
from tests.integrations.sync.fakes import FakeConnector


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
    """The tracker that every link of the test speaks to."""
    fake = FakeConnector()
    monkeypatch.setattr(registry, "get", lambda kind: fake)
    return fake


@pytest.fixture
def labels(olga: Membership) -> Field:
    """An account-level field with several values, filled from outside."""
    return factories.make_field(olga.account, "Labels", "choices", source_kind="pivotal_tracker", source_key="labels")


@pytest.fixture
def link(olga: Membership, labels: Field, tracker: FakeConnector) -> ProjectLink:
    """Olga's roadmap, linked, with one field."""
    made = factories.make_link(factories.make_roadmap(olga, "Shop"), end_sources=["accepted"])
    factories.make_mapping(made, "labels", labels)
    return made

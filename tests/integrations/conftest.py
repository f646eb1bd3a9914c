"""A Tracker over real HTTP, and what Olga feeds from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import Membership
from integrations.models import Credential, ProjectLink
from integrations.sync.heart import Heart
from tests import factories
from tests.integrations.pages.stage import TOKEN, Tracker, build_world
from tracker_sandbox.server import Sandbox


@pytest.fixture
def tracker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracker]:
    """The server that every connector of the test speaks to; nobody waits between two tries."""
    monkeypatch.setattr(Heart, "sleep", lambda *_: None)
    world, rider, shop = build_world()
    with Sandbox(world) as sandbox:
        settings.CONNECTOR_URLS = {"pivotal_tracker": sandbox.url}
        settings.TRACKER_REQUESTS_PER_SECOND = 1000
        yield Tracker(sandbox, rider, shop)


@pytest.fixture
def credential(olga: Membership) -> Credential:
    return factories.make_credential(olga, "Robin", secret=TOKEN)


@pytest.fixture
def link(olga: Membership, credential: Credential, tracker: Tracker) -> ProjectLink:
    """Olga's roadmap, fed from the sandbox."""
    return tracker.feed(olga, credential, "Apollo")

"""A Tracker over real HTTP, and Olga at the start of the wizard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Membership
from integrations import credentials
from integrations.http import Limits
from tests.integrations.pages.stage import Setup, Tracker, build_world, make_setup
from tracker_sandbox.server import Sandbox


@pytest.fixture
def tracker(settings: Settings) -> Iterator[Tracker]:
    """The server that every connector of the test speaks to."""
    world, rider, shop = build_world()
    with Sandbox(world) as sandbox:
        settings.CONNECTOR_URLS = {"pivotal_tracker": sandbox.url}
        yield Tracker(sandbox, rider, shop)


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits in a test: a server that does not answer is given up at once."""
    limits = Limits(connect_seconds=0.3, total_seconds=0.6, tries=1, patience_seconds=0)
    monkeypatch.setattr(credentials, "IMPATIENT", limits)


@pytest.fixture
def setup(tracker: Tracker, olga: Membership, signed_in: Callable[[Membership], Client]) -> Setup:
    """Olga, signed in, before the first step."""
    return make_setup(signed_in(olga), olga, tracker)

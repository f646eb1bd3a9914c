"""One sandbox for all histories, with pages so small that every listing has several."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import Membership
from integrations.connectors.pivotal_tracker import client, fates, pulling
from integrations.sync.heart import Heart
from tests.histories.stage import Office
from tracker_sandbox import litetracker
from tracker_sandbox.params import Paging
from tracker_sandbox.server import Sandbox
from tracker_sandbox.state import World


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox(World()) as sandbox:
        yield sandbox


@pytest.fixture
def office(olga: Membership, running: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Office:
    settings.CONNECTOR_URLS = {"pivotal_tracker": running.url}
    settings.TRACKER_REQUESTS_PER_SECOND = 0
    # One after the other, so that a history which disturbs the third request plays the same each time.
    settings.TRACKER_REQUESTS_AT_ONCE = 1
    monkeypatch.setattr(Heart, "sleep", lambda *_: None)
    monkeypatch.setattr(client, "_STORIES_A_PAGE", 3)
    monkeypatch.setattr(client, "_ITERATIONS_A_PAGE", 3)
    monkeypatch.setattr(client, "_ACTIVITIES_A_PAGE", 3)
    monkeypatch.setattr(pulling, "BULK_IDS", 3)
    monkeypatch.setattr(fates, "BULK_IDS", 3)
    monkeypatch.setattr(litetracker, "LITE_PAGES", Paging(3, 3))
    return Office(olga, running)

"""Real input: the recorded project, served by the sandbox and pulled over HTTP. Only where the recordings are."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Membership
from integrations.auth import auth_for
from integrations.connectors.pivotal_tracker import connector
from integrations.models import SyncRun
from integrations.promotion import ensure_fields, offers
from integrations.sync import schedule
from integrations.sync.run import execute
from roadmaps.models import Item
from tests import factories
from tests.recordings import FOLDERS
from tracker_sandbox.recordings import load_recordings
from tracker_sandbox.server import Sandbox

PROJECT = "1027488"
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_pull_gives_exactly_the_recorded_stories(folder: Path, olga: Membership, settings: Settings) -> None:
    with Sandbox(load_recordings(folder, token=TOKEN)) as sandbox:
        settings.CONNECTOR_URLS = {"pivotal_tracker": sandbox.url}
        credential = factories.make_credential(olga, secret=TOKEN)
        description = connector.describe(auth_for(credential), PROJECT)
        link = factories.make_link(
            factories.make_roadmap(olga, "Recorded"),
            credential=credential,
            project_id=PROJECT,
            states=[state.key for state in description.states],
        )
        for key, field in ensure_fields(olga.account, connector, offers(description).values()).items():
            factories.make_mapping(link, key, field)
        run = execute(schedule.request_run(link=link, trigger=SyncRun.Trigger.SETUP, send=False).pk)
        assert run is not None and run.error == ""
        recorded = {str(s.id): s for s in sandbox.world.listing(sandbox.world.projects[int(PROJECT)])}
        items = {str(item.external_id): item for item in Item.objects.filter(roadmap=link.roadmap)}
        assert items.keys() == recorded.keys()
        assert run.created == len(recorded) == 70
        assert {key: item.name for key, item in items.items()} == {key: s.name for key, s in recorded.items()}
        assert {key: item.description for key, item in items.items()} == {
            key: story.description or "" for key, story in recorded.items()
        }

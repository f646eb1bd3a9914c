"""The whole path over real HTTP: the sandbox's stories and the roadmap's items, value for value."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from accounts.models import Membership
from integrations.auth import auth_for
from integrations.connectors.pivotal_tracker import connector
from integrations.models import ProjectLink, SyncRun
from integrations.promotion import ensure_fields, offers
from integrations.sync import schedule
from integrations.sync.run import execute
from roadmaps.fields import show
from roadmaps.models import Field, FieldOption, Item
from tests import factories
from tracker_sandbox.demo import DEMO_TOKEN, build_demo
from tracker_sandbox.server import Sandbox

FIELDS = ("story_type", "current_state", "labels", "epics", "owners", "requested_by", "estimate", "iteration")


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    with Sandbox(build_demo()) as running:
        settings.CONNECTOR_URLS = {"pivotal_tracker": running.url}
        yield running
        assert running.non_gets == []


@pytest.fixture
def everything(sandbox: Sandbox, olga: Membership) -> ProjectLink:
    """A roadmap linked to the sandbox's first project with every state, field and date."""
    project = next(iter(sandbox.world.projects.values()))
    credential = factories.make_credential(olga, "Mine", secret=DEMO_TOKEN)
    description = connector.describe(auth_for(credential), str(project.id))
    link = factories.make_link(
        factories.make_roadmap(olga, "Shop"),
        credential=credential,
        project_id=str(project.id),
        states=[state.key for state in description.states],
        start_sources=["started", "created"],
        end_sources=["accepted", "deadline"],
    )
    fields = ensure_fields(olga.account, connector, offers(description).values())
    for key, field in fields.items():
        factories.make_mapping(link, key, field)
    return link


def pull(link: ProjectLink) -> SyncRun:
    run = execute(schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk)
    assert run is not None
    link.refresh_from_db()
    return run


def shown(item: Item, key: str) -> str:
    field = Field.objects.get(account=item.account, source_key=key)
    options = dict(FieldOption.objects.filter(field=field).values_list("id", "label"))
    return show(field.type, item.values.get(field.column), options)


def test_every_story_of_the_project_becomes_one_item(sandbox: Sandbox, everything: ProjectLink) -> None:
    """S23-S25, D12"""
    run = pull(everything)
    project = sandbox.world.projects[int(everything.project_id)]
    stories = {str(story.id): story for story in sandbox.world.listing(project)}
    items = {str(item.external_id): item for item in Item.objects.filter(roadmap=everything.roadmap)}
    assert run.state == "succeeded", (run.error, run.problems)
    assert items.keys() == stories.keys()
    assert run.created == len(stories) > 30
    for id_, story in stories.items():
        item = items[id_]
        assert item.name == story.name
        assert item.description == (story.description or "")
        assert item.external_url == f"{sandbox.url}/story/show/{id_}"
        assert shown(item, "estimate") == ("" if story.estimate is None else f"{story.estimate:g}")
        labels = {sandbox.world.labels[label].name for label in story.label_ids}
        assert set(filter(None, shown(item, "labels").split(", "))) == labels
        if story.accepted_at:
            assert item.end_date == datetime.fromtimestamp(story.accepted_at, UTC).date()


def test_a_second_pull_asks_once_and_a_changed_story_alone_changes(sandbox: Sandbox, everything: ProjectLink) -> None:
    """B7"""
    pull(everything)
    before = len(sandbox.requests)
    assert pull(everything).unchanged == 0
    assert len(sandbox.requests) == before + 1
    project = sandbox.world.projects[int(everything.project_id)]
    story = sandbox.world.listing(project)[-1]
    sandbox.world.update_story(story.id, name="Renamed upstream")
    run = pull(everything)
    assert (run.created, run.flagged) == (0, 0)
    assert Item.objects.get(external_id=story.id).name == "Renamed upstream"


def test_deleted_and_moved_stories_are_told_apart(sandbox: Sandbox, everything: ProjectLink) -> None:
    """B9"""
    pull(everything)
    projects = list(sandbox.world.projects.values())
    first, second = sandbox.world.listing(projects[0])[-2:]
    sandbox.world.delete_story(first.id)
    sandbox.world.move_to_project(second.id, projects[1].id)
    run = pull(everything)
    assert run.flagged == 2
    reasons = dict(Item.objects.exclude(source_state="").values_list("external_id", "source_state"))
    assert reasons == {str(first.id): "deleted", str(second.id): "moved"}


def test_a_revoked_token_pauses_and_a_new_one_heals(sandbox: Sandbox, everything: ProjectLink) -> None:
    """S11"""
    pull(everything)
    count = Item.objects.count()
    sandbox.world.revoke_token(DEMO_TOKEN)
    run = pull(everything)
    assert (run.state, run.error_code) == ("failed", "credential_rejected")
    assert everything.paused_at is not None
    assert DEMO_TOKEN not in run.error
    assert Item.objects.filter(source_state="").count() == count

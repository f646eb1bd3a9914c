"""W8: a secret goes to the host that it was given for, and to no other one that the operator leads to later."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from accounts.models import Membership
from integrations import catalogue, credentials
from integrations.errors import OtherHost, TrackerUnavailable
from integrations.models import Credential, ProjectLink, SyncRun
from integrations.sync import schedule
from integrations.sync.run import execute
from tests import factories
from tests.integrations.pages.stage import TOKEN, Tracker

pytestmark = pytest.mark.django_db(transaction=True)

KIND = factories.KIND


@pytest.fixture
def given(olga: Membership, tracker: Tracker) -> Credential:
    """As the page saves it, after the tracker took it."""
    identity = credentials.check_secret(KIND, TOKEN)
    return credentials.save_credential(olga, kind=KIND, label="Robin", secret=TOKEN, identity=identity)


@pytest.fixture
def link(olga: Membership, given: Credential, tracker: Tracker) -> ProjectLink:
    return tracker.feed(olga, given, "Apollo")


def lead_elsewhere(settings: Settings, tracker: Tracker) -> None:
    """The same server under another name, so that it would hear what is sent there."""
    settings.CONNECTOR_URLS = {KIND: tracker.sandbox.url.replace("127.0.0.1", "localhost")}
    tracker.sandbox.app.requests.clear()


def pull(link: ProjectLink) -> SyncRun:
    run = execute(schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk)
    assert run is not None
    return run


def test_another_host_never_gets_it(link: ProjectLink, given: Credential, tracker: Tracker, settings: Settings) -> None:
    """Neither a sync, nor a look at the credential, nor the list of projects."""
    lead_elsewhere(settings, tracker)
    run = pull(link)
    assert (run.state, run.error_code) == ("failed", "other_host")
    assert "given for 127.0.0.1, and this site asks localhost now, so nothing was sent there" in run.error
    with pytest.raises(OtherHost):
        credentials.check_saved(given)
    with pytest.raises(OtherHost):
        catalogue.list_projects(given)
    assert [(record.method, record.path) for record in tracker.sandbox.requests] == []


def test_all_goes_on_by_itself_once_the_address_is_set_back(
    link: ProjectLink, tracker: Tracker, settings: Settings
) -> None:
    before = dict(settings.CONNECTOR_URLS)
    lead_elsewhere(settings, tracker)
    pull(link)
    link.refresh_from_db()
    assert link.paused_at is None
    settings.CONNECTOR_URLS = before
    assert pull(link).state == "succeeded"


def test_whoever_gives_it_for_the_new_host_goes_on_there(
    link: ProjectLink, given: Credential, tracker: Tracker, settings: Settings
) -> None:
    lead_elsewhere(settings, tracker)
    credentials.replace_secret(given, secret=TOKEN, identity=credentials.check_secret(KIND, TOKEN))
    given.refresh_from_db()
    assert given.host == "localhost"
    link.refresh_from_db()
    assert pull(link).state == "succeeded"


def test_another_port_is_no_other_host(given: Credential, settings: Settings) -> None:
    """The demo's tracker has another one on each start."""
    settings.CONNECTOR_URLS = {KIND: "http://127.0.0.1:1"}
    assert Credential.objects.get().host == "127.0.0.1"
    with pytest.raises(TrackerUnavailable):
        credentials.check_saved(given)

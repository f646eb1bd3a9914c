"""Several pages of one listing at a time: the same stories, and no crowd before a server in trouble (N1, R13)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.connectors.base import Auth
from integrations.connectors.pivotal_tracker import client as client_module
from integrations.connectors.pivotal_tracker import connector
from integrations.errors import CredentialRejected, PullError, RateLimited
from integrations.http import Http, Limits
from integrations.records import Page, Query, Record
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.generate import generate_world
from tracker_sandbox.server import Sandbox

STATES = frozenset({"accepted", "started", "unstarted", "finished", "delivered", "rejected", "unscheduled"})
PASSING = ["too_many_requests", "internal_error", "maintenance", "cut_off", "truncated_json", "bad_gzip"]


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A project of eight pages."""
    monkeypatch.setattr(client_module, "_STORIES_A_PAGE", 10)
    with Sandbox(generate_world(80)) as running:
        yield running


def pull(sandbox: Sandbox, *, at_once: int = 3, tries: int = 2) -> tuple[list[Page], Http]:
    http = Http(
        sandbox.url,
        user_agent="Test",
        allow_private=True,
        limits=Limits(tries=tries, at_once=at_once),
        sleep=lambda _: None,
        rng=lambda: 0,
    )
    project = next(iter(sandbox.world.projects.values()))
    query = Query(str(project.id), STATES, frozenset({"labels", "updated"}))
    return list(connector.pull(Auth(DEMO_TOKEN, http), query, None)), http


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def test_the_same_pages_come_in_the_same_order_for_as_many_requests(sandbox: Sandbox) -> None:
    alone, one = pull(sandbox, at_once=1)
    together, several = pull(sandbox)
    assert len(records(alone)) == 80
    assert records(together) == records(alone)
    assert [page.announced for page in together] == [page.announced for page in alone]
    assert several.requests == one.requests


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("after", [0, 1, 2, 4, 7])
def test_a_page_that_came_to_nothing_is_asked_for_again(sandbox: Sandbox, kind: str, after: int) -> None:
    expected, calm = pull(sandbox)
    sandbox.faults.add(kind, path="/stories", after=after, times=1)
    pages, http = pull(sandbox)
    assert records(pages) == records(expected)
    # The one that failed, and what was under way beside it.
    assert http.requests <= calm.requests + 3


def test_a_server_that_stays_in_trouble_is_not_met_by_a_crowd(sandbox: Sandbox) -> None:
    sandbox.faults.add("too_many_requests", path="/stories", after=2, times=None)
    before = len(sandbox.requests)
    with pytest.raises(RateLimited):
        pull(sandbox, tries=5)
    # Two good pages; three at once, of which one is tried four times more.
    assert len(sandbox.requests) - before <= 2 + 3 + 4


def test_a_token_that_dies_between_pages_is_doubted_once(sandbox: Sandbox) -> None:
    sandbox.faults.add("change", path="/stories", after=1, action=lambda world: world.revoke_token(DEMO_TOKEN))
    with pytest.raises(CredentialRejected):
        pull(sandbox)
    assert [request.path for request in sandbox.requests].count("/services/v5/me") == 1


def test_a_project_that_changes_between_pages_tells_by_its_stamps(sandbox: Sandbox) -> None:
    """R13"""
    story = next(iter(sandbox.world.stories.values()))
    sandbox.faults.add(
        "change", path="/stories", after=3, action=lambda world: world.update_story(story.id, name="New")
    )
    pages, _ = pull(sandbox)
    assert len({page.stamp for page in pages}) == 2


def test_what_stops_a_pull_stops_its_threads(sandbox: Sandbox) -> None:
    class Stop(Exception):
        """As a lost lease raises it."""

    sent = 0

    def stop_at_fourth() -> None:
        nonlocal sent
        sent += 1
        if sent >= 4:
            raise Stop

    http = Http(sandbox.url, user_agent="Test", allow_private=True, limits=Limits(at_once=3), on_request=stop_at_fourth)
    project = next(iter(sandbox.world.projects.values()))
    query = Query(str(project.id), STATES, frozenset())
    with pytest.raises(Stop):
        list(connector.pull(Auth(DEMO_TOKEN, http), query, None))
    assert len(sandbox.requests) == 3


def test_errors_keep_their_class(sandbox: Sandbox) -> None:
    sandbox.faults.add("huge", path="/stories", after=1, times=None, megabytes=40)
    with pytest.raises(PullError, match="too large"):
        pull(sandbox)

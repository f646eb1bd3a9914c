"""A tracker without versions: nothing is taken for gone before two listings agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from integrations import registry
from integrations.connectors.base import Auth
from integrations.errors import Inconsistent
from integrations.models import ProjectLink, SyncRun
from integrations.records import Cursor, Page, Query
from integrations.sync import schedule
from integrations.sync.run import execute
from integrations.sync.snapshot import Snapshot, agree
from roadmaps.models import Item
from tests.integrations.sync.fakes import FakeConnector, record


class Versionless(FakeConnector):
    """Says neither versions nor how many there are. `slips` are stories that a listing, by number, does not show."""

    def __init__(self) -> None:
        super().__init__()
        self.slips: dict[int, str] = {}

    def pull(self, auth: Auth, query: Query, cursor: Cursor | None) -> Iterator[Page]:
        slipped = self.slips.get(len(self.pulls))
        for page in super().pull(auth, query, None):
            shown = tuple(one for one in page.records if one.id != slipped)
            yield replace(page, stamp=None, announced=None, cursor=None, records=shown)


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> Versionless:
    fake = Versionless()
    monkeypatch.setattr(registry, "get", lambda kind: fake)
    fake.hold(record("1"), record("2"), record("3"))
    return fake


def pull(link: ProjectLink) -> SyncRun:
    run = execute(schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk)
    assert run is not None
    return run


def test_one_listing_is_enough_where_nothing_is_gone(link: ProjectLink, tracker: Versionless) -> None:
    assert pull(link).created == 3
    assert len(tracker.pulls) == 1


def test_a_story_that_slipped_between_two_pages_is_not_asked_for_and_not_flagged(
    link: ProjectLink, tracker: Versionless
) -> None:
    pull(link)
    tracker.slips = {1: "2"}
    run = pull(link)
    assert (run.state, run.flagged) == ("succeeded", 0)
    assert tracker.looked_up == []
    assert len(tracker.pulls) == 4


def test_a_story_that_two_listings_lack_is_flagged(link: ProjectLink, tracker: Versionless) -> None:
    pull(link)
    del tracker.records["2"]
    assert pull(link).flagged == 1
    assert len(tracker.pulls) == 3
    assert tracker.looked_up == ["2"]


def test_listings_that_never_agree_are_given_up_and_change_nothing(link: ProjectLink, tracker: Versionless) -> None:
    pull(link)
    tracker.slips = {1: "1", 2: "2", 3: "3", 4: "1"}
    tracker.hold(record("1", "Renamed"), record("2"), record("3"))
    run = pull(link)
    assert (run.state, run.error_code) == ("failed", "inconsistent")
    assert not Item.objects.filter(name="Renamed").exists()
    assert not Item.objects.exclude(source_state="").exists()


def test_agreement_is_about_states_too() -> None:
    started, accepted = (
        Snapshot(pages=([record("1")],), states={"1": "started"}),
        Snapshot(passed_over={"1": "accepted"}),
    )
    assert agree(started, iter([accepted, accepted]).__next__) is accepted
    with pytest.raises(Inconsistent, match="4 listings"):
        agree(started, iter([accepted, started, accepted]).__next__)

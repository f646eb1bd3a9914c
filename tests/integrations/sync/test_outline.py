"""What a plan would do, told without doing it, and by the same code that does it (B1, B2)."""

from __future__ import annotations

import pytest
from msgspec import structs

from integrations.models import ItemChange, ProjectLink, SyncRun
from integrations.records import Fate, Problem, Record
from integrations.sync import schedule
from integrations.sync.look import known_items, rules_of
from integrations.sync.outline import Outline, outline, read_outline
from integrations.sync.plan import Plan, make_plan, settle
from integrations.sync.run import execute
from integrations.sync.snapshot import Snapshot
from roadmaps.models import FieldOption, Item
from tests.integrations.sync.fakes import FakeConnector, record

pytestmark = pytest.mark.django_db(transaction=True)


def plan_of(link: ProjectLink, *records: Record) -> Plan:
    snapshot = Snapshot(pages=(records,), states={found.id: found.state for found in records})
    plan = make_plan(snapshot, known_items(link, snapshot), rules_of(link))
    return settle(plan, {known.external_id: Fate("deleted") for known in plan.missing})


def pull(link: ProjectLink) -> SyncRun:
    run = execute(schedule.request_run(link=link, trigger=SyncRun.Trigger.MANUAL, send=False).pk)
    assert run is not None
    return run


@pytest.fixture
def synced(link: ProjectLink, tracker: FakeConnector) -> ProjectLink:
    tracker.hold(record("1", labels=("a",)), record("2"), record("3"), record("4"))
    pull(link)
    Item.objects.filter(external_id="4").update(source_state="out_of_filter")
    return link


CHANGED = (record("1", "Renamed", labels=("new",)), structs.replace(record("2"), dates={}), record("4"), record("5"))


def test_it_tells_what_the_run_then_does(synced: ProjectLink, tracker: FakeConnector) -> None:
    would = outline(synced, plan_of(synced, *CHANGED))
    assert not FieldOption.objects.filter(label="new").exists()
    assert not ItemChange.objects.exclude(kind="created").exists()
    tracker.hold(*CHANGED)
    run = pull(synced)
    assert (would.created, would.updated, would.revived, would.flagged, would.unchanged) == (
        run.created,
        run.updated,
        run.revived,
        run.flagged,
        run.unchanged,
    )
    assert (would.created, would.updated, would.revived, would.flagged, would.cleared) == (1, 2, 1, 1, 1)


def test_it_tells_values_in_words_also_those_that_are_not_there_yet(synced: ProjectLink) -> None:
    would = outline(synced, plan_of(synced, *CHANGED))
    line = next(line for line in would.lines if line.name == "Renamed")
    assert [(one.label, one.old, one.new) for one in line.differences] == [
        ("Name", "Story 1", "Renamed"),
        ("Labels", "a", "new"),
    ]
    assert [(one.name, one.reason) for one in would.stopped] == [("Story 3", "deleted")]


def test_after_the_run_nothing_is_left_to_do(synced: ProjectLink, tracker: FakeConnector) -> None:
    """R11"""
    tracker.hold(*CHANGED)
    pull(synced)
    assert outline(synced, plan_of(synced, *CHANGED)).is_empty


def test_the_digest_tells_plans_apart_but_not_the_order_of_the_stories(synced: ProjectLink) -> None:
    def digest(*records: Record) -> str:
        return outline(synced, plan_of(synced, *records)).digest

    assert digest(*CHANGED) == digest(*reversed(CHANGED))
    others = [*CHANGED[:-1], record("5", "Another name")]
    assert len({digest(*CHANGED), digest(*others), digest(*CHANGED[:-1])}) == 3


def test_problems_are_counted(synced: ProjectLink) -> None:
    odd = record("9", problems=(Problem("9", "labels", "Odd."),), labels=3)
    assert outline(synced, plan_of(synced, *CHANGED, odd)).problems == 2


@pytest.mark.parametrize(
    ("would", "more"),
    [
        (Outline(digest="a", flagged=9, cleared=9), False),
        (Outline(digest="b", flagged=2, cleared=1, created=50), False),
        (Outline(digest="b", flagged=3, cleared=1), True),
        (Outline(digest="b", flagged=2, cleared=2), True),
    ],
)
def test_only_what_takes_away_more_than_was_shown_is_more(would: Outline, more: bool) -> None:
    assert would.takes_more_than(Outline(digest="a", flagged=2, cleared=1)) is more


def test_it_is_read_back_as_it_was(synced: ProjectLink) -> None:
    would = outline(synced, plan_of(synced, *CHANGED))
    assert read_outline(would.as_json()) == would

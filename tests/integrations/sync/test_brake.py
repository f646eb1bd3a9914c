"""A run that would stop too many items waits for the owner's word (B8, R17)."""

from __future__ import annotations

import pytest
from msgspec import structs

from integrations.models import ProjectLink, SyncRun
from integrations.sync import brake, schedule
from integrations.sync.outline import SHOWN
from integrations.sync.run import execute
from roadmaps.models import Item
from tests.integrations.sync.fakes import FakeConnector, record


def pull(link: ProjectLink, trigger: SyncRun.Trigger = SyncRun.Trigger.SCHEDULE) -> SyncRun:
    run = execute(schedule.request_run(link=link, trigger=trigger, send=False).pk)
    assert run is not None
    link.refresh_from_db()
    return run


def lost() -> int:
    return Item.objects.exclude(source_state="").count()


@pytest.fixture
def many(link: ProjectLink, tracker: FakeConnector) -> ProjectLink:
    """A roadmap of 150 synced items."""
    tracker.page_size = 100
    tracker.hold(*(record(str(number)) for number in range(1, 151)))
    pull(link)
    return link


def keep(tracker: FakeConnector, count: int) -> None:
    tracker.hold(*list(tracker.records.values())[:count])


def test_an_empty_answer_stops_nothing(many: ProjectLink, tracker: FakeConnector) -> None:
    tracker.hold()
    run = pull(many)
    assert (run.state, run.planned_flags, run.finished_at, lost()) == ("held", 150, None, 0)
    assert run.plan is not None
    assert len(run.plan["stopped"]) == SHOWN
    assert run.plan["stopped"][0] == {
        "item": Item.objects.get(external_id="1").pk,
        "name": "Story 1",
        "reason": "deleted",
    }


def test_a_held_run_counts_its_reasons(many: ProjectLink, tracker: FakeConnector) -> None:
    """B9: all of them, also beyond the items that it shows by name."""
    tracker.fates = {str(number): "moved" for number in range(1, 61)}
    tracker.hold(*list(tracker.records.values())[120:])
    assert (pull(many).plan or {})["reasons"] == {"moved": 60, "deleted": 60}


def test_an_empty_answer_is_held_even_for_a_single_item(link: ProjectLink, tracker: FakeConnector) -> None:
    tracker.hold(record("1"))
    pull(link)
    tracker.hold()
    assert pull(link).state == "held"


@pytest.mark.parametrize(("left", "state"), [(120, "succeeded"), (119, "held")])
def test_a_fifth_of_the_items_may_go_without_a_question(
    many: ProjectLink, tracker: FakeConnector, left: int, state: str
) -> None:
    keep(tracker, left)
    assert pull(many).state == state


def test_twenty_items_may_go_from_a_small_roadmap(link: ProjectLink, tracker: FakeConnector) -> None:
    tracker.page_size = 100
    tracker.hold(*(record(str(number)) for number in range(1, 23)))
    pull(link)
    keep(tracker, 2)
    assert pull(link).state == "succeeded"


def test_nothing_else_of_a_held_run_is_applied_and_no_other_run_begins(
    many: ProjectLink, tracker: FakeConnector
) -> None:
    tracker.hold(record("1", "Renamed"), record("999"))
    held = pull(many)
    assert not Item.objects.filter(external_id="999").exists()
    assert Item.objects.get(external_id="1").name == "Story 1"
    assert schedule.request_run(link=many, trigger=SyncRun.Trigger.SCHEDULE, send=False) == held


def test_the_owner_says_yes_and_the_run_lands(many: ProjectLink, tracker: FakeConnector) -> None:
    keep(tracker, 10)
    held = pull(many)
    assert brake.let_go(held, member=many.roadmap.owner)
    run = execute(held.pk)
    assert run is not None
    assert (run.state, run.flagged, lost()) == ("succeeded", 140, 140)
    assert not brake.let_go(held, member=many.roadmap.owner)


def test_a_yes_is_good_for_what_was_shown_and_no_more(many: ProjectLink, tracker: FakeConnector) -> None:
    keep(tracker, 100)
    held = pull(many)
    brake.let_go(held, member=many.roadmap.owner)
    keep(tracker, 50)
    again = execute(held.pk)
    assert again is not None
    assert (again.state, again.planned_flags, lost()) == ("held", 100, 0)


def test_the_owner_says_no_and_everything_stays(many: ProjectLink, tracker: FakeConnector) -> None:
    keep(tracker, 10)
    held = pull(many)
    assert brake.turn_down(held, member=many.roadmap.owner)
    many.refresh_from_db()
    held.refresh_from_db()
    assert (held.state, many.paused_code, lost()) == ("cancelled", "turned_down", 0)


def test_a_no_does_not_hide_that_the_token_is_refused(many: ProjectLink, tracker: FakeConnector) -> None:
    """S11: the graver pause stays, so that nothing is asked with a dead token."""
    keep(tracker, 10)
    held = pull(many)
    ProjectLink.objects.update(paused_at=held.queued_at, paused_code="credential_rejected")
    brake.turn_down(held, member=many.roadmap.owner)
    assert ProjectLink.objects.get().paused_code == "credential_rejected"


def test_a_filter_that_the_owner_changed_needs_no_second_yes(many: ProjectLink, tracker: FakeConnector) -> None:
    ProjectLink.objects.update(states=["accepted"], setup_version=2, cursor=None, last_full_at=None)
    tracker.hold(*(structs.replace(found, state="started") for found in tracker.records.values()))
    run = pull(many, SyncRun.Trigger.MODIFY)
    assert (run.state, run.flagged) == ("succeeded", 150)


def test_a_changed_setup_takes_the_place_of_a_held_run(many: ProjectLink, tracker: FakeConnector) -> None:
    keep(tracker, 10)
    held = pull(many)
    schedule.drop_live_run(many)
    new = schedule.request_run(link=many, trigger=SyncRun.Trigger.MODIFY, send=False)
    held.refresh_from_db()
    assert new != held
    assert (held.state, held.flagged) == ("cancelled", 0)

"""B5: the latest sync goes back, whole; what people changed themselves since stays."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from msgspec import structs

from accounts.models import AuditEvent
from integrations import overview, undo
from integrations.errors import TrackerUnavailable
from integrations.models import ProjectLink, SyncRun
from integrations.status import status_of
from integrations.sync import schedule
from integrations.sync.run import execute
from roadmaps.models import Field, Item
from tests.integrations.sync.fakes import FakeConnector, record

#: Each run in a transaction of its own, as it is.
pytestmark = pytest.mark.django_db(transaction=True)


def pull(link: ProjectLink, trigger: SyncRun.Trigger = SyncRun.Trigger.MANUAL) -> SyncRun:
    run = execute(schedule.request_run(link=link, trigger=trigger, send=False).pk)
    assert run is not None
    link.refresh_from_db()
    return run


def take_back(link: ProjectLink, run: SyncRun) -> int:
    back = undo.undo(run, member=link.roadmap.owner)
    link.refresh_from_db()
    return back


def looks(link: ProjectLink) -> list[tuple[object, ...]]:
    """All that a person sees of every item that is not archived."""
    columns = ("external_id", "name", "description", "start_date", "end_date", "values", "source_state", "notes")
    return list(link.items().filter(archived_at=None).order_by("id").values_list(*columns))


@pytest.fixture
def synced(link: ProjectLink, tracker: FakeConnector) -> ProjectLink:
    """Three items that came with the first sync."""
    tracker.hold(record("1", labels=("a",)), record("2", labels=("b", "c")), record("3"))
    pull(link)
    return link


def bulk_edit(tracker: FakeConnector) -> None:
    """Somebody renames, empties, deletes and adds."""
    one, two, _ = tracker.records.values()
    tracker.hold(
        structs.replace(one, name="Oops", values={"labels": ("x",)}, dates={}),
        structs.replace(two, values={}),
        record("4", labels=("d",)),
    )


def test_everything_says_again_what_it_said_before(synced: ProjectLink, tracker: FakeConnector) -> None:
    before = looks(synced)
    bulk_edit(tracker)
    run = pull(synced)
    assert (run.created, run.updated, run.flagged) == (1, 2, 1)
    assert looks(synced) != before
    assert take_back(synced, run) == 4
    assert looks(synced) == before
    assert AuditEvent.objects.get().what.startswith("Undid the sync of “Shop”")


def test_what_it_made_is_archived_and_says_why(synced: ProjectLink, tracker: FakeConnector) -> None:
    bulk_edit(tracker)
    run = pull(synced)
    Item.objects.filter(external_id="4").update(notes="Written on it since")
    take_back(synced, run)
    item = Item.objects.get(external_id="4")
    assert (item.source_state, item.archived_by_source, item.notes) == ("undone", True, "Written on it since")
    assert item.archived_at is not None


def test_what_people_changed_since_is_left_alone(synced: ProjectLink, tracker: FakeConnector, labels: Field) -> None:
    bulk_edit(tracker)
    run = pull(synced)
    own = {labels.column: [7], "f999": "mine"}
    Item.objects.filter(external_id="1").update(name="My name", values=own, start_date=date(2026, 5, 5))
    take_back(synced, run)
    item = Item.objects.get(external_id="1")
    assert (item.name, item.values, item.start_date) == ("My name", own, date(2026, 5, 5))


def test_dates_that_would_no_longer_fit_each_other_stay(synced: ProjectLink, tracker: FakeConnector) -> None:
    bulk_edit(tracker)
    run = pull(synced)
    Item.objects.filter(external_id="1").update(end_date=date(2026, 1, 1))
    take_back(synced, run)
    item = Item.objects.get(external_id="1")
    assert (item.start_date, item.end_date) == (None, date(2026, 1, 1))


@pytest.mark.parametrize("lost_items", ["keep", "archive"])
def test_what_came_back_to_life_stops_again(synced: ProjectLink, tracker: FakeConnector, lost_items: str) -> None:
    """D11"""
    ProjectLink.objects.update(lost_items=lost_items)
    everything = list(tracker.records.values())
    tracker.hold(*everything[:2])
    stopped = pull(synced)
    state = list(Item.objects.order_by("id").values_list("source_state", "archived_by_source"))
    shown = looks(synced)
    tracker.hold(*everything)
    back = pull(synced)
    assert (stopped.flagged, back.revived) == (1, 1)
    take_back(synced, back)
    assert list(Item.objects.order_by("id").values_list("source_state", "archived_by_source")) == state
    assert looks(synced) == shown


def test_what_stopped_updating_is_up_to_date_again_also_out_of_the_archive(
    synced: ProjectLink, tracker: FakeConnector
) -> None:
    ProjectLink.objects.update(lost_items="archive")
    before = looks(synced)
    tracker.hold(*list(tracker.records.values())[:2])
    run = pull(synced)
    assert len(looks(synced)) == 2
    take_back(synced, run)
    assert looks(synced) == before
    assert not Item.objects.filter(source_state_at__isnull=False).exists()


def test_the_link_rests_until_the_owner_says_sync_now(synced: ProjectLink, tracker: FakeConnector) -> None:
    bulk_edit(tracker)
    run = pull(synced)
    after = looks(synced)
    take_back(synced, run)
    assert synced.paused_code == "undone"
    ProjectLink.objects.update(next_sync_at=timezone.now())
    assert schedule.queue_due_links() == []
    again = pull(synced)
    assert (again.state, again.updated, again.revived, again.flagged) == ("succeeded", 2, 1, 1)
    assert synced.paused_at is None
    assert looks(synced) == after
    assert Item.objects.get(external_id="4").archived_at is None


def test_an_undone_run_says_so_and_no_longer_how_fresh_the_roadmap_is(
    synced: ProjectLink, tracker: FakeConnector
) -> None:
    first = SyncRun.objects.get()
    bulk_edit(tracker)
    run, nothing_new = pull(synced), pull(synced)
    take_back(synced, run)
    run.refresh_from_db()
    assert (run.undone_by, run.state_label) == (synced.roadmap.owner, "Undone")
    status = status_of(synced.roadmap)
    assert status is not None
    assert (status.fresh_at, status.state) == (first.finished_at, "Paused")
    assert nothing_new.finished_at != first.finished_at
    synced.roadmap.source_label = "Pivotal Tracker"
    assert overview.glances(synced.account, [synced.roadmap])[synced.roadmap_id].fresh_at == first.finished_at


def test_only_the_latest_that_changed_something_and_only_once(synced: ProjectLink, tracker: FakeConnector) -> None:
    first = SyncRun.objects.get()
    bulk_edit(tracker)
    run = pull(synced)
    with pytest.raises(undo.CannotUndo, match="no longer"):
        take_back(synced, first)
    take_back(synced, run)
    for each in (run, first):
        with pytest.raises(undo.CannotUndo):
            take_back(synced, each)


def test_not_while_a_sync_is_under_way(synced: ProjectLink) -> None:
    run = SyncRun.objects.get()
    schedule.request_run(link=synced, trigger=SyncRun.Trigger.MANUAL, send=False)
    with pytest.raises(undo.CannotUndo, match="under way"):
        take_back(synced, run)
    assert not Item.objects.exclude(source_state="").exists()


def test_the_first_sync_can_go_back_too_and_come_again(synced: ProjectLink) -> None:
    take_back(synced, SyncRun.objects.get())
    assert looks(synced) == []
    again = pull(synced)
    assert (again.revived, len(looks(synced))) == (3, 3)


def test_a_tracker_that_is_away_leaves_it_undone_and_resting(synced: ProjectLink, tracker: FakeConnector) -> None:
    """B6: nothing half way."""
    before = looks(synced)
    bulk_edit(tracker)
    take_back(synced, pull(synced))

    def fail(page: int) -> None:
        raise TrackerUnavailable("The server is down.")

    tracker.before_page = fail
    assert pull(synced).state == "failed"
    assert looks(synced) == before
    assert synced.paused_code == "undone"

"""B1, B2, B3: what a setup would do is seen first, and then exactly that is done."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from integrations import preview
from integrations.models import Preview, ProjectLink, SyncRun
from integrations.sync import heart, schedule
from integrations.sync.run import execute
from roadmaps.models import Field, FieldOption, Item
from tests import factories
from tests.integrations.pages.stage import TOKEN, Setup


def answer(looked: Preview) -> dict[str, Any]:
    assert looked.state == "ready", looked.error
    assert isinstance(looked.answer, dict)
    return looked.answer


def figures(setup: Setup, purpose: str = "plan", query: str = "") -> dict[str, int]:
    """The numbers that the part of the page shows, by their words."""
    page = setup.client.get(setup.url("setup-preview", purpose) + query, headers={"HX-Request": "true"})
    return {word: int(number) for word, number in re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page.content.decode())}


def run_now() -> SyncRun:
    run = execute(SyncRun.objects.get(state="queued").pk)
    assert run is not None
    return run


@pytest.fixture
def ready(setup: Setup) -> Setup:
    """All steps are done but the last."""
    setup.walk("fields")
    return setup


@pytest.fixture
def linked(setup: Setup) -> Setup:
    """Linked and synced once."""
    setup.walk()
    run_now()
    return setup


# --- Before the first pull


def test_a_preview_writes_nothing_but_itself(ready: Setup) -> None:
    looked = ready.look()
    assert answer(looked)["created"] == 3
    for model in (Item, Field, FieldOption, ProjectLink, SyncRun):
        assert not model.objects.exists()


def test_it_counts_states_types_and_dates(ready: Setup) -> None:
    world, rider = ready.tracker.world, ready.tracker.rider
    world.create_story(rider.id, "Broken", story_type="bug")
    told = answer(ready.look())
    assert told["states"] == {"Started": 3}
    assert told["types"] == {"Feature": 3}
    assert (told["total"], told["starts"], told["ends"], told["both"]) == (3, 3, 0, 0)


def test_it_names_the_first_items_and_counts_the_rest(ready: Setup) -> None:
    for number in range(60):
        ready.tracker.world.create_story(ready.tracker.rider.id, f"More {number}", current_state="started", estimate=1)
    told = answer(ready.look())
    assert (told["created"], len(told["lines"])) == (63, 50)
    page = ready.get("review").content.decode()
    assert "The first 50 of 63" in page
    assert page.count("More ") >= 40


def test_it_says_which_fields_are_made_used_again_or_renamed(ready: Setup, olga: Membership) -> None:
    """D13"""
    factories.make_field(olga.account, "State", "text")
    factories.make_field(olga.account, "Our labels", "choices", source_kind="pivotal_tracker", source_key="labels")
    ready.look()
    page = re.sub(r"\s+", " ", ready.get("review").content.decode())
    assert "<bdi>Story Type</bdi></th> <td>Would be made</td>" in page
    assert "<bdi>Our labels</bdi></th> <td>The field that is there is used</td>" in page
    assert (
        "<bdi>State (Pivotal Tracker)</bdi></th> <td>Would be made under this name, because “<bdi>State</bdi>” is taken"
        in page
    )


def test_start_does_exactly_what_was_shown(ready: Setup) -> None:
    told = answer(ready.look())
    ready.post("review", plan=told["digest"])
    run = run_now()
    assert (run.state, run.created, run.as_planned) == ("succeeded", told["created"], True)
    assert {line["name"] for line in told["lines"]} == set(Item.objects.values_list("name", flat=True))


def test_what_the_tracker_added_meanwhile_comes_too_and_the_run_says_so(ready: Setup) -> None:
    told = answer(ready.look())
    ready.tracker.world.create_story(ready.tracker.rider.id, "Late", current_state="started", estimate=1)
    ready.post("review", plan=told["digest"])
    run = run_now()
    assert (run.state, run.created, run.as_planned) == ("succeeded", 4, False)
    page = ready.client.get(ready.url("run-detail", run.pk)).content.decode()
    assert "The project changed after the preview" in page


def test_a_preview_that_nobody_saw_starts_nothing(ready: Setup) -> None:
    for values in ({}, {"plan": "0" * 32}):
        response = ready.post("review", **values)
        assert response.status_code == 422
    ready.look()
    assert ready.post("review", plan="0" * 32).status_code == 422
    assert not ProjectLink.objects.exists()


def test_another_setup_is_another_question(ready: Setup) -> None:
    seen = answer(ready.look())["digest"]
    ready.post("filter", states=["accepted"])
    assert ready.post("review", plan=seen).status_code == 422
    assert "Look now" in ready.get("review").content.decode()


def test_a_tracker_that_breaks_off_is_said_and_nothing_is_lost(ready: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heart.Heart, "sleep", lambda self, seconds: None)
    ready.tracker.sandbox.faults.add("maintenance", path=r"/stories", times=None)
    looked = ready.look()
    assert looked.state == "failed"
    page = ready.get("review").content.decode()
    assert "We could not look at the project." in page
    assert "nothing that you chose was lost" in page
    ready.tracker.sandbox.faults.clear()
    assert answer(ready.look())["created"] == 3


def test_a_refused_token_is_noted_on_the_credentials(ready: Setup) -> None:
    """S11"""
    ready.tracker.world.revoke_token(TOKEN)
    looked = ready.look()
    assert (looked.state, looked.error_code) == ("failed", "credential_rejected")
    ready.credential.refresh_from_db()
    assert ready.credential.rejected_at is not None
    assert TOKEN not in looked.error


def test_looking_can_be_stopped_and_its_worker_then_writes_nothing(ready: Setup) -> None:
    ready.client.post(ready.url("setup-preview", "plan"))
    looked = Preview.objects.get()
    ready.client.post(ready.url("preview-cancel", "plan"))
    assert preview.execute(looked.pk) is None
    assert "You stopped looking." in ready.get("review").content.decode()


def test_discarding_the_setup_forgets_what_was_looked_up(ready: Setup) -> None:
    ready.look()
    ready.client.post(ready.url("setup-discard"))
    assert not Preview.objects.exists()


def test_a_look_that_nobody_took_is_sent_again_and_one_whose_worker_died_begins_anew(
    ready: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R1, R4"""
    sent: list[int] = []
    monkeypatch.setattr(schedule, "send_preview", sent.append)
    ready.client.post(ready.url("setup-preview", "plan"))
    looked = Preview.objects.get()
    schedule.tick()
    assert sent == [looked.pk]
    Preview.objects.update(state="running", lease_until=timezone.now() - schedule.RESEND_AFTER)
    schedule.tick()
    assert sent == [looked.pk, looked.pk]
    for _ in range(schedule.MAX_ATTEMPTS):
        Preview.objects.update(state="running", lease_until=timezone.now() - schedule.RESEND_AFTER)
        schedule.tick()
    assert Preview.objects.get().error_code == "worker_died"


# --- How many get which dates


def test_the_dates_are_counted_for_every_choice_without_asking_again(ready: Setup) -> None:
    """B3"""
    assert ready.look("dates").state == "ready"
    asked = ready.tracker.asked()
    assert figures(ready, "dates")["get a start"] == 3
    assert figures(ready, "dates", "?start_1=&start_2=&end_1=accepted")["get neither"] == 3
    both = figures(ready, "dates", "?start_1=accepted&start_2=created&end_1=started")
    assert (both["get a start"], both["get an end"], both["get both"]) == (3, 3, 3)
    assert ready.tracker.asked() == asked


def test_the_count_is_what_the_sync_then_does(ready: Setup) -> None:
    ready.look("dates")
    counted = figures(ready, "dates", "?start_1=started&end_1=created")
    ready.post("dates", start_1="started", start_2="", end_1="created")
    told = answer(ready.look())
    assert (counted["get a start"], counted["get an end"]) == (told["starts"], told["ends"])


# --- "Modify Setup"


def test_modify_setup_shows_what_would_stop_and_does_it_only_then(linked: Setup) -> None:
    """B2"""
    linked.post("filter", states=["accepted"])
    told = answer(linked.look())
    assert (told["flagged"], told["reasons"], told["created"]) == (3, {"out_of_filter": 3}, 0)
    assert not Item.objects.exclude(source_state="").exists()
    assert linked.link().states == ["started", "accepted"]
    linked.post("review", state="version-1", plan=told["digest"])
    run = run_now()
    assert (run.state, run.flagged, run.as_planned) == ("succeeded", 3, True)


def test_it_shows_what_would_be_cleared_updated_and_come_back(linked: Setup) -> None:
    linked.post("dates", start_1="accepted", start_2="", end_1="accepted")
    told = answer(linked.look())
    assert (told["updated"], told["cleared"]) == (3, 3)
    assert told["lines"][0]["differences"][0]["label"] == "Start Date"
    assert told["lines"][0]["differences"][0]["new"] == ""
    Item.objects.update(source_state="out_of_filter")
    assert answer(linked.look())["revived"] == 3


def test_a_new_field_shows_its_values_before_it_is_there(linked: Setup) -> None:
    linked.post("fields", keys=["type", "state", "labels", "estimate"])
    told = answer(linked.look())
    assert told["updated"] == 3
    assert told["lines"][0]["differences"] == [{"label": "Estimate", "old": "", "new": "1"}]
    linked.post("review", state="version-1", plan=told["digest"])
    assert run_now().as_planned is True


def test_more_lost_items_than_shown_are_asked_about_again(linked: Setup) -> None:
    """B8: a yes is good for what was shown."""
    linked.post("filter", states=["started"])
    told = answer(linked.look())
    assert told["flagged"] == 0
    linked.tracker.world.delete_stories([next(iter(linked.tracker.world.listing(linked.tracker.rider))).id])
    linked.post("review", state="version-1", plan=told["digest"])
    run = run_now()
    assert (run.state, run.planned_flags, run.as_planned) == ("held", 1, False)
    page = linked.client.get(linked.url("run-detail", run.pk)).content.decode()
    assert "The project changed after you looked" in page
    linked.client.post(linked.url("run-apply", run.pk))
    assert (run_now().state, Item.objects.filter(source_state="deleted").count()) == ("succeeded", 1)


def test_a_sync_that_runs_when_the_setup_changes_ends_and_writes_nothing(linked: Setup) -> None:
    linked.client.post(linked.url("sync-now"))
    old = SyncRun.objects.get(state="queued")
    linked.post("filter", states=["accepted"])
    linked.confirm(state="version-1")
    old.refresh_from_db()
    assert (old.state, old.error_code) == ("cancelled", "setup_changed")
    assert run_now().as_planned is True


@pytest.mark.django_db(transaction=True)
def test_a_yes_stands_until_a_sync_comes_through(linked: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tracker that is away just then must not make the owner say it twice."""
    for number in range(30):
        linked.tracker.world.create_story(linked.tracker.rider.id, f"More {number}", current_state="started")
    linked.client.post(linked.url("sync-now"))
    assert run_now().created == 30
    monkeypatch.setattr(heart.Heart, "sleep", lambda self, seconds: None)
    linked.post("filter", states=["accepted"])
    linked.confirm(state="version-1")
    linked.tracker.sandbox.faults.add("maintenance", times=None)
    assert run_now().state == "failed"
    linked.tracker.sandbox.faults.clear()
    ProjectLink.objects.update(next_sync_at=timezone.now())
    schedule.queue_due_links()
    run = run_now()
    assert (run.trigger, run.state, run.flagged, run.as_planned) == ("schedule", "succeeded", 33, True)


# --- Who


def test_only_the_owner_looks(
    linked: Setup, client: Client, alice: Membership, vera: Membership, mallory: Membership
) -> None:
    factories.make_share(linked.roadmap, vera)
    for member, status in ((vera, 403), (alice, 403), (mallory, 404)):
        client.force_login(member.user)
        for name in ("setup-preview", "preview-cancel"):
            assert client.post(linked.url(name, "plan")).status_code == status
        assert client.get(linked.url("setup-preview", "plan")).status_code == status
    assert linked.client.get(linked.url("setup-preview", "nothing")).status_code == 404

"""S11, S21, S27, D6, D22: changing a link's setup, and what never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership
from integrations.models import Credential, Preview, ProjectLink, SetupDraft, SyncRun
from integrations.sync.run import execute
from roadmaps.models import Field, Item, Roadmap
from tests import factories
from tests.integrations.pages.stage import NARROW_TOKEN, TOKEN, Setup, make_setup

SignedIn = Callable[[Membership], Client]


@pytest.fixture
def linked(setup: Setup) -> Setup:
    """Olga's roadmap, linked and synced once."""
    setup.walk()
    execute(SyncRun.objects.get().pk)
    return setup


def save(setup: Setup, version: int = 1) -> None:
    setup.confirm(state=f"version-{version}")


def looking(browser: Client, setup: Setup) -> Preview:
    """Somebody else lets a worker look."""
    return replace(setup, client=browser).look()


def test_it_opens_at_the_first_step_with_the_links_own_values(linked: Setup) -> None:
    assert linked.client.get(linked.url()).headers["Location"] == linked.step("settings")
    assert '<option value="720" selected' in linked.get("settings").content.decode()
    page = linked.get("fields").content.decode()
    assert 'value="labels" checked' in page
    assert 'value="estimate" checked' not in page
    assert "Modify Setup" in page


def test_every_step_is_open_and_can_lead_straight_to_the_review(linked: Setup) -> None:
    for name in ("settings", "credentials", "filter", "dates", "fields", "review"):
        assert linked.get(name).status_code == 200
    assert linked.post("dates", review="1").headers["Location"] == linked.step("review")


def test_what_may_change_changes_and_a_full_sync_follows(linked: Setup) -> None:
    """S27"""
    ProjectLink.objects.update(cursor={"version": "7"})
    linked.post("settings", cadence="60", lost_items="archive")
    linked.post("filter", states=["accepted"])
    linked.post("dates", start_1="created", start_2="", end_1="deadline")
    linked.post("fields", keys=["state", "estimate"])
    save(linked)
    link = linked.link()
    assert (link.cadence_minutes, link.lost_items, link.states) == (60, "archive", ["accepted"])
    assert (link.start_sources, link.end_sources) == (["created"], ["deadline"])
    assert (link.setup_version, link.cursor, link.last_full_at) == (2, None, None)
    assert [mapping.key for mapping in link.mappings.all()] == ["state", "estimate"]
    assert SyncRun.objects.filter(trigger="modify", state="queued", asked_by=linked.owner).count() == 1
    assert not SetupDraft.objects.exists()


def test_nothing_changes_before_it_is_saved(linked: Setup) -> None:
    linked.post("filter", states=["accepted"])
    assert linked.link().states == ["started", "accepted"]
    linked.client.post(linked.url("setup-discard"))
    assert not SetupDraft.objects.exists()
    assert 'value="started" checked' in linked.get("filter").content.decode()


def test_a_field_that_is_no_longer_chosen_loses_its_lock_and_keeps_its_values(linked: Setup) -> None:
    state = Field.objects.get(source_key="state")
    before = list(Item.objects.order_by("pk").values_list("values", flat=True))
    assert all(state.column in values for values in before)
    linked.post("fields", keys=["labels"])
    save(linked)
    execute(SyncRun.objects.get(state="queued").pk)
    roadmap = Roadmap.objects.get(pk=linked.roadmap.pk)
    assert state.column not in roadmap.synced_columns
    after = Item.objects.order_by("pk").values_list("values", flat=True)
    assert [values[state.column] for values in after] == [values[state.column] for values in before]
    assert Field.objects.filter(pk=state.pk).exists()


def test_choosing_it_again_uses_the_same_field(linked: Setup) -> None:
    linked.post("fields", keys=["labels"])
    save(linked)
    linked.post("fields", keys=["labels", "state"])
    save(linked, version=2)
    assert Field.objects.filter(source_key="state").count() == 1
    assert [mapping.key for mapping in linked.link().mappings.all()] == ["state", "labels"]


def test_the_project_can_not_be_changed(linked: Setup) -> None:
    """S21, S27: there is no such step, and a forged post goes nowhere."""
    other = str(linked.tracker.shop.id)
    for response in (linked.get("project"), linked.post("project", project=other)):
        assert response.headers["Location"] == linked.step("settings")
    linked.post("settings", project=other, project_id=other)
    linked.confirm(state="version-1", project_id=other, roadmap=0)
    assert linked.link().project_id == str(linked.tracker.rider.id)
    assert "Project" not in [step.strip() for step in linked.get("settings").content.decode().split("<span>")]


def test_a_draft_can_not_smuggle_another_project_in(linked: Setup) -> None:
    """S21: even a tampered draft row means nothing for a linked roadmap."""
    linked.post("filter")
    SetupDraft.objects.update(project_id=str(linked.tracker.shop.id))
    save(linked)
    assert linked.link().project_name == "Rider app"


def test_saving_twice_changes_it_once(linked: Setup) -> None:
    linked.post("filter", states=["accepted"])
    save(linked)
    save(linked)
    assert linked.link().setup_version == 2
    assert SyncRun.objects.filter(trigger="modify").count() == 1


def test_new_credentials_bring_a_dead_link_back(linked: Setup) -> None:
    """S11"""
    linked.tracker.world.revoke_token(TOKEN)
    linked.client.post(linked.url("sync-now"))
    dead = execute(SyncRun.objects.get(state="queued").pk)
    assert dead is not None
    assert dead.error_code == "credential_rejected"
    assert linked.link().paused_at is not None
    page = linked.get("credentials").content.decode()
    assert "Refused" in page
    assert 'value="new" checked' in page
    linked.post("credentials", credential="new", label="Sam", secret=NARROW_TOKEN)
    save(linked)
    link = linked.link()
    assert (link.paused_at, link.paused_code, link.paused_reason, link.failures) == (None, "", "", 0)
    assert link.credential == Credential.objects.get(label="Sam")
    run = execute(SyncRun.objects.get(state="queued").pk)
    assert run is not None
    assert run.state == "succeeded"
    assert Item.objects.filter(roadmap=linked.roadmap, source_state="").count() == 3


@pytest.mark.parametrize("new", [True, False])
def test_credentials_that_do_not_see_the_project_are_refused(
    linked: Setup, alice: Membership, signed_in: SignedIn, new: bool
) -> None:
    """S27: because the project can't change."""
    setup = make_setup(signed_in(alice), alice, linked.tracker, name="Beta")
    setup.walk("credentials")
    setup.post("project", project=str(setup.tracker.shop.id))
    setup.walk(besides=["settings", "credentials", "project"])
    narrow = {"credential": "new", "label": "Sam", "secret": NARROW_TOKEN}
    if not new:
        narrow = {"credential": str(factories.make_credential(alice, "Sam", secret=NARROW_TOKEN).pk)}
    response = setup.post("credentials", **narrow)
    assert response.status_code == 422
    assert "Sam Okafor does not see the project “Web shop”" in response.content.decode()
    assert setup.link().credential == setup.credential


def test_a_new_owner_may_keep_the_credentials_in_use_but_choose_no_other_of_somebody_else(
    linked: Setup, alice: Membership, signed_in: SignedIn
) -> None:
    """D6"""
    unused = factories.make_credential(linked.owner, "Olga's other", secret=TOKEN)
    Roadmap.objects.filter(pk=linked.roadmap.pk).update(owner=alice)
    browser = signed_in(alice)
    page = browser.get(linked.step("credentials")).content.decode()
    assert "Keep what is in use now, saved by <bdi>Olga Olsen</bdi>." in page
    assert "Olga&#x27;s other" not in page
    assert browser.post(linked.step("credentials"), {"credential": unused.pk}).status_code == 422
    assert browser.post(linked.step("credentials"), {"credential": linked.credential.pk}).status_code == 302
    seen = {"state": "version-1", "plan": (looking(browser, linked).answer or {})["digest"]}
    assert browser.post(linked.step("review"), seen).status_code == 302
    assert linked.link().credential == linked.credential
    assert linked.link().setup_version == 2


def test_only_connectors_of_the_links_kind_are_offered(linked: Setup) -> None:
    other = factories.make_integration(linked.owner, "Another server", kind="pivotal_tracker")
    assert "Another server" in linked.get("settings").content.decode()
    linked.post("settings", integration=other.pk)
    save(linked)
    assert linked.link().integration == other


def test_manual_only_takes_the_schedule_away(linked: Setup) -> None:
    linked.post("settings", cadence="manual")
    save(linked)
    assert linked.link().next_sync_at is None


def test_an_archived_roadmaps_setup_rests(linked: Setup) -> None:
    """D22"""
    Roadmap.objects.filter(pk=linked.roadmap.pk).update(archived_at=timezone.now())
    assert linked.get("settings").status_code == 403
    assert linked.client.post(linked.url("sync-now")).status_code == 403

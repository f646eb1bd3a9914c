"""S13, S20-S23, S25, D12-D14, D22: what finishing the wizard makes, and what nobody can make."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import Membership
from integrations import setup as linking
from integrations.models import FieldMapping, ProjectLink, SetupDraft, SyncRun
from integrations.sync.run import execute
from integrations.wizard import Wizard
from roadmaps.models import Field, FieldOption, Item, Roadmap
from tests import factories
from tests.integrations.pages.stage import TOKEN, Setup, Tracker, make_setup

SignedIn = Callable[[Membership], Client]


def test_finishing_makes_the_link_as_chosen(setup: Setup) -> None:
    setup.walk()
    link = setup.link()
    assert (link.kind, link.project_id, link.project_name) == (
        "pivotal_tracker",
        str(setup.tracker.rider.id),
        "Rider app",
    )
    assert (link.integration, link.credential, link.created_by) == (setup.integration, setup.credential, setup.owner)
    assert (link.cadence_minutes, link.lost_items, link.setup_version) == (720, "keep", 1)
    assert (link.states, link.start_sources, link.end_sources) == (
        ["started", "accepted"],
        ["started", "created"],
        ["accepted"],
    )
    assert link.next_sync_at is not None
    assert link.project_url.startswith("http")
    assert not SetupDraft.objects.exists()


def test_each_pulled_field_is_a_field_of_the_account_at_once(setup: Setup) -> None:
    """S23, and S25: dates as text."""
    setup.post("settings")
    setup.walk("dates", besides=["settings"])
    setup.post("fields", keys=["type", "labels", "updated"])
    setup.confirm()
    fields = {field.source_key: field for field in Field.objects.filter(account=setup.owner.account)}
    assert {key: (field.name, field.type) for key, field in fields.items()} == {
        "type": ("Story Type", "choice"),
        "labels": ("Labels", "choices"),
        "updated": ("Updated", "text"),
    }
    assert all(field.roadmap is None and field.source_kind == "pivotal_tracker" for field in fields.values())
    assert {field.source_label for field in fields.values()} == {"Pivotal Tracker"}


def test_closed_lists_come_with_all_values_in_the_trackers_order(setup: Setup) -> None:
    setup.walk()
    options = FieldOption.objects.filter(field__source_key="type").order_by("position")
    assert [option.label for option in options] == ["Feature", "Bug", "Chore", "Release"]
    assert len({option.colour for option in options}) == 4


def test_synced_columns_are_locked_and_name_their_source(setup: Setup) -> None:
    """D10"""
    setup.walk()
    roadmap = Roadmap.objects.get(pk=setup.roadmap.pk)
    columns = [f"f{mapping.field_id}" for mapping in setup.link().mappings.all()]
    assert roadmap.source_label == "Pivotal Tracker"
    assert roadmap.synced_columns == ["name", "description", "start_date", "end_date", *columns]


def test_a_date_without_a_source_stays_the_roadmaps_own(setup: Setup) -> None:
    setup.walk("filter")
    setup.post("dates", start_1="", start_2="", end_1="accepted")
    setup.post("fields", keys=[])
    setup.confirm()
    assert Roadmap.objects.get(pk=setup.roadmap.pk).synced_columns == ["name", "description", "end_date"]


def test_two_roadmaps_share_the_fields_and_may_show_the_same_project(
    setup: Setup, alice: Membership, signed_in: SignedIn
) -> None:
    """S22, S23, D13"""
    setup.walk()
    second = make_setup(signed_in(alice), alice, setup.tracker, name="Beta")
    second.walk()
    assert Field.objects.filter(account=setup.owner.account).count() == 3
    assert {mapping.field_id for mapping in setup.link().mappings.all()} == {
        mapping.field_id for mapping in second.link().mappings.all()
    }
    assert second.link().project_id == setup.link().project_id


def test_a_name_that_is_taken_gets_the_connectors_name_behind_it_and_then_a_number(setup: Setup) -> None:
    """D13: a field of the same name from elsewhere is never taken over."""
    ours = factories.make_field(setup.owner.account, "state", "text")
    factories.make_field(setup.owner.account, "Labels", "text")
    factories.make_field(setup.owner.account, "LABELS (pivotal tracker)", "text")
    setup.walk()
    names = dict(Field.objects.exclude(source_kind="").values_list("source_key", "name"))
    assert names == {"type": "Story Type", "state": "State (Pivotal Tracker)", "labels": "Labels (Pivotal Tracker) 2"}
    ours.refresh_from_db()
    assert (ours.name, ours.source_kind) == ("state", "")


def test_a_renamed_field_is_still_the_same_field(setup: Setup, alice: Membership, signed_in: SignedIn) -> None:
    """D13: what counts is where it comes from."""
    setup.walk()
    Field.objects.filter(source_key="state").update(name="Stage")
    second = make_setup(signed_in(alice), alice, setup.tracker, name="Beta")
    second.walk()
    assert list(Field.objects.filter(source_key="state").values_list("name", flat=True)) == ["Stage"]


def test_the_first_sync_brings_the_items(setup: Setup) -> None:
    """D8, with the real connector over HTTP."""
    setup.walk()
    run = execute(SyncRun.objects.get().pk)
    assert run is not None
    assert (run.state, run.created) == ("succeeded", 3)
    assert Item.objects.filter(roadmap=setup.roadmap).count() == 3


# --- Once is enough


def test_finishing_twice_makes_one_link(setup: Setup) -> None:
    """A double click, a reload, the back button."""
    setup.walk()
    response = setup.client.post(setup.step("review"), {"state": "new"}, follow=True)
    assert "saved already" in response.content.decode()
    assert ProjectLink.objects.count() == SyncRun.objects.count() == 1
    assert setup.link().setup_version == 1


def test_a_second_tab_can_not_link_to_another_project(setup: Setup) -> None:
    """S21: the other tab still stands at the last page, with another project in mind."""
    setup.walk("fields")
    stale = Wizard(setup.roadmap, setup.owner)
    stale.draft.project_id = str(setup.tracker.shop.id)
    setup.confirm()
    with pytest.raises(linking.AlreadyLinked):
        linking.finish(stale.draft, member=setup.owner)
    assert setup.link().project_name == "Rider app"


@pytest.mark.parametrize("state", ["", "new ", "version-1", "version-99"])
def test_a_post_that_was_not_made_by_the_page_links_nothing(setup: Setup, state: str) -> None:
    setup.walk("fields")
    setup.confirm(state=state)
    assert not ProjectLink.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_posts_at_the_same_moment_make_one_link(setup: Setup) -> None:
    """S21, S22: the roadmap's row is locked first, and the one-to-one has the last word."""
    setup.walk("fields")
    answers: list[int] = []
    seen = {"state": "new", "plan": (setup.look().answer or {})["digest"]}

    def press() -> None:
        browser = Client()
        browser.force_login(setup.owner.user)
        answers.append(browser.post(setup.step("review"), seen).status_code)
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 4
    assert ProjectLink.objects.count() == 1
    assert SyncRun.objects.count() == 1
    assert Field.objects.exclude(source_kind="").count() == 3


def test_the_project_is_asked_for_once_more_before_linking(setup: Setup) -> None:
    setup.walk("fields")
    plan = (setup.look().answer or {})["digest"]
    setup.tracker.world.revoke_token(TOKEN)
    cache.clear()
    response = setup.post("review", plan=plan)
    assert "does not take these credentials" in response.content.decode()
    assert not ProjectLink.objects.exists()
    assert SetupDraft.objects.exists()


def test_a_credential_that_vanished_sends_back_to_its_step(setup: Setup) -> None:
    setup.walk("fields")
    setup.credential.delete()
    assert setup.post("review").headers["Location"] == setup.step("credentials")


def test_a_state_that_the_project_lost_is_said_before_linking(setup: Setup) -> None:
    setup.tracker.world.update_project(setup.tracker.rider.id, automatic_planning=False)
    setup.walk("project")
    setup.post("filter", states=["planned"])
    setup.post("dates")
    setup.post("fields")
    plan = (setup.look().answer or {})["digest"]
    setup.tracker.world.update_project(setup.tracker.rider.id, automatic_planning=True)
    cache.clear()
    response = setup.post("review", plan=plan)
    assert "no longer offers all that you chose. Please look at “Filter” again." in response.content.decode()
    assert not ProjectLink.objects.exists()


# --- What the database refuses, by whatever route


@pytest.fixture
def link(olga: Membership) -> ProjectLink:
    return factories.make_link(factories.make_roadmap(olga), project_id="7")


@pytest.mark.parametrize(
    "column_and_value",
    ["project_id = '8'", "kind = 'other'", "roadmap_id = {other}", "id = 999999", "account_id = {account}"],
)
def test_sql_can_not_change_what_a_link_ties_together(
    link: ProjectLink, olga: Membership, mallory: Membership, column_and_value: str
) -> None:
    """S21"""
    other = factories.make_roadmap(olga, "Other")
    change = column_and_value.format(other=other.pk, account=mallory.account_id)
    with (
        pytest.raises(IntegrityError, match="never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE integrations_projectlink SET {change} WHERE id = %s", [link.pk])  # noqa: S608 - ours


def test_sql_can_not_remove_a_link_while_its_roadmap_lives(link: ProjectLink) -> None:
    """S21"""
    with (
        pytest.raises(IntegrityError, match="stays linked"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM integrations_projectlink WHERE id = %s", [link.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_orm_can_not_either(link: ProjectLink) -> None:
    """S21"""
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        ProjectLink.objects.filter(pk=link.pk).update(project_id="8")
    link.project_id = "8"
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        link.save()


def test_a_roadmap_has_one_link(link: ProjectLink) -> None:
    """S22"""
    with pytest.raises(IntegrityError, match="roadmap_id"), transaction.atomic():
        factories.make_link(link.roadmap, project_id="8")


def test_a_link_takes_nothing_from_another_account(olga: Membership, mallory: Membership) -> None:
    """S33: nor does a mapping or a draft."""
    roadmap = factories.make_roadmap(olga)
    theirs = factories.make_integration(mallory)
    secret = factories.make_credential(mallory)
    with pytest.raises(IntegrityError, match="projectlink_integration_account"), transaction.atomic():
        factories.make_link(roadmap, integration=theirs)
    with pytest.raises(IntegrityError, match="projectlink_credential_account"), transaction.atomic():
        factories.make_link(roadmap, credential=secret)
    link = factories.make_link(roadmap)
    with pytest.raises(IntegrityError, match="fieldmapping_field_account"), transaction.atomic():
        factories.make_mapping(link, "state", factories.make_field(mallory.account))
    with pytest.raises(IntegrityError, match="setupdraft_credential_account"), transaction.atomic():
        SetupDraft.objects.create(account=olga.account, roadmap=roadmap, credential=secret)


def test_connector_and_credentials_of_different_kinds_do_not_meet_in_a_link(
    link: ProjectLink, olga: Membership
) -> None:
    other = factories.make_credential(olga, "Other kind", kind="other_tracker")
    with pytest.raises(IntegrityError, match="of one kind"), transaction.atomic():
        ProjectLink.objects.filter(pk=link.pk).update(credential=other)


def test_a_roadmap_takes_its_link_along_when_it_is_deleted(link: ProjectLink) -> None:
    """D22: from the archive."""
    roadmap = link.roadmap
    factories.make_mapping(link, "state", factories.make_field(roadmap.account))
    roadmap.archived_at = "2026-01-01T00:00Z"
    roadmap.save()
    roadmap.delete()
    assert not ProjectLink.objects.exists()
    assert not FieldMapping.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_credential_or_connector_in_use_can_not_be_deleted_by_sql(link: ProjectLink) -> None:
    """S8"""
    for table, pk in (("credential", link.credential_id), ("integration", link.integration_id)):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM integrations_{table} WHERE id = %s", [pk])  # noqa: S608 - ours
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_tracker_fixture_sees_only_gets(setup: Setup, tracker: Tracker) -> None:
    """One-way: nothing is ever written to the tracker."""
    setup.walk()
    execute(SyncRun.objects.get().pk)
    assert tracker.sandbox.requests
    assert tracker.sandbox.non_gets == []

"""S12-S20, D1, D6-D8, D11, D15: the setup wizard, step by step."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Membership, Role
from integrations.models import Credential, Integration, ProjectLink, SetupDraft, SyncRun
from roadmaps.models import Roadmap
from tests import factories
from tests.integrations.pages.stage import DEAD_TOKEN, NARROW_TOKEN, TOKEN, Setup, Tracker, make_setup

SignedIn = Callable[[Membership], Client]
STEPS = ("settings", "credentials", "project", "filter", "dates", "fields", "review")


def text_of(setup: Setup, name: str) -> str:
    response = setup.get(name)
    assert response.status_code == 200, response
    return response.content.decode()


# --- The way through


def test_each_step_has_its_own_address_and_leads_to_the_next(setup: Setup) -> None:
    for number, name in enumerate(STEPS[:-1]):
        page = text_of(setup, name)
        assert '<main class="main"' in page
        assert 'aria-current="step"' in page
        assert setup.post(name).headers["Location"] == setup.step(STEPS[number + 1])


def test_the_entrance_goes_on_where_the_setup_stands(setup: Setup) -> None:
    """Resumable: the draft is kept in the database, so another browser goes on too."""
    assert setup.client.get(setup.url()).headers["Location"] == setup.step("settings")
    setup.walk("project")
    other = Client()
    other.force_login(setup.owner.user)
    assert other.get(setup.url()).headers["Location"] == setup.step("filter")


@pytest.mark.parametrize("name", STEPS[1:])
def test_a_step_can_not_be_reached_before_the_ones_before_it(setup: Setup, name: str) -> None:
    for response in (setup.get(name), setup.post(name)):
        assert response.headers["Location"] == setup.step("settings")
    assert not ProjectLink.objects.exists()


def test_going_back_shows_what_was_chosen(setup: Setup) -> None:
    setup.post("settings", cadence="60", lost_items="archive")
    setup.walk("fields", besides=["settings"])
    assert '<option value="60" selected>Every hour</option>' in text_of(setup, "settings")
    assert 'value="started" checked' in text_of(setup, "filter")
    assert 'value="unstarted" checked' not in text_of(setup, "filter")
    assert f'value="{setup.tracker.rider.id}" checked' in text_of(setup, "project")
    assert 'value="labels" checked' in text_of(setup, "fields")


def test_looking_changes_nothing(setup: Setup) -> None:
    """No row by GET, not even the draft."""
    setup.client.get(setup.url())
    setup.get("settings")
    assert not SetupDraft.objects.exists()


def test_an_unknown_step_does_not_exist(setup: Setup) -> None:
    assert setup.get("magic").status_code == 404


def test_only_the_owner_gets_in(setup: Setup, alice: Membership, vera: Membership, signed_in: SignedIn) -> None:
    """S14-S20: an admin who is not the owner sees the roadmap, but does not set it up."""
    editor = factories.make_member(setup.owner.account, Role.COLLABORATOR, name="Eddie")
    factories.make_share(setup.roadmap, editor, "editor")
    factories.make_share(setup.roadmap, vera)
    stranger = factories.make_member(setup.owner.account, Role.COLLABORATOR)
    for member, status in ((alice, 403), (editor, 403), (vera, 403), (stranger, 404)):
        browser = signed_in(member)
        for name in STEPS:
            assert browser.get(setup.step(name)).status_code == status
            assert browser.post(setup.step(name), setup.usual(name)).status_code == status
    assert not SetupDraft.objects.exists()


def test_an_archived_roadmap_is_not_set_up(setup: Setup) -> None:
    Roadmap.objects.filter(pk=setup.roadmap.pk).update(archived_at="2026-01-01T00:00Z")
    assert setup.get("settings").status_code == 403


def test_cancelling_forgets_what_was_entered(setup: Setup) -> None:
    setup.walk("project")
    setup.client.post(setup.url("setup-discard"))
    assert not SetupDraft.objects.exists()
    assert setup.client.get(setup.url()).headers["Location"] == setup.step("settings")


# --- Synchronization settings


def test_settings_offer_connectors_direction_and_cadence(setup: Setup) -> None:
    """S14, D1"""
    page = text_of(setup, "settings")
    for text in ("Synchronization settings", "One-way", "Every 5 minutes", "Every 24 hours", "Manual only"):
        assert text in page
    assert '<option value="720" selected>Every 12 hours</option>' in page


def test_the_operator_sets_the_shortest_cadence(setup: Setup, settings: Settings) -> None:
    """D1"""
    settings.MIN_SYNC_MINUTES = 30
    page = text_of(setup, "settings")
    assert "Every 15 minutes" not in page
    assert "Every 30 minutes" in page
    response = setup.post("settings", cadence="5")
    assert "This cadence is not offered." in response.content.decode()


def test_manual_only_has_no_next_sync(setup: Setup) -> None:
    setup.post("settings", cadence="manual")
    setup.walk(besides=["settings"])
    assert setup.link().cadence_minutes is None
    assert setup.link().next_sync_at is None


def test_a_connector_of_another_account_can_not_be_chosen(setup: Setup, mallory: Membership) -> None:
    theirs = factories.make_integration(mallory, "Theirs")
    response = setup.post("settings", integration=theirs.pk)
    page = response.content.decode()
    assert "This connector is not in the list." in page
    assert "Theirs" not in page


def test_without_a_connector_the_page_says_who_adds_one(
    tracker: Tracker, olga: Membership, signed_in: SignedIn
) -> None:
    """S12"""
    setup = make_setup(signed_in(olga), olga, tracker)
    Integration.objects.all().delete()
    page = text_of(setup, "settings")
    assert "An Account Admin of <bdi>Acme</bdi> adds it first" in page
    assert "Continue" not in page


# --- Credentials


def test_saved_credentials_are_asked_about_and_named(setup: Setup) -> None:
    """S15, D7"""
    setup.walk("settings")
    response = setup.client.post(setup.step("credentials"), setup.usual("credentials"), follow=True)
    assert "It belongs to Robin Alvarez, who sees 2 projects." in response.content.decode()
    assert setup.tracker.asked("/me") == 1


def test_new_credentials_are_saved_for_later_setups(setup: Setup) -> None:
    """S10, S15"""
    setup.walk("settings")
    setup.post("credentials", credential="new", label="Sam", secret=NARROW_TOKEN)
    saved = Credential.objects.get(label="Sam")
    assert saved.owner == setup.owner
    assert SetupDraft.objects.get().credential == saved
    page = text_of(setup, "credentials")
    assert "<bdi>Sam Okafor</bdi>, 1 project" in page
    assert NARROW_TOKEN not in page


def test_a_refused_new_token_is_an_error_on_its_field(setup: Setup) -> None:
    """D7"""
    setup.walk("settings")
    response = setup.post("credentials", credential="new", label="Sam", secret=DEAD_TOKEN)
    page = response.content.decode()
    assert response.status_code == 422
    assert "refuses the Personal Access Token" in page
    assert DEAD_TOKEN not in page
    assert Credential.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"label": "", "secret": TOKEN}, "Please fill in this field."),
        ({"label": "Sam", "secret": ""}, "Please fill in this field."),
        ({"label": "Sam", "secret": f"{TOKEN} "}, "a blank or a line break"),
        ({"label": "robin's TOKEN", "secret": TOKEN}, "You have credentials with this label already."),
        ({"label": "x" * 5000, "secret": TOKEN}, "Please use at most 120 characters"),
        ({"credential": ""}, "Choose saved credentials, or enter new ones."),
        ({"credential": "0"}, "These credentials are not in the list."),
        ({"credential": "9" * 30}, "These credentials are not in the list."),
    ],
)
def test_bad_credentials_are_errors_at_their_fields(setup: Setup, values: dict[str, str], message: str) -> None:
    setup.walk("settings")
    response = setup.post("credentials", **{"credential": "new", **values})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert setup.tracker.asked() == 0
    assert Credential.objects.count() == 1


def test_those_of_others_can_not_be_chosen(setup: Setup, alice: Membership, mallory: Membership) -> None:
    """D6, S33"""
    setup.walk("settings")
    for owner in (alice, mallory):
        theirs = factories.make_credential(owner, f"Of {owner}", secret=TOKEN)
        response = setup.post("credentials", credential=theirs.pk)
        assert "These credentials are not in the list." in response.content.decode()
        assert f"Of {owner}" not in response.content.decode()
    assert SetupDraft.objects.get().credential is None


def test_a_saved_token_that_died_meanwhile_is_marked(setup: Setup) -> None:
    setup.walk("settings")
    setup.tracker.world.revoke_token(TOKEN)
    response = setup.post("credentials")
    assert response.status_code == 422
    assert "Refused" in response.content.decode()
    setup.credential.refresh_from_db()
    assert setup.credential.rejected_at is not None


def test_a_handed_over_draft_asks_the_new_owner_for_own_credentials(
    setup: Setup, alice: Membership, signed_in: SignedIn
) -> None:
    """D6"""
    setup.walk("fields")
    Roadmap.objects.filter(pk=setup.roadmap.pk).update(owner=alice)
    browser = signed_in(alice)
    assert browser.get(setup.url()).headers["Location"] == setup.step("credentials")
    assert browser.post(setup.step("review"), {"state": "new"}).headers["Location"] == setup.step("credentials")
    assert "Robin&#x27;s token" not in browser.get(setup.step("credentials")).content.decode()


# --- Project


def test_projects_are_those_that_the_credentials_see(setup: Setup) -> None:
    """S16"""
    setup.walk("credentials")
    page = text_of(setup, "project")
    assert "Rider app" in page
    assert "Web shop" in page
    setup.post("credentials", credential="new", label="Sam", secret=NARROW_TOKEN)
    page = text_of(setup, "project")
    assert "Rider app" in page
    assert "Web shop" not in page


def test_the_list_is_remembered_for_a_while(setup: Setup) -> None:
    setup.walk("credentials")
    setup.get("project")
    setup.get("project")
    assert setup.tracker.asked("/projects") == 1


def test_projects_can_be_searched(setup: Setup) -> None:
    for number in range(60):
        setup.tracker.world.add_project(f"Project {number}", owner_id=min(setup.tracker.world.people))
    setup.walk("credentials")
    page = text_of(setup, "project")
    assert "Showing 50 of 62." in page
    page = setup.client.get(setup.step("project"), {"q": "project 59"}).content.decode()
    assert "Project 59" in page
    assert "Project 58" not in page
    page = setup.client.get(setup.step("project"), {"q": "<nothing>"}).content.decode()
    assert "No project matches “&lt;nothing&gt;”." in page


@pytest.mark.parametrize("project", ["", "999999", "1/../2", "%31", "١٢٣", "https://evil.test"])
def test_a_project_that_the_token_does_not_see_is_an_error_on_its_field(setup: Setup, project: str) -> None:
    """S16, promises W7"""
    setup.walk("credentials")
    before = setup.tracker.asked()
    response = setup.post("project", project=project)
    assert response.status_code == 422
    assert SetupDraft.objects.get().project_id == ""
    assert setup.tracker.asked() - before == 1  # the list, and nothing of what was posted


def test_the_narrow_token_can_not_take_the_other_project(setup: Setup) -> None:
    setup.walk("settings")
    setup.post("credentials", credential="new", label="Sam", secret=NARROW_TOKEN)
    response = setup.post("project", project=str(setup.tracker.shop.id))
    assert "The credentials do not see this project." in response.content.decode()


def test_another_project_lets_the_later_steps_be_looked_at_again(setup: Setup) -> None:
    setup.walk("fields")
    setup.post("project", project=str(setup.tracker.shop.id))
    assert setup.client.get(setup.url()).headers["Location"] == setup.step("filter")


# --- Filter, dates, fields


def test_the_filter_offers_the_projects_states_with_the_usual_ones_chosen(setup: Setup) -> None:
    """S17"""
    setup.walk("project")
    page = text_of(setup, "filter")
    assert "Unscheduled (Icebox)" in page
    assert 'value="accepted" checked' in page
    assert 'value="unscheduled" checked' not in page


def test_choosing_unstarted_says_that_planned_comes_too(setup: Setup) -> None:
    """D16: the connector says it, for projects that plan by hand."""
    setup.tracker.world.update_project(setup.tracker.rider.id, automatic_planning=False)
    setup.walk("project")
    assert "Brings “Planned” along." in text_of(setup, "filter")


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([], "Choose at least one state"),
        (["started", "imaginary"], "The project has no state “imaginary”."),
        (["<script>"], "The project has no state “&lt;script&gt;”."),
    ],
)
def test_a_state_that_does_not_exist_is_an_error_on_its_field(setup: Setup, states: list[str], message: str) -> None:
    setup.walk("project")
    response = setup.post("filter", states=states)
    assert response.status_code == 422
    assert message in response.content.decode()


def test_dates_are_ordered_lists_with_all_sources(setup: Setup) -> None:
    """S18, D15"""
    setup.walk("filter")
    page = text_of(setup, "dates")
    for label in (
        "Created",
        "First Started",
        "Accepted",
        "Deadline",
        "Projected Completion",
        "Iteration Start",
        "Iteration Finish",
        "Updated",
        "1st choice",
        "3rd choice",
    ):
        assert label in page
    setup.post("dates", start_1="", start_2="created", start_3="created", end_1="deadline", end_2="accepted")
    draft = SetupDraft.objects.get()
    assert draft.start_sources == ["created"]
    assert draft.end_sources == ["deadline", "accepted"]


def test_an_unknown_date_is_an_error_on_its_field(setup: Setup) -> None:
    setup.walk("filter")
    response = setup.post("dates", end_2="doomsday")
    assert response.status_code == 422
    assert "The project has no such date." in response.content.decode()


def test_fields_show_their_type_and_the_name_that_they_will_have(setup: Setup) -> None:
    """S19, S25, D13"""
    factories.make_field(setup.owner.account, "State", "text")
    setup.walk("dates")
    page = text_of(setup, "fields")
    assert "List, one value" in page
    assert "Will be called “State (Pivotal Tracker)”." in page
    assert "Dates, as read-only text" in page
    assert "Feeds Start Date already." in page
    assert 'value="estimate" checked' in page


def test_an_unknown_field_is_an_error_on_its_field(setup: Setup) -> None:
    setup.walk("dates")
    response = setup.post("fields", keys=["state", "salary"])
    assert "The project has no field “salary”." in response.content.decode()


def test_a_tracker_that_is_away_loses_nothing(setup: Setup) -> None:
    setup.walk("project")
    setup.tracker.sandbox.faults.add("maintenance", times=None)
    page = text_of(setup, "filter")
    assert "Pivotal Tracker could not be asked." in page
    assert "Nothing that you entered was lost." in page
    setup.tracker.sandbox.faults.clear()
    assert "Unscheduled" in text_of(setup, "filter")


def test_a_token_that_dies_on_the_way_leads_back_to_the_credentials(setup: Setup) -> None:
    setup.walk("project")
    setup.tracker.world.revoke_token(TOKEN)
    page = text_of(setup, "filter")
    assert "Pivotal Tracker does not take these credentials." in page
    assert setup.step("credentials") in page


# --- Review and confirmation


def test_the_review_shows_every_choice_and_warns_that_it_is_for_good(setup: Setup) -> None:
    setup.walk("fields")
    page = text_of(setup, "review")
    for text in (
        setup.integration.name,
        "every 12 hours",
        "Robin&#x27;s token",
        "Rider app",
        "Started, Accepted",
        "First Started, else Created",
        "Story Type, State, Labels",
        "This links the roadmap for good.",
        "Look now",
    ):
        assert text in page


def test_finishing_leads_to_the_confirmation_screen_and_from_there_to_the_roadmap(setup: Setup) -> None:
    """S20, D8"""
    response = setup.walk()
    assert response.headers["Location"] == setup.url("setup-ready")
    page = setup.client.get(setup.url("setup-ready")).content.decode()
    assert "The Pivotal Tracker integration is set up" in page
    assert reverse("roadmaps:items-table", args=["acme", setup.roadmap.pk]) in page
    run = SyncRun.objects.get()
    assert (run.trigger, run.state, run.asked_by) == ("setup", "queued", setup.owner)


def test_the_confirmation_screen_is_there_only_for_linked_roadmaps(setup: Setup) -> None:
    assert setup.client.get(setup.url("setup-ready")).headers["Location"] == setup.url()


def test_linking_leaves_what_is_there_alone(setup: Setup) -> None:
    """S13"""
    own = factories.make_item(setup.roadmap, "Ours", start_date="2026-01-01", notes="Keep me")
    setup.walk()
    own.refresh_from_db()
    assert (own.name, str(own.start_date), own.notes, own.origin) == ("Ours", "2026-01-01", "Keep me", "")


@pytest.mark.parametrize("name", STEPS)
def test_every_step_asks_few_queries(
    setup: Setup, name: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    setup.walk("fields")
    for number in range(20):
        factories.make_integration(setup.owner, f"Connector {number}")
        factories.make_credential(setup.owner, f"Token {number}")
        factories.make_field(setup.owner.account, f"Field {number}")
    setup.get(name)
    with django_assert_max_num_queries(10):
        setup.get(name)

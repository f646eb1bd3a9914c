"""S9-S11, D6, D7, B10: saved credentials in Account Settings."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import members
from accounts.models import Membership, Role
from integrations import vault
from integrations.models import Credential, ProjectLink, SyncRun
from tests import factories
from tests.integrations.pages.stage import DEAD_TOKEN, NARROW_TOKEN, TOKEN, Tracker

SignedIn = Callable[[Membership], Client]

LIST = "/a/acme/settings/credentials/"
ADD = "/a/acme/settings/credentials/add/pivotal_tracker/"


@pytest.fixture
def browser(olga: Membership, signed_in: SignedIn, tracker: Tracker) -> Client:
    """Olga's."""
    return signed_in(olga)


def address(name: str, credential: Credential) -> str:
    return reverse(f"integrations:credential-{name}", args=["acme", credential.pk])


def test_the_form_uses_trackers_words_and_says_where_the_token_is(browser: Client) -> None:
    """S9"""
    page = browser.get(ADD).content.decode()
    assert "Credential Label" in page
    assert "Personal Access Token" in page
    assert "choose Profile" in page


def test_a_good_token_is_saved_sealed_and_named(browser: Client, olga: Membership) -> None:
    """S10, D7"""
    response = browser.post(ADD, {"label": "Robin", "secret": TOKEN}, follow=True)
    page = response.content.decode()
    assert "It belongs to Robin Alvarez, who sees 2 projects." in page
    saved = Credential.objects.get()
    assert (saved.owner, saved.identity_name, saved.projects_seen) == (olga, "Robin Alvarez", 2)
    assert saved.accepted_at is not None
    assert TOKEN not in saved.sealed
    assert vault.open_sealed(saved.sealed, saved.vault_context) == TOKEN
    assert TOKEN not in page


def test_a_sync_that_went_well_is_when_a_token_was_accepted_last(browser: Client, olga: Membership) -> None:
    """B10: also where it found nothing changed, and wrote nothing but itself."""
    now = timezone.now()
    mine = factories.make_credential(olga, accepted_at=now - timedelta(days=9))
    for number, hours in enumerate((7, 5, 6)):
        roadmap = factories.make_roadmap(olga, f"Roadmap {number}")
        factories.make_link(roadmap, credential=mine, synced_at=now - timedelta(hours=hours))
    page = browser.get(reverse("integrations:credentials", args=["acme"])).content.decode().replace("\xa0", " ")
    assert "5 hours ago" in page
    assert "day" not in page


def test_a_refused_token_is_an_error_on_its_field(browser: Client) -> None:
    """D7: with what to do, and without the token."""
    response = browser.post(ADD, {"label": "Robin", "secret": DEAD_TOKEN})
    page = response.content.decode()
    assert response.status_code == 422
    assert "refuses the Personal Access Token" in page
    assert "Enter a new one" in page
    assert DEAD_TOKEN not in page
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (f" {TOKEN}", "a blank or a line break"),
        (f"{TOKEN}\n", "a blank or a line break"),
        (f"{TOKEN[:16]} {TOKEN[16:]}", "a blank or a line break"),
        (f"{TOKEN}\r\nX-Evil: 1", "a blank or a line break"),
        ("tökentökentökentöken", "does not look like"),
        ("short", "does not look like"),
        ("https://tracker.test/" + "a" * 20, "does not look like"),
        ("a" * 1000, "does not look like"),
        ("a" * 10_000, "far too long"),
        ("", "This field is required."),
        ("a\x00" + TOKEN, "Null characters"),
    ],
)
def test_a_malformed_token_is_refused_before_it_is_sent(
    browser: Client, tracker: Tracker, secret: str, message: str
) -> None:
    """The token is never repeated, and nothing is asked."""
    response = browser.post(ADD, {"label": "Robin", "secret": secret})
    page = response.content.decode()
    assert message in page
    assert not secret or secret.strip() not in page
    assert tracker.asked() == 0
    assert not Credential.objects.exists()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("internal_error", "has trouble of its own"),
        ("bad_gateway", "has trouble of its own"),
        ("maintenance", "has trouble of its own"),
        ("too_many_requests", "asks us to come back later"),
        ("sign_in_page", "not its API&#x27;s answer"),
        ("truncated_json", "not its API&#x27;s answer"),
        ("redirect", "never followed"),
    ],
)
def test_trouble_at_the_tracker_is_said_at_the_field(
    browser: Client, tracker: Tracker, fault: str, message: str
) -> None:
    tracker.sandbox.faults.add(fault, times=None, status=302)
    response = browser.post(ADD, {"label": "Robin", "secret": TOKEN})
    page = response.content.decode()
    assert response.status_code == 422
    assert message in page
    assert TOKEN not in page
    assert not Credential.objects.exists()


def test_without_a_network_nothing_is_saved(browser: Client, settings: Settings) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.CONNECTOR_URLS = {"pivotal_tracker": f"http://127.0.0.1:{closed.getsockname()[1]}"}
        response = browser.post(ADD, {"label": "Robin", "secret": TOKEN})
    assert "could not be reached" in response.content.decode()
    assert not Credential.objects.exists()


def test_a_host_that_hangs_is_given_up_soon(browser: Client, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CONNECTOR_URLS = {"pivotal_tracker": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        started = timezone.now()
        response = browser.post(ADD, {"label": "Robin", "secret": TOKEN})
    assert timezone.now() - started < timedelta(seconds=5)
    assert "did not answer in time" in response.content.decode()
    assert not Credential.objects.exists()


def test_a_label_that_exists_is_an_error_before_the_token_is_sent(
    browser: Client, olga: Membership, tracker: Tracker
) -> None:
    factories.make_credential(olga, "Robin")
    response = browser.post(ADD, {"label": "ROBIN", "secret": TOKEN})
    assert "You have credentials with this label already." in response.content.decode()
    assert tracker.asked() == 0


def test_somebody_elses_label_is_no_clash(browser: Client, alice: Membership) -> None:
    factories.make_credential(alice, "Robin")
    assert browser.post(ADD, {"label": "Robin", "secret": TOKEN}).status_code == 302


def test_a_label_of_5000_characters_is_refused(browser: Client) -> None:
    response = browser.post(ADD, {"label": "x" * 5000, "secret": TOKEN})
    assert "Please use at most 120 characters; this has 5,000." in response.content.decode()


def test_people_see_their_own_and_admins_see_labels_of_all(
    browser: Client, olga: Membership, alice: Membership, mallory: Membership, signed_in: SignedIn
) -> None:
    """S10, B10"""
    factories.make_credential(olga, "Olga's token", secret=TOKEN, identity_name="Robin Alvarez")
    factories.make_credential(alice, "Alice's token")
    factories.make_credential(mallory, "Mallory's token")
    own = browser.get(LIST).content.decode()
    assert "Olga&#x27;s token" in own
    assert "Robin Alvarez" in own
    assert "Alice&#x27;s" not in own
    everything = signed_in(alice).get(LIST).content.decode()
    for text in ("Olga&#x27;s token", "Olga Olsen", "Alice&#x27;s token"):
        assert text in everything
    assert "Robin Alvarez" not in everything and "Mallory" not in everything
    assert TOKEN not in everything


def test_reviewers_have_no_credentials(vera: Membership, signed_in: SignedIn) -> None:
    assert signed_in(vera).get(LIST).status_code == 403
    assert signed_in(vera).post(ADD, {"label": "x", "secret": TOKEN}).status_code == 403


def test_it_says_where_they_are_used_and_when_they_were_refused(browser: Client, olga: Membership) -> None:
    """B10"""
    credential = factories.make_credential(olga, "Robin", rejected_at=timezone.now() - timedelta(hours=3))
    factories.make_link(factories.make_roadmap(olga, "Apollo"), credential=credential)
    page = browser.get(LIST).content.decode()
    for text in ("Apollo", "Refused", "3\xa0hours ago"):
        assert text in page


def test_roadmaps_that_one_does_not_see_are_counted_not_named(
    browser: Client, olga: Membership, alice: Membership
) -> None:
    credential = factories.make_credential(olga, "Robin")
    factories.make_link(factories.make_roadmap(alice, "Secret plans"), credential=credential)
    page = browser.get(LIST).content.decode()
    assert "Secret plans" not in page
    assert "1 roadmap that you can’t see" in page
    refusal = browser.post(address("delete", credential), follow=True).content.decode()
    assert "A roadmap still uses it: 1 that you can’t see." in refusal
    assert "Secret plans" not in refusal


def test_renaming(browser: Client, olga: Membership) -> None:
    credential = factories.make_credential(olga, "Robin")
    browser.post(address("rename", credential), {"label": "Robin, new laptop"})
    credential.refresh_from_db()
    assert credential.label == "Robin, new laptop"


def test_checking_again_notes_the_refusal_and_the_recovery(browser: Client, olga: Membership, tracker: Tracker) -> None:
    credential = factories.make_credential(olga, "Robin", secret=TOKEN)
    tracker.world.revoke_token(TOKEN)
    assert (
        "refuses the Personal Access Token" in browser.post(address("check", credential), follow=True).content.decode()
    )
    credential.refresh_from_db()
    assert credential.rejected_at is not None
    robin = next(person for person in tracker.world.people.values() if person.name == "Robin Alvarez")
    tracker.world.regenerate_token(robin.id, token=TOKEN)
    assert "Robin Alvarez" in browser.post(address("check", credential), follow=True).content.decode()
    credential.refresh_from_db()
    assert credential.rejected_at is None


def test_a_new_token_heals_every_roadmap_that_the_old_one_stopped(
    browser: Client, olga: Membership, tracker: Tracker
) -> None:
    """S11, B10: one step for all of them; pauses for other reasons stay."""
    credential = factories.make_credential(olga, "Robin", secret=DEAD_TOKEN, rejected_at=timezone.now())
    paused = {"paused_at": timezone.now(), "paused_reason": "The token is refused."}
    for name in ("Apollo", "Gemini"):
        roadmap = factories.make_roadmap(olga, name)
        factories.make_link(roadmap, credential=credential, paused_code="credential_rejected", **paused)
    other = factories.make_link(
        factories.make_roadmap(olga, "Lost"), credential=credential, paused_code="project_unavailable", **paused
    )
    page = browser.post(address("replace", credential), {"secret": NARROW_TOKEN}, follow=True).content.decode()
    assert "It belongs to Sam Okafor, who sees 1 project." in page
    assert "Roadmaps that sync again: 2." in page
    credential.refresh_from_db()
    assert vault.open_sealed(credential.sealed, credential.vault_context) == NARROW_TOKEN
    assert credential.rejected_at is None
    assert list(ProjectLink.objects.filter(paused_at__isnull=False)) == [other]
    assert SyncRun.objects.filter(state="queued").count() == 2


def test_a_bad_new_token_leaves_the_old_one(browser: Client, olga: Membership) -> None:
    credential = factories.make_credential(olga, "Robin", secret=TOKEN)
    assert browser.post(address("replace", credential), {"secret": DEAD_TOKEN}).status_code == 422
    credential.refresh_from_db()
    assert vault.open_sealed(credential.sealed, credential.vault_context) == TOKEN


def test_deleting_is_refused_while_roadmaps_use_it_and_names_them(browser: Client, olga: Membership) -> None:
    credential = factories.make_credential(olga, "Robin")
    factories.make_link(factories.make_roadmap(olga, "Apollo"), credential=credential)
    page = browser.post(address("delete", credential), follow=True).content.decode()
    assert "“Robin” was not deleted." in page
    assert "“Apollo”" in page
    assert Credential.objects.exists()


def test_unused_ones_are_gone_at_once(browser: Client, olga: Membership) -> None:
    credential = factories.make_credential(olga, "Robin")
    assert browser.get(address("delete", credential)).status_code == 405
    browser.post(address("delete", credential))
    assert not Credential.objects.exists()


def test_admins_may_delete_but_never_use_or_change_those_of_others(
    olga: Membership, alice: Membership, signed_in: SignedIn
) -> None:
    """D6"""
    credential = factories.make_credential(olga, "Robin")
    admin = signed_in(alice)
    for name in ("rename", "replace", "check", "move"):
        assert admin.post(address(name, credential), {"label": "x", "secret": TOKEN}).status_code == 403
    assert admin.post(address("delete", credential)).status_code == 302
    assert not Credential.objects.exists()


def test_those_of_others_do_not_exist_for_collaborators_or_other_accounts(
    browser: Client, alice: Membership, mallory: Membership
) -> None:
    """S33"""
    for owner in (alice, mallory):
        credential = factories.make_credential(owner, "Theirs")
        for name in ("rename", "replace", "check", "move", "delete"):
            assert browser.post(address(name, credential), {"label": "x", "secret": TOKEN}).status_code == 404
    assert Credential.objects.count() == 2


def test_the_list_asks_the_same_number_of_queries_for_any_length(
    alice: Membership, olga: Membership, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        owner = alice if number % 2 else factories.make_member(alice.account, Role.COLLABORATOR)
        credential = factories.make_credential(owner, f"Token {number}")
        factories.make_link(factories.make_roadmap(owner, f"R{number}"), credential=credential)
    browser = signed_in(alice)
    browser.get(LIST)
    with django_assert_num_queries(6):
        browser.get(LIST)


# --- Moving all roadmaps to other credentials


def links_of(credential: Credential, tracker: Tracker, *names: str, **columns: object) -> list[ProjectLink]:
    """Roadmaps of the credential's owner that it feeds from the first project, which Robin and Sam both see."""
    return [
        factories.make_link(
            factories.make_roadmap(credential.owner, name),
            credential=credential,
            project_id=str(tracker.rider.id),
            **columns,
        )
        for name in names
    ]


def test_all_roadmaps_move_in_one_step_and_go_on(browser: Client, olga: Membership, tracker: Tracker) -> None:
    """B10"""
    dead = factories.make_credential(olga, "Old laptop", secret=DEAD_TOKEN, rejected_at=timezone.now())
    good = factories.make_credential(olga, "New laptop", secret=NARROW_TOKEN)
    links_of(dead, tracker, "Apollo", "Gemini", paused_at=timezone.now(), paused_code="credential_rejected")
    held = links_of(dead, tracker, "Lost", paused_at=timezone.now(), paused_code="turned_down")
    form = browser.get(address("move", dead)).content.decode()
    assert "Moves <bdi>“Apollo”, “Gemini”, “Lost”</bdi>, all in one step." in form
    page = browser.post(address("move", dead), {"target": good.pk}, follow=True).content.decode()
    assert "3 roadmaps are fed through “New laptop” now." in page
    assert set(ProjectLink.objects.values_list("credential", flat=True)) == {good.pk}
    assert list(ProjectLink.objects.filter(paused_at__isnull=False)) == held
    assert SyncRun.objects.filter(state="queued").count() == 2


def test_nothing_moves_where_one_project_is_out_of_sight(browser: Client, olga: Membership, tracker: Tracker) -> None:
    """B10: checked first, and the roadmap is named."""
    wide = factories.make_credential(olga, "Robin", secret=TOKEN)
    narrow = factories.make_credential(olga, "Sam", secret=NARROW_TOKEN)
    links_of(wide, tracker, "Apollo")
    factories.make_link(factories.make_roadmap(olga, "Shop plan"), credential=wide, project_id=str(tracker.shop.id))
    response = browser.post(address("move", wide), {"target": narrow.pk})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Sam Okafor does not see the projects of these roadmaps: “Shop plan”. Nothing was moved." in page
    assert set(ProjectLink.objects.values_list("credential", flat=True)) == {wide.pk}


def test_nothing_moves_to_a_token_that_is_refused(browser: Client, olga: Membership, tracker: Tracker) -> None:
    wide = factories.make_credential(olga, "Robin", secret=TOKEN)
    dead = factories.make_credential(olga, "Dead", secret=DEAD_TOKEN)
    links_of(wide, tracker, "Apollo")
    page = browser.post(address("move", wide), {"target": dead.pk}).content.decode()
    assert "“Dead” can’t take over, so nothing was moved." in page
    assert set(ProjectLink.objects.values_list("credential", flat=True)) == {wide.pk}


def test_nothing_moves_while_the_tracker_breaks_between_the_two_questions(
    browser: Client, olga: Membership, tracker: Tracker
) -> None:
    """The token is accepted, and then the list of projects does not come."""
    wide = factories.make_credential(olga, "Robin", secret=TOKEN)
    narrow = factories.make_credential(olga, "Sam", secret=NARROW_TOKEN)
    links_of(wide, tracker, "Apollo")
    tracker.sandbox.faults.add("internal_error", times=None, path="/projects")
    page = browser.post(address("move", wide), {"target": narrow.pk}).content.decode()
    assert "so nothing was moved." in page
    assert set(ProjectLink.objects.values_list("credential", flat=True)) == {wide.pk}


def test_one_moves_only_to_ones_own(browser: Client, olga: Membership, alice: Membership, tracker: Tracker) -> None:
    """D6"""
    wide = factories.make_credential(olga, "Robin", secret=TOKEN)
    theirs = factories.make_credential(alice, "Alice's", secret=TOKEN)
    links_of(wide, tracker, "Apollo")
    assert "Alice" not in browser.get(address("move", wide)).content.decode()
    assert browser.post(address("move", wide), {"target": theirs.pk}).status_code == 422
    assert browser.post(address("move", theirs), {"target": wide.pk}).status_code == 404
    assert set(ProjectLink.objects.values_list("credential", flat=True)) == {wide.pk}


def test_an_admin_takes_over_only_from_who_left(
    olga: Membership, alice: Membership, mallory: Membership, tracker: Tracker, signed_in: SignedIn
) -> None:
    wide = factories.make_credential(olga, "Robin", secret=TOKEN)
    mine = factories.make_credential(alice, "Alice's", secret=TOKEN)
    links_of(wide, tracker, "Apollo")
    admin = signed_in(alice)
    assert admin.get(address("move", wide)).status_code == 403
    assert signed_in(mallory).get(address("move", wide)).status_code == 404
    members.deactivate(olga, by=alice)
    assert admin.post(address("move", wide), {"target": mine.pk}).status_code == 302
    assert ProjectLink.objects.get().credential == mine


def test_a_new_token_that_sees_less_is_said_at_once(browser: Client, olga: Membership, tracker: Tracker) -> None:
    wide = factories.make_credential(olga, "Robin", secret=TOKEN)
    factories.make_link(factories.make_roadmap(olga, "Shop plan"), credential=wide, project_id=str(tracker.shop.id))
    page = browser.post(address("replace", wide), {"secret": NARROW_TOKEN}, follow=True).content.decode()
    assert "Sam Okafor does not see the projects of these roadmaps: “Shop plan”." in page


def test_both_the_last_yes_and_the_last_no_are_told(browser: Client, olga: Membership) -> None:
    """B10: a refusal stays known after the token works again."""
    now = timezone.now()
    factories.make_credential(
        olga, accepted_at=now - timedelta(hours=2), last_rejected_at=now - timedelta(days=3, hours=1)
    )
    page = browser.get(LIST).content.decode().replace("\xa0", " ")
    assert "2 hours ago" in page
    assert "last refused" in page
    assert "3 days ago" in page

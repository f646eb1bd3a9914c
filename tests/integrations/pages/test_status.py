"""S12, S26, D8, D9, D19, D22, P1: what a roadmap's page shows of its link, to whom, and how it stays fresh."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Role
from integrations.models import ItemChange, ProjectLink, SyncRun
from integrations.status import status_of
from roadmaps.access import level_of
from roadmaps.models import Roadmap
from tests import factories

SignedIn = Callable[[Membership], Client]


def look(tag: str, member: Membership, roadmap: Roadmap, **context: object) -> str:
    """The tag as it looks on that member's page of the roadmap."""
    request: Any = RequestFactory().get("/")
    request.user, request.account, request.membership = member.user, member.account, member
    request.roadmap, request.level = roadmap, level_of(member, roadmap)
    html = Template("{% load sync %}{% " + tag + " %}").render(Context({"request": request, **context}))
    return re.sub(r"\s+", " ", html.replace("\xa0", " "))


def make_run(link: ProjectLink, state: str = "succeeded", **columns: object) -> SyncRun:
    now = timezone.now()
    if state in ("queued", "running", "held"):
        columns.setdefault("started_at", now if state == "running" else None)
    else:
        columns.setdefault("started_at", now - timedelta(seconds=3))
        columns.setdefault("finished_at", now)
    return SyncRun.objects.create(
        account_id=link.account_id, link=link, state=state, **{"trigger": "schedule", **columns}
    )


@pytest.fixture
def link(olga: Membership) -> ProjectLink:
    """Olga's roadmap, linked and synced some hours ago."""
    return factories.make_link(
        factories.make_roadmap(olga, "Apollo"),
        project_name="Rider app",
        synced_at=timezone.now() - timedelta(hours=3),
        next_sync_at=timezone.now() + timedelta(hours=9, minutes=1),
    )


# --- The button


def test_without_a_connector_the_entry_is_disabled_and_says_why(olga: Membership) -> None:
    """S12"""
    page = look("sync_toolbar", olga, factories.make_roadmap(olga))
    assert "Integrations" in page
    assert "Setup Pivotal Tracker Integration" in page
    assert 'aria-disabled="true"' in page
    assert "An Account Admin adds the connector first" in page


def test_with_a_connector_the_entry_leads_to_the_wizard(olga: Membership, alice: Membership) -> None:
    """S12"""
    roadmap = factories.make_roadmap(olga)
    factories.make_integration(alice)
    page = look("sync_toolbar", olga, roadmap)
    assert f'href="{reverse("integrations:setup", args=["acme", roadmap.pk])}"' in page
    assert "aria-disabled" not in page


def test_a_connector_of_another_account_does_not_count(olga: Membership, mallory: Membership) -> None:
    """S33"""
    factories.make_integration(mallory)
    assert 'aria-disabled="true"' in look("sync_toolbar", olga, factories.make_roadmap(olga))


def test_editors_read_who_can_set_it_up_and_viewers_are_not_bothered(
    olga: Membership, alice: Membership, vera: Membership
) -> None:
    roadmap = factories.make_roadmap(olga)
    factories.make_integration(alice)
    editor = factories.make_member(olga.account, Role.COLLABORATOR)
    factories.make_share(roadmap, editor, "editor")
    factories.make_share(roadmap, vera)
    assert "Only the owner of this roadmap, Olga Olsen, can set it up." in look("sync_toolbar", editor, roadmap)
    assert "Integrations" not in look("sync_toolbar", vera, roadmap)


def test_the_trackers_button_takes_the_place_of_integrations(link: ProjectLink, olga: Membership) -> None:
    """S26, D9"""
    make_run(link)
    page = look("sync_toolbar", olga, link.roadmap)
    assert "Integrations" not in page
    for text in ("Pivotal Tracker", "Sync now", "Sync history", "Modify Setup", "Healthy", "Succeeded", "Rider app"):
        assert text in page


def test_only_the_owner_gets_the_buttons_that_act(link: ProjectLink, vera: Membership, alice: Membership) -> None:
    """S27"""
    factories.make_share(link.roadmap, vera)
    for member in (vera, alice):
        page = look("sync_toolbar", member, link.roadmap)
        assert "Sync history" in page
        assert "Sync now" not in page
        assert "Modify Setup" not in page


# --- The state


@pytest.mark.parametrize(
    ("runs", "columns", "state"),
    [
        ([], {}, "Healthy"),
        (["succeeded"], {}, "Healthy"),
        (["succeeded", "queued"], {}, "Syncing"),
        (["failed", "running"], {}, "Syncing"),
        (["partial"], {}, "Partially synced"),
        (["failed"], {}, "Unable to sync"),
        (["failed", "succeeded"], {}, "Healthy"),
        (["failed"], {"paused_at": timezone.now()}, "Paused"),
        (["held"], {}, "Paused"),
        (["succeeded", "cancelled"], {}, "Healthy"),
    ],
)
def test_the_state_is_one_of_five_words(
    link: ProjectLink, runs: list[str], columns: dict[str, object], state: str
) -> None:
    """D19"""
    for run in runs:
        make_run(link, run)
    ProjectLink.objects.update(**columns)
    status = status_of(link.roadmap)
    assert status is not None
    assert status.state == state


def test_an_archived_roadmap_is_paused(link: ProjectLink, olga: Membership) -> None:
    """D22"""
    link.roadmap.archived_at = timezone.now()
    link.roadmap.save()
    page = look("sync_toolbar", olga, link.roadmap)
    assert "Paused" in page
    assert "Sync now" not in page


def test_a_roadmap_without_a_link_shows_no_status(olga: Membership) -> None:
    assert look("sync_status", olga, factories.make_roadmap(olga)).strip() == ""


def test_everybody_sees_how_old_the_data_is(link: ProjectLink, olga: Membership, vera: Membership) -> None:
    """P1"""
    factories.make_share(link.roadmap, vera)
    for member in (olga, vera):
        page = look("sync_status", member, link.roadmap)
        assert "3 hours ago" in page
        assert "next sync in 9 hours" in page


@pytest.mark.parametrize("state", ["failed", "cancelled", "running", "held"])
def test_data_is_as_old_as_the_last_good_sync(link: ProjectLink, olga: Membership, state: str) -> None:
    """P1: one that found nothing changed counts, one that came to nothing does not."""
    make_run(link, finished_at=timezone.now() - timedelta(hours=1, minutes=1))
    for _ in range(2):
        make_run(link, "failed")
    make_run(link, state)
    status = status_of(link.roadmap)
    assert status is not None and status.fresh_at is not None
    assert timezone.now() - status.fresh_at > timedelta(hours=1)


def test_the_first_sync_shows_live_counts(link: ProjectLink, olga: Membership) -> None:
    """D8"""
    SyncRun.objects.all().delete()
    make_run(link, "running", trigger="setup", stage="reading", records_read=120, records_announced=300, requests=4)
    page = look("sync_status", olga, link.roadmap)
    assert "Initial sync in progress" in page
    assert 'max="300" value="120"' in page
    assert "Refresh</a></noscript>" in page
    assert 'hx-trigger="every 1s"' in page


def test_a_later_sync_shows_one_line(link: ProjectLink, olga: Membership) -> None:
    make_run(link, "running", stage="reading", records_read=120, records_announced=300)
    page = look("sync_status", olga, link.roadmap)
    assert "Initial sync" not in page
    assert "Reading: 120 of 300" in page


def pause(link: ProjectLink, code: str = "credential_rejected") -> None:
    make_run(link, "failed", error="The token is refused.", error_code=code)
    ProjectLink.objects.update(paused_at=timezone.now(), paused_code=code, paused_reason="The token is refused.")


def test_a_dead_token_tells_the_owner_what_happened_what_was_not_lost_and_what_to_do(
    link: ProjectLink, olga: Membership
) -> None:
    """S11, P3"""
    pause(link)
    page = look("sync_status", olga, link.roadmap)
    assert "Pivotal Tracker is paused." in page
    assert "The token is refused." in page
    assert "All items of this roadmap are still here." in page
    assert "Last good sync: 3 hours ago." in page
    credentials = reverse("integrations:setup-step", args=["acme", link.roadmap_id, "credentials"])
    assert f'href="{credentials}">Modify Setup' in page


def test_viewers_see_only_how_fresh_the_data_is(link: ProjectLink, vera: Membership) -> None:
    """S11: to the people who can mend it."""
    factories.make_share(link.roadmap, vera)
    pause(link)
    page = look("sync_status", vera, link.roadmap)
    assert "3 hours ago" in page
    assert "Paused" in page
    assert "token" not in page
    assert "Modify Setup" not in page


def test_a_failed_sync_that_is_tried_again_says_so(link: ProjectLink, olga: Membership) -> None:
    make_run(link, "failed", error="The tracker did not answer in time.", error_code="tracker_unavailable")
    page = look("sync_status", olga, link.roadmap)
    assert "The last sync did not come through." in page
    assert "It is tried again by itself." in page


def test_a_partial_sync_leads_to_its_problems(link: ProjectLink, olga: Membership) -> None:
    run = make_run(link, "partial", problem_count=2)
    page = look("sync_status", olga, link.roadmap)
    assert "2 problems" in page
    assert reverse("integrations:run-detail", args=["acme", link.roadmap_id, run.pk]) in page


def test_button_and_status_cost_two_queries_together(
    link: ProjectLink, olga: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_run(link)
    roadmap = Roadmap.objects.select_related("owner__user", "account").get(pk=link.roadmap_id)
    with django_assert_num_queries(2):
        look("sync_toolbar %}{% sync_status", olga, roadmap)


# --- Polling


def poll_url(page: str) -> str:
    found = re.search(r'hx-get="([^"]+)"', page)
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_while_nothing_changed_the_answer_is_empty_and_cheap(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_run(link)
    browser = signed_in(olga)
    url = poll_url(look("sync_status", olga, link.roadmap))
    browser.get(url)
    with django_assert_num_queries(6):
        response = browser.get(url)
    assert response.status_code == 204
    assert response.content == b""


def test_progress_comes_with_the_next_look_and_leaves_the_button_alone(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    """D8"""
    run = make_run(link, "running", stage="reading", records_read=1, records_announced=300)
    url = poll_url(look("sync_status", olga, link.roadmap))
    SyncRun.objects.filter(pk=run.pk).update(records_read=200)
    page = signed_in(olga).get(url).content.decode()
    assert "200 of 300" in page
    assert "sync-toolbar" not in page
    assert "#items" not in page


def end(run: SyncRun, **columns: object) -> None:
    now = timezone.now()
    SyncRun.objects.filter(pk=run.pk).update(**{"state": "succeeded", "finished_at": now, "stage": "", **columns})


def test_when_a_sync_ends_the_button_changes_and_the_items_are_fetched(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    """D8: without a reload."""
    run = make_run(link, "running", stage="saving")
    url = poll_url(look("sync_status", olga, link.roadmap))
    end(run, created=3)
    page = signed_in(olga).get(url).content.decode()
    assert 'hx-select="#items-rows" hx-target="#items-rows"' in page
    assert 'id="sync-toolbar" hx-swap-oob="outerMorph"' in page
    assert "just now" in page
    again = signed_in(olga).get(poll_url(page))
    assert again.status_code == 204


def test_a_sync_that_changed_nothing_leaves_the_items_alone(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    run = make_run(link, "running", stage="reading")
    url = poll_url(look("sync_status", olga, link.roadmap))
    end(run)
    assert "#items" not in signed_in(olga).get(url).content.decode()


@pytest.mark.parametrize("layout", ["items-table", "timeline", "swimlane", "rollup"])
def test_a_sync_that_ends_while_a_page_is_made_is_not_taken_for_seen(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, layout: str
) -> None:
    """D8: its items may be those of before, so the page fetches them once more."""
    labels = factories.make_field(olga.account, "Labels", "choices", options=["Map"])
    factories.make_item(link.roadmap, start_date=timezone.localdate(), end_date=timezone.localdate())
    run = make_run(link, "running", stage="saving")

    def end_it_behind_the_items(execute: Any, sql: str, *rest: Any) -> Any:
        found = execute(sql, *rest)
        if "roadmaps_item" in sql and SyncRun.objects.filter(pk=run.pk, state="running").exists():
            end(run, updated=1)
        return found

    browser = signed_in(olga)
    with connection.execute_wrapper(end_it_behind_the_items):
        url = reverse(f"roadmaps:{layout}", args=["acme", link.roadmap_id])
        page = browser.get(f"{url}?by={labels.column}" if layout == "rollup" else url).content.decode()
    assert SyncRun.objects.get(pk=run.pk).state == "succeeded"
    assert "#items-rows" in browser.get(poll_url(page[page.index('id="sync-status"') :])).content.decode()


def test_a_sync_that_the_owner_takes_back_goes_from_the_pages_of_others(
    link: ProjectLink, vera: Membership, signed_in: SignedIn
) -> None:
    """B5"""
    factories.make_share(link.roadmap, vera)
    run = make_run(link, created=2)
    url = poll_url(look("sync_status", vera, link.roadmap))
    SyncRun.objects.filter(pk=run.pk).update(undone_at=timezone.now())
    page = signed_in(vera).get(url).content.decode()
    assert "#items-rows" in page
    assert signed_in(vera).get(poll_url(page)).status_code == 204


def test_a_pause_shows_within_one_look(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    """P1"""
    make_run(link)
    url = poll_url(look("sync_status", olga, link.roadmap))
    pause(link)
    assert "Pivotal Tracker is paused." in signed_in(olga).get(url).content.decode()


@pytest.mark.parametrize("run", ["", "-1", "x", "9" * 40, "٣"])
def test_nonsense_in_the_address_does_no_harm(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, run: str
) -> None:
    make_run(link, created=1)
    url = reverse("integrations:sync-status", args=["acme", link.roadmap_id])
    assert signed_in(olga).get(url, {"seen": "x\x00" * 99, "run": run}).status_code == 200


def test_who_was_signed_out_meanwhile_gets_the_sign_in_page_in_whole(link: ProjectLink) -> None:
    """Not inside the roadmap that is still on the screen."""
    url = reverse("integrations:sync-status", args=["acme", link.roadmap_id])
    response = Client().get(url, headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Refresh"]) == (204, "true")
    assert Client().get(url).status_code == 302


def test_the_status_of_others_does_not_exist(link: ProjectLink, mallory: Membership, signed_in: SignedIn) -> None:
    """S33"""
    for slug in ("acme", "evil"):
        url = reverse("integrations:sync-status", args=[slug, link.roadmap_id])
        assert signed_in(mallory).get(url).status_code == 404


# --- The Item Card


def test_a_card_says_how_old_it_is(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    """B11: as a page, and over one; an item made by hand has no such age."""
    Roadmap.objects.update(source_label="Pivotal Tracker")
    item, own = factories.make_item(link.roadmap, external_id="17"), factories.make_item(link.roadmap)
    for headers in ({}, {"HX-Request": "true"}):
        pages = [
            signed_in(olga).get(reverse("roadmaps:item", args=["acme", link.roadmap_id, each.pk]), headers=headers)
            for each in (item, own)
        ]
        told = [re.sub(r"<[^>]+>", "", page.content.decode().replace("\xa0", " ")) for page in pages]
        assert "Synced from Pivotal Tracker 3 hours ago" in told[0]
        assert "Synced from" not in told[1]


def test_an_item_shows_what_syncs_did_to_it(
    link: ProjectLink, olga: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """B4"""
    field = factories.make_field(olga.account, "State", "choice", options=["Started", "Accepted"])
    started, accepted = field.options.all()
    item = factories.make_item(link.roadmap, "Lock the bike", external_id="17")
    changes = [
        ("created", {}),
        ("updated", {field.column: [started.pk, accepted.pk], "end_date": [None, "2026-03-01"]}),
        ("flagged", {"source_state": ["", "deleted"]}),
    ]
    for kind, change in changes:
        run = make_run(link)
        ItemChange.objects.create(account=olga.account, run=run, item=item, kind=kind, changes=change)
    with django_assert_num_queries(3):
        page = look("item_sync_history item", olga, link.roadmap, item=item)
    assert "<bdi>State</bdi> <del><bdi>Started</bdi></del> → <ins><bdi>Accepted</bdi></ins>" in page
    assert '<bdi>End Date</bdi> <span class="muted">nothing</span> → <ins><bdi>1 Mar 2026</bdi></ins>' in page
    assert "<strong>Stopped updating</strong>: Deleted at the source" in page
    assert "<strong>Created</strong> </li>" in page
    assert page.index("Stopped updating") < page.index("<del>") < page.index("Created")


def test_an_item_made_by_hand_has_no_such_history(
    link: ProjectLink, olga: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    item = factories.make_item(link.roadmap, "Ours")
    with django_assert_num_queries(0):
        assert look("item_sync_history item", olga, link.roadmap, item=item).strip() == ""

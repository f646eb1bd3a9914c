"""B8, B9: a held sync asks its owner, says what it would do and takes one answer; a running one can be cancelled."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import Membership, Role
from integrations import panel
from integrations.models import ProjectLink, SyncRun
from integrations.sync import schedule
from roadmaps.models import Roadmap
from tests import factories
from tests.integrations.pages.test_runs import address, press, said
from tests.integrations.pages.test_status import look, make_run, pause, poll_url

SignedIn = Callable[[Membership], Client]
ANSWERS = ("run-apply", "run-keep", "run-cancel")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that workers were told of; none of them works here."""
    told: list[int] = []
    monkeypatch.setattr(schedule, "send", lambda run_id, queue: told.append(run_id))
    return told


@pytest.fixture
def link(olga: Membership) -> ProjectLink:
    """Olga's roadmap of 66 synced items, two of which stopped long ago, and one of her own."""
    roadmap = factories.make_roadmap(olga, "Apollo")
    for number in range(66):
        state = "deleted" if number < 2 else ""
        factories.make_item(roadmap, f"Story {number}", external_id=str(number), source_state=state)
    factories.make_item(roadmap, "Her own")
    return factories.make_link(roadmap)


def hold(link: ProjectLink, **told: object) -> SyncRun:
    """A run that would stop 60 items, of which it names 50."""
    items = link.roadmap.items.filter(origin=link.kind, source_state="").order_by("id")[:50]
    named = [{"item": item.pk, "name": item.name, "reason": "deleted"} for item in items]
    counts = {"created": 11, "updated": 22, "revived": 33, "unchanged": 44, "flagged": 60}
    plan = {**counts, "stopped": named, "reasons": {"moved": 8, "deleted": 52}, **told}
    return make_run(link, "held", plan=plan)


def answer(browser: Client, name: str, run: SyncRun) -> HttpResponse:
    return browser.post(address(name, run.link, run.pk))


# --- What the pages say


def test_the_owner_reads_what_it_would_do_and_why(link: ProjectLink, olga: Membership) -> None:
    run = hold(link)
    page = look("sync_status", olga, link.roadmap)
    assert "The last sync would stop 60 of 64 items" in page
    assert "Nothing was changed." in page
    figures = re.findall(r"<dt>([^<]+)</dt><dd>(\d+)</dd>", page)
    assert figures == [
        ("would stop", "60"),
        ("created", "11"),
        ("updated", "22"),
        ("come back", "33"),
        ("values cleared", "0"),
        ("unchanged", "44"),
    ]
    assert page.index("<strong>52</strong> <span>Deleted at the source") < page.index("<strong>8</strong>")
    assert "Show the first 50 of them" in page
    assert "and 10 more" in page
    for name in ("run-apply", "run-keep"):
        assert f'method="post" action="{address(name, link, run.pk)}"' in page


def test_the_names_of_items_are_text(link: ProjectLink, olga: Membership) -> None:
    """D18"""
    hold(link, stopped=[{"item": 1, "name": "<script>alert(1)</script>", "reason": "deleted"}])
    page = look("sync_status", olga, link.roadmap)
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_where_lost_items_are_archived_the_button_says_so(link: ProjectLink, olga: Membership) -> None:
    """D11"""
    hold(link)
    ProjectLink.objects.update(lost_items="archive")
    assert "Archives these items" in look("sync_status", olga, link.roadmap)


def test_others_see_how_fresh_the_data_is_and_who_is_asked(
    link: ProjectLink, olga: Membership, vera: Membership, alice: Membership
) -> None:
    make_run(link, finished_at=timezone.now() - timedelta(hours=3))
    hold(link)
    editor = factories.make_member(link.account, Role.COLLABORATOR)
    factories.make_share(link.roadmap, editor, "editor")
    factories.make_share(link.roadmap, vera)
    for member in (vera, alice, editor):
        page = look("sync_toolbar %}{% sync_status", member, link.roadmap)
        assert "Waiting for the owner, <bdi>Olga Olsen</bdi>" in page
        assert "3 hours ago" in page
        for secret in ("Story", "would stop", "<form", "Deleted"):
            assert secret not in page


def test_an_archived_roadmap_asks_nobody(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    """D22"""
    run = hold(link)
    Roadmap.objects.update(archived_at=timezone.now())
    link.roadmap.refresh_from_db()
    assert "Keep the items" not in look("sync_status", olga, link.roadmap)
    for name in ANSWERS:
        assert answer(signed_in(olga), name, run).status_code == 403
    assert SyncRun.objects.get().state == "held"


def test_the_button_says_paused_and_why_sync_now_is_off(link: ProjectLink, olga: Membership) -> None:
    """D9, D19"""
    hold(link)
    page = look("sync_toolbar", olga, link.roadmap)
    assert "Paused, waiting for the owner" in page
    assert "The last sync waits for your answer first." in page
    assert re.search(r"<button[^>]* disabled>(?:(?!</button>).)*Sync now", page)
    assert "Cancel this sync" not in page


def test_sync_now_says_that_an_answer_is_missing(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    hold(link)
    assert said(press(signed_in(olga), link)) == ["The last sync waits for your answer first."]
    assert SyncRun.objects.count() == 1


def test_its_page_shows_the_plan_to_the_owner_alone(
    link: ProjectLink, olga: Membership, vera: Membership, signed_in: SignedIn
) -> None:
    run = hold(link)
    factories.make_share(link.roadmap, vera)
    page = signed_in(olga).get(address("run-detail", link, run.pk)).content.decode()
    for text in ("Waiting for the owner", "60 of 64 items", "Story 2<", "The first 50 of 60", "Apply this sync"):
        assert text in page
    page = signed_in(vera).get(address("run-detail", link, run.pk)).content.decode()
    assert "so the owner, <bdi>Olga Olsen</bdi>, is asked first" in page
    assert "Story 2<" not in page
    assert "Apply this sync" not in page


def test_the_history_does_not_count_what_did_not_happen(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    hold(link)
    page = signed_in(olga).get(address("run-list", link)).content.decode()
    assert "Waiting for the owner" in page
    assert "would stop 60 items" in page
    assert '<td class="cell--number">11</td>' not in page


def test_a_panel_stands_still_while_it_is_read(
    link: ProjectLink, olga: Membership, vera: Membership, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The age of the data goes on for those who see it; the owner's list stays open, since nothing is swapped."""
    hold(link)
    factories.make_share(link.roadmap, vera)
    polls = {member: poll_url(look("sync_status", member, link.roadmap)) for member in (olga, vera)}
    monkeypatch.setattr(panel, "_ago", lambda status: "4 hours ago")
    assert signed_in(olga).get(polls[olga]).status_code == 204
    assert "4 hours ago" in signed_in(vera).get(polls[vera]).content.decode()


def test_a_run_that_comes_to_wait_shows_by_itself_and_waits_at_ease(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    run = make_run(link, "running", stage="comparing")
    url = poll_url(look("sync_status", olga, link.roadmap))
    SyncRun.objects.filter(pk=run.pk).update(state="held", stage="", plan={"flagged": 60, "reasons": {"deleted": 60}})
    page = signed_in(olga).get(url).content.decode()
    assert "The last sync would stop 60 of 64 items" in page
    assert 'id="sync-toolbar" hx-swap-oob="' in page
    assert 'hx-trigger="every 5s"' in page
    assert "csrfmiddlewaretoken" in page
    assert signed_in(olga).get(poll_url(page)).status_code == 204


def test_a_plan_that_grew_after_a_yes_is_shown_anew(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    run = hold(link)
    url = poll_url(look("sync_status", olga, link.roadmap))
    SyncRun.objects.filter(pk=run.pk).update(plan={"digest": "other", "flagged": 61})
    assert "would stop 61 of 64" in signed_in(olga).get(url).content.decode()


def test_the_pages_of_a_held_run_ask_one_query_more(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run = hold(link)
    SyncRun.objects.update(asked_by=olga)
    roadmap = Roadmap.objects.select_related("owner__user", "account").get(pk=link.roadmap_id)
    with django_assert_num_queries(3):
        look("sync_toolbar %}{% sync_status", olga, roadmap)
    browser = signed_in(olga)
    browser.get(address("run-detail", link, run.pk))
    with django_assert_num_queries(8):
        browser.get(address("run-detail", link, run.pk))


# --- The answers


def test_yes_sends_the_run_on_its_way(
    link: ProjectLink,
    olga: Membership,
    signed_in: SignedIn,
    sent: list[int],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    run = hold(link)
    with django_capture_on_commit_callbacks(execute=True):
        response = answer(signed_in(olga), "run-apply", run)
    assert said(response) == ["The sync goes on, and may stop 60 items. Each is marked with the reason."]
    run.refresh_from_db()
    assert (run.state, run.planned_flags, run.flagged, sent) == ("queued", 60, 0, [run.pk])


def test_no_keeps_the_items_and_pauses(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    run = hold(link)
    response = answer(signed_in(olga), "run-keep", run)
    assert said(response) == ["Nothing was changed. Syncing is paused until you press “Sync now”."]
    page = look("sync_toolbar %}{% sync_status", olga, link.roadmap)
    assert "Pivotal Tracker is paused." in page
    assert "You said no" in page
    assert "banner--danger" not in page
    assert "Turned down" in page
    assert page.count("Sync now") >= 2
    press(signed_in(olga), link)
    assert "You said no" not in look("sync_status", olga, link.roadmap)


def test_what_was_turned_down_is_remembered(
    link: ProjectLink, olga: Membership, vera: Membership, signed_in: SignedIn
) -> None:
    run = hold(link)
    factories.make_share(link.roadmap, vera)
    answer(signed_in(olga), "run-keep", run)
    page = signed_in(olga).get(address("run-detail", link, run.pk)).content.decode()
    for text in ("Turned down", "It would have stopped 60 items", "Story 2<", "Deleted at the source"):
        assert text in page
    assert "Apply this sync" not in page
    page = signed_in(vera).get(address("run-detail", link, run.pk)).content.decode()
    assert "The owner said no to this sync, so nothing was changed." in page
    assert "Story 2<" not in page
    assert "Turned down" in signed_in(vera).get(address("run-list", link)).content.decode()


def test_a_run_that_went_on_says_that_the_owner_was_asked(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    run = make_run(link, "succeeded", plan={"flagged": 60}, flagged=58)
    page = signed_in(olga).get(address("run-detail", link, run.pk)).content.decode()
    assert "allowed it to stop 60 items" in page


def test_only_the_first_answer_counts(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    run = hold(link)
    browser = signed_in(olga)
    for first, second, state in (("run-keep", "run-apply", "cancelled"), ("run-apply", "run-keep", "queued")):
        SyncRun.objects.update(state="held", finished_at=None, error_code="", flagged=60)
        answer(browser, first, run)
        for name in (second, first):
            assert "no longer waits for an answer" in said(answer(browser, name, run))[-1]
        assert SyncRun.objects.get().state == state


@pytest.mark.parametrize("state", ["queued", "running", "succeeded", "partial", "failed", "cancelled"])
@pytest.mark.parametrize("name", ["run-apply", "run-keep"])
def test_a_run_that_does_not_wait_takes_no_answer(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, name: str, state: str
) -> None:
    run = make_run(link, state)
    assert "no longer waits for an answer" in said(answer(signed_in(olga), name, run))[0]
    run.refresh_from_db()
    assert (run.state, ProjectLink.objects.get().paused_at) == (state, None)


def test_with_a_dead_token_the_token_comes_first(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    """S11: a yes would ask the tracker with a secret that it refused."""
    pause(link)
    run = hold(link)
    page = look("sync_status", olga, link.roadmap)
    assert "Modify Setup" in page
    assert "Apply this sync" not in page
    assert "Nothing was synced. The token is refused." in said(answer(signed_in(olga), "run-apply", run))[0]
    run.refresh_from_db()
    assert run.state == "held"


# --- Cancelling


@pytest.mark.parametrize("state", ["queued", "running"])
def test_the_owner_cancels_a_sync_from_the_menu(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, state: str
) -> None:
    ProjectLink.objects.update(next_sync_at=timezone.now() + timedelta(hours=9, minutes=1))
    run = make_run(link, state)
    button = f'action="{address("run-cancel", link, run.pk)}"'
    assert button in look("sync_toolbar", olga, link.roadmap)
    response = answer(signed_in(olga), "run-cancel", run)
    assert said(response) == [
        "The sync was cancelled. Nothing was changed. "
        "The next one comes by itself in 9\xa0hours; “Sync now” asks for one at once."
    ]
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("cancelled", "called_off")
    page = look("sync_toolbar %}{% sync_status", olga, link.roadmap)
    assert "The last sync was cancelled" in page
    assert button not in page


def test_the_first_sync_can_be_cancelled_where_it_shows(
    link: ProjectLink, olga: Membership, vera: Membership, signed_in: SignedIn
) -> None:
    """D8"""
    SyncRun.objects.all().delete()
    ProjectLink.objects.update(next_sync_at=None)
    run = make_run(link, "running", stage="reading")
    factories.make_share(link.roadmap, vera)
    button = f'action="{address("run-cancel", link, run.pk)}"'
    assert button in look("sync_status", olga, link.roadmap)
    assert button not in look("sync_toolbar %}{% sync_status", vera, link.roadmap)
    assert "“Sync now” starts another one." in said(answer(signed_in(olga), "run-cancel", run))[0]


@pytest.mark.parametrize(
    ("state", "says"),
    [("succeeded", "too late"), ("failed", "too late"), ("cancelled", "too late"), ("held", "waits for your answer")],
)
def test_it_is_honest_about_a_sync_that_can_not_be_cancelled(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, state: str, says: str
) -> None:
    run = make_run(link, state)
    assert says in said(answer(signed_in(olga), "run-cancel", run))[0]
    run.refresh_from_db()
    assert run.state == state


# --- Whose word counts


@pytest.mark.parametrize("name", ANSWERS)
def test_only_the_owner_answers(
    link: ProjectLink,
    alice: Membership,
    vera: Membership,
    mallory: Membership,
    signed_in: SignedIn,
    name: str,
) -> None:
    """S27, S33"""
    run = make_run(link, "running" if name == "run-cancel" else "held")
    editor = factories.make_member(link.account, Role.COLLABORATOR)
    stranger = factories.make_member(link.account, Role.COLLABORATOR)
    factories.make_share(link.roadmap, editor, "editor")
    factories.make_share(link.roadmap, vera)
    for member, status in ((alice, 403), (editor, 403), (vera, 403), (stranger, 404), (mallory, 404)):
        assert answer(signed_in(member), name, run).status_code == status
    assert answer(Client(), name, run).headers["Location"].startswith("/auth/login/")
    before = run.state
    run.refresh_from_db()
    assert run.state == before


@pytest.mark.parametrize("name", ANSWERS)
def test_a_run_of_another_roadmap_takes_no_answer_here(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, name: str
) -> None:
    other = factories.make_link(factories.make_roadmap(olga, "Gemini"))
    run = make_run(other, "running" if name == "run-cancel" else "held")
    browser = signed_in(olga)
    for run_id in (run.pk, 10**15, 10**30):
        assert browser.post(address(name, link, run_id)).status_code == 404
    unlinked = factories.make_roadmap(olga, "Mercury")
    assert browser.post(address(name, link, run.pk).replace(str(link.roadmap_id), str(unlinked.pk))).status_code == 404
    assert SyncRun.objects.get().is_live


@pytest.mark.parametrize("name", ANSWERS)
def test_looking_answers_nothing_and_neither_does_a_foreign_form(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, name: str
) -> None:
    run = hold(link)
    assert signed_in(olga).get(address(name, link, run.pk)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga.user)
    assert answer(strict, name, run).status_code == 403
    assert SyncRun.objects.get().state == "held"


def test_an_answer_costs_few_queries(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run = hold(link)
    browser = signed_in(olga)
    with django_assert_max_num_queries(12):
        answer(browser, "run-keep", run)

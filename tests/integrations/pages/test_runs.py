"""D9, D19, B4: "Sync now", "Sync history" and the page of one sync."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Role
from integrations.models import ItemChange, ProjectLink, SyncRun
from tests import factories
from tests.integrations.pages.test_status import make_run, pause

SignedIn = Callable[[Membership], Client]


@pytest.fixture
def link(olga: Membership) -> ProjectLink:
    """Olga's roadmap, linked."""
    return factories.make_link(factories.make_roadmap(olga, "Apollo"))


def address(name: str, link: ProjectLink, *args: object) -> str:
    return reverse(f"integrations:{name}", args=["acme", link.roadmap_id, *args])


def press(browser: Client, link: ProjectLink) -> HttpResponse:
    """Press "Sync now"."""
    return browser.post(address("sync-now", link))


def said(response: HttpResponse) -> list[str]:
    """The messages that the next page will show."""
    from django.contrib.messages import get_messages

    return [str(message) for message in get_messages(response.wsgi_request)]


def test_sync_now_queues_one_run_however_often_it_is_pressed(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    browser = signed_in(olga)
    press(browser, link)
    response = press(browser, link)
    run = SyncRun.objects.get()
    assert (run.trigger, run.state, run.asked_by) == ("manual", "queued", olga)
    assert said(response) == ["A sync is under way already."]


def test_sync_now_is_for_the_owner(link: ProjectLink, alice: Membership, vera: Membership, signed_in: SignedIn) -> None:
    """S27"""
    editor = factories.make_member(link.account, Role.COLLABORATOR)
    factories.make_share(link.roadmap, editor, "editor")
    factories.make_share(link.roadmap, vera)
    for member in (alice, editor, vera):
        assert press(signed_in(member), link).status_code == 403
    assert not SyncRun.objects.exists()


def test_looking_at_it_starts_nothing(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    assert signed_in(olga).get(address("sync-now", link)).status_code == 405
    assert not SyncRun.objects.exists()


def test_a_dead_token_is_not_asked_again(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    """S11: nothing is asked of the tracker until somebody acts."""
    pause(link)
    response = press(signed_in(olga), link)
    assert "Modify Setup" in said(response)[0]
    assert SyncRun.objects.count() == 1


def test_a_lost_project_may_be_tried_again(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    """D20: somebody may have shared it again."""
    pause(link, "project_unavailable")
    press(signed_in(olga), link)
    assert SyncRun.objects.filter(state="queued").count() == 1


def test_without_a_broker_the_run_waits(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promises R4: the row is stored, the next tick sends it."""
    from kombu.exceptions import OperationalError

    from integrations.sync import schedule

    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError

    monkeypatch.setattr(schedule, "send", refuse)
    assert press(signed_in(olga), link).status_code == 302
    assert SyncRun.objects.get().state == "queued"


def test_sync_now_on_a_roadmap_without_a_link_leads_to_the_setup(olga: Membership, signed_in: SignedIn) -> None:
    roadmap = factories.make_roadmap(olga)
    response = signed_in(olga).post(reverse("integrations:sync-now", args=["acme", roadmap.pk]))
    assert response.headers["Location"] == reverse("integrations:setup", args=["acme", roadmap.pk])


def test_the_history_shows_state_counts_problems_and_errors(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    """D9"""
    make_run(link, "failed", error="The tracker did not answer in time.")
    make_run(link, "partial", trigger="manual", asked_by=olga, created=11, updated=22, flagged=33, problem_count=44)
    page = signed_in(olga).get(address("run-list", link)).content.decode()
    for text in (
        "Failed",
        "did not answer in time",
        "Partially synced",
        "Sync now",
        "Olga Olsen",
        "11",
        "22",
        "33",
        "44",
    ):
        assert text in page
    assert page.index("Partially synced") < page.index("Failed")


def test_everybody_who_sees_the_roadmap_sees_its_history(
    link: ProjectLink, vera: Membership, alice: Membership, mallory: Membership, signed_in: SignedIn
) -> None:
    run = make_run(link)
    factories.make_share(link.roadmap, vera)
    stranger = factories.make_member(link.account, Role.COLLABORATOR)
    for member, status in ((vera, 200), (alice, 200), (stranger, 404), (mallory, 404)):
        browser = signed_in(member)
        assert browser.get(address("run-list", link)).status_code == status
        assert browser.get(address("run-detail", link, run.pk)).status_code == status


def test_a_run_of_another_roadmap_does_not_exist_here(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    other = factories.make_link(factories.make_roadmap(olga, "Gemini"))
    browser = signed_in(olga)
    for run_id in (make_run(other).pk, 10**15):
        assert browser.get(address("run-detail", link, run_id)).status_code == 404


def test_a_roadmap_without_a_link_has_no_history(olga: Membership, signed_in: SignedIn) -> None:
    roadmap = factories.make_roadmap(olga)
    assert signed_in(olga).get(reverse("integrations:run-list", args=["acme", roadmap.pk])).status_code == 404


def test_a_run_shows_each_change_with_names_and_nothing_as_html(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    """B4, D18"""
    field = factories.make_field(olga.account, "State", "choice", options=["Started", "<b>Bold</b>"])
    started, bold = field.options.all()
    item = factories.make_item(link.roadmap, "<script>alert(1)</script>", external_id="17")
    problems = [{"record": "18", "field": "estimate", "message": "Not a number: <i>x</i>."}]
    run = make_run(link, "partial", updated=1, problem_count=1, problems=problems)
    changes = {field.column: [started.pk, bold.pk], "name": ["Old", item.name], "f999999": ["x", None]}
    ItemChange.objects.create(account=olga.account, run=run, item=item, kind="updated", changes=changes)
    page = signed_in(olga).get(address("run-detail", link, run.pk)).content.decode()
    for text in (
        "&lt;b&gt;Bold&lt;/b&gt;",
        "&lt;script&gt;",
        "Started",
        "A field that is gone",
        "&lt;i&gt;x&lt;/i&gt;",
    ):
        assert text in page
    assert "<script>alert" not in page


def test_history_and_run_are_paged_and_ask_few_queries(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        run = make_run(link, asked_by=olga)
    field = factories.make_field(olga.account, "Points", "number")
    for number in range(60):
        item = factories.make_item(link.roadmap, f"Story {number}", external_id=str(number))
        change = {field.column: [number, number + 1]}
        ItemChange.objects.create(account=olga.account, run=run, item=item, kind="updated", changes=change)
    browser = signed_in(olga)
    assert "Page 1 of 2" in browser.get(address("run-list", link)).content.decode()
    with django_assert_num_queries(9):
        browser.get(address("run-list", link))
    assert "Page 1 of 2" in browser.get(address("run-detail", link, run.pk)).content.decode()
    with django_assert_num_queries(9):
        browser.get(address("run-detail", link, run.pk))
    assert browser.get(address("run-list", link), {"page": "10**9"}).status_code == 200

"""B4, B5: the sync history, what is looked for in it, and the button that takes a sync back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest
import redis
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Role
from integrations.models import ItemChange, ProjectLink, SyncRun
from integrations.sync import progress
from roadmaps.models import Item
from tests import factories
from tests.integrations.pages.test_runs import address, press, said
from tests.integrations.pages.test_status import look, make_run

SignedIn = Callable[[Membership], Client]


@pytest.fixture
def link(olga: Membership) -> ProjectLink:
    """Olga's roadmap, linked, with an item that a sync renamed."""
    link = factories.make_link(factories.make_roadmap(olga, "Apollo"))
    run = make_run(link, "succeeded", updated=1, trigger="manual")
    item = factories.make_item(link.roadmap, "Basket", external_id="7")
    changed(run, item, name=["Cart", "Basket"])
    return link


def changed(run: SyncRun, item: Item, kind: str = "updated", **changes: list[object]) -> ItemChange:
    return ItemChange.objects.create(account_id=run.account_id, run=run, item=item, kind=kind, changes=changes)


def page_of(browser: Client, link: ProjectLink, run: SyncRun, query: str = "") -> str:
    return browser.get(address("run-detail", link, run.pk) + query).content.decode()


# --- Undo


def test_the_owner_takes_the_latest_sync_back(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    run, browser = SyncRun.objects.get(), signed_in(olga)
    assert "Undo this sync" in page_of(browser, link, run)
    answer = browser.post(address("run-undo", link, run.pk))
    assert said(answer)[0].startswith("The sync was undone: 1 item says again what it said before. Syncing rests")
    assert Item.objects.get().name == "Cart"
    page = page_of(browser, link, run)
    assert "Undone on" in page
    assert "Olga Olsen" in page
    assert "Undo this sync" not in page
    assert "Undone since." in page
    assert "Undone" in browser.get(address("run-list", link)).content.decode()


def test_the_roadmap_says_that_syncing_rests_and_how_it_goes_on(
    link: ProjectLink, olga: Membership, vera: Membership, signed_in: SignedIn
) -> None:
    factories.make_share(link.roadmap, vera)
    browser = signed_in(olga)
    browser.post(address("run-undo", link, SyncRun.objects.get().pk))
    page = look("sync_toolbar %}{% sync_status", olga, link.roadmap)
    assert "You took back what the last sync did." in page
    assert "Syncing rests until you press “Sync now” or change the setup." in page
    assert "banner--danger" not in page
    assert "<form" not in look("sync_status", vera, link.roadmap)
    press(browser, link)
    assert SyncRun.objects.filter(state="queued").exists()


def test_only_the_owner_undoes(
    link: ProjectLink, alice: Membership, vera: Membership, mallory: Membership, signed_in: SignedIn
) -> None:
    editor = factories.make_member(link.account, Role.COLLABORATOR)
    factories.make_share(link.roadmap, editor, "editor")
    factories.make_share(link.roadmap, vera)
    run = SyncRun.objects.get()
    for member, status in ((alice, 403), (editor, 403), (vera, 403), (mallory, 404)):
        assert signed_in(member).post(address("run-undo", link, run.pk)).status_code == status
    assert "Undo this sync" not in page_of(signed_in(vera), link, run)
    assert Item.objects.get().name == "Basket"


def test_a_run_of_another_roadmap_is_not_found(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    other = factories.make_link(factories.make_roadmap(olga, "Other"))
    run = make_run(other, "succeeded", updated=1)
    assert signed_in(olga).post(address("run-undo", link, run.pk)).status_code == 404


def test_what_can_no_longer_go_back_is_said(link: ProjectLink, olga: Membership, signed_in: SignedIn) -> None:
    old = SyncRun.objects.get()
    make_run(link, "succeeded", updated=3)
    browser = signed_in(olga)
    assert "Undo this sync" not in page_of(browser, link, old)
    assert "Nothing was undone. Only the latest sync" in said(browser.post(address("run-undo", link, old.pk)))[0]


# --- The history


def test_runs_are_found_by_outcome_and_by_who_began_them(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    make_run(link, "failed", error="Away for lunch.", trigger="schedule")
    make_run(link, "succeeded", trigger="schedule")
    browser = signed_in(olga)

    def rows(query: str) -> int:
        return browser.get(address("run-list", link) + query).content.decode().count('<tr>\n  <th scope="row">')

    assert [rows(query) for query in ("", "?outcome=changed", "?outcome=failed", "?trigger=schedule")] == [3, 1, 1, 2]
    assert rows("?outcome=failed&trigger=manual") == 0
    assert rows("?outcome=nonsense") == 3


def test_the_runs_that_changed_an_item_lead_to_it_and_back(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    """B4"""
    make_run(link, "succeeded", trigger="schedule")
    run, item, browser = SyncRun.objects.earliest("id"), Item.objects.get(), signed_in(olga)
    page = browser.get(address("run-list", link) + f"?item={item.pk}").content.decode()
    assert "Syncs that changed" in page
    assert page.count('<tr>\n  <th scope="row">') == 1
    card = f"/a/acme/roadmaps/{link.roadmap_id}/items/{item.pk}/"
    assert card in page
    assert card in page_of(browser, link, run)
    assert address("run-detail", link, run.pk) in browser.get(card).content.decode()


def test_an_item_of_somebody_else_is_not_named(
    link: ProjectLink, olga: Membership, mallory: Membership, signed_in: SignedIn
) -> None:
    """B18"""
    secret = factories.make_item(factories.make_roadmap(mallory, "Theirs"), "Secret")
    page = signed_in(olga).get(address("run-list", link) + f"?item={secret.pk}").content.decode()
    assert "Secret" not in page


def test_changes_of_a_run_are_found_by_kind_and_by_name(
    link: ProjectLink, olga: Membership, signed_in: SignedIn
) -> None:
    run, browser = SyncRun.objects.get(), signed_in(olga)
    changed(run, factories.make_item(link.roadmap, "Checkout", external_id="8"), "created")
    for query, names in (
        ("?kind=created", ["Checkout"]),
        ("?q=bask", ["Basket"]),
        ("?q=8", ["Checkout"]),
        ("?kind=flagged", []),
        ("", ["Basket", "Checkout"]),
    ):
        page = page_of(browser, link, run, query)
        assert [name for name in ("Basket", "Checkout") if f"<bdi>{name}</bdi>" in page] == names
    assert "No change fits what you look for." in page_of(browser, link, run, "?kind=flagged")


def test_the_pages_ask_the_same_however_much_there_is(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    run, browser = SyncRun.objects.get(), signed_in(olga)
    for number in range(60):
        changed(run, factories.make_item(link.roadmap, f"Story {number}", external_id=f"s{number}"), "created")
    browser.get(address("run-list", link))
    with django_assert_max_num_queries(11):
        browser.get(address("run-list", link) + f"?item={Item.objects.earliest('id').pk}")
    with django_assert_max_num_queries(11):
        page_of(browser, link, run)


# --- While it runs


def test_the_page_of_a_run_shows_how_far_it_is_and_renews_itself(
    link: ProjectLink, olga: Membership, vera: Membership, signed_in: SignedIn
) -> None:
    factories.make_share(link.roadmap, vera)
    far = {"stage": "reading", "records_read": 120, "records_announced": 900, "pages_read": 2, "pages_announced": 9}
    run = make_run(link, "running", **far)
    page = page_of(signed_in(olga), link, run)
    for text in ('<progress class="progress" max="900" value="120"', "of 9 pages", 'hx-trigger="every 1s"', "Cancel"):
        assert text in page
    assert "Cancel" not in page_of(signed_in(vera), link, run)
    assert "120 of 900 stories" in signed_in(vera).get(address("run-list", link)).content.decode()
    assert "120 of 900 stories, page 2 of 9" in look("sync_status", vera, link.roadmap)
    SyncRun.objects.filter(pk=run.pk).update(state="succeeded", finished_at=timezone.now())
    answer = signed_in(olga).get(address("run-detail", link, run.pk), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (204, "true")


def test_while_it_saves_the_items_written_are_counted(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "TELL_EVERY", 0)
    run = make_run(link, "running", stage="saving", records_read=900, records_announced=900)
    progress.teller(run)(400)
    for page in (page_of(signed_in(olga), link, run), look("sync_status", olga, link.roadmap)):
        assert "400" in page
    assert '<progress class="progress" max="900" value="400"' in page_of(signed_in(olga), link, run)
    assert "Saving: 400 items" in look("sync_status", olga, link.roadmap)
    monkeypatch.setattr(progress.cache, "get", redis_is_away)
    assert "Saving …" in look("sync_status", olga, link.roadmap)


def redis_is_away(*args: object) -> NoReturn:
    raise redis.RedisError

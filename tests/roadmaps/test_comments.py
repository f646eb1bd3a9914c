"""Comments: by everybody who may see the roadmap, and harmless whatever stands in them (S30, D18, D22, D30)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Membership
from roadmaps import services
from roadmaps.models import Comment, Item, Roadmap
from tests import factories
from tests.roadmaps.test_items_table import ATTACKS

SignIn = Callable[[Membership], Client]
IN_CARD = {"HX-Request": "true"}


@pytest.fixture
def roadmap(olga: Membership, vera: Membership) -> Roadmap:
    """Olga's roadmap, at which Vera, a Reviewer, may look."""
    made = factories.make_roadmap(olga, "Apollo")
    factories.make_share(made, vera)
    return made


@pytest.fixture
def item(roadmap: Roadmap) -> Item:
    return factories.make_item(roadmap, "Pay by card")


def at(item: Item, name: str = "comments", *args: int) -> str:
    return reverse(f"roadmaps:{name}", args=[item.roadmap.account.slug, item.roadmap_id, item.pk, *args])


# --- The rules


def test_whoever_sees_the_roadmap_may_speak(item: Item, vera: Membership) -> None:
    made = services.add_comment(item=item, by=vera, text="  Looks **good**.\r\nShip it.  ")
    made.refresh_from_db()
    assert (made.text, made.author, made.item, made.edited_at) == ("Looks **good**.\nShip it.", vera, item, None)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "Write something first."), (" \n\x00", "Write something first."), ("x" * 10_001, "10,000")],
)
def test_a_comment_is_neither_empty_nor_a_book(item: Item, vera: Membership, text: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        services.add_comment(item=item, by=vera, text=text)
    assert not Comment.objects.exists()


def test_line_breaks_count_once(item: Item, vera: Membership) -> None:
    """Browsers send two characters for each; who counted 10,000 on the screen is right."""
    made = services.add_comment(item=item, by=vera, text="x" + "\r\n" * 9_998 + "x")
    assert len(made.text) == 10_000


def test_only_its_author_changes_a_comment_and_everybody_sees_it(
    item: Item, olga: Membership, vera: Membership
) -> None:
    comment = factories.make_comment(item, vera, "Grat!")
    with pytest.raises(services.Refused, match="Only the person who wrote"):
        services.edit_comment(comment=comment, by=olga, text="Great!")
    services.edit_comment(comment=comment, by=vera, text="Grat!")
    assert comment.edited_at is None
    services.edit_comment(comment=comment, by=vera, text="Great!")
    comment.refresh_from_db()
    assert comment.text == "Great!"
    assert comment.edited_at is not None


def test_its_author_the_owner_and_admins_delete_a_comment(
    item: Item, acme: Account, alice: Membership, olga: Membership, vera: Membership
) -> None:
    edda = factories.make_member(acme, name="Edda Editor")
    factories.make_share(item.roadmap, edda, "editor")
    with pytest.raises(services.Refused):
        services.delete_comment(comment=factories.make_comment(item, vera), by=edda)
    for by in (vera, olga, alice):
        services.delete_comment(comment=Comment.objects.last() or factories.make_comment(item, vera), by=by)
        assert not Comment.objects.exists()


def test_in_the_archive_nothing_is_said_changed_or_taken_back(item: Item, olga: Membership) -> None:
    """D22."""
    comment = factories.make_comment(item, olga)
    item.roadmap.archived_at = timezone.now()
    for refused in (
        lambda: services.add_comment(item=item, by=olga, text="Hello"),
        lambda: services.edit_comment(comment=comment, by=olga, text="Hello"),
        lambda: services.delete_comment(comment=comment, by=olga),
    ):
        with pytest.raises(services.Refused, match="in the archive"):
            refused()


def test_an_account_goes_with_all_that_was_said(item: Item, olga: Membership) -> None:
    factories.make_comment(item, olga)
    factories.make_edit(item, olga, name=["Pay", "Pay by card"])
    factories.make_item_link(item, factories.make_item(item.roadmap), created_by=olga)
    item.roadmap.account.delete()
    assert not Comment.objects.exists()


# --- Without JavaScript


def test_a_comment_is_posted_by_a_plain_form(item: Item, vera: Membership, signed_in: SignIn) -> None:
    """D30."""
    client = signed_in(vera)
    response = client.post(at(item), {"text": "I *like* it"})
    made = Comment.objects.get()
    assert response["Location"] == f"{at(item, 'item')}#comment-{made.pk}"
    page = client.get(at(item, "item")).content.decode()
    assert "<p>I <em>like</em> it</p>" in page
    assert "(you)" in page


def test_a_mistake_is_told_and_what_was_typed_stays(item: Item, vera: Membership, signed_in: SignIn) -> None:
    long = "y" * 10_001
    page = signed_in(vera).post(at(item), {"text": long}).content.decode()
    assert "Please use at most 10,000 characters; this has 10,001." in page
    assert long in page
    assert not Comment.objects.exists()


def test_a_comment_is_changed_and_deleted_on_pages_of_their_own(
    item: Item, vera: Membership, signed_in: SignIn
) -> None:
    comment = factories.make_comment(item, vera, "Grat!")
    client = signed_in(vera)
    assert ">Grat!</textarea>" in client.get(at(item, "comment-edit", comment.pk)).content.decode()
    assert "Write something first." in client.post(at(item, "comment-edit", comment.pk), {"text": ""}).content.decode()
    changed = client.post(at(item, "comment-edit", comment.pk), {"text": "Great!"})
    assert changed["Location"] == client.get(at(item, "comment", comment.pk))["Location"]
    assert "edited" in client.get(at(item, "item")).content.decode()
    assert "Delete this comment?" in client.get(at(item, "comment-delete", comment.pk)).content.decode()
    client.post(at(item, "comment-delete", comment.pk))
    assert not Comment.objects.exists()


# --- In the card


def test_in_the_card_the_talk_comes_back_as_a_part(item: Item, vera: Membership, signed_in: SignIn) -> None:
    client = signed_in(vera)
    refused = client.post(at(item), {"text": " "}, headers=IN_CARD)
    assert refused.status_code == 422
    assert "Write something first." in refused.content.decode()
    said = client.post(at(item), {"text": "Hello"}, headers=IN_CARD)
    part = said.content.decode()
    assert (said.status_code, "<!doctype html>" in part, "<p>Hello</p>" in part) == (200, False, True)
    assert "HX-Request" in said["Vary"]

    comment = Comment.objects.get()
    form = client.get(at(item, "comment-edit", comment.pk), headers=IN_CARD).content.decode()
    assert ">Hello</textarea>" in form
    assert client.post(at(item, "comment-edit", comment.pk), {"text": ""}, headers=IN_CARD).status_code == 422
    changed = client.post(at(item, "comment-edit", comment.pk), {"text": "Hi"}, headers=IN_CARD).content.decode()
    assert "<p>Hi</p>" in changed
    assert "edited" in changed
    assert "for good?" in client.get(at(item, "comment-delete", comment.pk), headers=IN_CARD).content.decode()
    gone = client.post(at(item, "comment-delete", comment.pk), headers=IN_CARD).content.decode()
    assert "Nobody has said anything yet" in gone


def test_the_newest_is_last_and_earlier_ones_come_page_by_page(item: Item, vera: Membership, signed_in: SignIn) -> None:
    for number in range(45):
        factories.make_comment(item, vera, f"Word {number}.")
    client = signed_in(vera)
    page = client.get(at(item, "item")).content.decode()
    assert page.index("Word 25.") < page.index("Word 44.")
    assert "Word 24." not in page
    before = Comment.objects.get(text="Word 25.").pk
    assert f"{at(item)}?before={before}" in page
    rows = client.get(f"{at(item)}?before={before}", headers=IN_CARD).content.decode()
    assert ("Word 5." in rows, "Word 24." in rows, "Word 4." in rows, "Word 25." in rows) == (True, True, False, False)
    first = Comment.objects.get(text="Word 5.").pk
    oldest = client.get(f"{at(item)}?before={first}").content.decode()
    assert "Word 0." in oldest
    assert "Show earlier" not in oldest


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 30, "²", "1e3"])
def test_a_made_up_address_shows_the_latest(item: Item, vera: Membership, signed_in: SignIn, before: str) -> None:
    factories.make_comment(item, vera, "Hello")
    assert "<p>Hello</p>" in signed_in(vera).get(at(item), {"before": before}).content.decode()


def test_times_are_in_the_accounts_zone(acme: Account, item: Item, vera: Membership, signed_in: SignIn) -> None:
    """D29: roughly, with the exact moment behind it."""
    Account.objects.filter(pk=acme.pk).update(time_zone="Asia/Tokyo")
    factories.make_comment(item, vera, created_at=datetime(2026, 1, 31, 20, 15, 7, tzinfo=UTC))
    page = signed_in(vera).get(at(item, "item")).content.decode()
    assert 'datetime="2026-02-01T05:15:07+09:00" title="1 Feb 2026, 05:15:07 (Asia/Tokyo)"' in page


def test_each_sees_the_actions_that_are_theirs(
    item: Item, olga: Membership, vera: Membership, signed_in: SignIn
) -> None:
    mine, hers = factories.make_comment(item, olga), factories.make_comment(item, vera)
    owners = signed_in(olga).get(at(item, "item")).content.decode()
    viewers = signed_in(vera).get(at(item, "item")).content.decode()
    shown = [
        [at(item, name, comment.pk) in page for name in ("comment-edit", "comment-delete")]
        for page in (owners, viewers)
        for comment in (mine, hers)
    ]
    assert shown == [[True, True], [False, True], [False, False], [True, True]]


def test_in_the_archive_the_talk_is_only_read(item: Item, olga: Membership, signed_in: SignIn) -> None:
    comment = factories.make_comment(item, olga, "Hello")
    Roadmap.objects.update(archived_at=timezone.now())
    client = signed_in(olga)
    page = client.get(at(item, "item")).content.decode()
    assert "<p>Hello</p>" in page
    assert "<textarea" not in page
    assert at(item, "comment-edit", comment.pk) not in page
    assert client.post(at(item), {"text": "Hello again"}).status_code == 403
    for name in ("comment-edit", "comment-delete"):
        assert client.post(at(item, name, comment.pk), {"text": "Changed"}).status_code == 403
    assert list(Comment.objects.values_list("text", flat=True)) == ["Hello"]


def test_a_comment_is_found_on_its_own_item_only(item: Item, olga: Membership, signed_in: SignIn) -> None:
    """S33."""
    comment = factories.make_comment(factories.make_item(item.roadmap, "Other"), olga)
    client = signed_in(olga)
    for name in ("comment", "comment-edit", "comment-delete"):
        assert client.get(at(item, name, comment.pk)).status_code == 404


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_people_write_and_are_called_does_nothing(
    item: Item, vera: Membership, signed_in: SignIn, attack: str
) -> None:
    """D18."""
    vera.user.name = attack[:120]
    vera.user.save()
    comment = factories.make_comment(item, vera, attack)
    factories.make_edit(item, vera, name=[attack, f"{attack}!"])
    client = signed_in(vera)
    for address in (at(item, "item"), at(item), at(item, "item-history"), at(item, "comment-edit", comment.pk)):
        for headers in ({}, IN_CARD):
            page = client.get(address, headers=headers).content.decode()
            for harm in ("<script>alert", "<img src=x", "<svg onload", 'javascript:alert(1)"'):
                assert harm not in page


def test_talk_costs_the_same_for_one_comment_and_for_many(
    item: Item, vera: Membership, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, membership, roadmap, share (twice), item, comments, and how many there are."""
    for _ in range(50):
        factories.make_comment(item, vera)
    client = signed_in(vera)
    before = Comment.objects.latest("pk").pk
    with django_assert_num_queries(9):
        client.get(f"{at(item)}?before={before}", headers=IN_CARD)

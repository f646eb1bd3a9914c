"""Items that are linked, on one roadmap or across several, and who sees which (S30, S33, D10)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Membership
from roadmaps import linked, services
from roadmaps.models import Item, ItemLink, Roadmap
from tests import factories
from tests.roadmaps.test_items_table import ATTACKS

SignIn = Callable[[Membership], Client]
IN_CARD = {"HX-Request": "true"}


@pytest.fixture
def roadmap(olga: Membership, vera: Membership) -> Roadmap:
    made = factories.make_roadmap(olga, "Apollo")
    factories.make_share(made, vera)
    return made


@pytest.fixture
def item(roadmap: Roadmap) -> Item:
    return factories.make_item(roadmap, "Pay by card")


@pytest.fixture
def hidden(acme: Account) -> Roadmap:
    """A roadmap of somebody else, shared with nobody."""
    return factories.make_roadmap(factories.make_member(acme, name="Otto Other"), "Secret")


def at(item: Item, name: str = "links", *args: int) -> str:
    return reverse(f"roadmaps:{name}", args=[item.roadmap.account.slug, item.roadmap_id, item.pk, *args])


# --- The rules


def test_a_link_shows_from_both_ends(item: Item, olga: Membership) -> None:
    other = factories.make_item(factories.make_roadmap(olga, "Other"), "Refunds")
    made = services.link_items(item=other, other_id=item.pk, by=olga)
    assert (made.low, made.high, made.created_by) == (item, other, olga)
    assert [each.item for each in linked.of_item(item, olga).shown] == [other]
    assert [each.item for each in linked.of_item(other, olga).shown] == [item]


def test_twins_and_links_to_itself_are_refused(item: Item, olga: Membership) -> None:
    other = factories.make_item(item.roadmap)
    services.link_items(item=item, other_id=other.pk, by=olga)
    for one, another in ((item, other), (other, item)):
        with pytest.raises(services.Refused, match="linked already"):
            services.link_items(item=one, other_id=another.pk, by=olga)
    with pytest.raises(services.Refused, match="can’t be linked to itself"):
        services.link_items(item=item, other_id=item.pk, by=olga)
    assert ItemLink.objects.count() == 1


def test_what_a_member_may_not_see_is_as_if_it_were_not_there(
    item: Item, hidden: Roadmap, olga: Membership, mallory: Membership
) -> None:
    """S33: another account's item, one that isn't shared, one in the archive, and none at all get one answer."""
    theirs = factories.make_item(factories.make_roadmap(mallory), "Plan B")
    secret = factories.make_item(hidden)
    old = factories.make_item(factories.make_roadmap(olga, "Old", archived_at=timezone.now()))
    gone = factories.make_item(item.roadmap, archived_at=timezone.now())
    for other in (theirs.pk, secret.pk, old.pk, gone.pk, 0):
        with pytest.raises(services.Refused, match="isn’t shared with you"):
            services.link_items(item=item, other_id=other, by=olga)
    assert not ItemLink.objects.exists()


def test_the_number_of_links_has_an_end(item: Item, olga: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadmaps.services.links.MAX_LINKS", 1)
    factories.make_item_link(item, factories.make_item(item.roadmap))
    with pytest.raises(services.Refused, match="at most 1"):
        services.link_items(item=item, other_id=factories.make_item(item.roadmap).pk, by=olga)


def test_who_sees_less_is_told_how_many_there_are_and_nothing_else(
    item: Item, hidden: Roadmap, alice: Membership, vera: Membership, signed_in: SignIn
) -> None:
    for name in ("Buy Evil", "Sell Evil"):
        factories.make_item_link(item, factories.make_item(hidden, name))
    factories.make_item_link(item, factories.make_item(item.roadmap, "Refunds"))
    page = signed_in(vera).get(at(item, "item")).content.decode()
    assert "Refunds" in page
    assert "And 2 on roadmaps that aren’t shared with you." in page
    for secret in ("Buy Evil", "Sell Evil", "Secret"):
        assert secret not in page
    admins = signed_in(alice).get(at(item, "item")).content.decode()
    assert "Buy Evil" in admins
    assert "shared with you" not in admins


def test_a_deleted_item_takes_its_links_along(item: Item, olga: Membership) -> None:
    other = factories.make_item(item.roadmap)
    services.link_items(item=item, other_id=other.pk, by=olga)
    services.delete_item(item=other)
    assert linked.of_item(item, olga).count == 0


# --- The search


def test_items_are_found_by_name_and_by_external_id(item: Item, olga: Membership) -> None:
    refunds = factories.make_item(item.roadmap, "REFUNDS for cards", external_id="4711")
    factories.make_item(item.roadmap, "Something else", external_id="471", description="refunds")
    assert linked.find(item, olga, " refund ").items == (refunds,)
    assert linked.find(item, olga, "4711").items == (refunds,)
    assert linked.find(item, olga, "").items == ()
    assert linked.find(item, olga, "\x00").items == ()
    assert linked.find(item, olga, "%").items == ()


def test_the_search_leaves_out_itself_what_is_linked_and_what_is_not_to_be_seen(
    item: Item, hidden: Roadmap, olga: Membership, mallory: Membership
) -> None:
    factories.make_item(hidden, "Pay in secret")
    factories.make_item(factories.make_roadmap(mallory), "Pay Mallory")
    factories.make_item(item.roadmap, "Pay long ago", archived_at=timezone.now())
    factories.make_item_link(item, factories.make_item(item.roadmap, "Pay twice"))
    shared = factories.make_item(factories.make_roadmap(olga, "Other"), "Pay me")
    assert linked.find(item, olga, "pay").items == (shared,)


def test_a_search_shows_ten_and_says_that_there_are_more(
    item: Item, olga: Membership, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, membership, roadmap, item, its links, and what was found."""
    for number in range(12):
        factories.make_item(item.roadmap, f"Refund {number:02}")
    client = signed_in(olga)
    with django_assert_num_queries(7):
        page = client.get(at(item), {"find": "refund"}, headers=IN_CARD).content.decode()
    assert "Refund 09" in page
    assert "Refund 10" not in page
    assert "There are more; type more of the name." in page


def test_a_search_that_finds_nothing_says_so(item: Item, olga: Membership, signed_in: SignIn) -> None:
    page = signed_in(olga).get(at(item), {"find": "<b>nix"}).content.decode()
    assert "No other item that you may see fits “<bdi>&lt;b&gt;nix</bdi>”." in page


# --- The pages


def test_items_are_linked_and_unlinked_by_plain_forms(item: Item, olga: Membership, signed_in: SignIn) -> None:
    """D30."""
    other = factories.make_item(item.roadmap, "Refunds")
    client = signed_in(olga)
    found = client.get(at(item), {"find": "refunds"}).content.decode()
    assert f'name="item" value="{other.pk}"' in found
    linked_ = client.post(at(item), {"item": other.pk}, follow=True)
    assert "The two items are linked." in linked_.content.decode()
    again = client.post(at(item), {"item": other.pk}, follow=True).content.decode()
    assert "The two are linked already." in again
    gone = client.post(at(item, "unlink", ItemLink.objects.get().pk), follow=True).content.decode()
    assert "The link is removed." in gone
    assert not ItemLink.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"item": "x"}, {"item": "-1"}, {"item": "9" * 40}])
def test_a_forged_post_links_nothing(item: Item, olga: Membership, signed_in: SignIn, sent: dict[str, str]) -> None:
    page = signed_in(olga).post(at(item), sent, follow=True).content.decode()
    assert "can’t be linked" in page


def test_in_the_card_the_links_come_back_as_a_part(item: Item, olga: Membership, signed_in: SignIn) -> None:
    other = factories.make_item(item.roadmap, "Refunds")
    client = signed_in(olga)
    part = client.post(at(item), {"item": other.pk}, headers=IN_CARD).content.decode()
    assert "Refunds" in part
    assert "<!doctype html>" not in part
    refused = client.post(at(item), {"item": other.pk}, headers=IN_CARD)
    assert refused.status_code == 422
    assert "The two are linked already. Nothing was changed." in refused.content.decode()
    gone = client.post(at(item, "unlink", ItemLink.objects.get().pk), headers=IN_CARD).content.decode()
    assert "Refunds" not in gone


def test_a_link_that_a_member_does_not_see_they_do_not_remove(
    item: Item, hidden: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    link = factories.make_item_link(item, factories.make_item(hidden))
    other = factories.make_item_link(factories.make_item(item.roadmap), factories.make_item(item.roadmap))
    for each in (link, other):
        assert signed_in(olga).post(at(item, "unlink", each.pk)).status_code == 404
    assert ItemLink.objects.count() == 2


def test_a_viewer_sees_links_and_no_way_to_change_them(item: Item, vera: Membership, signed_in: SignIn) -> None:
    link = factories.make_item_link(item, factories.make_item(item.roadmap, "Refunds"))
    page = signed_in(vera).get(at(item, "item")).content.decode()
    assert "Refunds" in page
    assert "Link an item" not in page
    assert at(item, "unlink", link.pk) not in page


@pytest.mark.parametrize("attack", ATTACKS)
def test_names_of_linked_items_do_nothing(item: Item, olga: Membership, signed_in: SignIn, attack: str) -> None:
    """D18."""
    elsewhere = factories.make_roadmap(olga, attack[:120])
    factories.make_item_link(item, factories.make_item(elsewhere, attack, external_id=attack[:64]))
    factories.make_item(elsewhere, attack)
    client = signed_in(olga)
    for address in (at(item, "item"), f"{at(item)}?find={attack[:5]}"):
        page = client.get(address).content.decode()
        for harm in ("<script>alert", "<img src=x", "<svg onload"):
            assert harm not in page

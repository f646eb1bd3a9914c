"""Who may do what with a roadmap, on every address of it (S33, and "Who uses it")."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Membership, Role
from roadmaps.models import Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]
EVERYBODY = ["stranger", "outsider", "reviewer", "viewer", "editor", "owner", "admin"]
LOOK = {"reviewer": 200, "viewer": 200, "editor": 200, "owner": 200, "admin": 200}
EDIT = {"reviewer": 403, "viewer": 403, "editor": 200, "owner": 200, "admin": 403}
OWN = {"reviewer": 403, "viewer": 403, "editor": 403, "owner": 200, "admin": 403}
#: What each page of a roadmap answers to those who see it; strangers and outsiders get 404 from all of them.
PAGES = {
    "items-table": LOOK,
    "swimlane": LOOK,
    "item": LOOK,
    "item-new": EDIT,
    "item-edit": EDIT,
    "item-delete": EDIT,
    "item-move": EDIT,
    "own-fields": EDIT,
    "own-field-new": EDIT,
    "own-field": EDIT,
    "settings": OWN,
    "share": OWN,
    "hand-over": OWN,
    "delete": OWN,
}
#: What only takes posts.
POSTS = ["share-change", "unshare", "archive", "restore"]


@pytest.fixture
def people(
    acme: Account, alice: Membership, olga: Membership, vera: Membership, mallory: Membership
) -> dict[str, Membership]:
    return {
        "stranger": mallory,
        "outsider": factories.make_member(acme, name="Otto Outsider"),
        "reviewer": vera,
        "viewer": factories.make_member(acme, name="Vito Viewer"),
        "editor": factories.make_member(acme, name="Edda Editor"),
        "owner": olga,
        "admin": alice,
    }


@pytest.fixture
def roadmap(people: dict[str, Membership]) -> Roadmap:
    made = factories.make_roadmap(people["owner"], "Apollo")
    factories.make_share(made, people["reviewer"], "editor")
    factories.make_share(made, people["viewer"], "viewer")
    factories.make_share(made, people["editor"], "editor")
    return made


def address(name: str, roadmap: Roadmap) -> str:
    args: list[object] = [roadmap.account.slug, roadmap.pk]
    if name in ("item", "item-edit", "item-delete", "item-move"):
        args.append(factories.make_item(roadmap, "Pay").pk)
    if name == "own-field":
        args.append(factories.make_field(roadmap.account, "Theme", roadmap=roadmap).pk)
    if name in ("share-change", "unshare"):
        args.append(roadmap.shares.filter(level="viewer").get().pk)
    return reverse(f"roadmaps:{name}", args=args)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", PAGES)
def test_each_page_lets_in_whom_it_is_for(
    name: str, who: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    """A Reviewer whom somebody made an editor by hand still only looks."""
    response = signed_in(people[who]).get(address(name, roadmap))
    assert response.status_code == PAGES[name].get(who, 404)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", POSTS)
def test_what_changes_a_roadmap_is_for_its_owner(
    name: str, who: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    """And is never done by a GET (W12)."""
    where = address(name, roadmap)
    client = signed_in(people[who])
    assert client.get(where).status_code == 405
    expected = {"stranger": 404, "outsider": 404, "owner": 302}.get(who, 403)
    assert client.post(where, {"level": "editor"}).status_code == expected


def test_nobody_signed_in_is_sent_to_sign_in(roadmap: Roadmap, client: Client) -> None:
    for name in PAGES:
        response = client.get(address(name, roadmap) if name != "own-field" else address("own-fields", roadmap))
        assert response.status_code == 302
        assert "/auth/login/" in response["Location"]


@pytest.mark.parametrize("name", [name for name, who in PAGES.items() if who is not LOOK and name != "delete"])
def test_an_archived_roadmap_is_read_only(
    name: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    """D22: only restoring, deleting and handing over are left."""
    where = address(name, roadmap)
    Roadmap.objects.update(archived_at=timezone.now())
    expected = 200 if name == "hand-over" else 403
    assert signed_in(people["owner"]).get(where).status_code == expected


def test_an_archived_roadmap_says_so_and_offers_its_owner_the_way_back(
    roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = address("items-table", roadmap)
    Roadmap.objects.update(archived_at=timezone.now())
    owners = signed_in(people["owner"]).get(where).content.decode()
    viewers = signed_in(people["viewer"]).get(where).content.decode()
    assert "This roadmap is in the archive" in owners
    assert "Restore" in owners
    assert "This roadmap is in the archive" in viewers
    assert "Restore" not in viewers
    assert "Add item" not in owners


def test_an_admin_hands_over_what_a_departed_owner_left(
    roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = address("hand-over", roadmap)
    alice = people["admin"]
    assert signed_in(alice).get(where).status_code == 403

    Membership.objects.filter(pk=people["owner"].pk).update(deactivated_at=timezone.now())
    assert signed_in(people["editor"]).get(where).status_code == 403
    assert signed_in(alice).post(where, {"member": people["editor"].pk}).status_code == 302
    roadmap.refresh_from_db()
    assert roadmap.owner == people["editor"]


def test_an_owner_who_became_a_reviewer_only_looks(
    roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    Membership.objects.filter(pk=people["owner"].pk).update(role=Role.REVIEWER)
    client = signed_in(people["owner"])
    assert client.get(address("items-table", roadmap)).status_code == 200
    assert client.get(address("item-new", roadmap)).status_code == 403
    assert client.get(address("settings", roadmap)).status_code == 403


@pytest.mark.parametrize("name", ["fields", "field-new", "field"])
def test_the_accounts_fields_are_for_admins(
    name: str,
    acme: Account,
    alice: Membership,
    olga: Membership,
    vera: Membership,
    mallory: Membership,
    signed_in: SignIn,
) -> None:
    args: list[object] = [acme.slug]
    if name == "field":
        args.append(factories.make_field(acme, "Theme").pk)
    where = reverse(f"roadmaps:{name}", args=args)
    answers = {who: signed_in(who).get(where).status_code for who in (alice, olga, vera, mallory)}
    assert answers == {alice: 200, olga: 403, vera: 403, mallory: 404}


def test_a_reviewer_makes_no_roadmap(acme: Account, vera: Membership, signed_in: SignIn) -> None:
    assert signed_in(vera).get(reverse("roadmaps:new", args=[acme.slug])).status_code == 403


def test_things_of_another_roadmap_are_not_found(
    roadmap: Roadmap, people: dict[str, Membership], mallory: Membership, signed_in: SignIn
) -> None:
    """S33: an item, a share or a field is only found on its own roadmap, also by its right id."""
    other = factories.make_roadmap(people["owner"], "Other")
    theirs = factories.make_roadmap(mallory, "Evil")
    client = signed_in(people["owner"])
    for foreign in (other, theirs):
        item = factories.make_item(foreign)
        field = factories.make_field(foreign.account, "X", roadmap=foreign)
        items = [(name, item.pk) for name in ("item", "item-edit", "item-delete", "item-move")]
        for name, pk in [*items, ("own-field", field.pk)]:
            where = reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, pk])
            assert client.get(where).status_code == 404
    share = factories.make_share(other, people["viewer"])
    for name in ("share-change", "unshare"):
        where = reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, share.pk])
        assert client.post(where, {"level": "editor"}).status_code == 404
    assert other.shares.count() == 1

"""Who may do what with a roadmap, on every address of it (S33, and "Who uses it")."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, Membership, Role
from roadmaps.models import Field, Roadmap
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
    "rollup": LOOK,
    "timeline": LOOK,
    "slips": LOOK,
    "timeline-svg": LOOK,
    "timeline-png": LOOK,
    "milestone-new": EDIT,
    "milestone": EDIT,
    "milestone-delete": EDIT,
    "item": LOOK,
    "export-csv": LOOK,
    "export-xlsx": LOOK,
    "cell": EDIT,
    "item-new": EDIT,
    "item-edit": EDIT,
    "item-delete": EDIT,
    "item-history": LOOK,
    "comments": LOOK,
    "comment": dict.fromkeys(LOOK, 302),
    "comment-edit": OWN,  # its author, who here is the owner
    "comment-delete": {**OWN, "admin": 200},
    "links": EDIT,
    "view-new": EDIT,
    "view-rename": EDIT,
    "view-delete": EDIT,
    "item-move": EDIT,
    "own-fields": EDIT,
    "own-field-new": EDIT,
    "own-field": EDIT,
    "settings": OWN,
    "share": OWN,
    "hand-over": OWN,
    "delete": OWN,
}
#: Those that are about one item.
ITEM_PAGES = [
    name for name in PAGES if name.startswith(("item", "comment", "link")) and name not in ("items-table", "item-new")
]
#: What only takes posts: by the owner; of many items, and of views, by editors too.
POSTS = ["share-change", "unshare", "archive", "restore"]
BULK_POSTS = ["bulk-edit", "bulk-delete"]
VIEW_POSTS = ["view-save", "view-duplicate", "view-move"]


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
    if name in ("milestone", "milestone-delete"):
        args.append(factories.make_milestone(roadmap, "Launch", "2026-12-01").pk)
    if name in ITEM_PAGES or name == "item-dates":
        item = factories.make_item(roadmap, "Pay")
        args.append(item.pk)
        if name.startswith("comment-") or name == "comment":
            args.append(factories.make_comment(item, roadmap.owner).pk)
    if name == "cell":
        args += [factories.make_item(roadmap, "Pay").pk, "notes"]
    if name in ("view-rename", "view-delete", *VIEW_POSTS):
        args.append(roadmap.views.get().pk)
    if name in ("own-field", "own-field-archive", "own-field-restore"):
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
    if response.streaming:
        b"".join(response.streaming_content)
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


@pytest.mark.parametrize("who", EVERYBODY)
def test_everybody_who_sees_the_roadmap_may_comment(
    who: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    response = signed_in(people[who]).post(address("comments", roadmap), {"text": "Hello"})
    assert response.status_code == {"stranger": 404, "outsider": 404}.get(who, 302)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", ["links", "unlink"])
def test_links_are_made_and_removed_by_editors(
    name: str, who: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    item, other = factories.make_item(roadmap), factories.make_item(roadmap)
    args = [roadmap.account.slug, roadmap.pk, item.pk]
    if name == "unlink":
        args.append(factories.make_item_link(item, other).pk)
    where = reverse(f"roadmaps:{name}", args=args)
    client = signed_in(people[who])
    if name == "unlink":
        assert client.get(where).status_code == 405
    expected = {**EDIT, "editor": 302, "owner": 302}.get(who, 404)
    assert client.post(where, {"item": other.pk}).status_code == expected


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", BULK_POSTS)
def test_what_changes_many_items_is_for_editors(
    name: str, who: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = address(name, roadmap)
    item = factories.make_item(roadmap, "Pay")
    client = signed_in(people[who])
    assert client.get(where).status_code == 405
    expected = {"stranger": 404, "outsider": 404, "editor": 200, "owner": 200}.get(who, 403)
    assert client.post(where, {"item": item.pk}).status_code == expected


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", VIEW_POSTS)
def test_what_changes_a_view_is_for_its_editors(
    name: str, who: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = address(name, roadmap)
    client = signed_in(people[who])
    assert client.get(where).status_code == 405
    expected = {"stranger": 404, "outsider": 404, "owner": 302, "editor": 302}.get(who, 403)
    assert client.post(where, {"address": "?q=pay", "layout": "table"}).status_code == expected
    assert roadmap.views.filter(query="q=pay").exists() == (name == "view-save" and expected == 302)


@pytest.mark.parametrize("who", EVERYBODY)
def test_dates_are_dragged_by_who_may_edit(
    who: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = address("item-dates", roadmap)
    client = signed_in(people[who])
    assert client.get(where).status_code == 405
    expected = {"stranger": 404, "outsider": 404, "editor": 204, "owner": 204}.get(who, 403)
    assert client.post(where, {"start_date": "2026-03-01"}).status_code == expected


def test_nobody_signed_in_is_sent_to_sign_in(roadmap: Roadmap, client: Client) -> None:
    for name in PAGES:
        response = client.get(address(name, roadmap) if name != "own-field" else address("own-fields", roadmap))
        assert response.status_code == 302
        assert "/auth/login/" in response["Location"]


@pytest.mark.parametrize(
    "name", [name for name, who in PAGES.items() if who is not LOOK and name not in ("delete", "comment")]
)
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


FIELD_POSTS = ["own-field-archive", "own-field-restore"]


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", FIELD_POSTS)
def test_what_puts_a_field_aside_is_for_editors(
    name: str, who: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = address(name, roadmap)
    client = signed_in(people[who])
    assert client.get(where).status_code == 405
    expected = {"stranger": 404, "outsider": 404, "owner": 302, "editor": 302}.get(who, 403)
    assert client.post(where).status_code == expected


FIELDS_TAB = ["fields", "field-new", "field", "field-roadmaps", "field-promote", "field-merge"]
FIELDS_TAB_POSTS = ["field-archive", "field-restore"]


def field_address(name: str, roadmap: Roadmap) -> str:
    args: list[object] = [roadmap.account.slug]
    if name not in ("fields", "field-new"):
        own = roadmap if name == "field-promote" else None
        args.append(factories.make_field(roadmap.account, "Theme", roadmap=own).pk)
    return reverse(f"roadmaps:{name}", args=args)


@pytest.mark.parametrize("name", FIELDS_TAB)
def test_the_accounts_fields_are_for_admins(
    name: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = field_address(name, roadmap)
    answers = {who: signed_in(member).get(where).status_code for who, member in people.items()}
    assert answers == dict.fromkeys(people, 403) | {"admin": 200, "stranger": 404}


@pytest.mark.parametrize("name", [*FIELDS_TAB_POSTS, "field", "field-promote", "field-merge"])
def test_changing_the_accounts_fields_is_for_admins(
    name: str, roadmap: Roadmap, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = field_address(name, roadmap)
    answers = {who: signed_in(member).post(where).status_code for who, member in people.items() if who != "admin"}
    assert answers == dict.fromkeys(answers, 403) | {"stranger": 404}
    assert Field.objects.get().archived_at is None
    if name in FIELDS_TAB_POSTS:
        assert signed_in(people["admin"]).get(where).status_code == 405


@pytest.mark.parametrize("name", FIELDS_TAB[2:] + FIELDS_TAB_POSTS)
def test_fields_of_another_account_are_not_found(
    name: str, acme: Account, alice: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    """S33: not even by an admin, and by their right number."""
    theirs = factories.make_field(mallory.account, roadmap=factories.make_roadmap(mallory))
    shared = factories.make_field(mallory.account)
    for field in (theirs, shared):
        where = reverse(f"roadmaps:{name}", args=[acme.slug, field.pk])
        assert signed_in(alice).post(where).status_code in (404, 405)
        assert signed_in(alice).get(where).status_code in (404, 405)
    assert not Field.objects.exclude(archived_at=None).exists()


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
        milestone = factories.make_milestone(foreign, "Launch", "2026-12-01")
        for name, *rest in (
            ("item", item.pk),
            ("item-edit", item.pk),
            ("item-delete", item.pk),
            ("item-move", item.pk),
            ("cell", item.pk, "name"),
            ("own-field", field.pk),
            ("milestone", milestone.pk),
            ("milestone-delete", milestone.pk),
            ("view-rename", foreign.views.get().pk),
            ("view-delete", foreign.views.get().pk),
        ):
            where = reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, *rest])
            assert client.get(where).status_code == 404
        for name in ("item-history", "comments", "links"):
            where = reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, item.pk])
            assert client.get(where).status_code == 404
            assert client.post(where, {"text": "Hello", "item": "1"}).status_code in (404, 405)
        for name in FIELD_POSTS:
            where = reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, field.pk])
            assert client.post(where).status_code == 404
        for name in VIEW_POSTS:
            where = reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, foreign.views.get().pk])
            assert client.post(where, {"address": "?q=pay", "layout": "table"}).status_code == 404
        assert foreign.views.get().query == ""
        dates = reverse("roadmaps:item-dates", args=[roadmap.account.slug, roadmap.pk, item.pk])
        assert client.post(dates, {"start_date": "2026-03-01"}).status_code == 404
    share = factories.make_share(other, people["viewer"])
    for name in ("share-change", "unshare"):
        where = reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, share.pk])
        assert client.post(where, {"level": "editor"}).status_code == 404
    assert other.shares.count() == 1

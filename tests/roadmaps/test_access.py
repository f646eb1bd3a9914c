"""What becomes of rights when a roadmap is archived or its owner goes (S33, D22). tests/matrix asks every address."""

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
#: What is closed on an archived roadmap; restoring, deleting and handing over are left.
CLOSED = ["milestone-new", "milestone", "milestone-delete", "cell", "item-new", "item-edit", "item-delete", "item-move"]
CLOSED += ["links", "view-new", "view-rename", "view-delete", "own-fields", "own-field-new", "own-field"]
CLOSED += ["settings", "share"]
ITEM_PAGES = ("item-edit", "item-delete", "item-move", "links")
#: What only takes posts.
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
    if name in ITEM_PAGES:
        args.append(factories.make_item(roadmap, "Pay").pk)
    if name == "cell":
        args += [factories.make_item(roadmap, "Pay").pk, "notes"]
    if name in ("view-rename", "view-delete"):
        args.append(roadmap.views.get().pk)
    if name == "own-field":
        args.append(factories.make_field(roadmap.account, "Theme", roadmap=roadmap).pk)
    return reverse(f"roadmaps:{name}", args=args)


@pytest.mark.parametrize("name", [*CLOSED, "hand-over"])
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

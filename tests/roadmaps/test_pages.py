"""The list of roadmaps, sharing, handing over, the archive, and fields, as people use them (D22, D23)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Membership
from roadmaps.models import Field, Roadmap, Share
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")


def at(roadmap: Roadmap, name: str, *args: object) -> str:
    return reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, *args])


def shown(client: Client, account: Account, tab: str = "") -> str:
    response = client.get(reverse("roadmaps:list", args=[account.slug]), {"tab": tab} if tab else {})
    assert response.status_code == 200
    return response.content.decode()


def test_each_tab_shows_its_roadmaps(
    acme: Account, olga: Membership, alice: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    factories.make_roadmap(olga, "Hers")
    factories.make_share(factories.make_roadmap(alice, "Shared one"), olga)
    factories.make_roadmap(alice, "Private one")
    factories.make_roadmap(olga, "Old one", archived_at=timezone.now())
    factories.make_roadmap(mallory, "Evil one")

    def names(member: Membership, tab: str) -> set[str]:
        page = shown(signed_in(member), acme, tab)
        return {name for name in ("Hers", "Shared one", "Private one", "Old one", "Evil one") if f">{name}<" in page}

    assert names(olga, "mine") == {"Hers"}
    assert names(olga, "shared") == {"Shared one"}
    assert names(olga, "archived") == {"Old one"}
    assert names(olga, "all") == {"Hers"}
    assert names(alice, "all") == {"Hers", "Shared one", "Private one"}
    assert names(alice, "shared") == set()


def test_an_empty_list_says_what_to_do_next(
    acme: Account, olga: Membership, vera: Membership, signed_in: SignIn
) -> None:
    assert "Make your first roadmap" in shown(signed_in(olga), acme)
    assert "Nothing is shared with you yet" in shown(signed_in(vera), acme)
    assert "The archive is empty" in shown(signed_in(olga), acme, "archived")


def test_the_list_costs_the_same_for_one_roadmap_and_for_twenty(
    acme: Account, olga: Membership, signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, memberships, count, roadmaps."""
    for number in range(20):
        factories.make_item(factories.make_roadmap(olga, f"Roadmap {number}"))
    client = signed_in(olga)
    with django_assert_max_num_queries(5):
        shown(client, acme)


def test_a_roadmap_is_made_in_one_step(acme: Account, olga: Membership, signed_in: SignIn) -> None:
    response = signed_in(olga).post(
        reverse("roadmaps:new", args=[acme.slug]), {"name": "Apollo", "owner": 1, "account": 1}
    )
    made = Roadmap.objects.get()
    assert response["Location"] == at(made, "items-table")
    assert (made.owner, made.account) == (olga, acme)


@pytest.mark.parametrize("name", ["", "   ", "x" * 5000])
def test_a_name_that_does_not_fit_is_told_at_its_field(
    acme: Account, olga: Membership, signed_in: SignIn, name: str
) -> None:
    page = signed_in(olga).post(reverse("roadmaps:new", args=[acme.slug]), {"name": name}).content.decode()
    assert "errorlist" in page
    assert not Roadmap.objects.exists()


def test_a_roadmap_is_renamed(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    signed_in(olga).post(at(roadmap, "settings"), {"name": "Artemis", "description": "To the Moon"})
    roadmap.refresh_from_db()
    assert (roadmap.name, roadmap.description) == ("Artemis", "To the Moon")


def test_an_owner_shares_changes_and_takes_back(
    roadmap: Roadmap, olga: Membership, alice: Membership, signed_in: SignIn
) -> None:
    client = signed_in(olga)
    client.post(at(roadmap, "share"), {"member": alice.pk, "level": "viewer"})
    made = Share.objects.get()
    assert (made.member, made.level) == (alice, "viewer")
    client.post(at(roadmap, "share-change", made.pk), {"level": "editor"})
    made.refresh_from_db()
    assert made.level == "editor"
    client.post(at(roadmap, "share-change", made.pk), {"level": "owner"})
    made.refresh_from_db()
    assert made.level == "editor"
    client.post(at(roadmap, "unshare", made.pk))
    assert not Share.objects.exists()


@pytest.mark.parametrize("form", ["share", "hand-over"])
def test_a_member_of_another_account_is_refused_at_the_field(
    form: str, roadmap: Roadmap, olga: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    """S33: a clear message, nothing saved, nothing of the other account shown."""
    page = signed_in(olga).post(at(roadmap, form), {"member": mallory.pk, "level": "viewer"}).content.decode()
    assert "Choose somebody from the list: an active member of this account." in page
    assert "Mallory" not in page
    roadmap.refresh_from_db()
    assert roadmap.owner == olga
    assert not Share.objects.exists()


def test_a_reviewer_is_shared_with_as_a_viewer_only(
    roadmap: Roadmap, olga: Membership, vera: Membership, signed_in: SignIn
) -> None:
    page = signed_in(olga).post(at(roadmap, "share"), {"member": vera.pk, "level": "editor"}).content.decode()
    assert "Reviewers can only be viewers" in page
    assert not Share.objects.exists()


def test_a_roadmap_gets_another_owner(
    roadmap: Roadmap, olga: Membership, alice: Membership, vera: Membership, signed_in: SignIn
) -> None:
    client = signed_in(olga)
    assert "Vera" not in client.get(at(roadmap, "hand-over")).content.decode()
    client.post(at(roadmap, "hand-over"), {"member": alice.pk})
    roadmap.refresh_from_db()
    assert roadmap.owner == alice
    assert client.get(at(roadmap, "settings")).status_code == 403
    assert client.get(at(roadmap, "item-new")).status_code == 200


def test_a_roadmap_goes_to_the_archive_and_comes_back(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """D22."""
    client = signed_in(olga)
    assert "deleted only from the archive" in client.get(at(roadmap, "delete")).content.decode()
    client.post(at(roadmap, "delete"))
    client.post(at(roadmap, "archive"))
    roadmap.refresh_from_db()
    assert roadmap.archived_at
    client.post(at(roadmap, "restore"))
    roadmap.refresh_from_db()
    assert roadmap.archived_at is None


def test_the_archive_speaks_of_syncs_only_where_there_are_any(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    client = signed_in(olga)
    by_hand = factories.make_roadmap(olga, "Bare")
    for each, is_synced in ((roadmap, True), (by_hand, False)):
        archived = client.post(at(each, "archive"), follow=True).content.decode()
        assert "Nothing was removed" in archived
        assert ("its sync is paused" in archived, "it isn’t synced" in archived) == (is_synced, is_synced)
        assert ("sync history" in client.get(at(each, "delete")).content.decode()) == is_synced
        restored = client.post(at(each, "restore"), follow=True).content.decode()
        assert "is back" in restored
        assert ("its sync goes on" in restored) == is_synced


def test_an_archived_roadmap_is_deleted_after_a_question(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    factories.make_item(roadmap)
    Roadmap.objects.update(archived_at=timezone.now())
    client = signed_in(olga)
    page = client.get(at(roadmap, "delete")).content.decode()
    assert "its 1 item" in page
    assert "Nothing changes in Pivotal Tracker" in page
    assert client.post(at(roadmap, "delete")).status_code == 302
    assert not Roadmap.objects.exists()


def test_editors_make_fields_of_their_roadmap(roadmap: Roadmap, alice: Membership, signed_in: SignIn) -> None:
    factories.make_share(roadmap, alice, "editor")
    client = signed_in(alice)
    client.post(at(roadmap, "own-field-new"), {"name": "Theme", "type": "choice", "options": "Blue\r\nRed\r\n"})
    field = Field.objects.get()
    assert (field.roadmap, field.account) == (roadmap, roadmap.account)
    blue, red = field.options.all()
    typed = {"name": "Topic", f"option_{blue.pk}": "Navy", f"option_{red.pk}": "Red", "options_to_add": "Green"}
    client.post(at(roadmap, "own-field", field.pk), typed)
    assert list(field.options.values_list("label", flat=True)) == ["Navy", "Red", "Green"]
    client.post(at(roadmap, "own-field", field.pk), {"archive": str(red.pk)})
    red.refresh_from_db()
    assert red.archived_at


def test_a_list_value_of_another_account_can_not_be_archived(
    roadmap: Roadmap, olga: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    mine = factories.make_field(roadmap.account, "Theme", "choice", roadmap=roadmap)
    theirs = factories.make_field(mallory.account, "Theme", "choice", options=["Blue"]).options.get()
    page = signed_in(olga).post(at(roadmap, "own-field", mine.pk), {"archive": str(theirs.pk)}).content.decode()
    assert "That value is not in the list." in page
    theirs.refresh_from_db()
    assert theirs.archived_at is None


def test_the_tab_fields_shows_what_the_account_shares(acme: Account, alice: Membership, signed_in: SignIn) -> None:
    """S23."""
    factories.make_field(acme, "Cost", "number")
    factories.make_field(
        acme,
        "State",
        "choice",
        options=["started", "accepted"],
        source_kind="pivotal_tracker",
        source_key="state",
        source_label="Pivotal Tracker",
    )
    page = signed_in(alice).get(reverse("roadmaps:fields", args=[acme.slug])).content.decode()
    assert "Pivotal Tracker" in page
    assert '<td class="cell--number">2</td>' in page
    assert "Made here" in page


def test_an_admin_makes_and_renames_a_field_of_the_account(acme: Account, alice: Membership, signed_in: SignIn) -> None:
    client = signed_in(alice)
    client.post(reverse("roadmaps:field-new", args=[acme.slug]), {"name": "Cost", "type": "number", "options": ""})
    field = Field.objects.get()
    assert (field.roadmap, field.type) == (None, "number")
    client.post(reverse("roadmaps:field", args=[acme.slug, field.pk]), {"name": "Price", "type": "text"})
    field.refresh_from_db()
    assert (field.name, field.type) == ("Price", "number")
    page = client.post(reverse("roadmaps:field-new", args=[acme.slug]), {"name": "PRICE", "type": "text"}).content
    assert "There is a field of that name already." in page.decode()


def test_a_synced_field_is_shown_locked(acme: Account, alice: Membership, signed_in: SignIn) -> None:
    field = factories.make_field(
        acme, "State", source_kind="pivotal_tracker", source_key="state", source_label="Pivotal Tracker"
    )
    where = reverse("roadmaps:field", args=[acme.slug, field.pk])
    client = signed_in(alice)
    assert "This field comes from Pivotal Tracker" in client.get(where).content.decode()
    client.post(where, {"name": "Phase"})
    field.refresh_from_db()
    assert field.name == "State"

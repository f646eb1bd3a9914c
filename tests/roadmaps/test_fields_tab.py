"""Account Settings → Fields, and the fields of a roadmap, as people use them (S23, D13, D14)."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Membership
from roadmaps.models import Field, FieldOption, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


@pytest.fixture
def admin(alice: Membership, signed_in: SignIn) -> Client:
    return signed_in(alice)


@pytest.fixture
def editor(olga: Membership, signed_in: SignIn) -> Client:
    return signed_in(olga)


def at(account: Account, name: str, *args: int) -> str:
    return reverse(f"roadmaps:{name}", args=[account.slug, *args])


def read(client: Client, where: str) -> str:
    response = client.get(where)
    assert response.status_code == 200
    return unescape(response.content.decode())


def synced(account: Account, name: str = "State", type_: str = "choice", **columns: object) -> Field:
    return factories.make_field(
        account,
        name,
        type_,
        source_kind="pivotal_tracker",
        source_key="current_state",
        source_label="Pivotal Tracker",
        **columns,
    )


# --- The list


def test_the_list_says_where_a_field_comes_from_and_where_it_is_used(
    acme: Account, alice: Membership, roadmap: Roadmap, admin: Client
) -> None:
    state = synced(acme, options=["started"])
    cost = factories.make_field(acme, "Cost", "number", created_by=alice)
    Roadmap.objects.update(synced_columns=[state.column])
    other = factories.make_roadmap(roadmap.owner, "Borealis")
    for where in (roadmap, roadmap, other):
        factories.make_item(where, values={cost.column: 1})
    page = read(admin, at(acme, "fields"))
    assert "Current state" in page
    assert "By <bdi>Alice Acker</bdi>" in page
    assert ">1 roadmap<" in page
    assert ">2 roadmaps<" in page


def test_the_list_is_searched_by_name(acme: Account, admin: Client) -> None:
    for name in ("Cost", "Team"):
        factories.make_field(acme, name)
    page = read(admin, at(acme, "fields") + "?q=CO")
    assert "Cost" in page
    assert "Team" not in page
    assert "No field has that in its name" in read(admin, at(acme, "fields") + "?q=%25")


def test_fields_of_single_roadmaps_have_a_part_of_their_own(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    factories.make_field(acme, "Shared one")
    factories.make_field(acme, "Own one", roadmap=roadmap)
    shared, own = read(admin, at(acme, "fields")), read(admin, at(acme, "fields") + "?part=roadmap")
    assert ("Shared one" in shared, "Own one" in shared) == (True, False)
    assert ("Shared one" in own, "Own one" in own, "Apollo" in own) == (False, True, True)
    assert "Shared one" in read(admin, at(acme, "fields") + "?part=nonsense")


def test_archived_fields_are_folded_below_the_list(acme: Account, admin: Client) -> None:
    for number in range(12):
        factories.make_field(acme, f"Old {number}", archived_at=timezone.now())
    page = read(admin, at(acme, "fields"))
    assert page.count("Bring back") == 10
    assert "Show all archived fields" in page
    assert read(admin, at(acme, "fields") + "?part=archived").count("cell-link") == 12


def test_names_that_look_the_same_are_pointed_out(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    team = factories.make_field(acme, "Team", roadmap=roadmap)
    teams = factories.make_field(acme, "Teams")
    page = read(admin, at(acme, "fields"))
    assert "Looks like “" in page
    assert f"{at(acme, 'field-merge', team.pk)}?into={teams.pk}" in page
    Field.objects.filter(pk=team.pk).update(archived_at=timezone.now())
    assert "Looks like" not in read(admin, at(acme, "fields"))


def test_fields_of_another_type_are_pointed_out_but_not_merged(acme: Account, admin: Client) -> None:
    factories.make_field(acme, "Team")
    factories.make_field(acme, "Teams", "number")
    page = read(admin, at(acme, "fields"))
    assert page.count("which is of another type") == 2
    assert "merge?" not in page


def test_two_synced_fields_are_no_worry(acme: Account, admin: Client) -> None:
    synced(acme, "State")
    factories.make_field(acme, "States", source_kind="other", source_key="state", source_label="Other")
    assert "Looks like" not in read(admin, at(acme, "fields"))


@pytest.mark.parametrize("count", [2, 12])
@pytest.mark.parametrize("part", ["", "?part=roadmap", "?part=archived"])
def test_the_list_costs_the_same_however_long_it_is(
    acme: Account,
    alice: Membership,
    roadmap: Roadmap,
    admin: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
    part: str,
) -> None:
    for number in range(count):
        name = f"Field number {number}"
        factories.make_field(acme, name, "choice", options=["a"], created_by=alice)
        factories.make_field(acme, name, roadmap=roadmap, created_by=alice)
        field = factories.make_field(acme, f"Old {number}", archived_at=timezone.now(), created_by=alice)
        factories.make_item(roadmap, values={field.column: "x"})
    # Session, person, memberships; then how many, the fields, where used, names alike, the archive.
    with django_assert_num_queries(7 if "archived" in part else 8):
        admin.get(at(acme, "fields") + part)


# --- A field's page


def test_a_field_shows_where_it_is_used(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    cost = factories.make_field(acme, "Cost", "number")
    for number in range(12):
        factories.make_item(factories.make_roadmap(roadmap.owner, f"Plan {number:02}"), values={cost.column: 1})
    factories.make_item(Roadmap.objects.get(name="Plan 00"), values={cost.column: 1})
    page = read(admin, at(acme, "field", cost.pk))
    assert "2 items with a value" in page
    assert "Plan 09" in page
    assert "Plan 10" not in page
    every = read(admin, at(acme, "field-roadmaps", cost.pk))
    assert "Plan 11" in every
    assert "Apollo" not in every


@pytest.mark.parametrize("count", [2, 9])
def test_a_fields_page_costs_the_same_however_much_it_has(
    acme: Account,
    roadmap: Roadmap,
    admin: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    team = factories.make_field(acme, "Team", "choice", options=[f"Option {number}" for number in range(count)])
    for number in range(count):
        where = factories.make_roadmap(roadmap.owner, f"Plan {number}")
        factories.make_item(where, values={team.column: team.options.first().pk})
    # Session, person, memberships; then the field, how many values, the values, the roadmaps.
    with django_assert_num_queries(7):
        admin.get(at(acme, "field", team.pk))
    with django_assert_num_queries(6):
        admin.get(at(acme, "field-roadmaps", team.pk))


def test_values_get_other_names_colours_and_places_in_one_go(acme: Account, admin: Client) -> None:
    team = factories.make_field(acme, "Team", "choice", options=["Red", "Blue"])
    red, blue = team.options.all()
    typed = {f"option_{red.pk}": "Crimson", f"colour_{red.pk}": "5", "up": str(blue.pk)}
    response = admin.post(at(acme, "field", team.pk), typed)
    assert response["Location"] == f"{at(acme, 'field', team.pk)}#option-{blue.pk}"
    assert list(team.options.values_list("label", "colour")) == [("Blue", 1), ("Crimson", 5)]


def test_a_value_is_put_aside_and_offered_again(acme: Account, admin: Client) -> None:
    red = factories.make_field(acme, "Team", "choice", options=["Red"]).options.get()
    where = at(acme, "field", red.field_id)
    admin.post(where, {"archive": str(red.pk)})
    assert "Offered no longer" in read(admin, where)
    admin.post(where, {"restore": str(red.pk)})
    red.refresh_from_db()
    assert red.archived_at is None


def test_a_long_list_has_pages_and_each_saves_its_own_values(acme: Account, admin: Client) -> None:
    team = factories.make_field(acme, "Team", "choice", options=[f"Option {number:02}" for number in range(60)])
    where = at(acme, "field", team.pk) + "?page=2"
    page = read(admin, where)
    assert "Option 59" in page
    assert "Option 10" not in page
    last = team.options.last()
    assert last is not None
    response = admin.post(where, {"name": "Crew", f"colour_{last.pk}": "7", "sort": "a-z"})
    assert response["Location"] == where
    last.refresh_from_db()
    assert last.colour == 7


def test_of_a_synced_list_only_order_and_colours_can_be_changed(acme: Account, admin: Client) -> None:
    """D10: whatever a forged form sends."""
    state = synced(acme, options=["started", "accepted"])
    started, accepted = state.options.all()
    where = at(acme, "field", state.pk)
    assert "no sync touches them" in read(admin, where)
    forged = {
        "name": "Phase",
        f"option_{started.pk}": "begun",
        f"colour_{started.pk}": "4",
        "options_to_add": "more",
        "down": str(started.pk),
    }
    assert admin.post(where, forged).status_code == 302
    state.refresh_from_db()
    assert state.name == "State"
    assert list(state.options.values_list("label", "colour")) == [("accepted", 1), ("started", 4)]
    assert "comes from Pivotal Tracker" in unescape(admin.post(where, {"archive": str(accepted.pk)}).content.decode())


def test_a_colour_that_is_none_is_refused(acme: Account, admin: Client) -> None:
    red = factories.make_field(acme, "Team", "choice", options=["Red"]).options.get()
    assert admin.post(at(acme, "field", red.field_id), {f"colour_{red.pk}": "13"}).status_code == 200
    assert FieldOption.objects.get().colour == 1


def test_the_type_never_changes_by_any_form(acme: Account, roadmap: Roadmap, admin: Client, editor: Client) -> None:
    """D14."""
    shared = factories.make_field(acme, "Cost", "number")
    own = factories.make_field(acme, "Team", "number", roadmap=roadmap)
    admin.post(at(acme, "field", shared.pk), {"name": "Price", "type": "text"})
    editor.post(at(acme, "own-field", roadmap.pk, own.pk), {"name": "Crew", "type": "text"})
    admin.post(at(acme, "field-promote", own.pk), {"name": "Crew", "type": "text"})
    admin.post(at(acme, "field-archive", shared.pk), {"type": "text"})
    admin.post(at(acme, "field-restore", shared.pk), {"type": "text"})
    assert list(Field.objects.order_by("pk").values_list("name", "type")) == [("Price", "number"), ("Crew", "number")]


def test_a_field_of_one_roadmap_is_its_editors_to_change(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    own = factories.make_field(acme, "Team", "choice", roadmap=roadmap, options=["Red"])
    page = read(admin, at(acme, "field", own.pk))
    assert "Promote to every roadmap" in page
    assert "Red" in page
    assert admin.post(at(acme, "field", own.pk), {"name": "Crew"}).status_code == 403
    for name in ("field-archive", "field-restore"):
        assert admin.post(at(acme, name, own.pk)).status_code == 404


# --- Archiving


def test_an_admin_archives_a_field_and_brings_it_back(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    cost = factories.make_field(acme, "Cost", "number")
    admin.post(at(acme, "field-archive", cost.pk))
    table = reverse("roadmaps:items-table", args=[acme.slug, roadmap.pk])
    assert "This field is archived" in read(admin, at(acme, "field", cost.pk))
    assert "Cost" not in read(admin, table)
    admin.post(at(acme, "field-restore", cost.pk))
    assert "Cost" in read(admin, table)


def test_a_pulled_field_says_who_needs_it(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    state = synced(acme)
    Roadmap.objects.update(synced_columns=[state.column])
    page = unescape(admin.post(at(acme, "field-archive", state.pk), follow=True).content.decode())
    assert "used by the sync of “Apollo”" in page


def test_editors_archive_their_fields(acme: Account, roadmap: Roadmap, editor: Client) -> None:
    own = factories.make_field(acme, "Team", roadmap=roadmap)
    editor.post(at(acme, "own-field-archive", roadmap.pk, own.pk))
    assert "Archived" in read(editor, at(acme, "own-fields", roadmap.pk))
    assert "Bring back" in read(editor, at(acme, "own-field", roadmap.pk, own.pk))
    editor.post(at(acme, "own-field-restore", roadmap.pk, own.pk))
    own.refresh_from_db()
    assert own.archived_at is None


# --- Promoting


def test_an_admin_promotes_a_field(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    own = factories.make_field(acme, "Team", roadmap=roadmap)
    assert "Items keep their values" in read(admin, at(acme, "field-promote", own.pk))
    response = admin.post(at(acme, "field-promote", own.pk), {"name": "Team"})
    assert response["Location"] == at(acme, "field", own.pk)
    own.refresh_from_db()
    assert own.roadmap is None
    assert admin.get(at(acme, "field-promote", own.pk)).status_code == 404


def test_a_name_that_is_taken_offers_a_merge_or_another_name(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    own = factories.make_field(acme, "Team", roadmap=roadmap)
    shared = factories.make_field(acme, "TEAM")
    where = at(acme, "field-promote", own.pk)
    page = read(admin, where)
    assert "Merge into it" in page
    assert 'value="Team (Apollo)"' in page
    page = unescape(admin.post(where, {"name": "Team"}).content.decode())
    assert "There is a field of that name already." in page
    assert f"?into={shared.pk}" in page
    Field.objects.filter(pk=shared.pk).delete()
    factories.make_field(acme, "Team", "number")
    page = read(admin, where)
    assert "It is of another type (Number)" in page
    assert "Merge into it" not in page


def test_editors_are_told_whom_to_ask(
    acme: Account, alice: Membership, roadmap: Roadmap, admin: Client, editor: Client
) -> None:
    own = factories.make_field(acme, "Team", roadmap=roadmap)
    where = at(acme, "own-field", roadmap.pk, own.pk)
    assert "Ask an Account Admin to promote it" in read(editor, where)
    factories.make_share(roadmap, alice, "editor")
    page = read(admin, where)
    assert at(acme, "field-promote", own.pk) in page
    assert "Ask an Account Admin" not in page


# --- Merging


def test_a_merge_is_shown_before_it_is_done(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    lose = factories.make_field(acme, "Teams", "choice", options=["Red", "Blue"])
    keep = factories.make_field(acme, "Team", "choice", options=["red"])
    red = lose.options.get(label="Red")
    factories.make_item(roadmap, values={lose.column: red.pk})
    factories.make_item(roadmap, values={lose.column: red.pk, keep.column: keep.options.get().pk})
    where = at(acme, "field-merge", lose.pk)
    assert "Show what would happen" in read(admin, where)
    page = read(admin, f"{where}?into={keep.pk}")
    assert "<dd>1 item</dd>" in page
    assert "they keep the one in" in page
    assert Field.objects.filter(archived_at=None).count() == 2
    response = admin.post(where, {"into": keep.pk}, follow=True)
    assert "The values of 1 item moved to “Team”, 1 kept what they had there." in unescape(response.content.decode())
    assert response.redirect_chain[-1][0] == at(acme, "field", keep.pk)
    assert admin.get(where).status_code == 404


def test_a_merge_into_locked_cells_says_why_it_can_not_be(acme: Account, roadmap: Roadmap, admin: Client) -> None:
    lose, keep = factories.make_field(acme, "States"), synced(acme, type_="text")
    Roadmap.objects.update(synced_columns=[keep.column])
    factories.make_item(roadmap, external_id="1", values={lose.column: "begun"})
    where = at(acme, "field-merge", lose.pk)
    page = read(admin, f"{where}?into={keep.pk}")
    assert "These can’t be merged." in page
    assert ">Merge</button>" not in page
    assert "These can’t be merged." in unescape(admin.post(where, {"into": keep.pk}).content.decode())


def test_what_does_not_fit_can_not_be_chosen(
    acme: Account, roadmap: Roadmap, mallory: Membership, admin: Client
) -> None:
    lose = factories.make_field(acme, "Teams")
    others = [
        factories.make_field(acme, "Number", "number"),
        factories.make_field(acme, "Own", roadmap=roadmap),
        factories.make_field(acme, "Gone", archived_at=timezone.now()),
        factories.make_field(mallory.account, "Team"),
        lose,
    ]
    where = at(acme, "field-merge", lose.pk)
    assert "Nothing to merge it with" in read(admin, where)
    factories.make_field(acme, "Team")
    for other in others:
        assert "Choose a field from the list" in read(admin, f"{where}?into={other.pk}")
        assert admin.post(where, {"into": other.pk}).status_code == 200
    assert not Field.objects.filter(pk=lose.pk).exclude(archived_at=None).exists()


def test_a_synced_field_is_not_merged_into_another(acme: Account, admin: Client) -> None:
    assert admin.get(at(acme, "field-merge", synced(acme).pk)).status_code == 404


@pytest.mark.parametrize("items", [1, 9])
def test_a_preview_costs_the_same_however_many_items(
    acme: Account,
    roadmap: Roadmap,
    admin: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
    items: int,
) -> None:
    lose = factories.make_field(acme, "Teams", "choice", options=["Red"])
    keep = factories.make_field(acme, "Team", "choice", options=["Red"])
    for _ in range(items):
        factories.make_item(roadmap, values={lose.column: lose.options.get().pk})
    # Session, person, memberships; then both fields, the list values, the items.
    with django_assert_num_queries(7):
        admin.get(f"{at(acme, 'field-merge', lose.pk)}?into={keep.pk}")


# --- Making fields


def test_a_name_that_looks_like_another_is_asked_about(acme: Account, admin: Client) -> None:
    factories.make_field(acme, "Teams")
    where = at(acme, "field-new")
    page = unescape(admin.post(where, {"name": "Team", "type": "text"}).content.decode())
    assert "There is “<bdi>Teams</bdi>” already" in page
    assert Field.objects.count() == 1
    admin.post(where, {"name": "Team", "type": "text", "anyway": "1"})
    assert Field.objects.count() == 2


def test_editors_are_not_asked_about_fields_of_other_roadmaps(acme: Account, roadmap: Roadmap, editor: Client) -> None:
    other = factories.make_roadmap(factories.make_member(acme), "Secret")
    factories.make_field(acme, "Teams", roadmap=other)
    editor.post(at(acme, "own-field-new", roadmap.pk), {"name": "Team", "type": "text"})
    assert Field.objects.filter(roadmap=roadmap, name="Team").exists()


def test_a_field_remembers_who_made_it(acme: Account, olga: Membership, roadmap: Roadmap, editor: Client) -> None:
    editor.post(at(acme, "own-field-new", roadmap.pk), {"name": "Team", "type": "text"})
    assert Field.objects.get().created_by == olga


def test_the_table_ends_with_a_way_to_add_a_field(
    acme: Account, roadmap: Roadmap, vera: Membership, editor: Client, signed_in: SignIn
) -> None:
    factories.make_share(roadmap, vera)
    factories.make_item(roadmap)
    table = at(acme, "items-table", roadmap.pk)
    assert "Add a field" in read(editor, table)
    assert "Add a field" not in read(signed_in(vera), table)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("", "?"),
        ("sort=-name", "?sort=-name"),
        ("cols=name,start_date&q=pay", "?q=pay&cols=name,start_date,{new}"),
        ("cols=name&nonsense=1&sort=f999", "?cols=name,{new}"),
    ],
)
def test_a_field_made_from_the_table_is_in_it(
    acme: Account, roadmap: Roadmap, editor: Client, asked: str, answered: str
) -> None:
    where = f"{at(acme, 'own-field-new', roadmap.pk)}?{asked}&from_table=1"
    response = editor.post(where, {"name": "Team", "type": "text"})
    expected = answered.format(new=Field.objects.get().column)
    assert response["Location"] == at(acme, "items-table", roadmap.pk) + expected


def test_the_form_over_the_table_is_a_fragment(acme: Account, roadmap: Roadmap, editor: Client) -> None:
    where = f"{at(acme, 'own-field-new', roadmap.pk)}?sort=name&from_table=1"
    response = editor.get(where, headers={"HX-Request": "true"})
    assert "<html" not in response.content.decode()
    assert "HX-Request" in response["Vary"]
    assert editor.post(where, {"name": ""}, headers={"HX-Request": "true"}).status_code == 422


def test_only_admins_make_fields_for_all_roadmaps_from_the_table(
    acme: Account, alice: Membership, roadmap: Roadmap, admin: Client, editor: Client
) -> None:
    factories.make_share(roadmap, alice, "editor")
    where = at(acme, "own-field-new", roadmap.pk)
    assert "Every roadmap of the account" not in read(editor, where)
    assert "Every roadmap of the account" in read(admin, where)
    editor.post(where, {"name": "Cost", "type": "number", "scope": "account"})
    admin.post(where, {"name": "Team", "type": "text", "scope": "account"})
    assert dict(Field.objects.values_list("name", "roadmap")) == {"Cost": roadmap.pk, "Team": None}

"""Who sees, chooses and edits what on a portfolio (S32, S33, D10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership
from roadmaps.models import Field, Item, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]
EVERYBODY = ["stranger", "outsider", "reviewer", "viewer", "editor", "owner", "admin"]
LOOK = {"reviewer": 200, "viewer": 200, "editor": 200, "owner": 200, "admin": 200}
CHOOSE = {"reviewer": 403, "viewer": 403, "editor": 200, "owner": 200, "admin": 403}
NOBODY: dict[str, int] = {}
#: Those who may edit the source; the viewer of the portfolio is an editor there, its editor is not.
HOME = {"reviewer": 403, "viewer": 200, "editor": 403, "owner": 200, "admin": 403}
PAGES = {
    "items-table": LOOK,
    "timeline": LOOK,
    "swimlane": LOOK,
    "timeline-svg": LOOK,
    "timeline-png": LOOK,
    "export-csv": LOOK,
    "item": LOOK,
    "item-history": LOOK,
    "comments": LOOK,
    "portfolio-state": LOOK,
    "sources": CHOOSE,
    "view-new": CHOOSE,
    "milestone-new": CHOOSE,
    "item-edit": HOME,
    "item-move": HOME,
    "cell": HOME,
    "links": HOME,
    "item-new": NOBODY,
    "item-delete": NOBODY,
    "own-fields": NOBODY,
}


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
def source(people: dict[str, Membership]) -> Roadmap:
    made = factories.make_roadmap(
        people["owner"], "Apollo", source_label="Pivotal Tracker", synced_columns=["name", "start_date"]
    )
    factories.make_share(made, people["viewer"], "editor")
    return made


@pytest.fixture
def item(source: Roadmap) -> Item:
    return factories.make_item(source, "Lift off", external_id="7", start_date="2026-01-01", end_date="2026-02-01")


@pytest.fixture
def portfolio(people: dict[str, Membership], source: Roadmap, item: Item) -> Roadmap:
    made = factories.make_portfolio(people["owner"], "Space", source)
    factories.make_share(made, people["reviewer"], "viewer")
    factories.make_share(made, people["viewer"], "viewer")
    factories.make_share(made, people["editor"], "editor")
    return made


def address(name: str, roadmap: Roadmap, item: Item) -> str:
    args: list[Any] = [roadmap.account.slug, roadmap.pk]
    if name.startswith(("item-", "comment", "link", "cell")) and name not in ("item-new", "items-table"):
        args.append(item.pk)
    if name == "item":
        args.append(item.pk)
    if name == "cell":
        args.append("notes")
    if name.startswith("source-"):
        args.append(roadmap.sources.get().pk)
    return reverse(f"roadmaps:{name}", args=args)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", PAGES)
def test_each_page_lets_in_whom_it_is_for(
    name: str, who: str, portfolio: Roadmap, item: Item, people: dict[str, Membership], signed_in: SignIn
) -> None:
    response = signed_in(people[who]).get(address(name, portfolio, item))
    if response.streaming:
        b"".join(response.streaming_content)
    assert response.status_code == PAGES[name].get(who, 404)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("name", ["source-view", "source-move", "source-remove"])
def test_sources_are_chosen_by_editors(
    name: str, who: str, portfolio: Roadmap, item: Item, people: dict[str, Membership], signed_in: SignIn
) -> None:
    client, where = signed_in(people[who]), address(name, portfolio, item)
    assert client.get(where).status_code == 405
    expected = {"stranger": 404, "outsider": 404, "owner": 302, "editor": 302}.get(who, 403)
    assert client.post(where, {"view": "all", "to": "up"}).status_code == expected


def test_a_roadmap_has_no_sources(source: Roadmap, item: Item, olga: Membership, signed_in: SignIn) -> None:
    assert signed_in(olga).get(address("sources", source, item)).status_code == 404


def test_a_portfolio_is_never_set_up(portfolio: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    where = reverse("integrations:setup", args=[portfolio.account.slug, portfolio.pk])
    assert signed_in(olga).get(where).status_code == 404


@pytest.mark.parametrize("who", EVERYBODY)
def test_dates_are_moved_by_those_who_edit_the_source(
    who: str, portfolio: Roadmap, item: Item, people: dict[str, Membership], signed_in: SignIn
) -> None:
    where = address("item-dates", portfolio, item)
    expected = {"stranger": 404, "outsider": 404, "viewer": 204, "owner": 204}.get(who, 403)
    assert signed_in(people[who]).post(where, {"end_date": "2026-03-01"}).status_code == expected


def test_locked_cells_stay_locked_by_every_way(
    portfolio: Roadmap, item: Item, olga: Membership, signed_in: SignIn
) -> None:
    client = signed_in(olga)
    assert client.post(address("item-edit", portfolio, item), {"name": "Mine", "notes": "n"}).status_code == 200
    cell = address("cell", portfolio, item).replace("notes", "name")
    assert client.post(cell, {"name": "Mine"}).status_code == 422
    assert client.post(address("item-dates", portfolio, item), {"start_date": "2026-01-05"}).status_code == 422
    bulk = {"item": str(item.pk), "column": "name", "way": "set", "name": "Mine", "apply": "1"}
    client.post(address("bulk-edit", portfolio, item), bulk)
    item.refresh_from_db()
    assert (item.name, item.notes, str(item.start_date)) == ("Lift off", "", "2026-01-01")


def test_an_own_value_is_edited_from_the_portfolio(
    portfolio: Roadmap, item: Item, people: dict[str, Membership], signed_in: SignIn
) -> None:
    response = signed_in(people["viewer"]).post(address("cell", portfolio, item), {"notes": "Soon"})
    assert response["Location"] == address("item", portfolio, item)
    item.refresh_from_db()
    assert item.notes == "Soon"


def test_the_card_opens_the_source_only_for_those_who_may(
    portfolio: Roadmap, source: Roadmap, item: Item, people: dict[str, Membership], signed_in: SignIn
) -> None:
    home = address("item", source, item)
    seen = {who: signed_in(people[who]).get(address("item", portfolio, item)).content.decode() for who in LOOK}
    assert all("Apollo" in page and "Lift off" in page for page in seen.values())
    assert {who for who, page in seen.items() if home in page} == {"viewer", "owner", "admin"}
    assert signed_in(people["editor"]).get(home).status_code == 404


def test_whoever_sees_the_portfolio_may_comment_and_stays_there(
    portfolio: Roadmap, item: Item, people: dict[str, Membership], signed_in: SignIn
) -> None:
    client = signed_in(people["reviewer"])
    response = client.post(address("comments", portfolio, item), {"text": "Go!"})
    assert response.status_code == 302
    assert response["Location"].startswith(address("item", portfolio, item))
    assert "Go!" in client.get(address("item", portfolio, item)).content.decode()


def test_what_is_outside_a_sources_view_is_not_found(
    portfolio: Roadmap, source: Roadmap, item: Item, olga: Membership, signed_in: SignIn
) -> None:
    portfolio.sources.update(view=factories.make_view(source, "None", "q=nothing+like+it"))
    for name in ("item", "item-edit", "comments", "links", "item-move"):
        assert signed_in(olga).get(address(name, portfolio, item)).status_code == 404


def test_bulk_changes_what_the_person_may_edit_and_says_what_not(
    portfolio: Roadmap, item: Item, acme: Account, people: dict[str, Membership], signed_in: SignIn
) -> None:
    gemini = factories.make_roadmap(people["owner"], "Gemini")
    other = factories.make_item(gemini, "Docking")
    factories.make_source(portfolio, gemini)
    field = factories.make_field(acme, "Team")
    client = signed_in(people["viewer"])
    posted = {"item": [item.pk, other.pk], "column": field.column, "way": "set", field.column: "Blue", "apply": "1"}
    page = client.post(address("bulk-edit", portfolio, item), posted, follow=True).content.decode()
    assert "1 item changed" in page and "1 can’t be edited by you" in page
    assert [Item.objects.get(pk=each).values for each in (item.pk, other.pk)] == [{field.column: "Blue"}, {}]
    assert signed_in(people["editor"]).post(address("bulk-edit", portfolio, item), posted).status_code == 403
    assert client.post(address("bulk-delete", portfolio, item), posted).status_code == 404


def test_the_table_offers_editing_row_by_row(
    portfolio: Roadmap, item: Item, people: dict[str, Membership], signed_in: SignIn
) -> None:
    gemini = factories.make_roadmap(people["owner"], "Gemini")
    factories.make_item(gemini, "Docking")
    factories.make_source(portfolio, gemini)
    where = address("items-table", portfolio, item) + "?cols=name,end_date"
    page = {who: signed_in(people[who]).get(where).content.decode() for who in ("viewer", "owner", "editor")}
    assert [page[who].count('data-cell="end_date"') for who in ("viewer", "owner", "editor")] == [1, 2, 0]
    assert 'data-cell="roadmap"' not in page["owner"]


def test_a_field_of_the_source_alone_is_not_shown(
    portfolio: Roadmap, source: Roadmap, item: Item, olga: Membership, signed_in: SignIn
) -> None:
    field: Field = factories.make_field(source.account, "Secret sauce", roadmap=source)
    Item.objects.filter(pk=item.pk).update(values={field.column: "Mustard"})
    page = signed_in(olga).get(address("item", portfolio, item)).content.decode()
    assert "Mustard" not in page
    where = address("cell", portfolio, item).replace("notes", field.column)
    assert signed_in(olga).get(where).status_code == 404


def test_an_archived_portfolio_is_only_read(
    portfolio: Roadmap, item: Item, olga: Membership, signed_in: SignIn
) -> None:
    Roadmap.objects.filter(pk=portfolio.pk).update(archived_at=item.created_at)
    client = signed_in(olga)
    assert client.get(address("item", portfolio, item)).status_code == 200
    for name in ("item-edit", "cell", "sources"):
        assert client.get(address(name, portfolio, item)).status_code == 403

"""The Items Table: what it shows, what its address asks for, and what it costs (S24, S29, D10, D11, D25)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps.models import Field, FieldOption, Roadmap
from tests import factories
from tests.roadmaps import test_query

SignIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")


def address(roadmap: Roadmap) -> str:
    return reverse("roadmaps:items-table", args=[roadmap.account.slug, roadmap.pk])


def show(client: Client, roadmap: Roadmap, query: str = "") -> str:
    response = client.get(address(roadmap) + query)
    assert response.status_code == 200
    return response.content.decode()


def synced_field(roadmap: Roadmap, name: str, type_: str, options: list[str] | None = None) -> Field:
    """A field that the roadmap's source fills."""
    made = factories.make_field(
        roadmap.account,
        name,
        type_,
        options=options,
        source_kind="pivotal_tracker",
        source_key=name,
        source_label="Pivotal Tracker",
    )
    roadmap.synced_columns = [*roadmap.synced_columns, made.column]
    roadmap.save()
    return made


def fill(roadmap: Roadmap, *, items: int, fields: int) -> None:
    """A roadmap with synced list fields of which every item has a value."""
    made = [synced_field(roadmap, f"Field {number}", "choices", ["Wallet", "Risk"]) for number in range(fields)]
    values = {field.column: [field.options.first().pk] for field in made}
    for number in range(items):
        factories.make_item(roadmap, f"Story {number}", external_id=str(number), values=values)


def test_an_external_id_links_to_the_story_and_tells_it_nothing(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    """S24, D18."""
    factories.make_item(roadmap, "Pay", external_id="4711", external_url="https://tracker.test/story/show/4711")
    link = '<a href="https://tracker.test/story/show/4711" target="_blank" rel="noopener noreferrer nofollow">'
    assert link in show(signed_in(olga), roadmap)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", " javascript:alert(1)", "//evil.test", "ftp://x/"]
)
def test_an_address_that_is_no_web_page_is_no_link(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, url: str
) -> None:
    """W10."""
    factories.make_item(roadmap, "Pay", external_id="4711", external_url=url)
    page = show(signed_in(olga), roadmap)
    assert "4711" in page
    assert f'href="{url}' not in page
    assert "javascript:alert" not in page


def test_synced_fields_come_before_own_ones(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    factories.make_field(roadmap.account, "Theme", roadmap=roadmap)
    factories.make_field(roadmap.account, "Cost")
    synced_field(roadmap, "State", "text")
    other = factories.make_roadmap(olga, "Other")
    factories.make_field(roadmap.account, "Elsewhere", roadmap=other)
    factories.make_field(roadmap.account, "Unsynced", source_kind="pivotal_tracker", source_key="unsynced")
    factories.make_item(roadmap)

    page = show(signed_in(olga), roadmap)
    heads = page[page.index("<thead>") : page.index("</thead>")]
    places = [
        heads.index(f"<bdi>{name}</bdi>") for name in ("Name", "Start Date", "External ID", "State", "Theme", "Cost")
    ]
    assert places == sorted(places)
    assert "Elsewhere" not in heads
    assert "Unsynced" not in heads


def test_synced_cells_are_locked_and_say_where_they_come_from(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    """D10: on items from the source only; items made by hand have no lock."""
    roadmap.synced_columns = ["name"]
    roadmap.save()
    factories.make_item(roadmap, "From Tracker", external_id="1")
    factories.make_item(roadmap, "By hand")

    head, body = show(signed_in(olga), roadmap).split("<tbody>")
    rows = body.split("<tr")
    assert 'title="Synced from Pivotal Tracker; change it there"' in head
    assert 'title="Synced from Pivotal Tracker"' in rows[1]
    assert "Synced from" not in rows[2]


def test_a_lost_item_stays_and_shows_its_reason(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """D11."""
    factories.make_item(roadmap, "Pay", external_id="1", source_state="moved")
    page = show(signed_in(olga), roadmap)
    assert "Moved to another project" in page
    assert "row--lost" in page


def test_the_address_decides_what_is_shown(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """D25."""
    field = factories.make_field(roadmap.account, "Points", "number", roadmap=roadmap)
    for name, points in (("one", 1), ("two", 2), ("three", 3)):
        factories.make_item(roadmap, name, values={field.column: points})

    page = show(signed_in(olga), roadmap, f"?{field.column}__after=1&sort=-{field.column}&cols=name,{field.column}")

    body = page.split("<tbody>")[1]
    assert "one" not in body.split("</tbody>")[0]
    assert body.index("three") < body.index("two")
    assert "Start Date" not in page.split("<thead>")[1].split("</thead>")[0]


def test_a_filter_of_the_form_becomes_part_of_the_address(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    """D30: without JavaScript."""
    response = signed_in(olga).get(
        address(roadmap), {"filter": "start_date", "op": "between", "value": ["2026-01-01", "2026-02-01"], "q": "pay"}
    )
    assert response.status_code == 302
    assert response["Location"] == f"{address(roadmap)}?q=pay&start_date__between=2026-01-01..2026-02-01"


def test_the_menu_of_columns_leads_to_a_short_address(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    response = signed_in(olga).get(address(roadmap), {"cols": ["name", "end_date", "notes"], "q": "pay"})
    assert response["Location"] == f"{address(roadmap)}?q=pay&cols=name,end_date,notes"


def test_a_filter_that_makes_no_sense_says_so_in_its_form(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    page = show(signed_in(olga), roadmap, "?filter=start_date&op=is&value=1832-05-01")
    assert "Enter a date between 1900 and 2200." in page
    assert 'value="1832-05-01"' in page


def test_a_filter_can_be_changed(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    query = "?name__contains=pay&notes__empty=1&filter=name&change=0"
    assert 'value="pay"' in show(signed_in(olga), roadmap, query)

    response = signed_in(olga).get(address(roadmap) + query + "&op=is&value=Pay")
    assert response["Location"].endswith("?name__is=Pay&notes__empty=1")


@pytest.mark.parametrize(
    "query",
    [
        "?page=0",
        "?page=-1",
        "?page=1000000000",
        "?page=x",
        "?sort=password",
        "?sort=owner__user__password",
        "?q=%00",
        "?name__is=%00",
        "?cols=%00",
        "?filter=%00&op=is&value=%00",
        "?filter=name&op=drop&value=x",
        "?filter=name&change=99999999999999999999&op=is&value=x",
        "?source__is=%ff%fe",
        "?f999999999999999999999__is=1",
        "?start_date__is=9999-99-99",
        "?group=%00",
        "?group=name&widths=name",
        "?group=f99999999999&widths=" + "name:99999999999," * 200,
        "?earlier=%00",
        "?later=name&then=name&flip=x",
        "?resize=%ff:1",
        "?view=9999999999999999999999&group=start_date&page=7",
        "?" + "&".join(f"name__contains={number}" for number in range(500)),
    ],
)
def test_no_address_breaks_the_table(roadmap: Roadmap, olga: Membership, signed_in: SignIn, query: str) -> None:
    factories.make_item(roadmap)
    assert signed_in(olga).get(address(roadmap) + query).status_code in (200, 302)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(test_query.addresses)
def test_whatever_an_address_says_there_is_a_page(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, params: dict[str, list[str]]
) -> None:
    """And no redirect goes round in a circle."""
    if not roadmap.items.exists():
        factories.make_item(roadmap, start_date="2026-01-01")
    sent = urlencode(params, doseq=True, errors="replace")
    assert signed_in(olga).get(f"{address(roadmap)}?{sent}", follow=True).status_code == 200


def test_a_page_behind_the_last_is_the_last(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    for number in range(51):
        factories.make_item(roadmap, f"Item {number:02}")
    page = show(signed_in(olga), roadmap, "?page=999&sort=name")
    assert "51–51 of 51 items" in page


def test_what_the_address_got_wrong_is_said(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    assert "there is no such column here" in show(signed_in(olga), roadmap, "?sort=password")


def test_another_roadmaps_items_never_appear(
    roadmap: Roadmap, olga: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    """S33."""
    factories.make_item(factories.make_roadmap(olga, "Other"), "Not here")
    factories.make_item(factories.make_roadmap(mallory, "Evil"), "Nor this")
    factories.make_item(roadmap, "This")
    page = show(signed_in(olga), roadmap)
    assert "This" in page
    assert "Not here" not in page
    assert "Nor this" not in page


def test_an_option_of_another_account_filters_nothing(
    roadmap: Roadmap, olga: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    mine = factories.make_field(roadmap.account, "Theme", "choice", roadmap=roadmap, options=["Blue"])
    theirs = factories.make_field(mallory.account, "Secret", "choice", options=["Plan B"])
    page = show(signed_in(olga), roadmap, f"?{mine.column}__is={FieldOption.objects.get(field=theirs).pk}")
    assert "one of the values is no longer there" in page
    assert "Plan B" not in page


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    '"><script>alert(1)</script>',
    "{{ 7|add:7 }}{% csrf_token %}",
    "‮evil‬",
    "x" * 5000,
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_remote_text_is_inert_in_the_table(roadmap: Roadmap, olga: Membership, signed_in: SignIn, attack: str) -> None:
    """D18, W9: in names, list values, texts and names of fields."""
    text = synced_field(roadmap, "T", "text")
    labels = synced_field(roadmap, attack[:80], "choices", [attack[:255]])
    values = {text.column: attack, labels.column: [labels.options.get().pk]}
    factories.make_item(roadmap, attack, external_id="1", values=values, description=attack)

    page = show(signed_in(olga), roadmap, "?cols=description")
    for harm in ("<script>alert", "<img src=x", "<svg onload"):
        assert harm not in page
    assert "<bdi>" in page


def test_an_empty_roadmap_says_what_to_do_next(
    roadmap: Roadmap, olga: Membership, vera: Membership, signed_in: SignIn
) -> None:
    empty = factories.make_roadmap(olga, "Empty")
    factories.make_share(empty, vera)
    assert "Add items by hand" in show(signed_in(olga), empty)
    assert "Its owner and editors fill it" in show(signed_in(vera), empty)
    assert "No item fits" in show(signed_in(olga), empty, "?q=nothing")
    assert "as soon as a sync is through" in show(signed_in(olga), roadmap)


def test_the_table_costs_the_same_for_one_item_and_for_sixty(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, memberships, roadmap, views, fields, list values, count, items; two of sync, two of news."""
    fill(roadmap, items=60, fields=12)
    client = signed_in(olga)
    show(client, roadmap)
    with django_assert_max_num_queries(13) as costs:
        page = show(client, roadmap)
    assert page.count("<tr") == 51
    roadmap.items.exclude(name="Story 0").delete()
    with django_assert_max_num_queries(len(costs.captured_queries)):
        show(client, roadmap)


def count_on_from(table: str, number: int) -> None:
    """The sequence goes back with the test's transaction only where it is altered, not where it is set."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SEQUENCE {table}_id_seq RESTART WITH {number}")


def test_a_page_of_twelve_columns_is_below_150_kilobytes(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """With all that somebody needs who may edit, values in all columns, two in two of them, and ids of a big site."""
    for table in ("roadmaps_item", "roadmaps_field", "roadmaps_roadmap"):
        count_on_from(table, 20_000_000)
    roadmap = factories.make_roadmap(olga, "Gemini", source_label="Pivotal Tracker")
    roadmap.synced_columns = ["name", "start_date", "end_date"]
    made = [synced_field(roadmap, f"Field {number}", "choices", ["Payments", "Risk and fraud"]) for number in range(8)]
    values = {field.column: [option.pk for option in field.options.all()] for field in made[:2]}
    values |= {field.column: [field.options.last().pk] for field in made[2:]}
    for number in range(51):
        name = f"Story {number} lets riders pay at the station, with a card or a phone"
        factories.make_item(roadmap, name, external_id=str(number), values=values)
    page = show(signed_in(olga), roadmap)
    assert (page.count("<tr"), page.count('<th scope="col"')) == (51, 14)
    assert len(page.encode()) < 150_000

"""Sorting, filtering and searching of items, by each type of field (D25, D11)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import columns, query, query_sql
from roadmaps.models import Field, FieldOption, Item, Roadmap
from tests import factories
from tests.roadmaps import test_query


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, source_label="Pivotal Tracker")


def found(roadmap: Roadmap, address: str) -> list[str]:
    """Names of the items that an address asks for, in order."""
    known = columns.load(roadmap)
    asked = query.parse(parse_qs(address.format(**names(roadmap)), keep_blank_values=True), known)
    assert asked.notes == ()
    return [item.name for item in query_sql.apply(asked, roadmap.items.all(), known)]


def names(roadmap: Roadmap) -> dict[str, str]:
    """Fields by name and options by label, for addresses in which `{Team}` stands for f12."""
    fields = {field.name: field.column for field in Field.objects.filter(account=roadmap.account)}
    return fields | {option.label: str(option.pk) for option in FieldOption.objects.filter(account=roadmap.account)}


def fill(roadmap: Roadmap, type_: str, values: dict[str, Any], *, options: list[str] | None = None) -> Field:
    """A field "F" and one item for each name in `values`; None leaves the value out."""
    field = factories.make_field(roadmap.account, "F", type_, roadmap=roadmap, options=options)
    ids = {option.label: option.pk for option in field.options.all()}
    for name, value in values.items():
        if isinstance(value, list):
            value = [ids[label] for label in value]
        elif type_ == "choice" and value is not None:
            value = ids[value]
        factories.make_item(roadmap, name, values={} if value is None else {field.column: value})
    return field


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("{F}__is=3", ["three"]),
        ("{F}__is=3.0", ["three"]),
        ("{F}__not=3", ["ten", "half", "none"]),
        ("{F}__before=3", ["half"]),
        ("{F}__after=2.9", ["ten", "three"]),
        ("{F}__between=0..3", ["half", "three"]),
        ("{F}__empty=1", ["none"]),
        ("{F}__filled=1", ["ten", "half", "three"]),
        ("sort={F}", ["half", "three", "ten", "none"]),
        ("sort=-{F}", ["ten", "three", "half", "none"]),
    ],
)
def test_numbers(roadmap: Roadmap, address: str, expected: list[str]) -> None:
    fill(roadmap, "number", {"ten": 10, "half": 0.5, "none": None, "three": 3})
    assert sorted(found(roadmap, address)) == sorted(expected)
    if "sort" in address:
        assert found(roadmap, address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("{F}__is=2026-02-01", ["feb"]),
        ("{F}__not=2026-02-01", ["jan", "dec", "none"]),
        ("{F}__before=2026-02-01", ["dec", "jan"]),
        ("{F}__after=2026-01-31", ["feb"]),
        ("{F}__between=2025-12-31..2026-01-31", ["jan", "dec"]),
        ("{F}__empty=1", ["none"]),
        ("sort={F}", ["dec", "jan", "feb", "none"]),
        ("sort=-{F}", ["feb", "jan", "dec", "none"]),
    ],
)
def test_dates(roadmap: Roadmap, address: str, expected: list[str]) -> None:
    fill(roadmap, "date", {"feb": "2026-02-01", "none": None, "jan": "2026-01-31", "dec": "2025-12-31"})
    assert sorted(found(roadmap, address)) == sorted(expected)
    if "sort" in address:
        assert found(roadmap, address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("{F}__contains=%25", ["percent"]),
        ("{F}__contains=BLUE", ["blue"]),
        ("{F}__lacks=blue", ["percent", "none"]),
        ("{F}__is=deep blue", ["blue"]),
        ("{F}__not=deep blue", ["percent", "none"]),
        ("{F}__empty=1", ["none"]),
        ("sort={F}", ["percent", "blue", "none"]),
        ("sort=-{F}", ["blue", "percent", "none"]),
    ],
)
@pytest.mark.parametrize("type_", ["text", "link"])
def test_texts_and_links(roadmap: Roadmap, type_: str, address: str, expected: list[str]) -> None:
    fill(roadmap, type_, {"none": None, "blue": "Deep Blue", "percent": "100 %"})
    assert sorted(found(roadmap, address)) == sorted(expected)
    if "sort" in address:
        assert found(roadmap, address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("{F}__is=yes", ["yes"]),
        ("{F}__is=no", ["no"]),
        ("{F}__empty=1", ["none"]),
        ("sort={F}", ["no", "yes", "none"]),
    ],
)
def test_checkboxes(roadmap: Roadmap, address: str, expected: list[str]) -> None:
    fill(roadmap, "checkbox", {"none": None, "yes": True, "no": False})
    assert found(roadmap, address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("{F}__is={Started}", ["b"]),
        ("{F}__is={Started},{Accepted}", ["a", "b"]),
        ("{F}__not={Started}", ["a", "none"]),
        ("{F}__empty=1", ["none"]),
        ("sort={F}", ["b", "a", "none"]),
        ("sort=-{F}", ["a", "b", "none"]),
    ],
)
def test_lists_of_one_value_sort_in_the_order_of_the_list(roadmap: Roadmap, address: str, expected: list[str]) -> None:
    fill(roadmap, "choice", {"a": "Accepted", "none": None, "b": "Started"}, options=["Started", "Accepted"])
    assert sorted(found(roadmap, address)) == sorted(expected)
    if "sort" in address:
        assert found(roadmap, address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("{F}__is={Risk}", ["both", "risk"]),
        ("{F}__contains={Risk},{Wallet}", ["both"]),
        ("{F}__not={Wallet}", ["none", "risk"]),
        ("{F}__filled=1", ["both", "risk"]),
        ("sort={F}", ["both", "risk", "none"]),
    ],
)
def test_lists_of_several_values(roadmap: Roadmap, address: str, expected: list[str]) -> None:
    fill(roadmap, "choices", {"none": None, "risk": ["Risk"], "both": ["Wallet", "Risk"]}, options=["Wallet", "Risk"])
    assert sorted(found(roadmap, address)) == sorted(expected)
    if "sort" in address:
        assert found(roadmap, address) == expected


def test_the_items_own_columns(roadmap: Roadmap) -> None:
    factories.make_item(roadmap, "beta", start_date="2026-02-01", description="Pay by *card*")
    factories.make_item(roadmap, "Alpha", end_date="2026-01-01", notes="Ask Vera")
    factories.make_item(roadmap, "gamma", external_id="4711")

    assert found(roadmap, "sort=name") == ["Alpha", "beta", "gamma"]
    assert found(roadmap, "sort=-start_date,-name") == ["beta", "gamma", "Alpha"]
    assert found(roadmap, "start_date__empty=1") == ["Alpha", "gamma"]
    assert found(roadmap, "external_id__empty=1") == ["beta", "Alpha"]
    assert found(roadmap, "description__contains=CARD") == ["beta"]
    assert found(roadmap, "notes__filled=1") == ["Alpha"]
    assert found(roadmap, "q=vera") == ["Alpha"]
    assert found(roadmap, "q=4711") == ["gamma"]
    assert found(roadmap, "end_date__before=2026-01-02") == ["Alpha"]


def test_lost_items_are_found_by_their_reason(roadmap: Roadmap) -> None:
    """D11: an item that its source lost stays, and says why."""
    factories.make_item(roadmap, "mine")
    factories.make_item(roadmap, "fresh", external_id="1")
    factories.make_item(roadmap, "deleted", external_id="2", source_state="deleted")
    factories.make_item(roadmap, "hidden", external_id="3", source_state="hidden")

    assert found(roadmap, "source__is=lost") == ["deleted", "hidden"]
    assert found(roadmap, "source__is=hidden,own") == ["mine", "hidden"]
    assert found(roadmap, "source__is=current") == ["fresh"]
    assert found(roadmap, "source__not=lost") == ["mine", "fresh"]


def test_archived_items_are_hidden_until_asked_for(roadmap: Roadmap) -> None:
    factories.make_item(roadmap, "old", archived_at=timezone.now())
    factories.make_item(roadmap, "new")

    assert found(roadmap, "") == ["new"]
    assert found(roadmap, "archived=1") == ["old", "new"]


def test_ties_are_broken_by_the_order_of_making(roadmap: Roadmap) -> None:
    for name in "cab":
        factories.make_item(roadmap, name)
    assert found(roadmap, "sort=start_date") == ["c", "a", "b"]


@pytest.mark.parametrize("column", ["number", "date", "checkbox", "text", "link"])
def test_what_a_source_left_in_the_wrong_shape_breaks_no_order(roadmap: Roadmap, column: str) -> None:
    values = {"words": "tomorrow", "number": 3, "truth": True, "nothing": None, "list": [], "object": {"a": 1}}
    field = factories.make_field(roadmap.account, "F", column, roadmap=roadmap)
    for name, value in values.items():
        factories.make_item(roadmap, name, values={field.column: value})
    assert sorted(found(roadmap, "sort={F}")) == sorted(found(roadmap, "sort=-{F}")) == sorted(values)


def test_numbers_of_fifteen_digits_sort_exactly(roadmap: Roadmap) -> None:
    """D25."""
    fill(roadmap, "number", {"b": 999_999_999_999_998, "a": 999_999_999_999_999, "c": -999_999_999_999_999})
    assert found(roadmap, "sort={F}") == ["c", "b", "a"]


@pytest.mark.parametrize("group", ["", "{F}"])
def test_far_down_a_list_a_page_is_fetched_the_other_way_and_shows_the_same(
    roadmap: Roadmap, group: str, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    field = fill(roadmap, "number", {f"Story {number}": number * 7 % 10 for number in range(30)})
    known = columns.load(roadmap)
    by = next((column for column in known if group and column.name == field.column), None)
    asked = query.parse({"sort": [f"-{field.column}"]}, known)
    page = query_sql.apply(asked, roadmap.items.all(), known, group=by)[10:20]
    with django_assert_num_queries(1):
        near = query_sql.fetch(page.all(), long=["notes"])
    monkeypatch.setattr(query_sql, "FAR_DOWN", 10)
    with django_assert_num_queries(2):
        assert query_sql.fetch(page.all(), long=["notes"]) == near
    assert [item.values[field.column] for item, _ in near] == [6, 6, 5, 5, 5, 4, 4, 4, 3, 3]
    assert {key is not None for _, key in near} == {bool(group)}


def test_a_list_filter_can_use_the_index_of_values(roadmap: Roadmap) -> None:
    """A containment condition is what the GIN index answers; with the other ways closed, PostgreSQL takes it."""
    fill(roadmap, "choices", {"risk": ["Risk"]}, options=["Risk"])
    known = columns.load(roadmap)
    column = next(column for column in known if column.label == "F")
    option = next(iter(column.options))
    asked = query.parse({f"{column.name}__is": [str(option)], "archived": ["1"]}, known)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    plan = query_sql.apply(asked, Item.objects.all(), known).explain()
    assert "item_by_values" in plan


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(test_query.addresses)
def test_postgresql_understands_whatever_an_address_says(db: None, params: dict[str, list[str]]) -> None:
    asked = query.parse(params, test_query.COLUMNS)
    list(query_sql.apply(asked, Item.objects.all(), test_query.COLUMNS)[:5])

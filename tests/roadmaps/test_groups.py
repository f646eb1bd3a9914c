"""Items in groups: their order, and how many there are on all pages (S29, D25)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import columns, query, query_sql, scope, table
from roadmaps.models import Field, Item, Roadmap
from roadmaps.table import Table
from tests import factories
from tests.roadmaps import test_query

SignIn = Callable[[Membership], Client]
NAME = re.compile(r'"item-name"><a [^>]*><bdi>(.*?)</bdi>')


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga)


def build(roadmap: Roadmap, **asked: str) -> Table:
    known = columns.load(roadmap)
    return table.build(scope.of(roadmap), query.parse({name: [text] for name, text in asked.items()}, known))


def shown(roadmap: Roadmap, **asked: str) -> list[tuple[str, int, list[str]]]:
    """Each group on the page: its name, its count, and the names of its items."""
    found = []
    for section in build(roadmap, **asked).sections:
        assert section.group is not None
        names = NAME.findall(section.rows)
        found.append((section.group.label, section.group.count, names))
    return found


def fill(roadmap: Roadmap, type_: str, values: Mapping[str, Any], *, options: list[str] | None = None) -> Field:
    """A field "F" and one item for each name in `values`; None leaves the value out."""
    field = factories.make_field(roadmap.account, "F", type_, roadmap=roadmap, options=options)
    ids = {option.label: option.pk for option in field.options.all()}
    for name, value in values.items():
        if options and value is not None:
            value = [ids[label] for label in value] if isinstance(value, list) else ids[value]
        factories.make_item(roadmap, name, values={} if value is None else {field.column: value})
    return field


def test_lists_go_in_their_own_order_and_what_has_no_value_comes_last(roadmap: Roadmap) -> None:
    values = {"a": None, "b": "Accepted", "c": "Started", "d": "Accepted"}
    field = fill(roadmap, "choice", values, options=["Started", "Finished", "Accepted"])
    assert shown(roadmap, group=field.column) == [
        ("Started", 1, ["c"]),
        ("Accepted", 2, ["b", "d"]),
        ("No value", 1, ["a"]),
    ]


def test_an_item_with_several_values_stands_under_its_first(roadmap: Roadmap) -> None:
    field = fill(roadmap, "choices", {"a": ["Wallet", "Risk"], "b": ["Risk"], "c": []}, options=["Risk", "Wallet"])
    assert shown(roadmap, group=field.column) == [("Risk", 1, ["b"]), ("Wallet", 1, ["a"]), ("No value", 1, ["c"])]


def test_a_value_that_is_in_no_list_any_more_is_no_value(roadmap: Roadmap) -> None:
    field = fill(roadmap, "choice", {"a": "Blue"}, options=["Blue"])
    factories.make_item(roadmap, "stray", values={field.column: 999_999})
    assert shown(roadmap, group=field.column) == [("Blue", 1, ["a"]), ("No value", 1, ["stray"])]


@pytest.mark.parametrize(
    ("type_", "values", "expected"),
    [
        ("number", {"a": 10, "b": 2, "c": 10, "d": 0.5}, ["0.5", "2", "10"]),
        ("text", {"a": "beta", "b": "Alpha", "c": "beta", "d": "alpha"}, ["Alpha", "alpha", "beta"]),
        ("checkbox", {"a": True, "b": False}, ["No", "Yes"]),
        ("date", {"a": "2026-02-28", "b": "2025-12-31", "c": "2026-02-01"}, ["2025-12", "2026-02"]),
    ],
)
def test_other_values_go_up_and_dates_by_month(
    roadmap: Roadmap, type_: str, values: dict[str, Any], expected: list[str]
) -> None:
    field = fill(roadmap, type_, {**values, "none": None})
    labels = [label for label, _, _ in shown(roadmap, group=field.column)]
    assert sorted(labels) == sorted([*expected, "No value"])
    assert [label.casefold() for label in labels] == [label.casefold() for label in [*expected, "No value"]]


def test_start_dates_make_groups_of_months(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    for name, day in (("a", "2026-03-31"), ("b", "2026-03-01"), ("c", "2025-01-01"), ("d", None)):
        factories.make_item(roadmap, name, start_date=day)
    assert [names for _, _, names in shown(roadmap, group="start_date")] == [["c"], ["a", "b"], ["d"]]
    assert [names for _, _, names in shown(roadmap, group="start_date", sort="-start_date")] == [
        ["a", "b"],
        ["c"],
        ["d"],
    ]
    where = reverse("roadmaps:items-table", args=[roadmap.account.slug, roadmap.pk])
    page = signed_in(olga).get(where, {"group": "start_date"}).content.decode()
    assert "March 2026" in page
    assert "January 2025" in page


def test_within_a_group_the_order_is_the_one_that_was_asked_for(roadmap: Roadmap) -> None:
    field = fill(roadmap, "choice", {"a": "X", "b": "X", "c": "Y"}, options=["X", "Y"])
    assert [names for _, _, names in shown(roadmap, group=field.column, sort="-name")] == [["b", "a"], ["c"]]
    by_group = shown(roadmap, group=field.column, sort=f"-{field.column},-name")
    assert [names for _, _, names in by_group] == [["c"], ["b", "a"]]


def test_counts_are_over_all_pages_and_paging_goes_on_through_groups(roadmap: Roadmap) -> None:
    values = {f"{number:02}": "X" if number < 60 else "Y" for number in range(70)}
    field = fill(roadmap, "choice", values, options=["X", "Y"])
    assert [(label, count, len(names)) for label, count, names in shown(roadmap, group=field.column)] == [("X", 60, 50)]
    second = shown(roadmap, group=field.column, page="2")
    assert [(label, count, len(names)) for label, count, names in second] == [("X", 60, 10), ("Y", 10, 10)]
    assert second[1][2][0] == "60"


def test_counts_follow_search_filters_and_the_archive(roadmap: Roadmap, olga: Membership) -> None:
    field = fill(roadmap, "choice", {"pay": "X", "pay more": "X", "ride": "X"}, options=["X"])
    factories.make_item(roadmap, "pay long ago", values=roadmap.items.first().values, archived_at=timezone.now())
    factories.make_item(factories.make_roadmap(olga, "Other"), "pay", values=roadmap.items.first().values)
    assert shown(roadmap, group=field.column, q="pay")[0][:2] == ("X", 2)
    assert shown(roadmap, group=field.column, q="pay", archived="1")[0][:2] == ("X", 3)


def test_grouping_costs_one_query_more(roadmap: Roadmap, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Count, items; and how many each group has."""
    field = fill(roadmap, "choice", {f"{number}": "X" for number in range(60)}, options=["X"])
    shown = scope.of(roadmap)
    plain, grouped = (query.parse({"group": [name]}, shown.columns) for name in ("", field.column))
    _ = roadmap.account
    with django_assert_num_queries(2):
        table.build(shown, plain)
    with django_assert_num_queries(3):
        table.build(shown, grouped)


def test_an_empty_table_has_no_groups(roadmap: Roadmap) -> None:
    assert build(roadmap, group="start_date").sections == ()


def test_what_a_group_is_called_is_escaped(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """D18."""
    field = fill(roadmap, "text", {"a": "<script>alert(1)</script>"})
    where = reverse("roadmaps:items-table", args=[roadmap.account.slug, roadmap.pk])
    page = signed_in(olga).get(where, {"group": field.column}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(test_query.addresses)
def test_postgresql_groups_by_whatever_can_be_asked(db: None, params: dict[str, list[str]]) -> None:
    asked = query.parse(params, test_query.COLUMNS)
    for group in test_query.COLUMNS:
        if group.name not in ("name", "source"):
            found = query_sql.apply(asked, Item.objects.all(), test_query.COLUMNS, group=group)
            query_sql.fetch(found[:5])
            query_sql.count_groups(found, ["1", None])

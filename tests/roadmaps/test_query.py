"""An address is typed, mailed and cut off by strangers: whatever it says, it is a question that can be asked (D25)."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roadmaps import fields, query
from roadmaps.columns import Column, Option
from roadmaps.query import Filter, Query, Sort

COLUMNS = [
    Column("name", "Name", "text"),
    Column("start_date", "Start Date", "date"),
    Column("end_date", "End Date", "date"),
    Column("source", "Source state", "source", in_table=False),
    Column("f1", "Estimate", "number"),
    Column("f2", "State", "choice", options={3: Option("Started", 1), 4: Option("Finished", 2)}),
    Column("f3", "Labels", "choices", options={7: Option("Wallet", 3), 8: Option("Risk", 4)}),
    Column("f4", "Blocked", "checkbox"),
    Column("f5", "Team", "text"),
]


def ask(address: str) -> Query:
    return query.parse(parse_qs(address, keep_blank_values=True), COLUMNS)


def test_a_bare_address_asks_for_everything() -> None:
    assert ask("") == Query()
    assert Query().address() == "?"


def test_an_address_says_what_to_search_filter_sort_and_show() -> None:
    asked = ask("q=wallet&sort=-start_date,f2&f2__is=3,4&f1__between=1..8&cols=f2,name&archived=1&page=3")

    assert asked == Query(
        search="wallet",
        filters=(Filter("f2", "is", (3, 4)), Filter("f1", "between", (1, 8))),
        sorts=(Sort("start_date", descending=True), Sort("f2")),
        columns=("name", "f2"),
        archived=True,
        page=3,
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("name__contains=pay", Filter("name", "contains", ("pay",))),
        ("f5__not=Blue", Filter("f5", "not", ("Blue",))),
        ("f5__empty=1", Filter("f5", "empty")),
        ("f1__before=2,5", Filter("f1", "before", (2.5,))),
        ("start_date__after=2026-01-31", Filter("start_date", "after", ("2026-01-31",))),
        ("end_date__between=2026-03-31..2026-01-01", Filter("end_date", "between", ("2026-01-01", "2026-03-31"))),
        ("f3__contains=8,7", Filter("f3", "contains", (8, 7))),
        ("f4__is=no", Filter("f4", "is", (False,))),
        ("source__is=lost,own", Filter("source", "is", ("lost", "own"))),
    ],
)
def test_each_type_is_filtered_in_its_own_way(address: str, expected: Filter) -> None:
    assert ask(address).filters == (expected,)


@pytest.mark.parametrize("page", ["0", "-1", "", "x", "1.5", "²", "١", "9" * 400])
def test_a_page_that_is_no_number_is_the_first(page: str) -> None:
    assert ask(f"page={page}").page == 1


def test_a_page_far_away_is_bounded() -> None:
    assert ask("page=1000000000").page == query.MAX_PAGE


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("sort=password", "Can't sort by “password”: there is no such column here."),
        ("sort=source", "Can't sort by “source”: there is no such column here."),
        ("owner__password__is=x", "A filter was left out: there is no column “owner__password” here."),
        ("f1__is=many", "A filter on “Estimate” was left out: Enter a number, such as 3 or 2.5."),
        ("f2__is=99", "A filter on “State” was left out: Choose from the list; one of the values is no longer there."),
        ("f2__between=3..4", "A filter on “State” was left out: “State” can't be filtered that way."),
        ("start_date__is=1832-01-01", "A filter on “Start Date” was left out: Enter a date between 1900 and 2200."),
        ("end_date__between=2026-01-01", "A filter on “End Date” was left out: Enter both ends."),
        ("source__is=password", "A filter on “Source state” was left out: Choose from the list."),
        ("cols=f99", "There is no column “f99” here."),
    ],
)
def test_what_makes_no_sense_is_left_out_with_a_sentence(address: str, sentence: str) -> None:
    asked = ask(address)

    assert asked.notes == (sentence,)
    assert asked.filters == asked.sorts == ()


def test_too_much_is_cut_off() -> None:
    """W22: what costs is bounded."""
    filters = ask("&".join(f"name__contains={number}" for number in range(10_000)))
    sorts = ask("sort=" + ",".join(["name", "f1", "f2", "f3", "f4", "f5", "start_date"] * 500))

    assert len(filters.filters) == query.MAX_FILTERS
    assert len(sorts.sorts) == query.MAX_SORTS
    assert filters.notes == ("Only the first 20 filters are used.",)
    assert len(ask("q=" + "x" * 100_000).search) == query.MAX_SEARCH


def test_null_bytes_are_dropped() -> None:
    assert ask("q=a%00b&f5__is=%00x").search == "ab"
    assert ask("f5__is=%00x").filters == (Filter("f5", "is", ("x",)),)


def test_a_click_on_a_head_sorts_up_then_down_then_not_at_all() -> None:
    up = Query().sorted_by("f1")
    down = up.sorted_by("f1")

    assert up.sorts == (Sort("f1"),)
    assert down.sorts == (Sort("f1", descending=True),)
    assert down.sorted_by("f1").sorts == ()


def test_an_earlier_order_breaks_the_ties_of_a_later_one() -> None:
    assert Query().sorted_by("f1").sorted_by("name").sorts == (Sort("name"), Sort("f1"))


def test_a_filter_can_be_taken_away() -> None:
    asked = ask("f1__is=3&f2__is=4&page=2")

    assert asked.without_filter(0) == Query(filters=(Filter("f2", "is", (4,)),))


def test_the_name_is_always_a_column() -> None:
    assert ask("cols=f2&cols=f1").columns == ("name", "f2", "f1")


names = st.sampled_from(
    ["q", "sort", "cols", "page", "archived", "view", "open", *query.LAYOUT_PARAMS]
    + [f"{column.name}__{operator}" for column in COLUMNS for operator in ("is", "not", "between", "before", "empty")]
)
values = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["3", "-4", "3,4,7", "1..2", "2026-01-01..2026-02-30", "name,-f1", "NaN", "1e999", "yes", "lost"]),
    st.sampled_from(["f1", "f2", "f3", "start_date", "name:320,f1:90", "f2:0,f3:99999,x:1", "f1:٣,f1:²", ":", "all"]),
)
addresses = st.dictionaries(st.one_of(names, st.text(max_size=12)), st.lists(values, max_size=3), max_size=8)


@given(addresses)
def test_whatever_an_address_says_it_can_be_asked(params: dict[str, list[str]]) -> None:
    asked = query.parse(params, COLUMNS)

    assert len(asked.notes) <= query.MAX_NOTES
    assert all("\x00" not in str(value) for each in asked.filters for value in each.values)
    assert all(each.column in {column.name for column in COLUMNS} for each in asked.filters)


@given(addresses)
@example({"group": ["\r"]})
def test_an_address_that_was_written_back_asks_the_same(params: dict[str, list[str]]) -> None:
    asked = query.parse(params, COLUMNS)
    again = ask(asked.address().removeprefix("?"))

    assert again.pairs() == asked.pairs()


def test_a_filter_from_a_form_says_what_is_missing() -> None:
    with pytest.raises(fields.InvalidValue, match="Choose at least one"):
        query.make_filter(COLUMNS[5], "is", [])

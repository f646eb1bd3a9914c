"""What the table reads from an address for itself, and what its buttons ask (S29, D25)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmaps import query, table_layout
from roadmaps.columns import Column
from roadmaps.query import Query, Sort
from tests.roadmaps.test_query import COLUMNS, addresses, ask

SHOWN = [column for column in COLUMNS if column.name in ("name", "start_date", "f1", "f3")]


def press(button: str, name: str, now: str = "") -> Query:
    pressed = table_layout.press({button: [name]}, ask(now), SHOWN, COLUMNS)
    assert pressed is not None
    return pressed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("nonsense", {}),
        ("f2:100", {}),  # not shown
        ("f1:90", {"name": 320, "start_date": 130, "f1": 90, "f3": 200}),
        ("f1:90,name:500", {"name": 500, "start_date": 130, "f1": 90, "f3": 200}),
        ("f1:0", {"name": 320, "start_date": 130, "f1": 60, "f3": 200}),
        ("f1:99999999999999", {"name": 320, "start_date": 130, "f1": 900, "f3": 200}),
        ("f1:-5,f1:²,f1:1.5", {}),
        ("f1:70,f1:80", {"name": 320, "start_date": 130, "f1": 70, "f3": 200}),
    ],
)
def test_widths_are_for_columns_that_are_shown_and_within_bounds(text: str, expected: dict[str, int]) -> None:
    assert table_layout.read_widths(Query(layout=(("widths", text),)), SHOWN) == expected


@given(
    st.one_of(
        st.text(max_size=60), st.lists(st.sampled_from(["f1", "f2", "name", ":", ",", "9", "0", "320"])).map("".join)
    )
)
def test_whatever_widths_say_they_are_read_and_written_back_the_same(text: str) -> None:
    widths = table_layout.read_widths(Query().laying_out(widths=text), SHOWN)
    assert all(table_layout.MIN_WIDTH <= each <= table_layout.MAX_WIDTH for each in widths.values())
    again = Query().laying_out(widths=table_layout.write_widths(widths))
    assert table_layout.read_widths(again, SHOWN) == widths
    assert list(widths) in ([], [column.name for column in SHOWN])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, True) for name in ("f1", "f2", "f3", "f4", "f5", "start_date")),
        *((name, False) for name in ("name", "source", "f99", "")),
    ],
)
def test_items_stand_in_groups_of_what_several_have_in_common(name: str, expected: bool) -> None:
    group = table_layout.group_of(ask(f"group={name}"), COLUMNS)
    assert (group is not None) == expected


def test_long_texts_and_links_make_no_groups() -> None:
    assert not table_layout.can_group(Column("notes", "Notes", "text", long=True))
    assert not table_layout.can_group(Column("f9", "Spec", "link"))


@pytest.mark.parametrize(
    ("button", "name", "expected"),
    [
        ("earlier", "f1", ("name", "f1", "start_date", "f3")),
        ("earlier", "f3", ("name", "start_date", "f3", "f1")),
        ("later", "start_date", ("name", "f1", "start_date", "f3")),
        ("later", "f3", ("name", "start_date", "f1", "f3")),
        ("earlier", "start_date", ("name", "start_date", "f1", "f3")),
    ],
)
def test_a_column_moves_one_place_and_never_before_the_name(button: str, name: str, expected: tuple[str, ...]) -> None:
    assert press(button, name).columns == expected


@pytest.mark.parametrize("name", ["name", "f2", "f99", "", "\x00"])
def test_what_can_not_move_stays(name: str) -> None:
    assert press("later", name) == Query()


def test_sorts_are_added_behind_turned_and_taken_away() -> None:
    assert press("then", "f2", "sort=-name").sorts == (Sort("name", descending=True), Sort("f2"))
    assert press("then", "name", "sort=-name").sorts == (Sort("name", descending=True),)
    assert press("flip", "f1", "sort=name,f1&page=3").address() == "?sort=name,-f1"
    assert press("unsort", "name", "sort=name,f1").sorts == (Sort("f1"),)
    full = "sort=name,f1,f2,f3,f4"
    assert press("then", "f5", full).sorts == ask(full).sorts


def test_a_dragged_edge_becomes_part_of_the_address() -> None:
    assert press("resize", "f1:90,evil:1", "q=pay&page=2").address() == (
        "?q=pay&widths=name:320,start_date:130,f1:90,f3:200&page=2"
    )
    assert press("resize", "", "widths=f1:90").address() == "?"


def test_no_button_is_no_question() -> None:
    assert table_layout.press({"q": ["pay"]}, Query(), SHOWN, COLUMNS) is None


@given(addresses, st.sampled_from(["earlier", "later", "then", "flip", "unsort", "resize"]), st.text(max_size=20))
def test_whatever_is_pressed_leads_to_an_address_that_means_the_same(
    params: dict[str, list[str]], button: str, name: str
) -> None:
    pressed = table_layout.press({button: [name]}, query.parse(params, COLUMNS), SHOWN, COLUMNS)
    assert pressed is not None
    assert ask(pressed.address().removeprefix("?")).pairs() == pressed.pairs()

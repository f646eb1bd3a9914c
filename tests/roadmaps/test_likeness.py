"""Which names of fields look like the same (part of S23: one field for one meaning)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadmaps.likeness import are_alike, find_alike, skeleton

SOURCES = ["Pivotal Tracker"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Team", "team"),
        ("Team", "  TEAM "),
        ("Team", "Teams"),
        ("Team", "Team (Pivotal Tracker)"),
        ("Teams", "Team (pivotal tracker) 2"),
        ("Category", "Categories"),
        ("Status", "Statuses"),
        ("Class", "Classes"),
        ("Box", "Boxes"),
        ("Go-to-market", "Go to market"),
        ("Release date", "ReleaseDate"),
        ("Who's asking?", "Whos asking"),
        ("Priority", "Priorty"),
        ("Priority", "Pirority"),
        ("Priority", "Prioritty"),
        ("Priority", "Priorita"),
        ("Ærea", "ÆREA"),
        ("???", "???"),
    ],
)
def test_names_that_look_the_same(one: str, other: str) -> None:
    assert are_alike(one, other, SOURCES)
    assert are_alike(other, one, SOURCES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Team", "Theme"),
        ("Cost", "Cast"),
        ("Cost (EUR)", "Cost (USD)"),
        ("Team", "Team (old)"),
        ("Phase 1", "Phase 2"),
        ("Quarter 10", "Quarter 100"),
        ("Priority", "Property"),
        ("Bus", "Bu"),
        ("Business", "Busines value"),
        ("???", "!!!"),
    ],
)
def test_names_that_do_not(one: str, other: str) -> None:
    assert not are_alike(one, other, SOURCES)
    assert not are_alike(other, one, SOURCES)


def test_a_name_that_is_nothing_but_the_sources_stays_itself() -> None:
    assert skeleton("(Pivotal Tracker)", SOURCES) == "pivotaltracker"


def test_the_nearest_comes_first() -> None:
    names = {1: "Priority", 2: "Priorita", 3: "priorities", 4: "Cost"}
    assert find_alike(names, (), of=[1, 4]) == {1: [3, 2]}


NAMES = st.lists(
    st.one_of(st.text(alphabet="abs 1-", max_size=9), st.sampled_from(["Priority", "Priorita", "Teams", "Team"])),
    max_size=8,
)


@given(NAMES)
def test_looking_up_finds_what_comparing_each_with_each_does(texts: list[str]) -> None:
    names = dict(enumerate(texts))
    found = {key: sorted(others) for key, others in find_alike(names, SOURCES, of=names).items()}
    expected = {
        key: [other for other in names if other != key and are_alike(names[key], names[other], SOURCES)]
        for key in names
    }
    assert found == {key: others for key, others in expected.items() if others}

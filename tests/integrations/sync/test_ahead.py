"""Things that are made in a thread while others are used: the same things, in the same order, and no thread left."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sync.ahead import ahead


@given(items=st.lists(st.integers()), depth=st.integers(1, 4))
def test_the_same_items_come_in_the_same_order(items: list[int], depth: int) -> None:
    assert list(ahead(items, depth=depth)) == items


@given(good=st.integers(0, 6), depth=st.integers(1, 3))
def test_an_error_comes_after_what_was_made_before_it(good: int, depth: int) -> None:
    def make() -> Iterator[int]:
        yield from range(good)
        raise KeyError("broken")

    made = ahead(make(), depth=depth)
    assert [next(made) for _ in range(good)] == list(range(good))
    with pytest.raises(KeyError, match="broken"):
        next(made)


@given(taken=st.integers(0, 5), depth=st.integers(1, 3))
def test_who_stops_early_leaves_no_thread_behind(taken: int, depth: int) -> None:
    made_so_far = 0

    def make() -> Iterator[int]:
        nonlocal made_so_far
        for number in range(1000):
            made_so_far += 1
            yield number

    before = threading.active_count()
    made = ahead(make(), depth=depth)
    for _ in range(taken):
        next(made)
    made.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before
    assert made_so_far <= taken + depth + 3


@given(count=st.integers(1, 6), depth=st.integers(1, 3))
def test_who_stops_just_before_the_end_leaves_no_thread_either(count: int, depth: int) -> None:
    before = threading.active_count()
    made = ahead(range(count), depth=depth)
    next(made)
    made.close()  # type: ignore[attr-defined]  # it is a generator
    assert threading.active_count() == before

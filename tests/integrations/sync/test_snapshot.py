"""A listing counts only where it was read in one piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import Inconsistent, TrackerUnavailable
from integrations.records import Page, Problem
from integrations.sync.snapshot import Read, Snapshot, collect
from tests.integrations.sync.fakes import record


def collect_listings(*listings: Iterable[Page]) -> Snapshot:
    """What is made of a tracker that answers with one listing after the other."""
    left = iter(listings)
    return collect(lambda: next(left), progress=lambda read: None)


def test_pages_under_one_version_become_one_snapshot() -> None:
    pages = [
        Page(stamp="7", records=(record("1"),), announced=3),
        Page(stamp="7", records=(record("2"),), passed_over={"3": "accepted"}, announced=3, cursor={"version": "7"}),
    ]
    snapshot = collect_listings(pages)
    assert [found.id for found in snapshot.records()] == ["1", "2"]
    assert snapshot.states == {"1": "started", "2": "started"}
    assert snapshot.passed_over == {"3": "accepted"}
    assert snapshot.cursor == {"version": "7"}


def test_a_listing_whose_version_moved_is_fetched_again() -> None:
    moved = [Page(stamp="7", records=(record("1"),)), Page(stamp="8", records=(record("2"),))]
    still = [Page(stamp="8", records=(record("2"),))]
    assert set(collect_listings(moved, still).states) == {"2"}


def test_a_project_that_never_stands_still_is_given_up_after_three_fetches() -> None:
    moved = [Page(stamp="7"), Page(stamp="8")]
    with pytest.raises(Inconsistent, match="Nothing was changed here"):
        collect_listings(moved, moved, moved)


def test_a_story_that_is_listed_twice_makes_the_listing_worthless() -> None:
    twice = [Page(stamp="7", records=(record("1"),)), Page(stamp="7", records=(record("1"),))]
    with pytest.raises(Inconsistent, match="listed twice"):
        collect_listings(twice, twice, twice)


def test_a_story_that_is_listed_twice_on_one_page_is_seen_too() -> None:
    twice = [Page(stamp="7", records=(record("1"), record("1")))]
    with pytest.raises(Inconsistent, match="listed twice"):
        collect_listings(twice, twice, twice)


def test_a_story_inside_and_outside_the_filter_makes_the_listing_worthless() -> None:
    both = [Page(stamp="7", records=(record("1"),)), Page(stamp="7", passed_over={"1": "accepted"})]
    with pytest.raises(Inconsistent, match="listed twice"):
        collect_listings(both, both, both)


def test_a_listing_shorter_than_announced_is_not_believed() -> None:
    short = [Page(stamp="7", records=(record("1"),), announced=2)]
    with pytest.raises(Inconsistent, match="only 1 of 2"):
        collect_listings(short, short, short)


def test_a_story_that_can_not_be_read_counts_as_listed() -> None:
    bad = Problem(record_id="2", field="", message="No usable name.")
    snapshot = collect_listings([Page(stamp="7", records=(record("1"),), set_aside=(bad,), announced=2)])
    assert snapshot.set_aside == {"2"}
    assert snapshot.problems == (bad,)


def test_an_error_in_the_middle_of_a_listing_is_the_end_of_it() -> None:
    def broken() -> Iterator[Page]:
        yield Page(stamp="7", records=(record("1"),))
        raise TrackerUnavailable("gone")

    with pytest.raises(TrackerUnavailable):
        collect_listings(broken())


@given(
    ids=st.lists(st.integers(1, 10_000).map(str), unique=True, max_size=60),
    size=st.integers(1, 9),
    moves_at=st.none() | st.integers(1, 5),
)
def test_whatever_the_pages_the_snapshot_is_whole_or_refused(ids: list[str], size: int, moves_at: int | None) -> None:
    pages = [ids[at : at + size] for at in range(0, len(ids), size)] or [[]]

    def listing() -> Iterator[Page]:
        for number, page in enumerate(pages):
            stamp = "8" if moves_at is not None and number >= moves_at else "7"
            yield Page(stamp=stamp, records=tuple(map(record, page)), announced=len(ids))

    if moves_at is not None and moves_at < len(pages):
        with pytest.raises(Inconsistent):
            collect_listings(listing(), listing(), listing())
    else:
        assert list(collect_listings(listing()).states) == ids


def test_progress_counts_stories_and_pages_and_foresees_how_many_there_will_be() -> None:
    said: list[Read] = []
    pages = [
        Page(stamp="7"),
        Page(stamp="7", records=(record("1"), record("2")), announced=5),
        Page(stamp="7", records=(record("3"),), passed_over={"4": "accepted"}, announced=5),
        Page(stamp="7", records=(record("5"),), announced=5),
    ]
    collect(lambda: pages, progress=said.append)
    assert said == [Read(0, None, 0, None), Read(2, 5, 1, 3), Read(4, 5, 2, 3), Read(5, 5, 3, 3)]

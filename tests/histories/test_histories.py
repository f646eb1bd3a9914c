"""Random histories at the tracker, pulled at random moments (S23 to S28, B7, B9, D11, R11 to R18, contract 7)."""

from __future__ import annotations

import os

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.histories.drawn import histories
from tests.histories.setups import SETUPS
from tests.histories.stage import Office, fresh
from tests.histories.steps import DayWithoutWhole, Delete, MoveAway, Pull, PullTwice, Step, play

#: How many histories in all; without this setting always the same ones.
HISTORIES = int(os.environ.get("HISTORIES", "0"))
IN_CI = 216


@pytest.mark.parametrize("name", SETUPS)
def test_a_roadmap_equals_the_tracker_whatever_happens_there(name: str, office: Office) -> None:
    """After each pull that was not disturbed; a second one writes nothing; a pull from nothing says the same."""

    @settings(
        max_examples=(HISTORIES or IN_CI) // len(SETUPS),
        derandomize=not HISTORIES,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(history=histories)
    def check(history: list[Step]) -> None:
        with fresh(office, SETUPS[name]) as stage:
            play(stage, [*history, Pull(), PullTwice()])
            stage.pull_from_nothing()

    if not HISTORIES:
        check = hypothesis.seed(name)(check)
    check()


@pytest.mark.parametrize("name", sorted(SETUPS.keys() - {"litetracker"}))
@pytest.mark.parametrize("pulled_before", [False, True])
def test_a_project_that_changes_with_each_request_changes_nothing_here(
    name: str, pulled_before: bool, office: Office
) -> None:
    """R13: also where stories were flagged and deleted meanwhile."""
    with fresh(office, SETUPS[name]) as stage:
        if pulled_before:
            play(stage, [Pull(), Delete(0, 2), MoveAway(1)])
        stage.pull_in_a_storm()
        play(stage, [Pull()])


@pytest.mark.parametrize("name", SETUPS)
@pytest.mark.parametrize("request_number", [1, 2, 3, 5, 8])
def test_a_listing_that_breaks_off_flags_nothing(name: str, request_number: int, office: Office) -> None:
    """R17: at whichever request, and although stories are gone."""
    with fresh(office, SETUPS[name]) as stage:
        play(stage, [Pull(), Delete(0, 2), MoveAway(1), DayWithoutWhole()])
        stage.pull_broken("internal_error", request=request_number)
        play(stage, [Pull()])

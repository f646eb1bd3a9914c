"""What random histories once found, each as the short history that shows it."""

from __future__ import annotations

from tests.histories import steps
from tests.histories.setups import SETUPS
from tests.histories.stage import Office, fresh
from tests.histories.steps import Pull, Step, play


def check(office: Office, setup: str, *history: Step) -> None:
    """Each pull in it is compared with the tracker."""
    with fresh(office, SETUPS[setup]) as stage:
        play(stage, history)


def test_a_release_in_the_icebox_counts_the_stories_before_it_anew(office: Office) -> None:
    """Nothing of the release itself changed, and it is in no iteration."""
    check(office, "releases", Pull(), steps.Edit(3, "estimate", 8.0), Pull())


def test_an_accepted_release_counts_the_stories_before_it_anew(office: Office) -> None:
    accepted = steps.Edit(2, "current_state", "accepted")
    check(office, "releases", accepted, steps.Wait(24 * 21), Pull(), steps.Edit(0, "estimate", 1.0), Pull())


def test_a_forecast_moves_with_the_end_of_an_iteration(office: Office) -> None:
    """Although the project's version stays."""
    check(office, "releases", Pull(), steps.Wait(24 * 8), Pull())


def test_a_twin_of_an_epics_label_by_case_does_not_put_a_story_into_the_epic(office: Office) -> None:
    """The tracker keeps two labels apart whose folded names are one."""
    check(office, "names", steps.Relabel(0, "straße"), steps.CreateEpic("Streets", "STRASSE"), Pull())


def test_stories_move_on_with_the_end_of_an_iteration(office: Office) -> None:
    """Although the project's version stays."""
    check(office, "suggested", Pull(), steps.Wait(24 * 8), Pull())


def test_an_iteration_that_holds_no_story_ends_too(office: Office) -> None:
    """The current one lost its only story, and with its end the others still move on."""
    check(office, "suggested", Pull(), steps.Delete(2, 3), Pull(), steps.Wait(24 * 8), Pull())


def test_stories_in_a_coming_iteration_make_room_for_others(office: Office) -> None:
    """Although nothing else of them changes."""
    big = steps.Create("Before all others", estimate=8.0)
    check(office, "suggested", Pull(), big, steps.Reorder(5, 1), Pull())

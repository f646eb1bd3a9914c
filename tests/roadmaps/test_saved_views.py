"""What a page is asked: by its address, or by the view that the address names (D25)."""

from __future__ import annotations

import pytest

from accounts.models import Membership
from roadmaps.models import Roadmap, View
from roadmaps.saved_views import ask, to_save
from roadmaps.services.roadmaps import create_roadmap
from tests import factories


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga)


@pytest.fixture
def late(roadmap: Roadmap) -> View:
    return factories.make_view(roadmap, "Late", "end_date__before=2026-01-01&sort=-end_date&head=f1", position=1)


def test_a_new_roadmap_has_one_view_that_asks_for_nothing(olga: Membership) -> None:
    made = create_roadmap(owner=olga, name="New")
    assert [(view.name, view.query) for view in made.views.all()] == [("View 1", "")]


def test_a_bare_address_means_the_first_view_and_stays_bare(roadmap: Roadmap, late: View) -> None:
    asked = ask(roadmap, {})
    assert asked.view is not None
    assert (asked.view.name, asked.query.address(), asked.edited) == ("View 1", "?", False)


def test_an_address_that_only_names_a_view_asks_what_the_view_has_saved(roadmap: Roadmap, late: View) -> None:
    asked = ask(roadmap, {"view": [str(late.pk)], "page": ["2"]})
    assert asked.view == late
    assert not asked.edited
    assert asked.query.page == 2
    assert asked.query.laid_out("head") == "f1"
    saved = "end_date__before=2026-01-01&sort=-end_date&head=f1"
    assert asked.query.address() == f"?view={late.pk}&{saved}&page=2"
    assert to_save(asked.query) == saved


def test_an_address_that_says_more_is_a_whole_question(roadmap: Roadmap, late: View) -> None:
    asked = ask(roadmap, {"view": [str(late.pk)], "sort": ["name"]})
    assert asked.edited
    assert asked.query.filters == ()
    assert asked.query.address() == f"?view={late.pk}&sort=name"


def test_a_view_can_be_emptied(roadmap: Roadmap, late: View) -> None:
    asked = ask(roadmap, {"view": [str(late.pk)], "edited": ["1"]})
    assert asked.edited
    assert asked.query.address() == f"?view={late.pk}&edited=1"


def test_all_data_is_no_view_and_shows_everything(roadmap: Roadmap, late: View) -> None:
    asked = ask(roadmap, {"view": ["all"]})
    assert asked.view is None
    assert (asked.query.address(), asked.edited) == ("?view=all", False)


@pytest.mark.parametrize("name", ["0", "-1", "9999999999999999999", "x", "1,2"])
def test_an_unknown_view_means_the_first(roadmap: Roadmap, late: View, name: str) -> None:
    asked = ask(roadmap, {"view": [name]})
    assert asked.view is not None
    assert asked.view.name == "View 1"


def test_a_view_of_another_roadmap_is_unknown(roadmap: Roadmap, late: View, olga: Membership) -> None:
    other = factories.make_roadmap(olga, "Other")
    asked = ask(other, {"view": [str(late.pk)]})
    assert asked.view is not None
    assert asked.view.roadmap == other

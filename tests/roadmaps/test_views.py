"""Saved views: the rules of saving them, and the bar that shows them (D25)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts import walls
from accounts.models import Membership
from roadmaps import services
from roadmaps.models import Roadmap, View
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


@pytest.fixture
def late(roadmap: Roadmap) -> View:
    return factories.make_view(roadmap, "Late", "end_date__before=2026-01-01&sort=-end_date", position=1)


def at(roadmap: Roadmap, name: str, *args: object) -> str:
    return reverse(f"roadmaps:{name}", args=[roadmap.account.slug, roadmap.pk, *args])


def names(roadmap: Roadmap) -> list[str]:
    return [view.name for view in roadmap.views.all()]


def create(roadmap: Roadmap, name: str, query: str = "", layout: str = "table") -> View:
    return services.create_view(roadmap=roadmap, by=roadmap.owner, name=name, query=query, layout=layout)


# --- The rules


def test_a_new_view_is_the_last(roadmap: Roadmap, late: View) -> None:
    create(roadmap, "  By \n team ", "sort=name")
    assert names(roadmap) == ["View 1", "Late", "By team"]


@pytest.mark.parametrize("name", ["Late", "LATE", " late "])
def test_a_name_is_there_once(roadmap: Roadmap, late: View, name: str) -> None:
    with pytest.raises(ValidationError, match="a view of that name already"):
        create(roadmap, name)
    with pytest.raises(ValidationError, match="a view of that name already"):
        services.rename_view(view=roadmap.views.get(name="View 1"), name=name)
    assert names(roadmap) == ["View 1", "Late"]


def test_another_roadmap_may_have_the_name_too(roadmap: Roadmap, late: View, olga: Membership) -> None:
    assert create(factories.make_roadmap(olga, "Other"), "Late").pk


@pytest.mark.parametrize(("name", "sentence"), [("", "Enter a name"), (" \x00", "Enter a name"), ("x" * 81, "80")])
def test_a_name_must_make_sense(roadmap: Roadmap, name: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        create(roadmap, name)


def test_there_are_at_most_fifty(roadmap: Roadmap) -> None:
    View.objects.bulk_create(
        View(account_id=roadmap.account_id, roadmap=roadmap, name=f"V{number}", position=number)
        for number in range(1, 50)
    )
    with pytest.raises(services.Refused, match="50 views already"):
        create(roadmap, "One more")
    with pytest.raises(services.Refused, match="50 views already"):
        services.duplicate_view(view=roadmap.views.first(), by=roadmap.owner)


def test_what_is_too_long_to_keep_is_refused(roadmap: Roadmap, late: View) -> None:
    with pytest.raises(services.Refused, match="more than a view can keep"):
        services.save_view(view=late, query="q=" + "x" * 4000, layout="table", by=roadmap.owner)
    late.refresh_from_db()
    assert late.query.startswith("end_date")


def test_a_copy_stands_behind_its_view_under_a_free_name(roadmap: Roadmap, late: View) -> None:
    first = roadmap.views.get(name="View 1")
    services.duplicate_view(view=first, by=roadmap.owner)
    made = services.duplicate_view(view=first, by=roadmap.owner)
    assert names(roadmap) == ["View 1", "View 1 copy 2", "View 1 copy", "Late"]
    assert made.created_by == roadmap.owner
    copied = services.duplicate_view(view=late, by=roadmap.owner)
    assert (copied.query, copied.layout) == (late.query, late.layout)


def test_the_copy_of_a_long_name_is_no_longer(roadmap: Roadmap) -> None:
    made = services.duplicate_view(view=create(roadmap, "x" * 80), by=roadmap.owner)
    assert made.name == "x" * 75 + " copy"


def test_views_move_left_and_right_and_stop_at_the_ends(roadmap: Roadmap, late: View) -> None:
    third = create(roadmap, "Third")
    services.move_view(view=third, step=-1)
    assert names(roadmap) == ["View 1", "Third", "Late"]
    services.move_view(view=late, step=1)
    assert names(roadmap) == ["View 1", "Third", "Late"]
    services.move_view(view=roadmap.views.get(name="View 1"), step=1)
    assert names(roadmap) == ["Third", "View 1", "Late"]


def test_the_last_view_stays(roadmap: Roadmap, late: View) -> None:
    services.delete_view(view=late, by=roadmap.owner)
    with pytest.raises(services.Refused, match="the only view"):
        services.delete_view(view=roadmap.views.get(), by=roadmap.owner)
    assert names(roadmap) == ["View 1"]


@pytest.mark.django_db(transaction=True)
def test_two_people_who_save_the_same_name_get_one_view_and_one_sentence(roadmap: Roadmap) -> None:
    assert sorted(_at_once(lambda: create(roadmap, "Mine"))) == ["ValidationError", "View"]
    assert names(roadmap) == ["View 1", "Mine"]


@pytest.mark.django_db(transaction=True)
def test_two_people_who_delete_the_last_two_views_leave_one(roadmap: Roadmap, late: View) -> None:
    views = list(roadmap.views.all())
    assert sorted(_at_once(lambda: services.delete_view(view=views.pop(), by=roadmap.owner))) == ["NoneType", "Refused"]
    assert roadmap.views.count() == 1


def _at_once(act: Callable[[], object]) -> list[str]:
    """What became of doing that in two threads: the type of what they gave, or of what they raised."""
    barrier = Barrier(2)

    def run() -> str:
        barrier.wait()
        try:
            return type(act()).__name__
        except (ValidationError, services.Refused) as problem:
            return type(problem).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return [each.result() for each in [pool.submit(walls.carried(run)), pool.submit(walls.carried(run))]]


# --- The bar


def bar(page: str) -> str:
    return page[page.index('id="views"') : page.index('id="items"')]


def test_the_bar_shows_all_data_and_the_views_in_order(
    roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn
) -> None:
    page = bar(signed_in(olga).get(at(roadmap, "items-table"), {"view": late.pk}).content.decode())
    places = [page.index(f"<bdi>{name}</bdi>") for name in ("All Data", "View 1", "Late")]
    assert places == sorted(places)
    assert f'view={late.pk}" aria-current="page"' in page
    assert "Reset" not in page


def test_a_changed_address_offers_to_save_and_to_go_back(
    roadmap: Roadmap, late: View, olga: Membership, vera: Membership, signed_in: SignIn
) -> None:
    """Whoever only looks may change the address, and finds the way back."""
    factories.make_share(roadmap, vera)
    where = at(roadmap, "items-table") + f"?view={late.pk}&q=pay"
    owners, viewers = (bar(signed_in(who).get(where).content.decode()) for who in (olga, vera))
    assert "Save as new view" in owners
    assert at(roadmap, "view-save", late.pk) in owners
    assert f'href="{at(roadmap, "items-table")}?view={late.pk}">' in viewers
    assert "Reset" in viewers
    assert "<form" not in viewers


def test_saving_keeps_what_the_page_asks(roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn) -> None:
    client = signed_in(olga)
    asked = {"address": f"?view={late.pk}&q=pay&sort=-name&nonsense=1&sort2=x&page=3", "layout": "table"}
    response = client.post(at(roadmap, "view-save", late.pk), asked)
    assert response["Location"] == at(roadmap, "items-table") + f"?view={late.pk}"
    late.refresh_from_db()
    assert late.query == "q=pay&sort=-name"


def test_a_new_view_keeps_what_the_page_asks_and_opens(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    asked = {"address": "?view=all&q=pay&group=f1&widths=name:300", "layout": "table", "name": "Pay"}
    response = signed_in(olga).post(at(roadmap, "view-new"), asked, follow=True)
    made = roadmap.views.get(name="Pay")
    assert made.created_by == olga
    assert made.query == "q=pay&group=f1&widths=name:300"
    assert response.redirect_chain[-1][0].endswith(f"?view={made.pk}")
    assert "“Pay” is saved" in response.content.decode()


def test_a_name_that_is_taken_is_said_and_nothing_is_lost(
    roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn
) -> None:
    asked = {"address": "?q=pay", "layout": "table", "name": "late"}
    page = signed_in(olga).post(at(roadmap, "view-new"), asked).content.decode()
    assert "There is a view of that name already" in page
    assert '<input type="hidden" name="address" value="q=pay">' in page
    assert 'value="late"' in page


@pytest.mark.parametrize("layout", ["", "dashboard", "x" * 500])
def test_an_unknown_layout_is_refused(
    roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn, layout: str
) -> None:
    client = signed_in(olga)
    page = client.post(at(roadmap, "view-new"), {"name": "X", "layout": layout}).content.decode()
    assert "no way to look at a roadmap" in page
    assert client.post(at(roadmap, "view-save", late.pk), {"layout": layout}).status_code == 302
    late.refresh_from_db()
    assert late.query.startswith("end_date")


@pytest.mark.parametrize(
    "address", ["?" + "a=1&" * 2000, "%00", "?view=%ff&q=%ff", "//evil.test", "?q=" + "%F0%9F" * 900]
)
def test_no_posted_address_breaks_a_form_or_leads_away(
    roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn, address: str
) -> None:
    client = signed_in(olga)
    for name in ("view-save", "view-move", "view-duplicate"):
        response = client.post(at(roadmap, name, late.pk), {"address": address, "layout": "table"})
        assert response.status_code == 302
        assert response["Location"].startswith(at(roadmap, "items-table"))
    assert client.get(at(roadmap, "view-rename", late.pk), {"address": address}).status_code == 200


def test_renaming_comes_back_to_what_was_asked(
    roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn
) -> None:
    asked = {"address": f"?view={late.pk}&q=pay", "layout": "table", "name": "Too late"}
    response = signed_in(olga).post(at(roadmap, "view-rename", late.pk), asked)
    assert response["Location"] == at(roadmap, "items-table") + f"?view={late.pk}&q=pay"
    assert names(roadmap) == ["View 1", "Too late"]


def test_moving_and_deleting_by_the_menu(roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn) -> None:
    client = signed_in(olga)
    client.post(at(roadmap, "view-move", late.pk), {"to": "left", "layout": "table", "address": "?"})
    assert names(roadmap) == ["Late", "View 1"]
    assert "Delete this view?" in client.get(at(roadmap, "view-delete", late.pk)).content.decode()
    client.post(at(roadmap, "view-delete", late.pk))
    assert names(roadmap) == ["View 1"]
    page = client.post(at(roadmap, "view-delete", roadmap.views.get().pk), follow=True).content.decode()
    assert "keeps at least one" in page
    assert names(roadmap) == ["View 1"]


def test_the_switch_of_layouts_keeps_what_was_asked_without_the_page(
    roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn
) -> None:
    page = signed_in(olga).get(at(roadmap, "items-table") + f"?view={late.pk}&q=pay&page=2").content.decode()
    switch = page[page.index('id="layouts"') :]
    assert f'href="{at(roadmap, "items-table")}?view={late.pk}&amp;q=pay"' in switch[: switch.index("</div>")]


def test_a_view_that_opens_elsewhere_can_be_told_to_open_here(
    roadmap: Roadmap, late: View, olga: Membership, signed_in: SignIn
) -> None:
    View.objects.filter(pk=late.pk).update(layout=View.Layout.TIMELINE)
    client = signed_in(olga)
    where = at(roadmap, "items-table") + f"?view={late.pk}"
    assert "Open as Items Table from now on" in client.get(where).content.decode()
    client.post(at(roadmap, "view-save", late.pk), {"address": f"?view={late.pk}", "layout": "table"})
    late.refresh_from_db()
    assert (late.layout, late.query) == ("table", "end_date__before=2026-01-01&sort=-end_date")
    assert "from now on" not in client.get(where).content.decode()


def test_the_bar_costs_no_query_for_each_view(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(olga)
    client.get(at(roadmap, "items-table"))
    with CaptureQueriesContext(connection) as one:
        client.get(at(roadmap, "items-table"))
    for number in range(20):
        factories.make_view(roadmap, f"V{number}", "sort=name", position=number)
    with django_assert_num_queries(len(one)):
        client.get(at(roadmap, "items-table"))

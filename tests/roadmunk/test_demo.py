"""The demo's sign-ins are for an embedded database alone, and what it shows is worth a look from the first minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Account, Membership, Role, User
from integrations.errors import CredentialRejected
from integrations.models import Integration, ProjectLink, SyncRun
from integrations.sync.run import execute
from roadmaps import query_sql, saved_views, scope
from roadmaps.models import Comment, Field, Item, ItemLink, Roadmap, View
from roadmaps.saved_views import Asked
from roadmunk import demo
from roadmunk.demo.kestrel import PLATFORM_EPICS, SHOP_EPICS
from roadmunk.demo.rider_app import EPICS
from roadmunk.sandbox import DEMO_TOKEN, Sandbox
from tracker_sandbox.demo import build_demo
from tracker_sandbox.server import Sandbox as TrackerSandbox

pytestmark = pytest.mark.django_db


def test_the_demo_is_three_people_who_can_sign_in(settings: Settings, client: Client) -> None:
    settings.EMBEDDED = True
    assert demo.load()
    account = Account.objects.get()
    assert (account.name, account.slug) == ("Demo", "demo")
    assert dict(Membership.objects.values_list("user__email", "role")) == {
        "admin@demo.test": Role.ADMIN,
        "owner@demo.test": Role.COLLABORATOR,
        "viewer@demo.test": Role.REVIEWER,
    }
    for person in demo.PEOPLE:
        assert client.login(email=person.email, password="roadmunk-demo")


def test_it_is_loaded_once(settings: Settings) -> None:
    """Also where somebody has renamed the account or sent its people away since."""
    settings.EMBEDDED = True
    demo.load()
    Account.objects.update(name="Mine", slug="mine")
    User.objects.filter(email="viewer@demo.test").update(email="vera@mine.test")
    assert not demo.load()
    assert Account.objects.count() == 1
    assert User.objects.count() == 3


def test_a_known_password_never_comes_into_a_given_database(settings: Settings) -> None:
    settings.EMBEDDED = False
    with pytest.raises(ImproperlyConfigured):
        demo.load()
    assert not User.objects.exists()


def test_the_sign_in_page_shows_the_demo_where_there_is_one(settings: Settings, client: Client) -> None:
    settings.EMBEDDED, settings.SANDBOX = True, Sandbox(port=1234, token="the-sandbox-token")
    page = client.get("/auth/login/").content.decode()
    assert "admin@demo.test" in page
    assert "the-sandbox-token" in page
    settings.EMBEDDED, settings.SANDBOX = False, None
    page = client.get("/auth/login/").content.decode()
    assert "demo.test" not in page


def test_no_token_is_shown_where_the_operator_names_a_tracker(settings: Settings, rf: RequestFactory) -> None:
    settings.EMBEDDED, settings.SANDBOX = True, None
    assert demo.context(rf.get("/"))["demo_token"] == ""


@pytest.fixture
def tracker(settings: Settings) -> Iterator[TrackerSandbox]:
    """The sandbox that `manage.py up` starts before it loads the demo."""
    settings.EMBEDDED = True
    with TrackerSandbox(build_demo()) as running:
        settings.CONNECTOR_URLS = {"pivotal_tracker": running.url}
        settings.SANDBOX = Sandbox(port=int(running.url.rpartition(":")[2]), token=DEMO_TOKEN)
        yield running


def load_all() -> ProjectLink:
    demo.load()
    return demo.link_roadmaps()[0]


def pull(link: ProjectLink) -> SyncRun:
    """The first sync, which a worker makes once the site runs."""
    run = execute(link.runs.get().pk)
    assert run is not None
    return run


def views_of(roadmap: Roadmap) -> dict[str, str]:
    return {view.name: view.layout for view in roadmap.views.all()}


def asked(view: View) -> Asked:
    return saved_views.ask(view.roadmap, {"view": [str(view.pk)]})


def answer(view: View) -> list[Item]:
    told = asked(view)
    return list(query_sql.apply(told.query, Item.objects.filter(roadmap=view.roadmap), told.columns))


def test_its_roadmap_is_linked_as_the_wizard_suggests(tracker: TrackerSandbox) -> None:
    link = load_all()
    assert (link.roadmap.name, link.cadence_minutes) == ("Rider App", 5)
    assert link.roadmap.owner.user.email == "owner@demo.test"
    assert link.roadmap.shares.get().member.user.email == "viewer@demo.test"
    assert SyncRun.objects.get(link=link).trigger == "setup"


@pytest.mark.django_db(transaction=True)
def test_three_linked_roadmaps_stand_in_one_portfolio(tracker: TrackerSandbox) -> None:
    """S32, D28: each with its own stories, under the same fields and colours."""
    for link in [load_all(), *ProjectLink.objects.exclude(roadmap__name="Rider App")]:
        assert pull(link).problem_count == 0
    portfolio = Roadmap.objects.get(name="All of Kestrel")
    shown = scope.of(portfolio)
    assert [home.name for home in shown.homes.values()] == ["Rider App", "Passes & Shop", "Station Platform"]
    assert all(shown.items().filter(roadmap=home).exclude(origin="").count() > 30 for home in shown.homes.values())
    assert [column.label for column in shown.columns].count("State") == 1


def test_without_a_sandbox_only_the_roadmap_made_by_hand_is_there(settings: Settings) -> None:
    settings.EMBEDDED, settings.SANDBOX = True, None
    demo.load()
    assert demo.link_roadmaps() == []
    assert Roadmap.objects.get().name == "Kestrel strategy"


def test_everybody_finds_something_on_the_first_page(tracker: TrackerSandbox, client: Client) -> None:
    load_all()
    found = {"admin": "Kestrel strategy", "owner": "Rider App", "viewer": "Kestrel strategy"}
    for who, name in found.items():
        client.login(email=f"{who}@demo.test", password=demo.PASSWORD)
        assert name in client.get("/a/demo/").content.decode()


def test_each_layout_has_a_view_from_the_beginning(tracker: TrackerSandbox) -> None:
    """D25 to D27."""
    link = load_all()
    quarter = f"Q{(timezone.localdate().month + 2) // 3} {timezone.localdate().year}"
    assert views_of(link.roadmap) == {
        "View 1": "table",
        "Timeline by epic": "timeline",
        "Epics": "rollup",
        "Board": "swimlane",
        "Quarters": "swimlane",
        quarter: "table",
        "Releases": "timeline",
    }
    assert views_of(Roadmap.objects.get(name="All of Kestrel")) == {
        "View 1": "table",
        "Everything by roadmap": "timeline",
        "Epics": "rollup",
        "Boards side by side": "swimlane",
        "Releases": "timeline",
    }
    assert views_of(Roadmap.objects.get(name="Kestrel strategy")) == {
        "View 1": "table",
        "Timeline by theme": "timeline",
        "Now, next, later": "swimlane",
        "Where the money goes": "table",
    }


@pytest.mark.django_db(transaction=True)
def test_every_view_is_understood_and_opens_for_the_viewer(tracker: TrackerSandbox, client: Client) -> None:
    load_all()
    for link in ProjectLink.objects.all():
        pull(link)
    client.login(email="viewer@demo.test", password=demo.PASSWORD)
    pages = {"table": "items-table", "timeline": "timeline", "swimlane": "swimlane", "rollup": "rollup"}
    for view in View.objects.select_related("roadmap"):
        assert asked(view).query.notes == ()
        address = reverse(f"roadmaps:{pages[view.layout]}", args=["demo", view.roadmap_id])
        assert client.get(f"{address}?view={view.pk}").status_code == 200


def test_the_first_sync_fills_every_view_and_lets_the_items_beside_it_be(tracker: TrackerSandbox) -> None:
    """S13, D24."""
    link = load_all()
    beside = list(link.roadmap.items.values_list("name", "values"))
    assert len(beside) == 6
    run = pull(link)
    assert (run.state, run.problem_count) == ("succeeded", 0)
    assert run.created > 50
    assert list(link.roadmap.items.filter(origin="").values_list("name", "values")) == beside
    for view in link.roadmap.views.all():
        assert any(item.origin for item in answer(view)), view.name


@pytest.mark.django_db(transaction=True)
def test_its_epics_are_those_of_the_sandbox(tracker: TrackerSandbox) -> None:
    """So that items made before the first sync stand in the same streams as the stories."""
    load_all()
    for link in ProjectLink.objects.all():
        pull(link)
    epics = Field.objects.get(source_key="epics")
    assert dict(epics.options.values_list("label", "colour")) == EPICS | SHOP_EPICS | PLATFORM_EPICS


def test_states_say_by_their_colours_how_far_a_story_is(tracker: TrackerSandbox) -> None:
    load_all()
    colours = dict(Field.objects.get(source_key="state").options.values_list("label", "colour"))
    assert [colours[state] for state in ("Accepted", "Started", "Rejected", "Unscheduled")] == [2, 1, 5, 12]


def test_people_have_talked_and_tied_items_together(tracker: TrackerSandbox) -> None:
    load_all()
    assert set(Comment.objects.values_list("author__user__name", flat=True)) == {"Olga", "Vera"}
    pairs = {(link.low.name, link.high.name) for link in ItemLink.objects.select_related("low", "high")}
    assert pairs == {
        ("Helmet lockers at 40 stations", "Utrecht: 60 new stations"),
        ("Fall detection", "Fall detection: pilot with 200 riders"),
    }


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 12, 31), date(2027, 3, 29)])
def test_it_can_be_loaded_on_any_day(tracker: TrackerSandbox, today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Months are counted from today, and today is not always in the middle of one."""
    monkeypatch.setattr(timezone, "localdate", lambda: today)
    link = load_all()
    assert Roadmap.objects.get(name="All of Kestrel").milestones.filter(date__gt=today).exists()
    for roadmap in (link.roadmap, Roadmap.objects.get(name="Kestrel strategy")):
        assert roadmap.items.filter(start_date__lte=today, end_date__gte=today).exists()
        assert roadmap.milestones.filter(date__gt=today).count() >= 3


def test_what_goes_wrong_at_the_sandbox_leaves_the_roadmap_out_altogether(
    tracker: TrackerSandbox, settings: Settings
) -> None:
    settings.SANDBOX = Sandbox(port=settings.SANDBOX.port, token="f" * 32)
    demo.load()
    with pytest.raises(CredentialRejected):
        demo.link_roadmaps()
    assert not Roadmap.objects.filter(name="Rider App").exists()
    assert not Integration.objects.exists()

"""The demo's sign-ins are for an embedded database alone."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from accounts.models import Account, Membership, Role, User
from integrations.models import SyncRun
from roadmunk import demo
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


def test_its_roadmap_is_linked_as_the_wizard_suggests(settings: Settings) -> None:
    settings.EMBEDDED = True
    with TrackerSandbox(build_demo()) as tracker:
        settings.CONNECTOR_URLS = {"pivotal_tracker": tracker.url}
        settings.SANDBOX = Sandbox(port=int(tracker.url.rpartition(":")[2]), token=DEMO_TOKEN)
        demo.load()
        link = demo.link_roadmap()
    assert link is not None
    assert (link.roadmap.name, link.cadence_minutes) == ("Rider App", 5)
    assert link.roadmap.owner.user.email == "owner@demo.test"
    assert link.roadmap.shares.get().member.user.email == "viewer@demo.test"
    assert SyncRun.objects.get(link=link).trigger == "setup"


def test_without_a_sandbox_nothing_is_linked(settings: Settings) -> None:
    settings.EMBEDDED, settings.SANDBOX = True, None
    demo.load()
    assert demo.link_roadmap() is None

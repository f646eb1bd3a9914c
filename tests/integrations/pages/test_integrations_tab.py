"""S2-S8, D2, D3: connectors in Account Settings."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Membership, Role
from integrations.models import Integration
from tests import factories

SignedIn = Callable[[Membership], Client]

LIST = "/a/acme/settings/integrations/"
ADD = "/a/acme/settings/integrations/add/pivotal_tracker/"


@pytest.fixture
def browser(alice: Membership, signed_in: SignedIn) -> Client:
    """Alice's."""
    return signed_in(alice)


def edit(integration: Integration) -> str:
    return reverse("integrations:integration-edit", args=["acme", integration.pk])


def delete(integration: Integration) -> str:
    return reverse("integrations:integration-delete", args=["acme", integration.pk])


def test_the_menu_offers_every_connector_kind(browser: Client) -> None:
    """S3"""
    page = browser.get(LIST).content.decode()
    assert "+ Add an integration" in page
    assert f'href="{ADD}"' in page


def test_the_form_shows_the_operators_address_and_asks_for_a_name(browser: Client, settings: Settings) -> None:
    """S4, D3"""
    settings.CONNECTOR_URLS = {"pivotal_tracker": "https://tracker.acme.test"}
    page = browser.get(ADD).content.decode()
    for text in ("Pivotal Tracker Integration Name", "Pivotal Tracker Integration URL", "Create Integration"):
        assert text in page
    assert "https://tracker.acme.test" in page
    assert 'name="url"' not in page


def test_creating_makes_it_usable_for_the_whole_account(browser: Client, alice: Membership) -> None:
    """S5"""
    response = browser.post(ADD, {"name": "  Our   Tracker "}, follow=True)
    made = Integration.objects.get()
    assert (made.name, made.account, made.created_by, made.kind) == (
        "Our Tracker",
        alice.account,
        alice,
        "pivotal_tracker",
    )
    assert "“Our Tracker” is ready" in response.content.decode()


def test_an_address_in_the_request_is_ignored(browser: Client, alice: Membership, mallory: Membership) -> None:
    """S4: neither the host nor any other column comes from the request."""
    values = {
        "name": "Ours",
        "url": "http://evil.test",
        "kind": "other",
        "account": mallory.account_id,
        "created_by": 1,
    }
    browser.post(ADD, values)
    made = Integration.objects.get()
    assert (made.kind, made.account, made.created_by) == ("pivotal_tracker", alice.account, alice)
    assert "evil" not in browser.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field is required."),
        ("   ", "This field is required."),
        ("TRACKER", "There is an integration with this name already."),
        ("x" * 5000, "Please use at most 120 characters; this has 5,000."),
        ("a\x00b", "Null characters are not allowed."),
    ],
)
def test_a_bad_name_is_an_error_on_its_field(browser: Client, alice: Membership, name: str, message: str) -> None:
    factories.make_integration(alice, "Tracker")
    response = browser.post(ADD, {"name": name})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert Integration.objects.count() == 1


def test_the_same_name_in_another_account_is_no_clash(browser: Client, mallory: Membership) -> None:
    factories.make_integration(mallory, "Tracker")
    assert browser.post(ADD, {"name": "Tracker"}).status_code == 302


def test_two_that_are_saved_at_once_do_not_both_get_the_name(
    browser: Client, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form looks first; the database has the last word."""
    factories.make_integration(alice, "Tracker")
    monkeypatch.setattr("integrations.forms.IntegrationForm.clean_name", lambda form: form.cleaned_data["name"])
    response = browser.post(ADD, {"name": "tracker"})
    assert response.status_code == 422
    assert "There is an integration with this name already." in response.content.decode()


def test_an_unknown_kind_does_not_exist(browser: Client) -> None:
    assert browser.get("/a/acme/settings/integrations/add/jira/").status_code == 404


def test_only_admins_get_in(olga: Membership, vera: Membership, signed_in: SignedIn) -> None:
    """S6"""
    made = factories.make_integration(olga)
    for member in (olga, vera):
        browser = signed_in(member)
        for url in (LIST, ADD, edit(made)):
            assert browser.get(url).status_code == 403
        assert browser.post(delete(made)).status_code == 403
    assert Integration.objects.count() == 1


def test_another_account_does_not_exist(browser: Client, mallory: Membership, signed_in: SignedIn) -> None:
    """S33"""
    theirs = factories.make_integration(mallory, "Theirs")
    assert browser.get(edit(theirs)).status_code == 404
    assert browser.post(delete(theirs)).status_code == 404
    assert signed_in(mallory).get(LIST).status_code == 404
    assert "Theirs" not in browser.get(LIST).content.decode()
    assert Integration.objects.filter(pk=theirs.pk).exists()


def test_the_creator_changes_the_name(browser: Client, alice: Membership) -> None:
    """S7"""
    made = factories.make_integration(alice, "Old")
    assert "Update Integration" in browser.get(edit(made)).content.decode()
    browser.post(edit(made), {"name": "New"})
    made.refresh_from_db()
    assert made.name == "New"
    assert browser.post(edit(made), {"name": "new"}).status_code == 302  # its own name is no clash


def test_another_admin_changes_it_only_when_the_creator_is_no_admin_any_more(
    browser: Client, alice: Membership
) -> None:
    """D2"""
    creator = factories.make_member(alice.account, Role.ADMIN, name="Carla")
    made = factories.make_integration(creator, "Hers")
    assert browser.post(edit(made), {"name": "Mine"}).status_code == 403
    creator.deactivated_at = timezone.now()
    creator.save()
    assert browser.post(edit(made), {"name": "Mine"}).status_code == 302
    creator.deactivated_at, creator.role = None, Role.COLLABORATOR
    creator.save()
    assert browser.get(edit(made)).status_code == 200


def test_deleting_is_refused_while_roadmaps_use_it_and_names_them(
    browser: Client, alice: Membership, olga: Membership
) -> None:
    """S8"""
    made = factories.make_integration(alice, "Ours")
    for name in ("Beta", "Alpha"):
        factories.make_link(factories.make_roadmap(olga, name), integration=made)
    page = browser.post(delete(made), follow=True).content.decode()
    assert "“Ours” was not deleted. 2 roadmaps still use it: “Alpha”, “Beta”." in page
    assert Integration.objects.filter(pk=made.pk).exists()


def test_an_unused_one_is_gone_at_once(browser: Client, alice: Membership) -> None:
    """S8"""
    made = factories.make_integration(alice, "Ours")
    assert browser.get(delete(made)).status_code == 405
    assert "“Ours” was deleted." in browser.post(delete(made), follow=True).content.decode()
    assert not Integration.objects.exists()


def test_the_database_refuses_the_second_of_a_name(alice: Membership) -> None:
    factories.make_integration(alice, "Tracker")
    with pytest.raises(IntegrityError, match="integration_name_once"), transaction.atomic():
        factories.make_integration(alice, "TRACKER")


def test_the_list_asks_the_same_number_of_queries_for_any_length(
    browser: Client, alice: Membership, olga: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        made = factories.make_integration(alice if number % 2 else olga, f"Tracker {number}")
        factories.make_link(factories.make_roadmap(olga, f"R{number}"), integration=made)
    browser.get(LIST)
    with django_assert_num_queries(5):
        browser.get(LIST)

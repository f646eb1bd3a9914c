"""D19, B11: what the list of roadmaps says about their links, and what that costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, Membership
from integrations.models import ProjectLink
from integrations.overview import glances
from roadmaps.models import Roadmap
from tests import factories
from tests.integrations.pages.test_status import make_run

SignedIn = Callable[[Membership], Client]


def linked(owner: Membership, name: str, **columns: object) -> ProjectLink:
    roadmap = factories.make_roadmap(owner, name, source_label="Pivotal Tracker")
    return factories.make_link(roadmap, **columns)


def shown(client: Client, account: Account) -> str:
    page = client.get(reverse("roadmaps:list", args=[account.slug])).content.decode()
    return re.sub(r"\s+", " ", page.replace("\xa0", " "))


def test_each_linked_roadmap_shows_its_state_and_how_old_its_data_is(
    acme: Account, olga: Membership, signed_in: SignedIn
) -> None:
    linked(olga, "Apollo", synced_at=timezone.now() - timedelta(hours=3))
    page = shown(signed_in(olga), acme)
    assert "Healthy" in page
    assert "3 hours ago" in page


def test_a_roadmap_that_nothing_came_to_yet_says_so(acme: Account, olga: Membership, signed_in: SignedIn) -> None:
    make_run(linked(olga, "Apollo"), "running")
    page = shown(signed_in(olga), acme)
    assert "Syncing" in page
    assert "Nothing yet" in page


def test_a_roadmap_filled_by_hand_has_no_state(acme: Account, olga: Membership, signed_in: SignedIn) -> None:
    factories.make_roadmap(olga, "Gemini")
    page = shown(signed_in(olga), acme)
    assert "By hand" in page
    assert "Not synced" in page


@pytest.mark.parametrize(
    ("runs", "paused", "word"),
    [
        ([], False, "Healthy"),
        (["succeeded", "queued"], False, "Syncing"),
        (["succeeded", "running"], True, "Syncing"),
        (["held"], False, "Paused"),
        (["failed"], True, "Paused"),
        (["succeeded", "failed"], False, "Unable to sync"),
        (["failed", "partial"], False, "Partially synced"),
        (["failed", "succeeded"], False, "Healthy"),
    ],
)
def test_the_word_is_the_one_of_the_roadmap_itself(
    acme: Account, olga: Membership, runs: list[str], paused: bool, word: str
) -> None:
    link = linked(olga, "Apollo", paused_at=timezone.now() if paused else None)
    for state in runs:
        make_run(link, state)
    glance = glances(acme, [link.roadmap])[link.roadmap_id]
    good = next((run for run in link.runs.all() if run.state in ("succeeded", "partial")), None)
    assert (glance.state, glance.fresh_at) == (word, good and good.finished_at)


def test_a_page_of_linked_roadmaps_costs_one_query_more(
    acme: Account, olga: Membership, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, person, membership, count, roadmaps, their links, and the accounts to switch to."""
    for number in range(20):
        make_run(linked(olga, f"Roadmap {number}", synced_at=timezone.now()), "running")
    client = signed_in(olga)
    with django_assert_num_queries(6):
        shown(client, acme)


def test_a_roadmap_of_another_account_has_no_glance_here(acme: Account, mallory: Membership) -> None:
    theirs: Roadmap = linked(mallory, "Evil").roadmap
    assert glances(acme, [theirs]) == {}

"""Everybody sees on each page how old the data is, and why it is old, at the next look after it became so (P1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from integrations.models import ProjectLink, SyncRun
from tests import factories

SignedIn = Callable[[Membership], Client]
LAYOUTS = ["items-table", "timeline", "swimlane", "rollup"]


@pytest.fixture
def link(olga: Membership, vera: Membership) -> ProjectLink:
    """Olga's roadmap that Vera may look at, synced three hours ago."""
    link = factories.make_link(
        factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker"),
        synced_at=timezone.now() - timedelta(hours=3),
        next_sync_at=timezone.now() + timedelta(hours=9, minutes=1),
    )
    factories.make_item(link.roadmap, "Pay by card")
    factories.make_share(link.roadmap, vera)
    return link


def end(link: ProjectLink, state: str, **columns: object) -> None:
    now = None if state == "held" else timezone.now()
    SyncRun.objects.create(
        account_id=link.account_id, link=link, trigger="schedule", state=state, finished_at=now, **columns
    )


def fail(link: ProjectLink) -> None:
    end(link, "failed", error="The tracker did not answer in time.", error_code="tracker_unavailable")


def pause(link: ProjectLink) -> None:
    end(link, "failed", error="The token is refused.", error_code="credential_rejected")
    ProjectLink.objects.update(
        paused_at=timezone.now(), paused_code="credential_rejected", paused_reason="The token is refused."
    )


def lose(link: ProjectLink) -> None:
    end(link, "failed", error="The project is gone.", error_code="project_unavailable")
    ProjectLink.objects.update(
        paused_at=timezone.now(), paused_code="project_unavailable", paused_reason="The project is gone."
    )


#: How it became old, and the words for it: to its owner, to others, and beside its name in lists.
WHYS = {
    "failed": (fail, "The tracker did not answer in time.", "Unable to sync", "Unable to sync"),
    "refused": (pause, "The token is refused.", "Paused", "Paused"),
    "gone": (lose, "The project is gone.", "Paused", "Paused"),
    "held": (lambda link: end(link, "held"), "Waiting for the owner", "Waiting for the owner", "Paused"),
    "cancelled": (
        lambda link: end(link, "cancelled", error_code=SyncRun.CALLED_OFF),
        "The last sync was cancelled",
        "The last sync was cancelled",
        "Healthy",
    ),
    "partial": (lambda link: end(link, "partial", problem_count=2), "2 problems", "2 problems", "Partially synced"),
}


def show(client: Client, address: str) -> str:
    """What somebody reads there."""
    page = client.get(address).content.decode()
    main = page.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", main).replace("\xa0", " ").replace("&nbsp;", " "))


@pytest.mark.parametrize("why", WHYS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_roadmap_says_it_in_each_layout(
    link: ProjectLink, olga: Membership, vera: Membership, signed_in: SignedIn, layout: str, why: str
) -> None:
    make, to_owner, to_others, _ = WHYS[why]
    make(link)
    age = "just now" if why == "partial" else "3 hours ago"
    address = reverse(f"roadmaps:{layout}", args=["acme", link.roadmap_id])
    for member, words in ((olga, to_owner), (vera, to_others)):
        page = show(signed_in(member), address)
        assert words in page
        assert age in page


@pytest.mark.parametrize("why", WHYS)
def test_lists_and_portfolios_say_it_of_each_roadmap(
    link: ProjectLink, olga: Membership, signed_in: SignedIn, why: str
) -> None:
    make, _, _, word = WHYS[why]
    make(link)
    made = factories.make_portfolio(olga, "All", link.roadmap)
    client = signed_in(olga)
    age = "just now" if why == "partial" else "3 hours ago"
    pages = [reverse("roadmaps:list", args=["acme"])]
    pages += [reverse(f"roadmaps:{layout}", args=["acme", made.pk]) for layout in LAYOUTS]
    for address in pages:
        page = show(client, address)
        assert word in page or word == "Healthy", address
        assert age in page, address


def test_a_roadmap_that_never_synced_says_that(link: ProjectLink, vera: Membership, signed_in: SignedIn) -> None:
    SyncRun.objects.all().delete()
    fail(link)
    for layout in LAYOUTS:
        page = show(signed_in(vera), reverse(f"roadmaps:{layout}", args=["acme", link.roadmap_id]))
        assert "Nothing has come from Pivotal Tracker yet" in page
        assert "Unable to sync" in page

"""The Timeline as a file: whole, alone, and stamped (S31, B11)."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from integrations.models import SyncRun
from roadmaps import saved_views, scope, timeline_items
from roadmaps.models import Roadmap
from roadmaps.timeline_picture import COLOURS, MAX_DOTS, draw_png, draw_svg
from tests import factories

SignIn = Callable[[Membership], Client]
NOW = datetime(2026, 11, 25, 8, 5, tzinfo=UTC)


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    made = factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker")
    field = factories.make_field(made.account, "Team", "choice", options=["Red", "Blue"])
    red, _ = field.options.all()
    values = {field.column: red.pk}
    factories.make_item(made, "Pay by card", start_date="2026-03-03", end_date="2026-08-09", values=values)
    factories.make_item(made, "Press day", start_date="2026-05-03")
    factories.make_item(
        made, "Lost", start_date="2026-05-03", end_date="2026-05-20", external_id="1", source_state="moved"
    )
    factories.make_item(made, "Undated")
    factories.make_milestone(made, "Public beta", "2026-06-01", colour=4)
    return made


def draw(roadmap: Roadmap, query: str = "", *, freshness: str = "") -> str:
    asked = saved_views.ask(roadmap, {"q": [query]}).query
    found = timeline_items.build(scope.of(roadmap), asked, today=date(2026, 6, 15), width=1320)
    return draw_svg(timeline=found, title=roadmap.name, freshness=freshness, now=NOW)


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - ours


def test_the_file_tells_all_that_the_page_does(roadmap: Roadmap) -> None:
    found = texts(draw(roadmap, freshness="Synced from Pivotal Tracker, last on 24 Nov 2026, 23:10"))
    assert found[:4] == [
        "Apollo",
        "2 Mar 2026 – 9 Aug 2026",
        "Synced from Pivotal Tracker, last on 24 Nov 2026, 23:10 · Drawn on 25 Nov 2026, 08:05",
        "3 items, 1 without dates",
    ]
    for expected in ("Red", "No value", "Pay by card", "Press day", "Lost", "Public beta", "Today", "May 2026", "Team"):
        assert expected in found


def test_it_needs_nothing_from_outside(roadmap: Roadmap) -> None:
    svg = draw(roadmap)
    for forbidden in ("<style", "class=", "style=", "href", "<script", "@import", "<image", "<foreignObject"):
        assert forbidden not in svg
    assert set(re.findall(r"https?://[^\"' ]+", svg)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", ["\x00\x0b\x1b]0;", "\ufffe\uffff", "]]>&amp;<!--", "🚲 支払い עברית", "a" * 5000])
def test_any_name_leaves_the_file_whole(roadmap: Roadmap, name: str) -> None:
    factories.make_item(roadmap, name.replace("\x00", "") or "x", start_date="2026-03-03", end_date="2026-08-09")
    Roadmap.objects.update(name=name.replace("\x00", "")[:120] or "x")
    roadmap.refresh_from_db()
    assert texts(draw(roadmap))


def test_nothing_to_draw_is_a_picture_too(roadmap: Roadmap) -> None:
    assert texts(draw(roadmap, "no such item"))


@pytest.mark.parametrize(("name", "kind"), [("timeline-svg", "image/svg+xml"), ("timeline-png", "image/png")])
def test_files_are_downloads(roadmap: Roadmap, olga: Membership, signed_in: SignIn, name: str, kind: str) -> None:
    response = signed_in(olga).get(reverse(f"roadmaps:{name}", args=["acme", roadmap.pk]) + "?q=pay")
    assert response.status_code == 200
    assert response["Content-Type"] == kind
    assert response["Content-Disposition"].startswith(f'attachment; filename="{roadmap.name} ')
    if name == "timeline-svg":
        assert "Press day" not in response.content.decode()


def test_nobody_keeps_the_site_painting(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W22: a thousand bars take seconds; the picture counts as one of a person's exports of a minute."""
    monkeypatch.setattr("roadmaps.views.timeline.draw_png", lambda svg: b"painted")
    browser, where = signed_in(olga), reverse("roadmaps:timeline-png", args=["acme", roadmap.pk]) + "?q=pay"
    answers = [browser.get(where) for _ in range(13)]
    assert [answer.status_code for answer in answers] == [200] * 12 + [302]
    assert answers[-1]["Location"] == reverse("roadmaps:timeline", args=["acme", roadmap.pk]) + "?q=pay"
    assert "Wait a minute" in browser.get(answers[-1]["Location"]).content.decode()


def test_a_png_has_two_dots_for_each_pixel(roadmap: Roadmap) -> None:
    svg = draw(roadmap)
    png = draw_png(svg)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, _ = struct.unpack(">II", png[16:24])
    found = re.search(r'width="(\d+)"', svg)
    assert found
    assert width == 2 * int(found[1])


def test_a_huge_picture_has_fewer_dots(roadmap: Roadmap) -> None:
    """A server must not run out of memory for a picture of two thousand bars."""
    for number in range(400):
        factories.make_item(roadmap, f"Item {number}", start_date="2026-03-03", end_date="2026-08-09")
    width, height = struct.unpack(">II", draw_png(draw(roadmap))[16:24])
    assert width * height <= MAX_DOTS * 1.01


def test_its_colours_are_those_of_the_light_theme() -> None:
    css = (settings.BASE_DIR / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
    light = dict(re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}),", css))
    for number in range(1, 13):
        assert COLOURS[number] == (light[f"c{number}-bg"], light[f"c{number}-text"], light[f"c{number}-solid"])
    assert COLOURS[0] == (light["neutral-bg"], light["neutral"], light["border-control"])


def test_the_time_is_that_of_the_account(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """D29."""
    roadmap.account.time_zone = "Pacific/Auckland"
    roadmap.account.save()
    with time_machine.travel("2026-11-25T23:30:00Z", tick=False):
        page = signed_in(olga).get(reverse("roadmaps:timeline-svg", args=["acme", roadmap.pk])).content.decode()
    assert "Drawn on 26 Nov 2026, 12:30" in page


def test_the_file_says_how_old_its_data_is(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """B11."""
    where = reverse("roadmaps:timeline-svg", args=["acme", roadmap.pk])
    client = signed_in(olga)
    assert "Synced from" not in client.get(where).content.decode()
    link = factories.make_link(roadmap)
    assert "Nothing has come from Pivotal Tracker yet" in client.get(where).content.decode()
    at = datetime(2026, 11, 24, 23, 10, tzinfo=UTC)
    run = {"trigger": SyncRun.Trigger.SCHEDULE, "state": SyncRun.State.SUCCEEDED, "started_at": at, "finished_at": at}
    SyncRun.objects.create(account_id=link.account_id, link=link, **run)
    assert "Synced from Pivotal Tracker, last on 24 Nov 2026, 23:10" in client.get(where).content.decode()

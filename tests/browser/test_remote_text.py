"""Whatever stands in a story is text here, on every page and in every file (W9, W10, W14)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import Membership
from integrations.auth import auth_for
from integrations.connectors.pivotal_tracker import connector
from integrations.models import ProjectLink
from integrations.promotion import ensure_fields, offers
from integrations.sync import schedule
from integrations.sync.run import execute
from tests import factories
from tests.browser.people import person
from tracker_sandbox.demo import DEMO_TOKEN
from tracker_sandbox.server import Sandbox

OpenPage = Callable[..., Page]
SCRIPT = "window.__xss = 1"
TEXTS = [
    f"<script>{SCRIPT}</script>",
    f'"><img src=x onerror="{SCRIPT}">',
    f"'><svg/onload='{SCRIPT}'>",
    f"</title></textarea></style></script><script>{SCRIPT}</script>",
    f"[x](javascript:{SCRIPT})",
    f"[x](java\tscript:{SCRIPT}) [y](&#106;avascript:{SCRIPT}) <javascript:{SCRIPT}>",
    f"[z](data:text/html,<script>{SCRIPT}</script>) [v](vbscript:x) [n](java\x00script:{SCRIPT})",
    "![x](http://127.0.0.1:9/pixel.png) <link rel=stylesheet href=http://127.0.0.1:9/x.css>",
    '<p style="background:url(http://127.0.0.1:9/x)">x</p><base href=//127.0.0.1:9/>',
    "\u202egnp.exe\u202d\u2066\u200b\ufeff right to left",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324 tower " + "e\u0301" * 500,
    "before\x00after \x1b[31mred\x1b[0m\r\nSet-Cookie: a=b",
    "W" * 5000,
    '=HYPERLINK("http://127.0.0.1:9/","x")',
    "+1+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(1)",
    "\t=1",
    "\uff1d1+1",
    "{{ 7|add:7 }}{% debug %}${7*7}",
]
#: Where a spreadsheet begins to reckon.
FORMULA = re.compile(r"^[\s\x00]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"-?[0-9.,]+")
#: Each policy violation, and whether any script of the story ran.
LISTEN = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', (each) => window.__violations.push(each.violatedDirective));
"""


@pytest.fixture
def link(olga: Membership, tracker: Sandbox) -> ProjectLink:
    """The texts in every place of a story that holds one, pulled as the site pulls."""
    world = tracker.world
    project = next(iter(world.projects.values()))
    project.name = TEXTS[1]
    for number, text in enumerate(TEXTS):
        label = world.create_label(project.id, f"{number}{text}"[:200])
        world.create_epic(project.id, f"{number}{text}"[:200], label=label.name)
        person = world.add_person(f"{number}{text}"[:200], username=f"person{number}")
        world.join(project.id, person.id)
        world.create_story(
            project.id,
            text,
            description=f"{text}\n\n# {text}",
            by=person.id,
            label_ids=[label.id],
            owner_ids=[person.id],
            current_state="started",
            estimate=1,
        )
    credential = factories.make_credential(olga, secret=DEMO_TOKEN)
    description = connector.describe(auth_for(credential), str(project.id))
    made = factories.make_link(
        factories.make_roadmap(olga, "Shop"),
        credential=credential,
        project_id=str(project.id),
        states=[state.key for state in description.states],
        start_sources=["started", "created"],
        end_sources=["accepted", "updated"],
    )
    for key, field in ensure_fields(olga.account, connector, offers(description).values()).items():
        factories.make_mapping(made, key, field)
    run = execute(schedule.request_run(link=made, trigger="manual", send=False).pk)
    assert run is not None and run.state in ("succeeded", "partial"), run and run.error
    assert made.roadmap.items.filter(name__contains="__xss").count() >= 5
    return made


def addresses(link: ProjectLink) -> list[str]:
    """Every page that shows something of a story."""
    place = [link.roadmap.account.slug, link.roadmap_id]
    columns = {mapping.key: mapping.field.column for mapping in link.mappings.select_related("field")}
    labels, state = columns["labels"], columns["state"]
    table, timeline, swimlane, rollup = (
        reverse(f"roadmaps:{name}", args=place) for name in ("items-table", "timeline", "swimlane", "rollup")
    )
    pages = [table, f"{table}?group={labels}", f"{timeline}?head={labels}", f"{swimlane}?lanes={state}&rows={labels}"]
    pages += [
        f"{rollup}?by={labels}",
        reverse("integrations:run-list", args=place),
        reverse("integrations:news", args=place),
    ]
    pages.append(reverse("integrations:run-detail", args=[*place, link.runs.latest("pk").pk]))
    for item in link.roadmap.items.order_by("-external_id")[: len(TEXTS)]:
        pages.append(reverse("roadmaps:item", args=[*place, item.pk]))
    return pages


def test_nothing_of_a_story_runs_loads_or_breaks_out(
    link: ProjectLink, olga: Membership, open_page: OpenPage, live_server: LiveServer
) -> None:
    """W9, W10."""
    page = open_page(person(olga))
    page.context.add_init_script(LISTEN)
    wrong: list[str] = []
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    page.on("request", lambda asked: asked.url.startswith(live_server.url) or wrong.append(f"asked for {asked.url}"))
    for address in addresses(link):
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, address
        page.wait_for_load_state("networkidle")
        found = page.evaluate(
            """() => ({
                ran: window.__xss, violations: window.__violations,
                links: [...document.querySelectorAll('a[href]')]
                    .map((each) => new URL(each.getAttribute('href'), location.href).href)
                    .filter((href) => !/^https?:/.test(href)),
                strange: [...document.querySelectorAll('main img, base, iframe, object, embed, main style')].length,
                wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
            })"""
        )
        if found != {"ran": None, "violations": [], "links": [], "strange": 0, "wide": False}:
            wrong.append(f"{address}: {found}")
    assert wrong == []


def test_nothing_of_a_story_is_a_formula_or_a_mark_in_a_file(
    link: ProjectLink, olga: Membership, signed_in: Callable[..., object]
) -> None:
    """W14: CSV, XLSX, SVG."""
    browser = signed_in(olga)
    place = [link.roadmap.account.slug, link.roadmap_id]

    def load(name: str) -> bytes:
        answer = browser.get(reverse(f"roadmaps:{name}", args=place))  # type: ignore[attr-defined]  # a Client
        return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)

    rows = list(csv.reader(io.StringIO(load("export-csv").decode("utf-8-sig"))))
    reckoned = [cell for row in rows for cell in row if FORMULA.match(cell) and not NUMBER.fullmatch(cell)]
    assert reckoned == [] and len(rows) > len(TEXTS)
    book = load_workbook(io.BytesIO(load("export-xlsx")))
    types = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in types and "s" in types
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    drawing = ElementTree.fromstring(load("timeline-svg"))  # noqa: S314  # our own file
    tags = {each.tag.rpartition("}")[2] for each in drawing.iter()}
    assert tags.isdisjoint({"script", "image", "foreignObject", "a", "use", "img"})
    assert not [name for each in drawing.iter() for name in each.attrib if name.startswith("on") or "href" in name]
    assert load("timeline-png").startswith(b"\x89PNG")

"""How long a page of a big roadmap takes, beside the bare SQL that fetches the rows that the page shows.

Four figures for each: "whole" is the request from the test client's call to the last byte; "ours" is what the view
does to answer, which is to read the address, ask the database for views, columns, counts and items, lay them out and
write the HTML of all of them, without sessions, sign-in and the frame around the rows, which cost the same for any
items; "own" is what is left of that without the time inside Django and other packages, so our code and SQL; "bare SQL"
is the driver alone with the statements that anybody would write by hand for the same rows and counts: of items, and of
the views, fields and list values around them.

One more page to measure is one more `Case`. `{f[Team]}` stands for a field's column, `{o[Blue]}` for a list value's id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import shares, stage

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.test import Client

    from accounts.models import Membership
    from integrations.models import ProjectLink
    from roadmaps.models import Roadmap

ROUNDS = 15
STATES = ["Unscheduled", "Unstarted", "Started", "Finished", "Delivered", "Accepted", "Rejected"]
LABELS = [f"Label {number}" for number in range(40)]
#: What a pull brings: twelve columns with name, dates and the External ID.
FIELDS = (
    ("State", "choice", STATES),
    ("Type", "choice", ["Feature", "Bug", "Chore", "Release"]),
    ("Labels", "choices", LABELS),
    ("Owners", "choices", [f"Person {number}" for number in range(12)]),
    ("Estimate", "number", []),
    ("Requester", "text", []),
    ("Iteration", "number", []),
    ("Accepted at", "date", []),
)
FILL = """
INSERT INTO roadmaps_item (account_id, roadmap_id, name, description, start_date, end_date, values,
    origin, external_id, external_url, source_hash)
SELECT %(account)s, %(roadmap)s, 'Story ' || n || ' lets riders pay at the station', repeat('How it works. ', 40),
    CASE WHEN n %% 5 > 0 THEN date '2024-01-01' + n * 37 %% 1000 END,
    CASE WHEN n %% 5 > 0 THEN date '2024-01-01' + n * 37 %% 1000 + n %% 60 END,
    jsonb_build_object(
        '{f[State]}', {o[Unscheduled]} + n %% 7, '{f[Type]}', {o[Feature]} + n %% 4,
        '{f[Labels]}', jsonb_build_array({o[Label 0]} + n * 7 %% 39, {o[Label 39]}),
        '{f[Owners]}', jsonb_build_array({o[Person 0]} + n %% 12), '{f[Estimate]}', n * 31 %% 9,
        '{f[Requester]}', 'Person ' || n %% 12, '{f[Iteration]}', n / 40,
        '{f[Accepted at]}', to_char(date '2024-01-01' + n * 37 %% 1000, 'YYYY-MM-DD')),
    'pivotal_tracker', n::text, 'https://tracker.test/story/show/' || n, md5(n::text)
FROM generate_series(1, %(items)s) AS n
"""
#: What every page shows besides items: its views, its fields, and what lists offer.
AROUND = (
    "SELECT id, name, layout, query FROM roadmaps_view WHERE roadmap_id = {roadmap} ORDER BY position, id",
    "SELECT field.id, field.name, type, roadmap_id, source_kind, source_key, field.position, option.id, label, colour,"
    " option.archived_at FROM roadmaps_field AS field LEFT JOIN roadmaps_fieldoption AS option"
    " ON option.field_id = field.id WHERE field.account_id = {account} AND field.archived_at IS NULL"
    " ORDER BY field.position, field.id, option.position, option.id",
)
COLUMNS = "id, name, start_date, end_date, external_id, external_url, source_state, archived_at, values"
HERE = "FROM roadmaps_item WHERE roadmap_id = {roadmap} AND archived_at IS NULL"
BLUE = HERE + """ AND values @> '{{"{f[Labels]}": [{o[Label 3]}]}}'"""

#: A history of half a year: 40 syncs that moved the ends of some thousand items, and people who moved others.
RUNS = """
INSERT INTO integrations_syncrun (account_id, link_id, trigger, state, updated, queued_at, finished_at, problems)
SELECT %(account)s, %(link)s, 'schedule', 'succeeded', 100, day, day, '[]'
FROM generate_series(timestamptz '2024-12-01', '2025-06-14', interval '5 days') AS day
"""
MOVED = """jsonb_build_object('end_date',
    jsonb_build_array(item.end_date - (item.id * 7 %% 40)::int, item.end_date))"""
SYNCED = f"""
INSERT INTO integrations_itemchange (account_id, run_id, item_id, kind, changes)
SELECT item.account_id, run.id, item.id, 'updated', {MOVED}
FROM roadmaps_item AS item JOIN integrations_syncrun AS run ON run.link_id = %(link)s AND (item.id + run.id) %% 97 = 0
WHERE item.roadmap_id = %(roadmap)s AND item.start_date < '2026-01-01' ORDER BY item.end_date DESC NULLS LAST LIMIT 6000
"""  # noqa: S608 - the piece is ours
EDITED = f"""
INSERT INTO roadmaps_itemedit (account_id, item_id, member_id, kind, changes, at)
SELECT item.account_id, item.id, %(member)s, 'changed', {MOVED}, timestamptz '2025-06-01'
FROM roadmaps_item AS item WHERE item.roadmap_id = %(roadmap)s AND item.start_date < '2026-01-01' AND item.id %% 7 = 0
ORDER BY item.end_date DESC NULLS LAST LIMIT 2000
"""  # noqa: S608 - the piece is ours

IN_PAGE = "FROM roadmaps_item JOIN page USING (id)"
TODAY = date(2025, 6, 15)
#: Of items with one date, too, which a Timeline draws as points.
IN_YEAR = "coalesce(start_date, end_date) < '2026-01-01' AND coalesce(end_date, start_date) >= '2025-01-01'"
BY_ESTIMATE = "values -> '{f[Estimate]}' DESC NULLS LAST, id"

BY_LABEL = "by={f[Labels]}&points={f[Estimate]}&state={f[State]}&done={o[Accepted]}"
NO_DATES = "start_date IS NULL AND end_date IS NULL"
DONE = "values @> '{{\"{f[State]}\": {o[Accepted]}}}'"
POINTS = "(values ->> '{f[Estimate]}')::float8"
#: Everything that a bar says, for all bars at once; where the items are comes behind it.
ADD_UP = f"""
SELECT jsonb_array_elements(coalesce(values -> '{{f[Labels]}}', '[null]')), count(*), count(*) FILTER (WHERE {DONE}),
    sum({POINTS}), sum({POINTS}) FILTER (WHERE {DONE}), count({POINTS}), count(*) FILTER (WHERE {NO_DATES}),
    min(coalesce(start_date, end_date)), max(coalesce(end_date, start_date))
"""


def table_rows(roadmap: Roadmap, request: HttpRequest) -> str:
    from django.template.loader import render_to_string

    from roadmaps import saved_views, table

    told = saved_views.ask(roadmap, dict(request.GET.lists()))
    editable = frozenset(told.scope.homes)
    shown = table.build(told.scope, told.query, editable=editable)
    context = {"table": shown, "roadmap": roadmap, "account": roadmap.account, "portfolio": roadmap.is_portfolio}
    return render_to_string("roadmaps/_table.html", {**context, "can_edit_items": True, "can_edit": True}, request)


def timeline_bars(roadmap: Roadmap, request: HttpRequest) -> str:
    from django.template.loader import render_to_string

    from roadmaps import saved_views, timeline_items
    from roadmaps.timeline_page import WIDTH, make_chart

    told = saved_views.ask(roadmap, dict(request.GET.lists()))
    shown = timeline_items.build(told.scope, told.query, today=TODAY, width=WIDTH)
    context = {"shown": shown, "chart": make_chart(shown), "roadmap": roadmap, "account": roadmap.account}
    context |= {"editable": frozenset(told.scope.homes), "portfolio": roadmap.is_portfolio}
    return render_to_string("roadmaps/_timeline_chart.html", context, request)


def slip_rows(roadmap: Roadmap, request: HttpRequest) -> str:
    from django.core.paginator import Paginator
    from django.template.loader import render_to_string

    from roadmaps import saved_views, slips
    from roadmaps.slips_sql import Slips
    from roadmaps.views.slips import SHOWN, question_of

    told = saved_views.ask(roadmap, dict(request.GET.lists()))
    since = slips.read(told.query, TODAY)
    assert since is not None
    question = question_of(told.scope, told.query, since)
    page = Paginator(Slips(question, "later", question.count()["later"]), SHOWN).get_page(1)
    context = {"roadmap": roadmap, "account": roadmap.account, "home": roadmap}
    return "".join(render_to_string("roadmaps/_slip_row.html", {**context, "slip": slip}) for slip in page)


def rollup_bars(roadmap: Roadmap, request: HttpRequest) -> str:
    from django.template.loader import render_to_string

    from roadmaps import rollup_page, saved_views

    told = saved_views.ask(roadmap, dict(request.GET.lists()))
    shown = rollup_page.build(told.scope, told.query, today=TODAY)
    assert shown is not None
    context = {"shown": shown, "chart": shown.chart, "roadmap": roadmap, "account": roadmap.account}
    return render_to_string("roadmaps/_rollup_chart.html", context, request)


@dataclass(frozen=True, slots=True)
class Case:
    """A page to measure: where it is, what its view does to write the rows, and the statements that fetch the same."""

    url_name: str
    address: str
    statements: tuple[str, ...]
    rows: Callable[[Roadmap, HttpRequest], str] = table_rows


CASES: Mapping[str, Case] = {
    "first page": Case(
        "roadmaps:items-table",
        "",
        (f"SELECT count(*) {HERE}", f"SELECT {COLUMNS} {HERE} ORDER BY id LIMIT 50"),
    ),
    "filtered and sorted": Case(
        "roadmaps:items-table",
        "?{f[Labels]}__is={o[Label 3]}&sort=-{f[Estimate]}",
        (
            f"SELECT count(*) {BLUE}",
            f"SELECT {COLUMNS} {BLUE} ORDER BY {BY_ESTIMATE} LIMIT 50",
        ),
    ),
    "sorted by a field": Case(
        "roadmaps:items-table",
        "?sort={f[Iteration]},-{f[Estimate]}",
        (
            f"SELECT count(*) {HERE}",
            f"SELECT {COLUMNS} {HERE} ORDER BY values -> '{{f[Iteration]}}', values -> '{{f[Estimate]}}' DESC, id"
            " LIMIT 50",
        ),
    ),
    "sorted, in the middle": Case(
        "roadmaps:items-table",
        "?sort=-{f[Estimate]}&page={middle}",
        (
            f"SELECT count(*) {HERE}",
            f"WITH page AS (SELECT id {HERE} ORDER BY {BY_ESTIMATE} LIMIT 50 OFFSET {{offset}})"
            f" SELECT {COLUMNS} {IN_PAGE} ORDER BY {BY_ESTIMATE}",
        ),
    ),
    "grouped": Case(
        "roadmaps:items-table",
        "?group={f[State]}",
        (
            f"SELECT values -> '{{f[State]}}', count(*) {HERE} GROUP BY 1",
            f"SELECT {COLUMNS} {HERE} ORDER BY values -> '{{f[State]}}', id LIMIT 50",
        ),
    ),
    "timeline of a year": Case(
        "roadmaps:timeline",
        "?scale=months&from=2025-01-01",
        (
            f"SELECT count(*), count(*) FILTER (WHERE {NO_DATES}), count(*) FILTER (WHERE {IN_YEAR}),"
            f" min(coalesce(start_date, end_date)), max(coalesce(end_date, start_date)) {HERE}",
            f"SELECT {COLUMNS} {HERE} AND {IN_YEAR} ORDER BY coalesce(end_date, start_date) DESC, id LIMIT 1000",
        ),
        timeline_bars,
    ),
    "roll-up of 40 labels": Case(
        "roadmaps:rollup",
        f"?{BY_LABEL}",
        (f"SELECT count(*), count(*) FILTER (WHERE {NO_DATES}) {HERE}", f"{ADD_UP} {HERE} GROUP BY 1"),
        rollup_bars,
    ),
    "roll-up, one open": Case(
        "roadmaps:rollup",
        f"?{BY_LABEL}&open={{o[Label 3]}}",
        (
            f"SELECT count(*), count(*) FILTER (WHERE {NO_DATES}) {HERE}",
            f"{ADD_UP} {HERE} GROUP BY 1",
            f"SELECT {COLUMNS} {BLUE} ORDER BY start_date, id LIMIT 50",
        ),
        rollup_bars,
    ),
}

#: What a statement by hand asks for the slips of some items.
WAS = """
SELECT item_id, (array_agg(changes -> 'end_date' ->> 0 ORDER BY at))[1], max(at) FROM (
    SELECT item_id, changes, finished_at AS at FROM integrations_itemchange AS made
        JOIN integrations_syncrun AS run ON run.id = made.run_id
    WHERE changes ? 'end_date' AND finished_at > '2025-05-16' AND item_id IN ({items})
    UNION ALL SELECT item_id, changes, at FROM roadmaps_itemedit
    WHERE changes ? 'end_date' AND at > '2025-05-16' AND item_id IN ({items})
) AS move GROUP BY item_id
"""
#: The same pages beside a history.
SLIPS: Mapping[str, Case] = {
    "timeline of a year, compared": Case(
        "roadmaps:timeline",
        "?scale=months&from=2025-01-01&since=2025-05-15",
        (
            *CASES["timeline of a year"].statements,
            WAS.replace(
                "{items}", f"SELECT id {HERE} AND {IN_YEAR} ORDER BY coalesce(end_date, start_date) DESC, id LIMIT 1000"
            ),
        ),
        timeline_bars,
    ),
    "largest slips": Case(
        "roadmaps:slips",
        "?since=2025-05-15",
        (
            WAS.replace("{items}", f"SELECT id {HERE}"),
            WAS.replace("{items}", f"SELECT id {HERE}") + " ORDER BY 2 LIMIT 50",
        ),
        slip_rows,
    ),
}


def measure(items: int) -> dict[str, float]:
    """Seconds of each page of a roadmap with so many items, in three figures; the page's size in kilobytes."""
    client, roadmap, names = _fill(items)
    figures = compare(CASES, f"{items:,}", client, roadmap, names)
    _fill_history(roadmap)
    return figures | compare(SLIPS, f"{items:,}", client, roadmap, names)


def compare(
    cases: Mapping[str, Case], size: str, client: Client, roadmap: Roadmap, names: Mapping[str, object]
) -> dict[str, float]:
    """Seconds of each page in four figures, and its size in kilobytes. `names` fill the addresses and statements."""
    from django.test import RequestFactory

    names = {"account": roadmap.account_id, "roadmap": roadmap.pk, **names}
    figures: dict[str, float] = {}
    for name, case in cases.items():
        label = f"{name}, {size}"
        address = _url(case, roadmap) + case.address.format(**names)
        request = RequestFactory().get(address)
        statements = [statement.format(**names) for statement in (*AROUND, *case.statements)]
        ours = partial(_inside, case, roadmap, request)
        figures[label], figures[f"{label}, ours"], figures[f"{label}, bare SQL"] = _medians(
            partial(_get, client, address), ours, partial(_fetch, statements)
        )
        packages = shares.of_packages(ours, times=ROUNDS)
        figures[f"{label}, own"] = figures[f"{label}, ours"] * (1 - packages)
        figures[f"{label}, kB"] = len(_get(client, address)) / 1000
    return figures


def _fill(items: int) -> tuple[Client, Roadmap, dict[str, object]]:
    from django.db import connection

    from roadmaps import services
    from roadmaps.models import Field, FieldOption

    owner = stage.make_owner()
    roadmap = services.create_roadmap(owner=owner, name="Big")
    for name, type_, labels in FIELDS:
        services.create_field(account=owner.account, name=name, type_=type_, labels=labels)
    fields = {field.name: field.column for field in Field.objects.filter(account=owner.account)}
    options = {option.label: option.pk for option in FieldOption.objects.filter(account=owner.account)}
    roadmap.source_label, roadmap.synced_columns = "Tracker", ["name", "start_date", "end_date", *fields.values()]
    roadmap.save()
    names: dict[str, object] = {"f": fields, "o": options, "roadmap": roadmap.pk}
    with connection.cursor() as cursor:
        statement = FILL.format(**names)
        cursor.execute(statement, {"account": owner.account_id, "roadmap": roadmap.pk, "items": items})
        cursor.execute("VACUUM ANALYZE roadmaps_item")
    middle = items // 100
    return sign_in(owner), roadmap, {**names, "middle": middle, "offset": (middle - 1) * 50}


def _fill_history(roadmap: Roadmap) -> None:
    """Some thousand changes of dates, of items that are all older than them."""
    from django.db import connection

    from roadmaps.models import Item

    link = _link(roadmap)
    Item.objects.filter(roadmap=roadmap).update(created_at=datetime(2024, 1, 1, tzinfo=UTC))
    ids = {"account": roadmap.account_id, "link": link.pk, "roadmap": roadmap.pk, "member": roadmap.owner_id}
    with connection.cursor() as cursor:
        for statement in (RUNS, SYNCED, EDITED):
            cursor.execute(statement, ids)
        cursor.execute("VACUUM ANALYZE roadmaps_item, integrations_itemchange, roadmaps_itemedit, integrations_syncrun")


def _link(roadmap: Roadmap) -> ProjectLink:
    """The roadmap tied to a project that nobody asks."""
    from integrations import credentials
    from integrations.models import Integration, ProjectLink
    from integrations.records import Identity

    owner, kind = roadmap.owner, "pivotal_tracker"
    who = Identity("1", "Bench", 1)
    return ProjectLink.objects.create(
        account=roadmap.account,
        roadmap=roadmap,
        integration=Integration.objects.create(account=roadmap.account, kind=kind, name="Tracker", created_by=owner),
        credential=credentials.save_credential(owner, kind=kind, label="Mine", secret="bench", identity=who),  # noqa: S106 - nobody asks with it
        kind=kind,
        project_id="1",
        project_name="Big project",
        states=["started"],
        start_sources=["started"],
        end_sources=["accepted"],
        created_by=owner,
    )


def sign_in(owner: Membership) -> Client:
    """A client of the owner's, on a site whose static files are there."""
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    call_command("collectstatic", interactive=False, verbosity=0)
    client = Client()
    client.force_login(owner.user)
    return client


def _url(case: Case, roadmap: Roadmap) -> str:
    from django.urls import reverse

    return reverse(case.url_name, args=[roadmap.account.slug, roadmap.pk])


def _inside(case: Case, roadmap: Roadmap, request: HttpRequest) -> str:
    """As the view is: inside the roadmap's account."""
    from accounts import walls

    with walls.entered(roadmap.account_id):
        return case.rows(roadmap, request)


def _get(client: Client, address: str) -> bytes:
    response = client.get(address, secure=True)
    assert response.status_code == 200, response.status_code
    return response.content


def _fetch(statements: list[str]) -> None:
    """By the driver alone."""
    from django.db import connection

    from accounts.walls import EVERY, SETTING

    connection.ensure_connection()
    with connection.connection.cursor() as cursor:
        cursor.execute(f"SET {SETTING} = '{EVERY}'")
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()


def _medians(*acts: Callable[[], object]) -> list[float]:
    """Seconds of each. They take turns, so that what else the machine does disturbs all of them alike."""
    for act in acts:
        act()  # so that caches are warm
    took: list[list[float]] = [[] for _ in acts]
    for _ in range(ROUNDS):
        for act, times in zip(acts, took, strict=True):
            begun = time.perf_counter()
            act()
            times.append(time.perf_counter() - begun)
    return [median(times) for times in took]

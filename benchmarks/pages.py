"""The pages to measure: where each is, what its view does to write the rows, and the bare SQL for the same rows.

One more page is one more `Case`. `{f[Team]}` stands for a field's column, `{o[Blue]}` for a list value's id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

    from roadmaps.models import Roadmap

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

"""How long the pages of a portfolio over many big roadmaps take, beside the bare SQL for the same rows and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import pages, stage, views
from benchmarks.big_roadmap import FIELDS, FILL, sign_in
from benchmarks.pages import ADD_UP, BY_LABEL, COLUMNS, NO_DATES, Case

if TYPE_CHECKING:
    from django.test import Client

    from roadmaps.models import Roadmap

HERE = (
    "FROM roadmaps_item WHERE archived_at IS NULL"
    " AND (roadmap_id IN ({whole}) OR roadmap_id IN ({narrowed}) AND values ? '{f[State]}')"
)
YEAR = "AND start_date < '2026-01-01' AND end_date >= '2025-01-01'"
#: Half of the sources go through a view: what the portfolio's question costs is more than a list of roadmaps.
CASES = {
    "portfolio, first page": Case(
        "roadmaps:items-table",
        "",
        (f"SELECT count(*) {HERE}", f"SELECT {COLUMNS} {HERE} ORDER BY id LIMIT 50"),
    ),
    "portfolio, one year": Case(
        "roadmaps:timeline",
        "?scale=quarters&from=2025-01-01",
        (
            f"SELECT count(*), min(start_date), max(end_date), count(*) FILTER (WHERE start_date IS NULL) {HERE}",
            f"SELECT {COLUMNS} {HERE} {YEAR} ORDER BY end_date DESC, id LIMIT 1000",
        ),
        pages.timeline_bars,
    ),
    "portfolio, rolled up": Case(
        "roadmaps:rollup",
        f"?{BY_LABEL}",
        (f"SELECT count(*), count(*) FILTER (WHERE {NO_DATES}) {HERE}", f"{ADD_UP} {HERE} GROUP BY 1"),
        pages.rollup_bars,
    ),
}


def measure(sources: int, items: int) -> dict[str, float]:
    """Seconds of each page of a portfolio over so many roadmaps of so many items, as `views.measure` gives them."""
    client, portfolio, names = _fill(sources, items)
    return views.compare(CASES, f"{sources} x {items:,}", client, portfolio, names)


def _fill(sources: int, items: int) -> tuple[Client, Roadmap, dict[str, object]]:
    from django.db import connection

    from roadmaps import services
    from roadmaps.models import Field, FieldOption, View

    owner = stage.make_owner()
    for name, type_, labels in FIELDS:
        services.create_field(account=owner.account, name=name, type_=type_, labels=labels, by=owner)
    fields = {field.name: field.column for field in Field.objects.filter(account=owner.account)}
    options = {option.label: option.pk for option in FieldOption.objects.filter(account=owner.account)}
    portfolio = services.create_roadmap(owner=owner, name="All", kind="portfolio")
    ids = []
    for number in range(sources):
        roadmap = services.create_roadmap(owner=owner, name=f"Source {number}")
        roadmap.source_label, roadmap.synced_columns = "Tracker", ["name", "start_date", "end_date", *fields.values()]
        roadmap.save()
        ids.append(roadmap.pk)
        source = services.add_source(portfolio=portfolio, roadmap_id=roadmap.pk, by=owner)
        if number % 2:
            View.objects.filter(roadmap=roadmap).update(query=f"{fields['State']}__filled=1")
            services.show_through(source=source, view=str(roadmap.views.get().pk), by=owner)
        with connection.cursor() as cursor:
            statement = FILL.format(f=fields, o=options)
            cursor.execute(statement, {"account": owner.account_id, "roadmap": roadmap.pk, "items": items})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE roadmaps_item")
    whole, narrowed = (", ".join(map(str, part)) for part in (ids[::2], ids[1::2]))
    return sign_in(owner), portfolio, {"whole": whole, "narrowed": narrowed, "f": fields, "o": options}

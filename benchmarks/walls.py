"""What row-level security costs on the pages of a big roadmap: the same requests with the walls and without them."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import big_roadmap, pages, views

if TYPE_CHECKING:
    from django.test import Client

ROUNDS = 60
#: Requests between two changes of the walls; the first one is not counted.
IN_A_ROW = 4
PAGES = ("first page", "filtered and sorted", "grouped")


def measure(items: int) -> dict[str, float]:
    """Seconds of each page with walls and, as "…, no walls", without. They take turns."""
    client, roadmap, names = big_roadmap.fill(items)
    figures: dict[str, float] = {}
    for name in PAGES:
        case = pages.CASES[name]
        address = views.url_of(case, roadmap) + case.address.format(**names)
        label = f"{name}, {items:,}"
        figures[label], figures[f"{label}, no walls"] = _in_turns(client, address)
    return figures


def _in_turns(client: Client, address: str) -> tuple[float, float]:
    took: dict[bool, list[float]] = {True: [], False: []}
    try:
        for _ in range(ROUNDS):
            for stand in took:
                _set_walls(stand=stand)
                for place in range(IN_A_ROW):
                    begun = time.perf_counter()
                    views.get(client, address)
                    if place:
                        took[stand].append(time.perf_counter() - begun)
    finally:
        _set_walls(stand=True)
    return median(took[True]), median(took[False])


def _set_walls(*, stand: bool) -> None:
    """With the walls goes the setting that each statement carries for them."""
    from django.apps import apps
    from django.db import connection

    from accounts.tenancy import OwnedByAccount
    from accounts.walls import tell_with_each_statement

    what = "ENABLE" if stand else "DISABLE"
    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, OwnedByAccount)]
    connection.execute_wrappers.clear()
    if stand:
        tell_with_each_statement(connection)
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f'ALTER TABLE "{table}" {what} ROW LEVEL SECURITY' for table in tables))

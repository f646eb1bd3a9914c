"""How long a page of a big roadmap takes, beside the bare SQL that fetches the rows that the page shows.

Four figures for each: "whole" is the request from the test client's call to the last byte; "ours" is what the view
does to answer, which is to read the address, ask the database for views, columns, counts and items, lay them out and
write the HTML of all of them, without sessions, sign-in and the frame around the rows, which cost the same for any
items; "own" is what is left of that without the time inside Django and other packages, so our code and SQL; "bare SQL"
is the driver alone with the statements that anybody would write by hand for the same rows and counts: of items, and of
the views, fields and list values around them.

The pages are in `benchmarks.pages`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import shares
from benchmarks.big_roadmap import fill, fill_history
from benchmarks.pages import AROUND, CASES, SLIPS, Case

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.test import Client

    from roadmaps.models import Roadmap

ROUNDS = 15


def measure(items: int) -> dict[str, float]:
    """Seconds of each page of a roadmap with so many items, in three figures; the page's size in kilobytes."""
    client, roadmap, names = fill(items)
    figures = compare(CASES, f"{items:,}", client, roadmap, names)
    fill_history(roadmap)
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
        address = url_of(case, roadmap) + case.address.format(**names)
        request = RequestFactory().get(address)
        statements = [statement.format(**names) for statement in (*AROUND, *case.statements)]
        ours = partial(_inside, case, roadmap, request)
        figures[label], figures[f"{label}, ours"], figures[f"{label}, bare SQL"] = _medians(
            partial(get, client, address), ours, partial(_fetch, statements)
        )
        packages = shares.of_packages(ours, times=ROUNDS)
        figures[f"{label}, own"] = figures[f"{label}, ours"] * (1 - packages)
        figures[f"{label}, kB"] = len(get(client, address)) / 1000
    return figures


def url_of(case: Case, roadmap: Roadmap) -> str:
    from django.urls import reverse

    return reverse(case.url_name, args=[roadmap.account.slug, roadmap.pk])


def _inside(case: Case, roadmap: Roadmap, request: HttpRequest) -> str:
    """As the view is: inside the roadmap's account."""
    from accounts import walls

    with walls.entered(roadmap.account_id):
        return case.rows(roadmap, request)


def get(client: Client, address: str) -> bytes:
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

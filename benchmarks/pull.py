"""How long a pull takes, beside the bare limit: the same pages downloaded one after the other, decoded, and copied."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING

import requests

from benchmarks import stage
from benchmarks.tracker import Tracker, tracker

if TYPE_CHECKING:
    from integrations.models import ProjectLink

ROUNDS = 5


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure(stories: int) -> dict[str, float]:
    """Medians of five, in seconds: the limit, the first pull, nothing changed, 1 % changed, all changed."""
    with tracker(stories) as running:
        owner = stage.make_owner()
        make = lambda: stage.make_link(owner, project_id=running.project_id, url=running.url)  # noqa: E731 - short
        first = make()
        running.tell("forget")
        stage.run_once(first)
        running.tell("prepare")
        pages: list[str] = json.loads(running.tell("targets"))
        rows = _rows()
        figures = {
            "limit": median(_limit(running, pages, rows) for _ in range(ROUNDS)),
            "first": median(_first(make()) for _ in range(ROUNDS)),
        }
        link = make()
        stage.run_once(link)
        figures["bare request"] = median(_bare_request(running) for _ in range(ROUNDS))
        figures["unchanged"] = median(_unchanged(link) for _ in range(ROUNDS))
        figures |= _changed(running, link, share=0.01, stories=stories, name="1 %")
        figures |= _changed(running, link, share=1.0, stories=stories, name="all")
        return figures


def _first(link: ProjectLink) -> float:
    return seconds(lambda: stage.run_once(link))


def _unchanged(link: ProjectLink) -> float:
    """From the worker's claim to the run's end; asking for a run is the dispatcher's work, measured by itself."""
    run_id = stage.ask(link)
    took = seconds(lambda: stage.carry_out(run_id))
    assert link.runs.get(pk=run_id).requests == 1
    return took


def _changed(running: Tracker, link: ProjectLink, *, share: float, stories: int, name: str) -> dict[str, float]:
    took, asked, wrote = [], [], []
    for _ in range(ROUNDS):
        running.tell(f"touch {int(stories * share)}")
        running.tell("prepare")
        took.append(seconds(lambda: wrote.append(stage.run_once(link))))
        # More than were touched: stories move to other iterations when others change.
        assert wrote[-1].updated >= int(stories * share), wrote[-1].updated
        asked.append(wrote[-1].requests)
    return {f"{name} changed": median(took), f"{name} changed: requests": median(asked)}


def _session() -> requests.Session:
    from tracker_sandbox.demo import DEMO_TOKEN

    session = requests.Session()
    session.headers["X-TrackerToken"] = DEMO_TOKEN
    return session


def _bare_request(running: Tracker) -> float:
    """The one request of a pull that finds nothing changed, on a connection of its own, as a pull has it."""
    address = f"{running.url}/services/v5/projects/{running.project_id}?fields=version"

    def ask() -> None:
        with _session() as session:
            session.get(address, timeout=10).json()

    return seconds(ask)


def _rows() -> list[tuple[object, ...]]:
    """What a first pull writes, ready to be copied."""
    from roadmaps.models import Item

    columns = ("external_id", "external_url", "name", "description", "start_date", "end_date", "values", "source_hash")
    return list(Item.objects.order_by("id").values_list("id", *columns))


def _limit(running: Tracker, pages: list[str], rows: list[tuple[object, ...]]) -> float:
    """Download the pages one after the other, decode them, and COPY the same rows into one plain table."""
    import msgspec
    from django.db import connection, transaction

    from integrations.connectors.pivotal_tracker.wire import Story
    from integrations.sync.apply import NEW_ITEM
    from integrations.sync.copy import copy_rows

    decoder = msgspec.json.Decoder(list[Story])
    columns = ", ".join(f'"{name}" {type_}' for name, type_ in NEW_ITEM.items())
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bench_plain (id bigint, {columns})")

    def work() -> None:
        with _session() as session:
            bodies = [(page, session.get(running.url + page, timeout=60).content) for page in pages]
        stories = [decoder.decode(body) for page, body in bodies if "/stories?" in page]
        assert sum(map(len, stories)) == len(rows)
        with transaction.atomic(), connection.cursor() as cursor:
            copy_rows(cursor, "bench_plain", rows)

    try:
        return seconds(work)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE bench_plain")

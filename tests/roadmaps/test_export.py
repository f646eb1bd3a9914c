"""Exports: exactly what the view shows, in files in which no text is a formula (D25, W14, B11)."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import export
from roadmaps.models import Item, Roadmap
from tests import factories

SignIn = Callable[[Membership], Client]
Cells = list[list[object]]


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


def address(roadmap: Roadmap, kind: str, query: str = "") -> str:
    return reverse(f"roadmaps:export-{kind}", args=[roadmap.account.slug, roadmap.pk]) + query


def read_csv(client: Client, roadmap: Roadmap, query: str = "") -> list[list[str]]:
    response = client.get(address(roadmap, "csv", query))
    assert response.status_code == 200
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def read_xlsx(client: Client, roadmap: Roadmap, query: str = "", *, sheet: str = "Items") -> Cells:
    response = client.get(address(roadmap, "xlsx", query))
    assert response.status_code == 200
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    return [[cell.value for cell in row] for row in book[sheet].rows]


def fill(roadmap: Roadmap, count: int) -> None:
    """Many items at once, by the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO roadmaps_item (account_id, roadmap_id, name, "values")'
            " SELECT %s, %s, 'Story ' || n || repeat(' x', 100), '{}' FROM generate_series(1, %s) AS n",
            [roadmap.account_id, roadmap.pk, count],
        )


def test_a_file_holds_the_values_as_a_spreadsheet_understands_them(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    account = roadmap.account
    points = factories.make_field(account, "Points", "number", position=1)
    due = factories.make_field(account, "Due", "date", position=2)
    done = factories.make_field(account, "Done", "checkbox", position=3)
    labels = factories.make_field(account, "Labels", "choices", position=4, options=["Wallet", "Risk"])
    stage = factories.make_field(account, "Stage", "choice", position=5, options=["Now"])
    wallet, risk = (option.pk for option in labels.options.all())
    factories.make_item(
        roadmap,
        "Pay, “now”\nor later",
        start_date="2026-01-31",
        values={
            points.column: -2.5,
            due.column: "2026-02-01",
            done.column: False,
            labels.column: [wallet, risk],
            stage.column: stage.options.get().pk,
        },
    )
    client = signed_in(olga)
    heads = ["Name", "Start Date", "End Date", "Points", "Due", "Done", "Labels", "Stage"]
    assert read_csv(client, roadmap) == [
        heads,
        ["Pay, “now”\nor later", "2026-01-31", "", "-2.5", "2026-02-01", "No", "Wallet, Risk", "Now"],
    ]
    jan, feb = datetime(2026, 1, 31), datetime(2026, 2, 1)
    assert read_xlsx(client, roadmap) == [
        heads,
        ["Pay, “now”\nor later", jan, None, -2.5, feb, "No", "Wallet, Risk", "Now"],
    ]


def test_filters_search_order_and_columns_are_the_views_and_pages_are_not(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    """D25: all pages, whichever one the address names."""
    for number in range(120):
        factories.make_item(roadmap, f"Story {number:03}", notes=f"Note {number}", end_date="2026-05-01")
    factories.make_item(roadmap, "Other", end_date="2026-05-01")
    factories.make_item(roadmap, "Story without end")
    found = read_csv(signed_in(olga), roadmap, "?q=story&sort=-name&cols=name,notes&end_date__filled=1&page=2&view=all")
    assert found[0] == ["Name", "Notes"]
    assert [row[0] for row in found[1:]] == [f"Story {number:03}" for number in reversed(range(120))]
    assert found[1][1] == "Note 119"


def test_an_address_that_says_nothing_means_the_first_view(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    roadmap.views.update(query="cols=name,notes&sort=-name")
    factories.make_item(roadmap, "A")
    factories.make_item(roadmap, "B", notes="Hello")
    assert read_csv(signed_in(olga), roadmap) == [["Name", "Notes"], ["B", "Hello"], ["A", ""]]


def test_groups_stand_together_and_their_column_comes_along(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    theme = factories.make_field(roadmap.account, "Theme", "choice", options=["Blue", "Red"])
    blue, red = (option.pk for option in theme.options.all())
    for name, chosen in (("D", red), ("C", blue), ("B", red), ("A", blue)):
        factories.make_item(roadmap, name, values={theme.column: chosen})
    factories.make_item(roadmap, "E")
    found = read_csv(signed_in(olga), roadmap, f"?group={theme.column}&sort=name&cols=name,start_date")
    assert found == [
        ["Name", "Theme", "Start Date"],
        ["A", "Blue", ""],
        ["C", "Blue", ""],
        ["B", "Red", ""],
        ["D", "Red", ""],
        ["E", "", ""],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "＝", "－", "  ="])
def test_what_would_be_a_formula_stays_text(roadmap: Roadmap, olga: Membership, signed_in: SignIn, start: str) -> None:
    """W14: also as the name of a field and as a value of a list."""
    evil = f'{start}HYPERLINK("http://evil.test","x")'
    field = factories.make_field(roadmap.account, evil, "choice", options=[evil])
    factories.make_item(roadmap, evil, values={field.column: field.options.get().pk})
    client = signed_in(olga)
    query = f"?cols=name,{field.column}"
    assert read_csv(client, roadmap, query) == [["Name", f"'{evil}"], [f"'{evil}", f"'{evil}"]]

    response = client.get(address(roadmap, "xlsx", query))
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    cells = [cell for row in book["Items"].rows for cell in row]
    assert [cell.data_type for cell in cells] == ["s"] * 4
    assert [cell.value for cell in cells] == ["Name", evil, evil, evil]


@time_machine.travel("2026-11-24 14:30:00Z", tick=False)
def test_a_file_is_named_after_roadmap_and_time(olga: Membership, signed_in: SignIn) -> None:
    """B11: CSV has no room to say how old it is. Nothing in a name leads out of a folder or breaks a header."""
    olga.account.time_zone = "Europe/Berlin"
    olga.account.save()
    roadmap = factories.make_roadmap(olga, '../Ünder "us"\r\nX: y/*')
    response = signed_in(olga).get(address(roadmap, "csv"))
    b"".join(response.streaming_content)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert (
        response["Content-Disposition"]
        == "attachment; filename*=utf-8''%C3%9Cnder%20us%20X%20y%202026-11-24%201530.csv"
    )


@time_machine.travel("2026-11-24 14:30:00Z", tick=False)
def test_a_workbook_says_what_it_shows_and_how_fresh_it_is(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    """B11."""
    link = factories.make_link(roadmap, synced_at=timezone.now())
    factories.make_item(roadmap, "Pay")
    client = signed_in(olga)
    told = dict(read_xlsx(client, roadmap, "?q=pay", sheet="About"))
    assert told == {
        "About this export": None,
        "Roadmap": "Apollo",
        "View": "View 1, with changes that are not saved in it",
        "Items": 1,
        "Exported": "2026-11-24 14:30 UTC",
        "Exported by": "Olga Olsen",
        "Source": "Synced from Pivotal Tracker",
        "Last sync": "2026-11-24 14:30 UTC",
        "State of the sync": "Healthy",
        "Address": f"http://testserver{reverse('roadmaps:items-table', args=['acme', roadmap.pk])}?q=pay",
    }
    link.runs.all().delete()
    assert dict(read_xlsx(client, roadmap, sheet="About"))["Last sync"] == "None yet"


def test_a_workbook_of_a_roadmap_without_a_source_says_so(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    told = dict(read_xlsx(signed_in(olga), roadmap, "?view=all", sheet="About"))
    assert told["View"] == "All Data"
    assert told["Source"] == "Made by hand on this roadmap"
    assert "Last sync" not in told


def test_items_of_other_roadmaps_are_in_no_file(
    roadmap: Roadmap, olga: Membership, mallory: Membership, signed_in: SignIn
) -> None:
    """S33."""
    factories.make_item(factories.make_roadmap(olga, "Other"), "Not here")
    factories.make_item(factories.make_roadmap(mallory, "Evil"), "Not here either")
    assert read_csv(signed_in(olga), roadmap, "?view=all")[1:] == []


def test_more_items_than_a_file_holds_are_refused_with_advice(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_ITEMS", 2)
    for _ in range(3):
        factories.make_item(roadmap, "Pay")
    client = signed_in(olga)
    for kind in ("csv", "xlsx"):
        response = client.get(address(roadmap, kind, "?q=pay"), follow=True)
        assert response.redirect_chain[-1][0].endswith("?q=pay")
        assert "This view holds 3 items, and an export at most 2." in response.content.decode()


def test_somebody_who_exports_without_end_is_asked_to_wait(
    roadmap: Roadmap, olga: Membership, vera: Membership, signed_in: SignIn
) -> None:
    factories.make_share(roadmap, vera)
    client = signed_in(olga)
    for _ in range(12):
        assert client.get(address(roadmap, "csv")).status_code == 200
    response = client.get(address(roadmap, "xlsx"), follow=True)
    assert "Wait a minute, then try again." in response.content.decode()
    assert signed_in(vera).get(address(roadmap, "csv")).status_code == 200
    cache.clear()
    assert client.get(address(roadmap, "csv")).status_code == 200


@contextmanager
def peak() -> Iterator[list[int]]:
    """How many bytes more than before were held at the worst moment."""
    found: list[int] = []
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        yield found
        found.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_items_and_queries_by_one_for_a_thousand(
    kind: str,
    roadmap: Roadmap,
    olga: Membership,
    signed_in: SignIn,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """First the ids, then a thousand items at a time, sent as they come."""
    fill(roadmap, 12_000)
    client = signed_in(olga)
    b"".join(client.get(address(roadmap, kind, "?q=nothing")).streaming_content)  # what is loaded once
    sizes = 0
    # Session, person, member, roadmap, views, fields, the count, the ids, the items, the link.
    with peak() as found, django_assert_num_queries(9 + 12):
        for chunk in client.get(address(roadmap, kind, "?view=all")).streaming_content:
            sizes += len(chunk)
    if kind == "csv":
        assert sizes > 12_000 * 200
    assert found[0] < 6_000_000
    assert Item.objects.count() == 12_000


def test_a_day_that_is_none_is_exported_as_the_text_that_it_is(
    roadmap: Roadmap, olga: Membership, signed_in: SignIn
) -> None:
    due = factories.make_field(roadmap.account, "Due", "date")
    factories.make_item(roadmap, "Pay", start_date=date(1900, 1, 1), values={due.column: "someday"})
    client = signed_in(olga)
    assert read_csv(client, roadmap)[1] == ["Pay", "1900-01-01", "", "someday"]
    assert read_xlsx(client, roadmap)[1] == ["Pay", datetime(1900, 1, 1), None, "someday"]


def test_the_name_of_a_csv_says_when_its_data_was_synced(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """B11: there is no room for it inside."""
    factories.make_link(roadmap, synced_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC))
    name = signed_in(olga).get(address(roadmap, "csv", "?view=all")).headers["Content-Disposition"]
    assert ", synced 2026-03-01 0930.csv" in name

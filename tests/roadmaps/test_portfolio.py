"""What a portfolio shows of its sources, and how its pages ask for it (S32, D28, B11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Account, Membership
from roadmaps import columns, export, freshness, portfolio, query, query_sql, saved_views, scope, table
from roadmaps.models import Field, Item, Roadmap
from roadmaps.sources import Dark
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def theme(acme: Account) -> Field:
    return factories.make_field(acme, "Theme", "choice", options=["Speed", "Trust"])


def option(field: Field, label: str) -> int:
    return field.options.get(label=label).pk


def shown(made: Roadmap, **params: str) -> list[str]:
    """Names of the items on the portfolio's page, in its order."""
    asked = saved_views.ask(made, {name: [text] for name, text in params.items()})
    return [item.name for item in query_sql.apply(asked.query, asked.scope.items(), asked.columns)]


def fetch(client: Client, name: str, made: Roadmap, *args: int, **params: str) -> Any:
    return client.get(reverse(f"roadmaps:{name}", args=[made.account.slug, made.pk, *args]), params)


def test_it_shows_what_each_source_shows_through_its_view(olga: Membership, theme: Field) -> None:
    apollo, gemini = factories.make_roadmap(olga, "Apollo"), factories.make_roadmap(olga, "Gemini")
    speed = option(theme, "Speed")
    for roadmap in (apollo, gemini):
        factories.make_item(roadmap, f"{roadmap} fast", values={theme.column: speed})
        factories.make_item(roadmap, f"{roadmap} slow")
    made = factories.make_portfolio(olga, "All", apollo)
    view = factories.make_view(gemini, "Fast", f"{theme.column}__is={speed}")
    factories.make_source(made, gemini, view)
    factories.make_item(factories.make_roadmap(olga, "Other"), "elsewhere")
    assert shown(made) == ["Apollo fast", "Apollo slow", "Gemini fast"]


VIEWS = st.lists(
    st.sampled_from(
        [
            "",
            "q=item",
            "q=1",
            "{Theme}__is={Speed}",
            "{Theme}__not={Speed}",
            "{Theme}__empty=1",
            "{Done}__is=yes",
            "start_date__before=2026-03-01",
            "name__lacks=2",
            "q=3&{Theme}__filled=1",
            "sort=-name&cols=name&archived=1",
        ]
    ),
    min_size=3,
    max_size=3,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VIEWS)
def test_its_items_are_those_of_each_view_by_itself(olga: Membership, theme: Field, views: list[str]) -> None:
    """The union of what the sources' own pages show, whatever their views ask, archived items aside."""
    Roadmap.objects.filter(owner=olga).update(archived_at=timezone.now())
    made = factories.make_portfolio(olga, f"P{Roadmap.objects.count()}")
    expected: set[int] = set()
    for number, asked in enumerate(views):
        roadmap = _fill(olga, theme, number)
        done = factories.make_field(roadmap.account, "Done", "checkbox", roadmap=roadmap)
        names = {"Theme": theme.column, "Speed": option(theme, "Speed"), "Done": done.column}
        Item.objects.filter(roadmap=roadmap, name__endswith="2").update(values={done.column: True})
        factories.make_source(made, roadmap, factories.make_view(roadmap, "V", asked.format(**names)))
        known = columns.load(roadmap)
        own = query.parse(parse_qs(asked.format(**names)), known)
        expected |= set(
            query_sql.apply(own, roadmap.items.filter(archived_at=None), known).values_list("pk", flat=True)
        )
    told = saved_views.ask(made, {})
    found = [item.pk for item in query_sql.apply(told.query, told.scope.items(), told.columns)]
    assert sorted(found) == sorted(expected)


def _fill(olga: Membership, theme: Field, number: int) -> Roadmap:
    roadmap = factories.make_roadmap(olga, f"R{number}")
    for place in range(4):
        factories.make_item(
            roadmap,
            f"Item {number}{place}",
            values={theme.column: option(theme, "Speed" if place % 2 else "Trust")} if place else {},
            start_date=f"2026-0{place + 1}-01",
        )
    factories.make_item(roadmap, "Item gone", archived_at=timezone.now())
    return roadmap


def test_what_is_archived_or_not_shared_with_the_owner_gives_nothing(olga: Membership, alice: Membership) -> None:
    mine = factories.make_roadmap(olga, "Mine")
    hers = factories.make_roadmap(alice, "Hers")
    share = factories.make_share(hers, olga)
    old = factories.make_roadmap(olga, "Old", archived_at=timezone.now())
    for roadmap in (mine, hers, old):
        factories.make_item(roadmap, f"{roadmap} item")
    made = factories.make_portfolio(olga, "All", mine, hers, old)
    assert shown(made) == ["Mine item", "Hers item"]
    share.delete()
    assert shown(made) == ["Mine item"]
    assert [feed.dark for feed in scope.of(made).feeds] == [None, Dark.NOT_SHARED, Dark.ARCHIVED]


def test_archived_items_are_shown_when_the_portfolio_asks(olga: Membership) -> None:
    mine = factories.make_roadmap(olga, "Mine")
    factories.make_item(mine, "here")
    factories.make_item(mine, "gone", archived_at=timezone.now())
    made = factories.make_portfolio(olga, "All", mine)
    assert shown(made) == ["here"]
    assert shown(made, archived="1") == ["here", "gone"]


def test_the_roadmap_is_a_field_to_filter_sort_and_group_by(olga: Membership) -> None:
    beta, alpha = factories.make_roadmap(olga, "Beta"), factories.make_roadmap(olga, "Alpha")
    for roadmap in (alpha, beta):
        factories.make_item(roadmap, f"{roadmap} item")
    made = factories.make_portfolio(olga, "All", beta, alpha)
    assert shown(made, sort="roadmap") == ["Beta item", "Alpha item"]  # in the order of the sources
    assert shown(made, sort="-roadmap") == ["Alpha item", "Beta item"]
    assert shown(made, roadmap__is=str(alpha.pk)) == ["Alpha item"]
    assert shown(made, roadmap__not=str(alpha.pk)) == ["Beta item"]
    assert shown(made, roadmap__empty="1") == []
    told = saved_views.ask(made, {"group": ["roadmap"]})
    sections = table.build(told.scope, told.query).sections
    assert [(each.group.label, each.group.count) for each in sections if each.group] == [("Beta", 1), ("Alpha", 1)]


def test_its_columns_are_those_that_its_sources_have_in_common(olga: Membership, acme: Account, theme: Field) -> None:
    """A field of one roadmap alone is none; what most sources show comes first; a Tracker field is one field (S25)."""
    state = factories.make_field(acme, "State", "choice", source_kind=factories.KIND, source_key="state", options=["A"])
    unused = factories.make_field(acme, "Epic", "choice", source_kind=factories.KIND, source_key="epic")
    linked = factories.make_roadmap(
        olga, "Linked", source_label="Pivotal Tracker", synced_columns=[state.column, "name"]
    )
    by_hand = factories.make_roadmap(olga, "By hand")
    own = factories.make_field(acme, "Own", roadmap=by_hand)
    made = factories.make_portfolio(olga, "All", by_hand, linked)
    found = {column.name: column for column in scope.of(made).columns}
    fields = [theme.column, state.column]
    first = ["name", "start_date", "end_date", "external_id", "roadmap"]
    assert list(found) == [*first, *fields, "description", "notes", "source"]
    assert own.column not in found and unused.column not in found
    assert found[state.column].synced_on == {linked.pk} == found[state.column].only_on
    assert found[theme.column].only_on is None
    assert [each.label for each in found["roadmap"].options.values()] == ["By hand", "Linked"]


def test_locks_are_those_of_the_items_own_roadmap(olga: Membership) -> None:
    linked = factories.make_roadmap(olga, "Linked", source_label="Pivotal Tracker", synced_columns=["name"])
    other = factories.make_roadmap(olga, "Other", source_label="Pivotal Tracker", synced_columns=["start_date"])
    made = factories.make_portfolio(olga, "All", linked, other)
    name = next(column for column in scope.of(made).columns if column.name == "name")
    locked = [factories.make_item(roadmap, external_id="7") for roadmap in (linked, other)]
    assert [columns.is_locked(item, name) for item in (*locked, factories.make_item(linked))] == [True, False, False]


@pytest.mark.parametrize("name", ["items-table", "timeline", "swimlane", "rollup"])
def test_every_layout_works_with_no_source_and_with_some(name: str, olga: Membership, signed_in: SignIn) -> None:
    made = factories.make_portfolio(olga)
    client = signed_in(olga)
    assert "Choose what this portfolio shows" in fetch(client, name, made).content.decode()
    roadmap = factories.make_roadmap(olga, "Apollo")
    factories.make_source(made, roadmap)
    assert "Its sources hold no items" in fetch(client, name, made).content.decode()
    factories.make_item(roadmap, "Lift off", start_date="2026-01-01", end_date="2026-02-01")
    page = fetch(
        client, name, made, head="roadmap", lanes="roadmap", group="roadmap", by="roadmap", open=str(roadmap.pk)
    ).content.decode()
    assert "Lift off" in page and "Apollo" in page and "Add item" not in page and "Integrations" not in page


@pytest.mark.parametrize("name", ["items-table", "timeline", "swimlane"])
def test_a_page_costs_the_same_with_3_and_with_20_sources(
    name: str, olga: Membership, signed_in: SignIn, theme: Field
) -> None:
    made = factories.make_portfolio(olga)
    client = signed_in(olga)
    counts = []
    for number in range(20):
        roadmap = factories.make_roadmap(olga, f"R{number}")
        factories.make_link(roadmap, project_id=str(number + 1), synced_at=timezone.now())
        item = factories.make_item(roadmap, f"Item {number}", start_date="2026-01-01", external_id=str(number))
        Item.objects.filter(pk=item.pk).update(values={theme.column: option(theme, "Speed")})
        factories.make_source(made, roadmap, factories.make_view(roadmap, "V", "q=Item"))
        if number in (2, 19):
            with CaptureQueriesContext(connection) as counter:
                assert f"Item {number}" in fetch(client, name, made).content.decode()
            counts.append(len(counter))
    assert counts[0] == counts[1] <= 22


def test_each_source_says_how_fresh_it_is_and_the_whole_says_its_oldest(olga: Membership, signed_in: SignIn) -> None:
    now = timezone.now()
    made = factories.make_portfolio(olga)
    for name, hours in (("Young", 1), ("Old", 30)):
        roadmap = factories.make_roadmap(olga, name)
        factories.make_link(roadmap, project_id=str(hours), synced_at=now - timedelta(hours=hours))
        factories.make_source(made, roadmap)
    factories.make_source(made, factories.make_roadmap(olga, "By hand"))
    look = portfolio.look(scope.of(made))
    assert look.oldest is not None and look.oldest.roadmap.name == "Old"
    assert [line.fresh is not None for line in look.lines] == [True, True, False]
    page = fetch(signed_in(olga), "timeline", made).content.decode()
    assert "1 hour ago" in page.replace("\xa0", " ") and "1 day ago" in page.replace("\xa0", " ")
    picture = fetch(signed_in(olga), "timeline-svg", made).content.decode()
    assert "to Old, the oldest of its sources on" in picture
    about = dict(row[:2] for row in export.about(saved_views.ask(made, {}), count=0, by="Olga", address="x"))
    assert str(about["Oldest sync"]).endswith(", Old")
    assert about["Source: By hand, All Data"] == "Made by hand"


def test_one_that_never_synced_is_the_oldest(olga: Membership) -> None:
    roadmaps = [factories.make_roadmap(olga, name) for name in ("Synced", "Never", "By hand")]
    for number, roadmap in enumerate(roadmaps[:2]):
        synced_at = timezone.now() if roadmap.name == "Synced" else None
        factories.make_link(roadmap, project_id=str(number), synced_at=synced_at)
    assert freshness.oldest(roadmaps, freshness.of_each(roadmaps)) == roadmaps[1]
    assert freshness.oldest(roadmaps[2:], {}) is None


def test_exports_hold_the_roadmap_of_each_item(olga: Membership, signed_in: SignIn) -> None:
    roadmap = factories.make_roadmap(olga, "Apollo")
    factories.make_item(roadmap, "Lift off")
    made = factories.make_portfolio(olga, "All", roadmap)
    response = fetch(signed_in(olga), "export-csv", made)
    text = b"".join(response.streaming_content).decode()
    assert "Roadmap" in text.splitlines()[0] and "Lift off" in text and "Apollo" in text
    workbook = fetch(signed_in(olga), "export-xlsx", made)
    assert workbook.status_code == 200
    workbook.close()


def test_an_open_page_is_told_when_a_source_changed_and_only_then(olga: Membership, signed_in: SignIn) -> None:
    """B11."""
    roadmap = factories.make_roadmap(olga, "Apollo")
    made = factories.make_portfolio(olga, "All", roadmap)
    link, client = factories.make_link(roadmap, synced_at=timezone.now() - timedelta(hours=2)), signed_in(olga)
    address = reverse("roadmaps:portfolio-state", args=[made.account.slug, made.pk])
    seen = portfolio.look(scope.of(made)).digest
    assert "HX-Trigger" not in client.get(address, {"seen": seen}).headers
    link.runs.create(account_id=link.account_id, trigger="schedule", state="succeeded", finished_at=timezone.now())
    answer = client.get(address, {"seen": seen})
    assert answer.headers["HX-Trigger"] == "items-changed" and "just now" in answer.content.decode()

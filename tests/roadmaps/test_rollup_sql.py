"""What SQL adds up for a Roll-up is what plain Python adds up of the same items (B15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Membership
from roadmaps import columns, query, query_sql, rollup_settings, rollup_sql, scope
from roadmaps.columns import Column
from roadmaps.models import Item, Roadmap
from roadmaps.rollup import Bar, Part
from roadmaps.rollup_settings import Settings
from tests import factories

START = date(2026, 1, 1)
_numbers = count(1)

Made = tuple[list[int], int | None, float | None, int | None, int | None, bool]
#: What an item may have: places of its epics and of its state (None: none), points, and its days.
ITEMS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 3), max_size=3, unique=True),
        st.none() | st.integers(0, 2),
        st.none() | st.integers(-2, 9) | st.sampled_from([0.5, 2.25]),
        st.none() | st.integers(0, 90),
        st.none() | st.integers(0, 90),
        st.booleans(),
    ),
    max_size=25,
)


@pytest.fixture
def names(olga: Membership) -> dict[str, Column]:
    """The account's fields that a Roll-up needs, by their labels."""
    for label, type_, options in (
        ("Epics", "choices", ["Wallet", "Unlock", "Safety", "Unused"]),
        ("Team", "choice", ["Red", "Blue", "Green", "Grey"]),
        ("State", "choice", ["Started", "Delivered", "Accepted"]),
        ("Blocked", "checkbox", []),
        ("Points", "number", []),
    ):
        factories.make_field(olga.account, label, type_, options=options)
    return {column.label: column for column in columns.load(factories.make_roadmap(olga))}


def expect(items: Sequence[Item], by: Column, asked: Settings) -> list[Bar]:
    """The same in plain Python, item by item."""
    found = []
    for key in [*by.options, None]:
        mine = [item for item in items if _has(item, by, key)]
        if not mine:
            continue
        done = [item for item in mine if _is_done(item, asked)]
        days = [day for item in mine for day in (item.start_date, item.end_date) if day]
        points = asked.points
        found.append(
            Bar(
                key=key,
                label=by.options[key].label if key else f"No {by.label}",
                colour=by.options[key].colour if key else 0,
                items=Part(len(done), len(mine)),
                points=Part(_amount(done, points), _amount(mine, points)),
                without_dates=sum(not (item.start_date or item.end_date) for item in mine),
                unsized=sum(points.name not in item.values for item in mine) if points else 0,
                first=min(days, default=None),
                last=max(days, default=None),
            )
        )
    return found


def _amount(items: Sequence[Item], points: Column | None) -> float:
    return sum(item.values.get(points.name, 0) for item in items) if points else 0


def _has(item: Item, column: Column, key: int | None) -> bool:
    value = item.roadmap_id if column.name == columns.ROADMAP else item.values.get(column.name, [])
    held = value if isinstance(value, list) else [value]
    return key in held if key is not None else not held


def _is_done(item: Item, asked: Settings) -> bool:
    if asked.state is None:
        return False
    value = item.values.get(asked.state.name)
    return value is True if asked.state.type == "checkbox" else value in asked.done


def fill(roadmap: Roadmap, names: dict[str, Column], rows: list[Made]) -> None:
    made = []
    for epics, state, points, start, end, blocked in rows:
        values = {
            names["Epics"].name: [[*names["Epics"].options][place] for place in epics],
            names["Team"].name: [*names["Team"].options][epics[0]] if epics else None,
            names["State"].name: None if state is None else [*names["State"].options][state],
            names["Points"].name: points,
            names["Blocked"].name: blocked or None,
        }
        days = [None if day is None else START + timedelta(days=day) for day in (start, end)]
        if all(days):
            days.sort()
        made.append(
            Item(
                account_id=roadmap.account_id,
                roadmap=roadmap,
                name=f"Item {next(_numbers)}",
                values={name: value for name, value in values.items() if value not in (None, [])},
                start_date=days[0],
                end_date=days[1],
            )
        )
    Item.objects.bulk_create(made)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    one=ITEMS,
    other=ITEMS,
    by=st.sampled_from(["Epics", "Team", "Roadmap"]),
    state=st.sampled_from(["", "State", "Blocked"]),
    sized=st.booleans(),
)
def test_sql_adds_up_what_python_adds_up(
    olga: Membership, names: dict[str, Column], one: list[Made], other: list[Made], by: str, state: str, sized: bool
) -> None:
    """Of a roadmap, and of a portfolio over two: the same field has one bar for each value, wherever its items are."""
    roadmaps = [factories.make_roadmap(olga, f"R{next(_numbers)}") for _ in range(2)]
    for roadmap, rows in zip(roadmaps, (one, other), strict=True):
        fill(roadmap, names, rows)
    shown = [factories.make_portfolio(olga, f"P{next(_numbers)}", *roadmaps)]
    if by != "Roadmap":
        shown.append(roadmaps[0])
    for roadmap in shown:
        told = scope.of(roadmap)
        named = {column.label: column for column in told.columns}
        done = [str(pk) for pk in [*names["State"].options][1:]] if state == "State" else []
        params = {
            "by": [named[by].name],
            "points": [names["Points"].name if sized else "none"],
            "state": [named[state].name if state else "none"],
            "done": done,
        }
        asked = query.parse(params, told.columns)
        read = rollup_settings.read(asked, told.columns)
        assert read is not None
        items = query_sql.apply(asked, told.items(), told.columns)
        assert rollup_sql.add_up(items, read, told.columns) == expect(list(told.items()), read.by, read)

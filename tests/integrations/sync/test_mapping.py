"""A record and a setup become a row; what does not fit becomes a problem."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from integrations.records import Value
from integrations.sync.mapping import FieldColumn, Row, Rules, map_record
from tests.integrations.sync.fakes import record

RULES = Rules(zone=UTC, start=("started",), end=("accepted", "deadline"), fields=())


def row_of(value: Value, type_: str) -> Row:
    """The row of a record whose field "x" has that value."""
    rules = replace(RULES, fields=(FieldColumn(key="x", column="f1", type=type_),))
    return map_record(record("1", x=value), rules)[0]


def with_dates(**dates: date | datetime) -> Row:
    return map_record(structs.replace(record("1"), dates=dates), RULES)[0]


def test_the_first_date_present_wins() -> None:
    """D15"""
    row = with_dates(deadline=date(2026, 5, 1), started=date(2026, 4, 1))
    assert (row.start, row.end) == (date(2026, 4, 1), date(2026, 5, 1))
    assert with_dates(deadline=date(2026, 5, 1), accepted=date(2026, 4, 9)).end == date(2026, 4, 9)


def test_a_moment_falls_on_the_day_of_the_accounts_time_zone() -> None:
    """D29"""
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    rules = replace(RULES, zone=ZoneInfo("Europe/Berlin"))
    assert map_record(structs.replace(record("1"), dates={"started": late}), rules)[0].start == date(2026, 4, 1)


def test_an_end_before_the_start_shows_only_the_end_and_says_so() -> None:
    dates = {"started": date(2026, 5, 2), "accepted": date(2026, 5, 1)}
    row, problems = map_record(structs.replace(record("1"), dates=dates), RULES)
    assert (row.start, row.end) == (None, date(2026, 5, 1))
    assert "is after End" in problems[0].message


def test_a_date_that_is_not_mapped_arrives_as_text() -> None:
    """S25"""
    rules = replace(RULES, fields=(FieldColumn(key="started", column="f1", type="text"),))
    assert map_record(record("1"), rules)[0].values == {"f1": "2026-03-01"}


def test_no_dates_chosen_leaves_the_columns_alone() -> None:
    rules = replace(RULES, start=None)
    assert map_record(record("1"), rules)[0].start is None


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        ("number", 3, 3),
        ("number", 0.5, 0.5),
        ("choice", "Feature", "Feature"),
        ("choices", ("b", "a", "b"), ("b", "a")),
        ("choices", "only", ("only",)),
        ("checkbox", False, False),
        ("link", "https://example.com/a", "https://example.com/a"),
        ("text", "two\x00 words", "two words"),
        ("text", 2.5, "2.5"),
    ],
)
def test_each_type_has_its_shape(type_: str, value: Value, stored: object) -> None:
    found = row_of(value, type_).values["f1"]
    assert found == stored
    assert type(found) is type(stored)


@pytest.mark.parametrize(
    ("type_", "value"),
    [("number", float("nan")), ("number", "three"), ("link", "javascript:alert(1)"), ("checkbox", "yes")],
)
def test_a_value_that_does_not_fit_is_left_out_and_reported(type_: str, value: Value) -> None:
    """R19"""
    rules = replace(RULES, fields=(FieldColumn(key="x", column="f1", type=type_),))
    row, problems = map_record(record("1", x=value), rules)
    assert row.values == {}
    assert [(problem.record_id, problem.field) for problem in problems] == [("1", "x")]


@pytest.mark.parametrize("value", ["", (), ("",), "   "])
def test_an_empty_value_is_no_value(value: Value) -> None:
    assert row_of(value, "choices").values == {}


def test_a_record_without_a_name_gets_a_placeholder() -> None:
    assert map_record(structs.replace(record("1"), name="  "), RULES)[0].name == "(no name)"


def test_equal_rows_have_equal_hashes_and_others_have_not() -> None:
    same = {row_of(("a", "b"), "choices").hash for _ in range(3)}
    assert len(same) == 1
    assert row_of(("a",), "choices").hash not in same
    assert row_of("a,b", "text").hash != row_of("a, b", "text").hash


@given(
    started=st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC)),
    days=st.integers(-400, 400),
    zone=st.sampled_from(["UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"]),
)
def test_no_row_ever_ends_before_it_starts(started: datetime, days: int, zone: str) -> None:
    rules = replace(RULES, zone=ZoneInfo(zone))
    dates = {"started": started, "accepted": started + timedelta(days=days)}
    row, problems = map_record(structs.replace(record("1"), dates=dates), rules)
    assert row.end is not None
    assert row.start is None or row.start <= row.end
    assert (row.start is None) == bool(problems)


@given(st.text(max_size=300) | st.decimals() | st.booleans() | st.lists(st.text(max_size=30)).map(tuple))
def test_no_value_of_any_type_breaks_the_mapping(value: Value) -> None:
    for type_ in ("text", "number", "date", "checkbox", "link", "choice", "choices"):
        rules = replace(RULES, fields=(FieldColumn(key="x", column="f1", type=type_),))
        row, problems = map_record(record("1", x=value), rules)
        assert len(row.values) + len(problems) <= 1

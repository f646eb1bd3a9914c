"""Months, quarters and years as lanes of a Swimlane. Pure: no ORM, no clock, no network.

A period is known by its first day.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date

#: The periods that dates are gathered in, and how many months each has.
UNITS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}


def first_day(day: date, unit: str) -> date:
    """The first day of the period that holds `day`."""
    return day.replace(month=day.month - (day.month - 1) % UNITS[unit], day=1)


def last_day(first: date, unit: str) -> date:
    """The last day of the period that begins at `first`."""
    month = first.month + UNITS[unit] - 1
    return first.replace(month=month, day=calendar.monthrange(first.year, month)[1])


def periods(first: date, last: date, unit: str) -> list[date]:
    """All periods from the one that begins at `first` to the one that begins at `last`, without a gap."""
    size = UNITS[unit]
    return [_month(number) for number in range(_number(first), _number(last) + 1, size)]


def around(first: date, unit: str, count: int) -> list[date]:
    """That period, and so many before and after it, as far as the calendar goes."""
    reach = count * UNITS[unit]
    numbers = range(_number(first) - reach, _number(first) + reach + 1, UNITS[unit])
    return [_month(number) for number in numbers if 12 <= number < 10_000 * 12]


def label(first: date, unit: str) -> str:
    """What a period is called."""
    match unit:
        case "month":
            return f"{calendar.month_abbr[first.month]} {first.year}"
        case "quarter":
            return f"Q{(first.month + 2) // 3} {first.year}"
        case _:
            return str(first.year)


def move(day: date, unit: str, target: date) -> date:
    """The day at the same place of the period that begins at `target`; the last of its month where that is shorter."""
    month = target.month + (day.month - 1) % UNITS[unit]
    return date(target.year, month, min(day.day, calendar.monthrange(target.year, month)[1]))


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)

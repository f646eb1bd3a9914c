"""Strict reading of query parameters: unknown names and malformed values are refused by name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from tracker_sandbox.clock import Moment, parse_time
from tracker_sandbox.errors import invalid_parameter
from tracker_sandbox.fields import DEFAULT, Fields, parse_fields

COMMON = frozenset({"fields", "date_format", "envelope"})
E = TypeVar("E")


@dataclass(slots=True, frozen=True)
class Paging:
    """An endpoint's page size: what it is without `limit`, and the most that `limit` can make it."""

    default: int
    maximum: int


@dataclass(slots=True, frozen=True)
class Page:
    """One page of a longer list, as its headers tell it."""

    total: int
    limit: int
    offset: int
    returned: int

    def headers(self) -> dict[str, str]:
        """The four pagination headers."""
        return {
            "X-Tracker-Pagination-Total": str(self.total),
            "X-Tracker-Pagination-Limit": str(self.limit),
            "X-Tracker-Pagination-Offset": str(self.offset),
            "X-Tracker-Pagination-Returned": str(self.returned),
        }


class Params:
    """The parameters of one request. Of a repeated one the last counts, as in Rails."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values = dict(pairs)

    def allow(self, names: Collection[str]) -> None:
        """ApiError 400 when there is a parameter besides these and the common ones."""
        for name in self._values:
            if name not in names and name not in COMMON:
                raise invalid_parameter(f"This endpoint doesn't take the parameter {name!r}.")

    def only(self, names: Collection[str]) -> Params:
        """These parameters, and the others as if they had not been sent."""
        return Params([(name, value) for name, value in self._values.items() if name in names])

    def text(self, name: str) -> str | None:
        """The value, or None."""
        return self._values.get(name)

    def integer(self, name: str) -> int | None:
        """A whole number, or None; ApiError 400 for anything else."""
        value = self._values.get(name)
        if value is None:
            return None
        digits = value.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            raise invalid_parameter(f"The parameter {name!r} has to be an integer.")
        return int(value)

    def integers(self, name: str) -> list[int] | None:
        """A comma list of whole numbers, or None."""
        value = self._values.get(name)
        if value is None:
            return None
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() for part in parts):
            raise invalid_parameter(f"The parameter {name!r} has to be a list of integers.")
        return [int(part) for part in parts]

    def time(self, name: str) -> Moment | None:
        """ISO 8601 or milliseconds, or None."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            return parse_time(value)
        except (ValueError, OverflowError):
            raise invalid_parameter(
                f"The parameter {name!r} has to be a time: ISO 8601, or milliseconds since the epoch."
            ) from None

    def one_of(self, name: str, choices: Collection[str]) -> str | None:
        """One of an enumeration, or None."""
        value = self._values.get(name)
        if value is not None and value not in choices:
            raise invalid_parameter(f"The parameter {name!r} has to be one of {', '.join(sorted(choices))}.")
        return value

    def fields(self) -> Fields:
        """The selection of members."""
        value = self._values.get("fields")
        return DEFAULT if value is None else parse_fields(value)

    def in_millis(self) -> bool:
        """Whether times are wanted in milliseconds."""
        return self.one_of("date_format", ("millis", "iso8601")) == "millis"

    def envelope(self) -> bool:
        """Whether the body is wanted in an envelope."""
        return self.one_of("envelope", ("true", "false")) == "true"

    def page(self, items: list[E], paging: Paging) -> tuple[list[E], Page]:
        """Cut out the page that `limit` and `offset` ask for; too large a limit is lowered silently."""
        limit, offset = self.limit(paging), self.integer("offset") or 0
        if offset < 0:
            raise invalid_parameter("The parameter 'offset' has to be zero or more.")
        found = items[offset : offset + limit]
        return found, Page(len(items), limit, offset, len(found))

    def limit(self, paging: Paging) -> int:
        """The page size in force."""
        asked = self.integer("limit")
        if asked is not None and asked < 0:
            raise invalid_parameter("The parameter 'limit' has to be zero or more.")
        return paging.default if asked is None else min(asked, paging.maximum)

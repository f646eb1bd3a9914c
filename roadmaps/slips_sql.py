"""Slips asked of the database: one statement finds from the changes since where each item's dates stood (B12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, overload

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from roadmaps import moves
from roadmaps.models import Item
from roadmaps.slips import KINDS, Kind, Since, Slip

#: What a statement needs of each item.
ASKED = ("id", "name", "roadmap_id", "start_date", "end_date", "created_at")

#: One row for each item that moved or is new. `{asked}` and `{moves}` are statements of Django's. New ones stand apart,
#: so that who asks for those that moved pays for these alone.
SLIPS = """
WITH asked AS NOT MATERIALIZED ({asked}), move AS ({moves}), told AS (
    SELECT item_id,
        (array_agg(changes -> 'start_date' ORDER BY moved_at, id) FILTER (WHERE changes ? 'start_date'))[1]
            AS start_move,
        (array_agg(changes -> 'end_date' ORDER BY moved_at, id) FILTER (WHERE changes ? 'end_date'))[1] AS end_move,
        (array_agg(mover ORDER BY moved_at DESC, id DESC) FILTER (WHERE stands))[1] AS who,
        max(moved_at) FILTER (WHERE stands) AS at
    FROM move GROUP BY item_id
), moved AS (
    SELECT asked.*, who, at,
        CASE WHEN start_move IS NULL THEN start_date ELSE (start_move ->> 0)::date END AS start_was,
        CASE WHEN end_move IS NULL THEN end_date ELSE (end_move ->> 0)::date END AS end_was
    FROM told JOIN asked ON asked.id = told.item_id WHERE created_at <= %s
), measured AS (
    SELECT *, CASE WHEN end_was IS NULL OR end_date IS NULL THEN start_date - start_was ELSE end_date - end_was END
        AS days
    FROM moved WHERE start_was IS DISTINCT FROM start_date OR end_was IS DISTINCT FROM end_date
), slip AS (
    SELECT id, name, roadmap_id, start_was, end_was, start_date, end_date, days,
        CASE WHEN coalesce(start_date, end_date) IS NULL THEN 'lost'
            WHEN coalesce(start_was, end_was) IS NULL THEN 'gained'
            WHEN days > 0 THEN 'later' WHEN days < 0 THEN 'earlier' ELSE 'other' END AS kind, who, at
    FROM measured
    UNION ALL
    SELECT id, name, roadmap_id, NULL, NULL, start_date, end_date, NULL, 'new', NULL, NULL
    FROM asked WHERE created_at > %s AND coalesce(start_date, end_date) IS NOT NULL
)
"""
ALL = "SELECT * FROM slip ORDER BY abs(days) DESC NULLS LAST, id"
COUNTS = "SELECT kind, count(*) FROM slip GROUP BY kind"
LOST = "SELECT count(*) FROM slip WHERE kind = 'lost'"
PAGE = "SELECT * FROM slip WHERE kind = %s ORDER BY abs(days) DESC NULLS LAST, id LIMIT %s OFFSET %s"


def of_items(ids: Iterable[int], since: Since, *, account_id: int) -> list[Slip]:
    """Those of these items that moved or are new, the largest move first, in one query; for those of a page."""
    wanted = list(ids)
    items = Item.objects.filter(pk__in=wanted, account_id=account_id)
    return [Slip(*row) for row in _ask(ALL, items, Q(item__in=wanted), since, account_id)]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of whom: the items of a question, all of the roadmaps that they are on, and the day."""

    asked: QuerySet[Item]
    roadmap_ids: Sequence[int]
    since: Since
    account_id: int

    def ask(self, what: str, *params: object) -> list[tuple[Any, ...]]:
        """The rows of one of the statements above."""
        about = Q(item__roadmap__in=self.roadmap_ids)
        return _ask(what, self.asked, about, self.since, self.account_id, *params)

    def count(self) -> dict[Kind, int]:
        """How many moved in which way, in one query."""
        found = dict(self.ask(COUNTS))
        return {kind: found.get(kind, 0) for kind in KINDS}

    def count_lost(self) -> int:
        """How many lost their dates, and so have no bar; in one query, which costs as much as there are moves."""
        return next((count for (count,) in self.ask(LOST)), 0)


@dataclass(frozen=True, slots=True)
class Slips(Sequence[Slip]):
    """The slips of one kind, the largest first; read as far as a page needs them."""

    question: Question
    kind: Kind
    length: int

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> Slip: ...
    @overload
    def __getitem__(self, index: slice) -> list[Slip]: ...
    def __getitem__(self, index: int | slice) -> Slip | list[Slip]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        start, stop, _ = index.indices(self.length)
        return [Slip(*row) for row in self.question.ask(PAGE, self.kind, max(stop - start, 0), start)]


def _ask(
    what: str, asked: QuerySet[Item], about: Q, since: Since, account_id: int, *params: object
) -> list[tuple[Any, ...]]:
    """Rows of the statement about `asked`, to which those changes may belong that are `about` them."""
    try:
        wanted, found = _sql(asked.order_by(), *ASKED), []
        for each in moves.of_dates(about, account_id=account_id, since=since.at):
            found.append(_sql(each, "id", "item_id", "changes", "moved_at", "mover", "stands"))
    except EmptyResultSet:  # a portfolio without sources
        return []
    parts = " UNION ALL ".join(f"({sql})" for sql, _ in found)
    given = [*wanted[1], *(each for _, values in found for each in values), since.at, since.at, *params]
    with connection.cursor() as cursor:
        cursor.execute(SLIPS.format(asked=wanted[0], moves=parts) + what, given)
        return list(cursor.fetchall())


def _sql(rows: QuerySet[Any, Any], *names: str) -> tuple[str, Sequence[Any]]:
    """The statement and its values, with columns of those names in that order."""
    sql, values = rows.values_list(*names).query.sql_with_params()
    return f"SELECT {', '.join(names)} FROM ({sql}) AS part", values  # noqa: S608 - names are ours, values go beside

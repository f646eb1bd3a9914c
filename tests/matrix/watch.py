"""What a request wrote, and whose rows its statements could touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection

from accounts.tenancy import OwnedByAccount
from accounts.walls import EVERY, SETTING

TENANTS = frozenset(model._meta.db_table for model in apps.get_models() if issubclass(model, OwnedByAccount))
_WHOSE = re.compile(rf"SET LOCAL {SETTING} = '(\d*)'; ")
_TABLES = re.compile(r'"(\w+_\w+)"')
_NUMBERS = re.compile(r"\d+")
#: Rows that this transaction inserted, updated or deleted so far, by table; also those that were rolled back since.
_WRITTEN = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"


@dataclass
class Watched:
    """One request: rows written by table, tenant tables that it named, by the account that was entered, and its
    statements, without values and names that differ from one to the next."""

    written: dict[str, int] = field(default_factory=dict)
    touched: dict[str, set[str]] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)

    @property
    def outside(self) -> set[str]:
        """Tables of accounts that were named while none was entered."""
        return self.touched.get("", set())

    @property
    def across(self) -> set[str]:
        """Tables of accounts that were named in a question across all of them."""
        return self.touched.get(EVERY, set())


@contextmanager
def watched() -> Iterator[Watched]:
    """Watch the statements in the block, as they reach the database."""
    seen = Watched()

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if tables := TENANTS.intersection(_TABLES.findall(sql)):
            told = _WHOSE.match(sql)
            seen.touched.setdefault(told[1] if told else "", set()).update(tables)
        seen.statements.append(_NUMBERS.sub("#", sql))
        return execute(sql, params, many, context)

    before = _written()
    with connection.execute_wrapper(note):
        yield seen
    seen.written = {name: rows - before.get(name, 0) for name, rows in _written().items() if rows > before.get(name, 0)}


def _written() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN)
        return {name: int(rows) for name, rows in cursor.fetchall() if rows}

"""Rows to PostgreSQL by COPY, the fastest way in: into a temporary table, from where set-based SQL takes them on.

Temporary, because COPY can't write to a table that row-level security guards.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.db.backends.utils import CursorWrapper

#: One value of a row: None, text, a number, a date, or a dict or list, which is written as JSON.
Cell = object

#: CSV with marks that no text holds, as a rule: then nothing in it must be escaped, and it is only put together.
QUOTE, DELIMITER = "\x01", "\x02"
FORMAT = f"FORMAT csv, QUOTE '{QUOTE}', DELIMITER '{DELIMITER}', NULL ''"
#: Characters that are handed over at once: each time, Python's lock is taken anew.
CHUNK = 1 << 20


class Staging:
    """A temporary table with those columns, name to type, that goes with the transaction."""

    def __init__(self, cursor: CursorWrapper, name: str, columns: Mapping[str, str]) -> None:
        self._cursor, self._name = cursor, name
        definition = ", ".join(f'"{column}" {type_}' for column, type_ in columns.items())
        cursor.execute(f'CREATE TEMPORARY TABLE "{name}" ({definition}) ON COMMIT DROP')
        self._is_empty = True

    def fill(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Put these rows in the place of those that it held."""
        if not self._is_empty:
            self._cursor.execute(f'TRUNCATE "{self._name}"')
        self._is_empty = False
        copy_rows(self._cursor, self._name, rows)


def copy_rows(cursor: CursorWrapper, table: str, rows: Iterable[Sequence[Cell]]) -> None:
    """Append the rows to a table that nothing guards. Raises django.db.Error, as any other statement does."""
    raw: Any = cursor  # Django's wrapper hands unknown methods on to psycopg2's cursor
    with cursor.db.wrap_database_errors:  # of those methods it does not translate the errors
        raw.copy_expert(f'COPY "{table}" FROM STDIN ({FORMAT})', _Lines(rows), CHUNK)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"{QUOTE}{cell.replace(QUOTE, QUOTE + QUOTE) if QUOTE in cell else cell}{QUOTE}"
    if isinstance(cell, dict | list):
        return f"{QUOTE}{msgspec.json.encode(cell).decode()}{QUOTE}"  # JSON escapes every control character
    return str(cell)


class _Lines(io.TextIOBase):
    """A file that COPY reads from; lines are made as they are asked for, so that no second copy of the rows is held."""

    def __init__(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._lines = (DELIMITER.join(map(_text, row)) + "\n" for row in rows)
        self._rest = ""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> str:
        parts, length = [self._rest], len(self._rest)
        for line in self._lines:
            parts.append(line)
            length += len(line)
            if size is not None and 0 <= size <= length:
                break
        text = "".join(parts)
        if size is None or size < 0:
            self._rest = ""
            return text
        self._rest = text[size:]
        return text[:size]

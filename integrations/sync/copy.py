"""Rows to PostgreSQL by COPY, the fastest way in: into a temporary table, from where set-based SQL takes them on.

Temporary, because COPY can't write to a table that row-level security guards.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db.backends.utils import CursorWrapper

#: One value of a row: None, text, a number, a date, or a dict or list, which is written as JSON.
Cell = object

_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def _text(cell: Cell) -> str:
    if cell is None:
        return "\\N"
    if isinstance(cell, str):
        return cell.translate(_ESCAPES)
    if isinstance(cell, dict | list):
        return msgspec.json.encode(cell).decode().translate(_ESCAPES)
    return str(cell)


class _Lines(io.TextIOBase):
    """A file that COPY reads from; lines are made as they are asked for, so that no second copy of the rows is held."""

    def __init__(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._lines = ("\t".join(map(_text, row)) + "\n" for row in rows)
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


def copy_rows(cursor: CursorWrapper, table: str, columns: dict[str, str], rows: Iterable[Sequence[Cell]]) -> None:
    """Make the temporary table with those columns, name to type, and fill it. It goes with the transaction."""
    definition = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
    cursor.execute(f"CREATE TEMPORARY TABLE {table} ({definition}) ON COMMIT DROP")
    raw: Any = cursor  # Django's wrapper hands unknown methods on to psycopg2's cursor
    raw.copy_expert(f"COPY {table} FROM STDIN", _Lines(rows))

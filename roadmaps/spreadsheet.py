"""Files that spreadsheets open, in which no text is ever a formula (W14).

Pure: values in, bytes out. Text that somebody typed, here or at the source, must stay text: programs run what looks
like a formula. In CSV such a cell gets an apostrophe in front; in XLSX every text is typed as one, and stays as it is.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.workbook.child import _WorkbookChild

#: One cell: a text, a number, a day, or nothing.
Value = str | int | float | date | None
Row = Sequence[Value]

#: Rows of CSV that go out together.
CHUNK = 500
#: What no cell of Excel holds more of.
MAX_TEXT = 32_767
#: Makes Excel read the file as UTF-8.
BOM = "\ufeff"
_STARTS = frozenset("=+-@\t\r\n\x00\u2212")
#: Where cells are parted by ";" (Excel in half of Europe) or tabs, quotes don't hold a text together: a cell may begin
#: behind each of these. There a "-" begins a list more often than a formula, so it must also be able to do harm: by a
#: function, by what DDE or another sheet answers, or by joining what stands in the next column, which takes an operator
#: at the end. What looks like a sign is one (NFKC).
_INNER_START = re.compile(
    r"(?<=[;|\t\r\n])"
    r"([\s\"\x00-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe0f\ufeff]*)"
    r"(?=[=\u207c\u208c\u2a75\u2a76\ufe66\uff1d]"
    r"|[-+@\u2212\u207a\u207b\u208a\u208b\ufb29\ufe62\ufe63\ufe6b\uff0b\uff0d\uff20](?:[^\r\n]*(?:[(!]|[^\w\s.?)\]]\s*\Z)|\s*\Z))"
)
#: What XML can't hold.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook, whose first row is its head; `widths` of its columns are in characters."""

    name: str
    rows: Iterable[Row]
    widths: Sequence[int] = ()


def inert(text: str) -> str:
    """The text for a cell of CSV: with an apostrophe wherever a program would take what follows for a formula."""
    text = _INNER_START.sub(r"\1'", text)
    return f"'{text}" if _starts_formula(text) else text


def _starts_formula(text: str) -> bool:
    """Whether one begins there, behind signs that nobody sees."""
    for sign in text:
        if sign in _STARTS:
            return True
        if unicodedata.category(sign)[0] not in "ZC":
            return unicodedata.normalize("NFKC", sign)[0] in _STARTS
    return False


def csv_chunks(rows: Iterable[Row]) -> Iterator[bytes]:
    """CSV as UTF-8 with its mark, some hundred rows at a time: texts quoted, numbers bare, days as YYYY-MM-DD."""
    buffer = io.StringIO()
    buffer.write(BOM)
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    for number, row in enumerate(rows, 1):
        writer.writerow([_csv_cell(value) for value in row])
        if number % CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _csv_cell(value: Value) -> str | int | float:
    if isinstance(value, date):
        return value.isoformat()
    return inert(value) if isinstance(value, str) else value if value is not None else ""


def _taken(buffer: io.StringIO) -> bytes:
    chunk = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return chunk


def write_xlsx(file: IO[bytes], sheets: Iterable[Sheet]) -> None:
    """Write a workbook row by row, so that it never stands in memory. Texts that Excel can't hold whole are cut."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.name)
        page.freeze_panes = "B2"
        for number, width in enumerate(sheet.widths, 1):
            page.column_dimensions[get_column_letter(number)].width = width
        for number, row in enumerate(sheet.rows):
            cells = [_xlsx_cell(page, value) for value in row]
            if number == 0:
                for cell in cells:
                    cell.font = Font(bold=True)
            page.append(cells)
    book.save(file)


def _xlsx_cell(page: _WorkbookChild, value: Value) -> Cell:
    if isinstance(value, str):
        cell = WriteOnlyCell(page, value=xlsx_text(value))
        cell.data_type = "s"  # openpyxl itself takes a leading "=" for a formula
        return cell
    if not isinstance(value, date):
        return WriteOnlyCell(page, value=value)
    cell = WriteOnlyCell(page, value=datetime.combine(value, time()))
    cell.number_format = "yyyy-mm-dd"
    return cell


def xlsx_text(text: str) -> str:
    """What Excel can hold of a text: no control characters, line ends as one sign, and not more than fits."""
    cleaned = _NOT_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return cleaned if len(cleaned) <= MAX_TEXT else f"{cleaned[: MAX_TEXT - 1]}…"

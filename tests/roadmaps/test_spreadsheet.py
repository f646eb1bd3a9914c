"""Files for spreadsheets: whatever a text holds, no program that opens them runs it (W14)."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from roadmaps.spreadsheet import BOM, MAX_TEXT, Row, Sheet, Value, csv_chunks, inert, write_xlsx, xlsx_text

#: What begins a formula in some program, once blanks and look-alikes are seen through.
FORMULA = "=+-@\t\r\n\x00\u2212"
SIGNS = [*"=+-@\t\r\n\x00＝＋－＠﹣−\"',;|"]
EVIL = st.builds(
    lambda pieces: "".join(pieces),
    st.lists(
        st.sampled_from([*SIGNS, "\u3000", "\x0b", "\u200b", "\u202e", "\ufeff", "a", "1", "(", "!"]), max_size=12
    ),
)
TEXTS = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), EVIL)


def parse(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def to_csv(rows: list[Row]) -> bytes:
    return b"".join(csv_chunks(rows))


def from_xlsx(rows: list[Row]) -> list[list[tuple[object, str]]]:
    file = io.BytesIO()
    write_xlsx(file, [Sheet("Items", rows)])
    book = load_workbook(file)
    return [[(cell.value, cell.data_type) for cell in row] for row in book["Items"].rows]


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_no_text_of_a_csv_is_read_as_a_formula(rows: list[list[str]]) -> None:
    found = parse(to_csv(list(rows)))
    assert [len(row) for row in found] == [2] * len(rows)
    for row, before in zip(found, rows, strict=True):
        for text, original in zip(row, before, strict=True):
            assert first_sign(text) not in FORMULA
            assert text.replace("'", "") == original.replace("'", "")


def first_sign(text: str) -> str:
    """The first that somebody sees, or that programs look at, as what it looks like."""
    seen = next((sign for sign in text if sign in FORMULA or unicodedata.category(sign)[0] not in "ZC"), "a")
    return unicodedata.normalize("NFKC", seen)[0]


@given(st.lists(TEXTS, min_size=1, max_size=3), st.sampled_from(";\t|"))
@example(["a;=1+1;b"], ";")
@example(['a;"=1+1";b'], ";")
@example(["a\n=1+2\nb"], ";")
@example(["a\t@SUM(1+9)*cmd|' /C calc'!A0"], "\t")
@example(["- one\n- HYPERLINK(1)"], ";")
@example(["\r-", "("], ";")
@example(["one\n-1&", "&WEBSERVICE(CHAR(104))"], ";")
def test_a_program_that_parts_cells_by_something_else_runs_nothing(texts: list[str], parts: str) -> None:
    """Quotes hold a text together only where a comma parts the cells."""
    written = to_csv([["Name", *texts]]).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(written, newline=""), delimiter=parts) for cell in row]
    assert [cell for cell in cells if may_run(cell.lstrip("\t\r\n\x00"))] == []


def may_run(cell: str) -> bool:
    """Whether it is a formula that calls something. What follows a quote is the next column, and needs joining."""
    own = cell.partition('"')[0].strip()
    joins = bool(re.search(r"[-&+*/^=<>,(:@\u2212]$", own))
    calls = re.search(r"[(!]", cell if joins else own)
    return first_sign(cell) == "=" or (first_sign(cell) in "+-@\u2212" and calls is not None)


def test_lists_and_tables_of_a_text_stay_as_they_are() -> None:
    text = "Why:\n- one, two?\n- one\n+ two\n\n---\n|a|b|\n|---|---|\n- see #12; - or 13"
    assert inert(text) == text


@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_a_workbook_gives_back_each_text_and_none_as_a_formula(texts: list[str]) -> None:
    """But for what XML can't hold, and line ends, which are one sign in Excel."""
    read = from_xlsx([texts])[0]
    assert [value or "" for value, _ in read] == [xlsx_text(text) for text in texts]
    assert {kind for value, kind in read if value is not None} <= {"s", "inlineStr"}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (3, "3"),
        (-3, "-3"),
        (-2.5, "-2.5"),
        (1e-7, "1e-07"),
        (None, '""'),
        ("", '""'),
        ("-3", '"\'-3"'),
        ('say "=1"', '"say ""=1"""'),
        ("a;=1+1", '"a;\'=1+1"'),
        ("'=1", '"\'=1"'),
        ("…", '"…"'),
    ],
)
def test_numbers_stay_numbers_and_texts_are_quoted(value: Value, written: str) -> None:
    assert to_csv([[value]]).decode("utf-8-sig") == f"{written}\r\n"


def test_csv_says_that_it_is_utf_8_and_even_an_empty_one_does() -> None:
    assert to_csv([]) == BOM.encode()
    assert to_csv([["ä"]]) == '\ufeff"ä"\r\n'.encode()


def test_csv_goes_out_in_pieces() -> None:
    pieces = list(csv_chunks([n] for n in range(1200)))
    assert len(pieces) == 3
    assert len(parse(b"".join(pieces))) == 1200


@pytest.mark.parametrize("text", ["Pay", "a = b", "'quoted'", "5 + 5", "mail@acme.test", "Ärger", ""])
def test_a_harmless_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


def test_a_text_that_no_cell_can_hold_is_cut_where_it_shows() -> None:
    cut = xlsx_text("x" * (MAX_TEXT + 1))
    assert (len(cut), cut[-1]) == (MAX_TEXT, "…")
    assert xlsx_text("a\x00b\x1fc\ufffed\r\ne\rf") == "abcd\ne\nf"

"""How a value looks in a table or on a card.

A page of the table shows six hundred values, so their HTML is written here, by hand and escaped, and not by a template
for each; `roadmaps/_cell.html` gives it to templates.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from html import escape
from typing import NamedTuple

from django.utils.dateformat import format as format_date
from django.utils.safestring import SafeString

from roadmaps import columns, fields
from roadmaps.columns import Column
from roadmaps.item_rows import Shown
from roadmaps.services.items import chosen_options

#: A table shows so many characters of a text; the card shows all.
BRIEF = 160

_NOTHING = SafeString()
_LINK = '<a href="{}" target="_blank" rel="noopener noreferrer nofollow"><bdi>{}</bdi></a>'


class Chip(NamedTuple):
    """One chosen value of a list field."""

    label: str
    colour: int

    @property
    def html(self) -> SafeString:
        return _chip(self.label, self.colour)


class Cell(NamedTuple):
    """A value to show. `kind` says how: text, long, number, date, check, link, chips, or "" for no value."""

    column: Column
    kind: str = ""
    text: str = ""
    day: date | None = None
    href: str = ""
    chips: tuple[Chip, ...] = ()
    locked: bool = False
    #: The item's own roadmap does not have this column.
    absent: bool = False

    @property
    def html(self) -> SafeString:
        """The value, safe for a page; empty where there is none."""
        match self.kind:
            case "":
                return _NOTHING
            case "chips":
                chips = "".join([chip.html for chip in self.chips])
                return SafeString(f'<span class="chips">{chips}</span>')
            case "date":
                return _day(self.day) if self.day else _NOTHING
            case "link":
                return SafeString(_LINK.format(escape(self.href), escape(self.text)))
            case _:
                return SafeString(f"<bdi>{escape(self.text)}</bdi>")

    @property
    def editable(self) -> bool:
        """Whether people may write it, where they may write at all."""
        return self.column.editable and not self.locked and not self.absent


def make_cell(item: Shown, column: Column, *, brief: bool = False) -> Cell:
    """The item's value in that column; `brief` cuts long texts."""
    cell = _make(item, column, brief=brief)
    return cell._replace(absent=True) if columns.is_absent(item, column) else cell


def _make(item: Shown, column: Column, *, brief: bool) -> Cell:
    locked = columns.is_locked(item, column)
    if column.name in ("start_date", "end_date"):
        day: date | None = getattr(item, column.name)
        return Cell(column, kind="date" if day else "", day=day, locked=locked)
    if column.name == "external_id":
        return _link(column, item.external_id or "", item.external_url, locked=locked)
    if column.name in columns.LIMITS:
        text: str = getattr(item, column.name)
        kind = ("long" if column.long else "text") if text else ""
        return Cell(column, kind=kind, text=cut(text) if brief else text, locked=locked)
    return _field_cell(item, column, brief=brief, locked=locked)


def _field_cell(item: Shown, column: Column, *, brief: bool, locked: bool) -> Cell:
    value = columns.stored(item, column)
    if value is None:
        return Cell(column, locked=locked)
    if column.is_list:
        options = column.options
        chosen = [options[pk] for pk in chosen_options(item, column) if pk in options]
        chips = tuple([Chip(option.label, option.colour) for option in chosen])
        return Cell(column, kind="chips" if chips else "", chips=chips, locked=locked)
    text = fields.show(column.type, value, {})
    if column.type == "link":
        return _link(column, cut(text) if brief else text, text, locked=locked)
    if column.type == "date":
        return _date(column, text, locked=locked)
    kind = {"number": "number", "checkbox": "check"}.get(column.type, "text")
    return Cell(column, kind=kind, text=cut(text) if brief else text, locked=locked)


def _link(column: Column, text: str, href: str, *, locked: bool) -> Cell:
    if not text:
        return Cell(column, locked=locked)
    if not fields.is_web_address(href):
        return Cell(column, kind="text", text=text, locked=locked)
    return Cell(column, kind="link", text=text, href=href, locked=locked)


def _date(column: Column, text: str, *, locked: bool) -> Cell:
    try:
        return Cell(column, kind="date", day=date.fromisoformat(text), locked=locked)
    except ValueError:
        return Cell(column, kind="text", text=text, locked=locked)


def write_cell(cell: Cell, *, can_edit: bool) -> str:
    """Its `<td>`, which says who keeps the value or, to those who may, by which name it is written."""
    written_as = cell.column.name if can_edit and cell.editable else ""
    return f"<td{_attributes(cell.kind == 'number', cell.locked, cell.column.source, written_as)}>{cell.html}</td>"


def cut(text: str, length: int = BRIEF) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= length else f"{text[:length].rstrip()}…"


def join(*parts: str) -> SafeString:
    """HTML of parts that are safe already."""
    return SafeString("".join(parts))


@lru_cache(maxsize=10_000)
def _chip(label: str, colour: int) -> SafeString:
    return join(f'<span class="chip chip--c{colour}"><bdi>{escape(label)}</bdi></span>')


@lru_cache(maxsize=10_000)
def _attributes(is_number: bool, is_locked: bool, source: str, written_as: str) -> str:
    classes = " ".join(["cell--locked"] * is_locked + ["cell--number"] * is_number)
    place = f' data-cell="{written_as}"' if written_as else ""
    title = f' title="Synced from {escape(source)}"' if is_locked else ""
    return place + (f' class="{classes}"' if classes else "") + title


@lru_cache(maxsize=10_000)
def _day(day: date) -> SafeString:
    return SafeString(format_date(day, "j M Y"))

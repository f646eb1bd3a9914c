"""The entries of a toolbar's menus that stand for columns, written by hand and escaped: every page has dozens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from django.utils.safestring import SafeString

from accounts.templatetags.icons import icon
from roadmaps.cells import join
from roadmaps.columns import Column

_CHOICE = '<button class="menu__item" type="submit" name="{}" value="{}"{}><bdi class="truncate">{}</bdi>{}</button>'
_LINK = '<a class="menu__item" href="{}&amp;filter={}"><bdi class="truncate">{}</bdi></a>'
_PICK = (
    '<li class="picks__row" id="column-{0}"><label class="picks__label"><input type="checkbox" name="cols" value="{0}"'
    ' id="show-{0}"{2}><bdi class="truncate">{1}</bdi></label>{3}</li>'
)
_MOVE = (
    '<button class="button button--quiet button--small button--icon" id="{2}-{0}" type="submit" name="{2}"'
    ' value="{0}" aria-label="Move {1} to the {3}"{4}>{5}</button>'
)


def choices(name: str, columns: Iterable[Column], chosen: Column | None = None) -> SafeString:
    """Buttons that send `name` with the column's own name; the chosen one is pressed."""
    pressed = chosen.name if chosen else None
    return join(*(_choice(name, column, is_chosen=column.name == pressed) for column in columns))


def filterable(known: Iterable[Column], *, has_source: bool) -> list[Column]:
    """The columns to filter by; what a source lost can be asked for only where there is a source."""
    return [column for column in known if column.type != "source" or has_source]


def filter_links(address: str, known: Iterable[Column], *, has_source: bool) -> SafeString:
    """Links to the same page with the form that filters by the column."""
    start, columns = escape(address), filterable(known, has_source=has_source)
    return join(*(_LINK.format(start, escape(column.name), escape(column.label)) for column in columns))


def picks(shown: Sequence[Column], hidden: Iterable[Column]) -> SafeString:
    """Rows to tick; those that are shown can be moved to the left and the right."""
    last = len(shown) - 1
    return join(
        *(_pick(column, is_first=place == 0, is_last=place == last) for place, column in enumerate(shown)),
        *(_PICK.format(escape(column.name), escape(column.label), "", "") for column in hidden),
    )


def _choice(name: str, column: Column, *, is_chosen: bool) -> str:
    pressed, tick = (' aria-pressed="true"', icon("check")) if is_chosen else ("", "")
    return _CHOICE.format(name, escape(column.name), pressed, escape(column.label), tick)


def _pick(column: Column, *, is_first: bool, is_last: bool) -> str:
    name, label = escape(column.name), escape(column.label)
    earlier = _MOVE.format(name, label, "earlier", "left", " disabled" * is_first, icon("arrow-up", "icon--sm"))
    later = _MOVE.format(name, label, "later", "right", " disabled" * is_last, icon("arrow-down", "icon--sm"))
    return _PICK.format(name, label, " checked", earlier + later)

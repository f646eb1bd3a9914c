"""A row of the Items Table as HTML. A page shows fifty, so they are written by hand and escaped, as their cells are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from html import escape

from django.utils.safestring import SafeString

from accounts.templatetags.icons import icon
from roadmaps import cells
from roadmaps.cells import Cell, join
from roadmaps.columns import DATES, LIMITS, Column, stored
from roadmaps.item_rows import Shown, why_lost

#: What became of an item that its source lost, so short that it fits beside its name.
BADGES = {
    "deleted": "Deleted",
    "moved": "Moved",
    "out_of_filter": "Out of filter",
    "hidden": "Not visible",
    "undone": "Undone",
}
#: Columns in which hardly two items are alike.
_UNLIKE = frozenset({*LIMITS, "external_id"})
#: How much of a name those hear who tick its row.
_TICK_NAME = 60

_TICK = (
    '<td class="cell--select"><input type="checkbox" name="item" value="{}" form="bulk" aria-label="Choose {}"></td>'
)
_NAME = '<span class="item-name"><a class="cell-link truncate" href="{0}" data-card><bdi>{1}</bdi></a>'


@dataclass(frozen=True, slots=True)
class Place:
    """What all rows have in common: where their items are found, and on which roadmaps the person may write them."""

    items_url: str
    editable: Collection[int] = ()
    #: Whether the table ends in the column that adds a field.
    grows: bool = False
    #: The `<td>`s that a page has by now, by what they depend on.
    written: dict[tuple[object, ...], str] = field(default_factory=dict)

    def lets_edit(self, item: Shown) -> bool:
        """Whether the person may write the item."""
        return item.roadmap_id in self.editable

    def url(self, item: Shown) -> str:
        """Where the item's card is."""
        return f"{self.items_url}{item.pk}/"


def write_row(item: Shown, columns: Sequence[Column], place: Place) -> SafeString:
    """The `<tr>` of an item; the first of the columns is its name's."""
    name = cells.make_cell(item, columns[0], brief=True)
    can_edit = place.lets_edit(item)
    lost = ' class="row--lost"' if item.source_state else ""
    tick = _TICK.format(item.pk, escape(cells.cut(name.text, _TICK_NAME))) if place.editable else ""
    written = "".join([_write_cell(item, column, place, can_edit=can_edit) for column in columns[1:]])
    grown = '<td class="cell--add"></td>' if place.grows else ""
    return SafeString(
        f'<tr id="item-{item.pk}"{lost}>{tick}<th scope="row"{_of_name(name, can_edit=can_edit)}>'
        f"{write_name(item, name, place)}</th>{written}{grown}</tr>"
    )


def _write_cell(item: Shown, column: Column, place: Place, *, can_edit: bool) -> str:
    """Values repeat on a page, those of lists above all, and are written once for the items of a roadmap and origin."""
    if column.name in _UNLIKE:
        return cells.write_cell(cells.make_cell(item, column, brief=True), can_edit=can_edit)
    value = getattr(item, column.name) if column.name in DATES else stored(item, column)
    key = (column.name, tuple(value) if isinstance(value, list) else value, item.roadmap_id, item.origin)
    found = place.written.get(key)
    if found is None:
        found = cells.write_cell(cells.make_cell(item, column, brief=True), can_edit=can_edit)
        place.written[key] = found
    return found


def write_name(item: Shown, name: Cell, place: Place) -> SafeString:
    """The name, which opens the card, and what became of the item."""
    return join(_NAME.format(place.url(item), escape(name.text)), *_badges(item), "</span>")


def _of_name(name: Cell, *, can_edit: bool) -> str:
    if name.locked:
        return f' class="cell--pin cell--wide cell--locked" title="Synced from {escape(name.column.source)}"'
    return ' class="cell--pin cell--wide"' + (' data-cell="name"' if can_edit else "")


def _badges(item: Shown) -> list[str]:
    """Why its source no longer updates it, in brief; and whether it is in the archive."""
    found = []
    if item.source_state:
        reason = escape(why_lost(item))
        badge = BADGES.get(item.source_state, "")
        found.append(f'<span class="badge badge--warn" title="{reason}">{icon("unlink")}{badge}</span>')
    if item.archived_at:
        found.append(f'<span class="badge">{icon("archive")}Archived</span>')
    return found

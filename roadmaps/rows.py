"""A row of the Items Table as HTML. A page shows fifty, so they are written by hand and escaped, as their cells are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString

from accounts.templatetags.icons import icon
from roadmaps import cells
from roadmaps.cells import Cell, join
from roadmaps.columns import Column
from roadmaps.models import Item

#: What became of an item that its source lost, so short that it fits beside its name.
BADGES = {
    "deleted": "Deleted",
    "moved": "Moved",
    "out_of_filter": "Out of filter",
    "hidden": "Not visible",
    "undone": "Undone",
}
#: How much of a name those hear who tick its row.
_TICK_NAME = 60

_TICK = (
    '<td class="cell--select"><input type="checkbox" name="item" value="{}" form="bulk" aria-label="Choose {}"></td>'
)
_NAME = (
    '<span class="item-name"><a class="cell-link truncate" href="{0}" hx-get="{0}" hx-target="#card"><bdi>{1}</bdi></a>'
)


@dataclass(frozen=True, slots=True)
class Place:
    """What all rows have in common: where their items are found, and on which roadmaps the person may write them."""

    items_url: str
    editable: Collection[int] = ()
    #: Whether the table ends in the column that adds a field.
    grows: bool = False

    def lets_edit(self, item: Item) -> bool:
        """Whether the person may write the item."""
        return item.roadmap_id in self.editable

    def url(self, item: Item) -> str:
        """Where the item's card is."""
        return f"{self.items_url}{item.pk}/"


def write_row(item: Item, columns: Sequence[Column], place: Place) -> SafeString:
    """The `<tr>` of an item; the first of the columns is its name's."""
    name, *rest = (cells.make_cell(item, column, brief=True) for column in columns)
    can_edit = place.lets_edit(item)
    lost = ' class="row--lost"' if item.source_state else ""
    tick = _TICK.format(item.pk, escape(cells.cut(name.text, _TICK_NAME))) if place.editable else ""
    return join(
        f'<tr id="item-{item.pk}"{lost} data-cells="{place.url(item)}cells/">{tick}',
        f'<th scope="row"{_of_name(name, can_edit=can_edit)}>{write_name(item, name, place)}</th>',
        cells.write_cells(rest, can_edit=can_edit),
        '<td class="cell--add"></td></tr>' if place.grows else "</tr>",
    )


def write_name(item: Item, name: Cell, place: Place) -> SafeString:
    """The name, which opens the card, and what became of the item."""
    return join(_NAME.format(place.url(item), escape(name.text)), *_badges(item), "</span>")


def _of_name(name: Cell, *, can_edit: bool) -> str:
    if name.locked:
        return f' class="cell--pin cell--wide cell--locked" title="Synced from {escape(name.column.source)}"'
    return ' class="cell--pin cell--wide"' + (' data-cell="name"' if can_edit else "")


def _badges(item: Item) -> list[str]:
    """Why its source no longer updates it, in brief; and whether it is in the archive."""
    found = []
    if item.source_state:
        reason = escape(item.get_source_state_display())
        badge = BADGES.get(item.source_state, "")
        found.append(f'<span class="badge badge--warn" title="{reason}">{icon("unlink")}{badge}</span>')
    if item.archived_at:
        found.append(f'<span class="badge">{icon("archive")}Archived</span>')
    return found

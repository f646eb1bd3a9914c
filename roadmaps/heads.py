"""The head of a column of the Items Table as HTML, written by hand and escaped, as the rows below it are."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.templatetags.icons import icon
from roadmaps.cells import join
from roadmaps.columns import Column

_ARROWS = {"ascending": "arrow-up", "descending": "arrow-down"}
_RESIZE = (
    '<span class="resize js-only" id="width-{0}" role="separator" aria-orientation="vertical" aria-label="Width of {1}"'
    ' title="Drag, or press Shift and an arrow key in this head" data-column="{0}"></span>'
)


def write_head(column: Column, address: str, direction: str, rank: int) -> SafeString:
    """The `<th>`: a link that sorts, and what drags its width. `direction` and `rank` as a `table.Heading` has them."""
    label = escape(column.label)
    classes = " ".join(["cell--pin"] * (column.name == "name") + ["cell--number"] * (column.type == "number"))
    sorted_ = f' aria-sort="{direction}"' if direction else ""
    return join(
        f'<th scope="col" class="{classes}"{sorted_}>',
        '<a class="sort" aria-keyshortcuts="Shift+ArrowLeft Shift+ArrowRight"',
        f' href="{escape(address)}"><bdi>{label}</bdi>',
        _lock(column.source) if column.synced else "",
        icon(_ARROWS[direction], "icon--sm") if direction else "",
        f'<span class="sort__rank">{rank}</span>' if rank else "",
        f"</a>{_RESIZE.format(escape(column.name), label)}</th>",
    )


def write_col(width: int) -> str:
    """The `<col>`, in so many pixels; 0: as the table decides."""
    return f'<col width="{width}">' if width else "<col>"


@lru_cache(maxsize=1000)
def _lock(source: str) -> str:
    return render_to_string("_lock.html", {"source": source})

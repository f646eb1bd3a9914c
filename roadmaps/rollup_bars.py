"""The bars of a Roll-up as SVG, for the eye and the mouse alone: what they say stands in words beside them."""

from __future__ import annotations

from html import escape

from django.utils.safestring import SafeString

from roadmaps.rollup_page import Row, Story
from roadmaps.timeline_bars import draw
from roadmaps.timeline_page import Shape

_FILLED = '<rect class="rollup-filled" x="{}" y="{}" width="{}" height="26" rx="6" />'


def write_bar(row: Row) -> SafeString:
    """The bar of a row, which opens and closes it, filled as far as it is done."""
    if row.shape is None:
        return SafeString("")
    filled = _FILLED.format(row.shape.seen_x, row.shape.mark.y, row.filled) if row.filled else ""
    return _link(row.shape, f'href="{escape(row.toggle)}"', row.title, draw(row.shape, filled=filled))


def write_story(story: Story, url: str) -> SafeString:
    """The bar of an item, which opens its card."""
    if story.shape is None:
        return SafeString("")
    where = f'href="{url}" data-card hx-boost="false"'
    title = "\n".join(filter(None, (story.item.name[:300], story.dates, story.facts)))
    return _link(story.shape, where, title, draw(story.shape), more=" tl-item--lost" if story.item.source_state else "")


def _link(shape: Shape, where: str, title: str, drawn: str, *, more: str = "") -> SafeString:
    beside = "" if shape.mark.place == "in" else " tl-item--beside"
    return SafeString(
        f'<a class="tl-item tl-c{shape.colour}{beside}{more}" {where} tabindex="-1">'
        f"<title>{escape(title)}</title>{drawn}</a>"
    )

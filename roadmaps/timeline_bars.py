"""The Timeline's streams as HTML, their bars as SVG. A window draws a thousand, so they are written by hand.

All is escaped, and becomes one text: each template between it and the page would copy a megabyte twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from roadmaps.rows import Place
from roadmaps.timeline import Mark
from roadmaps.timeline_ghosts import BELOW, HEIGHT
from roadmaps.timeline_page import Bar, Chart, PageLane, PageStream, Shape

_SPOT = '<svg class="tl-item__spot" x="{}" y="{}">{}</svg>'
_GOES_BEFORE = '<path class="tl-item__on" d="M9 9l-4 4l4 4" />'
_GOES_ON = '<path class="tl-item__on" d="M-9 9l4 4l-4 4" />'
_PILL = '<rect class="tl-item__pill" x="5" y="6" width="3" height="14" rx="1.5" />'
_POINT = '<circle class="tl-item__shape" cx="7" cy="13" r="6" />'
_LOCK = '<use class="tl-item__lock" href="#tl-lock" x="{}" y="{}" />'
_NEW = '<path class="tl-item__new" d="M1 30h6M4 27v6" />'


def write_streams(chart: Chart, place: Place) -> str:
    """Each stream with its head, its lanes and their bars."""
    return "".join(piece for stream in chart.streams for piece in _stream(stream, chart, place))


def _stream(stream: PageStream, chart: Chart, place: Place) -> Iterator[str]:
    label = escape(stream.group.label)
    yield f'<section class="tl-stream" aria-label="{label}">' if label else '<section class="tl-stream">'
    if chart.head:
        yield (
            f'<h2 class="tl-stream__head"><span class="tl-stream__name" title="{label}"><bdi>{label}</bdi></span>'
            f' <span class="tl-stream__count">{stream.count}<span class="sr-only"> items</span></span></h2>'
        )
    for lane in stream.lanes:
        yield _open_lane(lane, has_head=bool(chart.sub))
        yield from [write_bar(bar, place) for bar in lane.bars]
        yield "</svg></div>"
    yield "</section>"


def _open_lane(lane: PageLane, *, has_head: bool) -> str:
    label = escape(lane.group.label)
    head = f'<h3 class="tl-lane__head" title="{label}"><bdi>{label}</bdi></h3>' if has_head else ""
    return (
        f'<div class="tl-lane">{head}<svg class="tl-lane__chart" width="100%" height="{lane.height}" role="list"'
        f' aria-label="{escape(lane.label)}">'
    )


def write_bar(bar: Bar, place: Place) -> str:
    """The list item of one item: a link with its shape, its text, and what it can't show by its length."""
    item, mark = bar.drawn.item, bar.shape.mark
    url, can_edit = place.url(item), place.lets_edit(item)
    lock = _LOCK.format(bar.shape.end_x, mark.y) if can_edit and bar.drawn.locked and not mark.is_point else ""
    return (
        f'<g role="listitem"><a class="{_classes(bar, can_edit=can_edit)}" href="{url}" data-card'
        f' data-item="{item.pk}"{_dates(bar) if can_edit else ""}>'
        f"<title>{escape(bar.title)}</title>{draw(bar.shape)}{lock}</a></g>"
    )


def draw(shape: Shape, *, filled: str = "") -> str:
    """A shape with its text and what shows that it goes on; `filled` lies over the shape and under the text."""
    mark = shape.mark
    ghost = _ghost(shape, mark) if mark.entry.was is not None else ""
    goes_on = _SPOT.format("100%", mark.y, _GOES_ON) if mark.goes_on and not shape.small else ""
    return f"{ghost}{_outline(shape, mark)}{filled}{_sign(shape, mark)}{_text(shape, mark)}{goes_on}"


def _classes(bar: Bar, *, can_edit: bool) -> str:
    lost = " tl-item--lost" if bar.drawn.reason else ""
    beside = " tl-item--beside" if bar.shape.mark.place != "in" else ""
    moves = ""
    if can_edit:
        moves = " tl-item--locked" if bar.drawn.locked == "start end" else " tl-item--own"
    return f"tl-item tl-c{bar.shape.colour}{lost}{beside}{moves}"


def _dates(bar: Bar) -> str:
    """What dragging needs to know."""
    item = bar.drawn.item
    start = item.start_date.isoformat() if item.start_date else ""
    end = item.end_date.isoformat() if item.end_date else ""
    return f' data-start="{start}" data-end="{end}" data-locked="{bar.drawn.locked}"'


def _ghost(shape: Shape, mark: Mark) -> str:
    """Below the bar: where it stood before and the way from there, or that it is new."""
    was, ghost = mark.entry.was, shape.ghost
    if was is not None and was.is_new:
        return _SPOT.format(shape.seen_x, mark.y, _NEW)
    if ghost is None:
        return ""
    y = mark.y + BELOW
    middle = y + HEIGHT / 2
    return (
        f'<rect class="tl-ghost" x="{ghost.x}" y="{y}" width="{ghost.width}" height="{HEIGHT}" rx="2.5" />'
        f'<line class="tl-ghost__way" x1="{ghost.way_from}" x2="{ghost.way_to}" y1="{middle}" y2="{middle}" />'
        f'<line class="tl-ghost__way" x1="{ghost.way_to}" x2="{ghost.way_to}" y1="{y - 1}" y2="{y + HEIGHT + 1}" />'
    )


def _outline(shape: Shape, mark: Mark) -> str:
    if mark.is_point:
        return _SPOT.format(shape.seen_x, mark.y, _POINT)
    corner = "2.5" if shape.small else "6"
    return f'<rect class="tl-item__shape" x="{shape.x}" y="{mark.y}" width="{shape.width}" height="26" rx="{corner}" />'


def _sign(shape: Shape, mark: Mark) -> str:
    """What stands at the left of a bar: that it begins earlier, or the mark of its text."""
    if mark.is_point:
        return ""
    if mark.goes_before and not shape.small:
        return _SPOT.format(shape.seen_x, mark.y, _GOES_BEFORE)
    return _SPOT.format(shape.seen_x, mark.y, _PILL) if mark.place == "in" else ""


def _text(shape: Shape, mark: Mark) -> str:
    text = escape(mark.text)
    match mark.place:
        case "in":
            return _text_inside(shape, text)
        case "out":
            return _SPOT.format(shape.end_x, mark.y, _beside(text, 'x="7" y="17.5"'))
        case _:
            return _SPOT.format(shape.seen_x, mark.y, _beside(text, 'x="-7" y="17.5" text-anchor="end"'))


def _beside(text: str, where: str) -> str:
    return f'<text class="tl-item__text tl-item__text--beside" {where}>{text}</text>'


def _text_inside(shape: Shape, text: str) -> str:
    """Cut off by its own SVG; where it is longer than the bar, its end fades out under an edge that stays sharp."""
    y, fade, edge = shape.mark.y, "", ""
    if shape.fades:
        fill = f'fill="url(#fade-{shape.colour})"'
        fade = (
            f'<svg class="tl-item__spot" x="100%"><rect x="-42" y="0.5" width="42" height="25" rx="6" {fill} /></svg>'
        )
        edge = f'<rect class="tl-item__edge" x="{shape.x}" y="{y}" width="{shape.width}" height="26" rx="6" />'
    return (
        f'<svg x="{shape.seen_x}" y="{y}" width="{shape.seen_width}" height="26">'
        f'<text class="tl-item__text" x="14" y="17.5">{text}</text>{fade}</svg>{edge}'
    )

"""The Timeline as a file of its own: an SVG that needs nothing from outside, and a PNG of the same.

Every look is a presentation attribute, so that office programs, which read no stylesheets in pictures, show the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

import resvg_py
from django.conf import settings

from roadmaps.svg import clean, element, group, line, path, text
from roadmaps.timeline import BAR, FONT, INSIDE_SPARE, TEXT_BESIDE, TEXT_INSIDE, Lane, Layout, Mark
from roadmaps.timeline_days import TODAY, Day
from roadmaps.timeline_ghosts import BELOW, HEIGHT, OVERHANG
from roadmaps.timeline_items import Comparison, Timeline, show_day
from roadmaps.timeline_page import MILESTONE_ROW, PLAIN_COLOUR, SMALL_BAR, period
from roadmaps.timeline_text import shorten, text_width

#: Of the chart alone; headings and margins come beside it.
PICTURE_WIDTH = 1320
HEADING, MARGIN, TITLE, AXIS = 190, 40, 84, 48
LEFT, RIGHT = MARGIN + HEADING, MARGIN + HEADING + PICTURE_WIDTH
LEGEND_LINE = 24
#: A PNG has two dots for each pixel, but no more dots than this in all.
PNG_ZOOM, MAX_DOTS = 2.0, 16_000_000
FONTS = settings.BASE_DIR / "static" / "vendor" / "inter-static"
FAMILY = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

#: Ground, text and solid.
Colours = tuple[str, str, str]
#: How much of its colour a bar has that holds no text.
HALF = 0.6
#: The light theme of static/css/tokens.css, for a file that can't ask for it.
COLOURS: dict[int, Colours] = {
    0: ("#edeff2", "#474e5d", "#868e9d"),
    1: ("#e2eefd", "#134c8d", "#3989ea"),
    2: ("#d9f5e2", "#045d33", "#04a35e"),
    3: ("#fdead1", "#684503", "#b67c0d"),
    4: ("#efe9fe", "#583a85", "#9a6ddd"),
    5: ("#fde7e6", "#832a2d", "#db585a"),
    6: ("#d0f5f7", "#0e585b", "#0e9ca2"),
    7: ("#fee4f4", "#762d62", "#c85ba8"),
    8: ("#eef0d2", "#505109", "#8f8f0b"),
    9: ("#e8ecfd", "#3b448e", "#6e7deb"),
    10: ("#ffe7dd", "#7e3304", "#d76120"),
    11: ("#d2f6ed", "#015a4d", "#069f89"),
    12: ("#ebedef", "#494d54", "#848992"),
}


_SIZE = re.compile(r'width="(?P<width>[\d.]+)" height="(?P<height>[\d.]+)"')
INK, MUTED, LINE, FAINT, ACCENT, PAPER = "#1a1d24", "#535a69", "#cfd4dc", "#eef0f3", "#2b5fd9", "#ffffff"


def draw_svg(*, timeline: Timeline, title: str, freshness: str, now: datetime) -> str:
    """The window as an SVG of its own. `freshness` says how old the data is, in a sentence without its stop."""
    layout = timeline.layout
    top = TITLE + AXIS + layout.milestone_rows * MILESTONE_ROW
    bottom = top + max(layout.height, 40)
    keys, end = _legend(timeline, bottom + 34)
    if timeline.comparison is not None:
        end += LEGEND_LINE if timeline.settings.colour is not None else 0
        keys += _compared(timeline.comparison, end)
    width, height = RIGHT + MARGIN, end + 40
    chart = [*_ticks(layout, bottom), *_lines(layout, bottom), *_bars(timeline, top), *_flags(layout)]
    parts = [
        element("title", escape(clean(f"{title}, {period(layout)}"))),
        element("defs", element("clipPath", element("rect", width=PICTURE_WIDTH, height=height), id="chart")),
        element("rect", width=width, height=height, fill=PAPER),
        *_head(timeline, title, _stamp(freshness, now)),
        *_headings(timeline, top),
        path(line(MARGIN, top, to_x=RIGHT), line(MARGIN, bottom, to_x=RIGHT), stroke=LINE),
        group([group(chart, clip_path="url(#chart)")], transform=f"translate({LEFT} 0)"),
        *keys,
    ]
    return element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        font_family=FAMILY,
        font_size=FONT,
        fill=INK,
    )


def draw_png(svg: str) -> bytes:
    """The SVG as dots, twice as many as it has pixels where that is not too large."""
    found = _SIZE.search(svg)
    assert found is not None  # noqa: S101 - draw_svg writes it
    width, height = float(found["width"]), float(found["height"])
    zoom = min(PNG_ZOOM, (MAX_DOTS / (width * height)) ** 0.5)
    files = [str(path) for path in sorted(Path(FONTS).glob("*.ttf"))]
    return resvg_py.svg_to_bytes(
        svg_string=svg, width=round(width * zoom), font_files=files, font_family="Inter", sans_serif_family="Inter"
    )


def counted(timeline: Timeline) -> str:
    """What the picture shows and what it does not, so that nobody takes a part for the whole."""
    layout, parts = timeline.layout, []
    if timeline.hidden:
        parts.append(f"{layout.drawn:,} of {timeline.counts.inside:,} items shown")
    else:
        parts.append(f"{layout.drawn:,} {'item' if layout.drawn == 1 else 'items'}")
    if layout.outside:
        parts.append(f"{layout.outside:,} outside of this window")
    if layout.without_dates:
        parts.append(f"{layout.without_dates:,} without dates")
    return ", ".join(parts)


def _stamp(freshness: str, now: datetime) -> str:
    made = f"Drawn on {show_day(now.date())}, {now:%H:%M}"
    return f"{freshness} · {made}" if freshness else made


def _head(timeline: Timeline, title: str, stamp: str) -> Iterable[str]:
    room = RIGHT - MARGIN - text_width(stamp, FONT) - 40
    yield text(shorten(title, 22, room), MARGIN, 46, font_size=22, font_weight=600)
    yield text(period(timeline.layout), MARGIN, 68, fill=MUTED)
    yield text(stamp, RIGHT, 46, text_anchor="end", fill=MUTED)
    yield text(counted(timeline), RIGHT, 68, text_anchor="end", fill=MUTED)


def _ticks(layout: Layout, bottom: float) -> Iterable[str]:
    for tick in layout.axis.minors:
        if tick.line:
            yield path(line(tick.x, TITLE + 24, to_y=bottom), stroke=FAINT)
        yield text(tick.label, tick.x + tick.width / 2, TITLE + 41, text_anchor="middle", font_size=12, fill=MUTED)
    for tick in layout.axis.majors:
        if tick.line:
            yield path(line(tick.x, TITLE, to_y=bottom), stroke=LINE)
        yield text(tick.label, tick.x + 8, TITLE + 17, font_size=12, font_weight=600)


def _lines(layout: Layout, bottom: float) -> Iterable[str]:
    for day in layout.milestones:
        yield path(line(day.x, _row_y(day), to_y=bottom), stroke=COLOURS[day.colour][2], stroke_dasharray="2 4")
    if layout.today is not None:
        yield path(line(layout.today, TITLE + AXIS + MILESTONE_ROW / 2, to_y=bottom), stroke=ACCENT, stroke_width=1.5)


def _flags(layout: Layout) -> Iterable[str]:
    """What stands on the axis: milestones with their names, and today."""
    for day in layout.milestones:
        y, side = _row_y(day), 11 if day.place == "out" else -11
        yield path(f"M{day.x:.2f} {y - 6}l6 6l-6 6l-6 -6z", fill=COLOURS[day.colour][2])
        yield text(day.text, day.x + side, y + 4, text_anchor="end" if day.place == "before" else None)
    if layout.today is not None:
        x = min(max(layout.today, TODAY / 2), PICTURE_WIDTH - TODAY / 2)
        y = TITLE + AXIS + MILESTONE_ROW // 2
        yield element("rect", x=x - TODAY / 2, y=y - 9.5, width=TODAY, height=19, rx=9.5, fill=ACCENT)
        yield text("Today", x, y + 4, text_anchor="middle", font_size=11, font_weight=600, fill=PAPER)


def _row_y(day: Day) -> int:
    return TITLE + AXIS + day.row * MILESTONE_ROW + MILESTONE_ROW // 2


def _headings(timeline: Timeline, y: float) -> Iterable[str]:
    """The names of streams at the left, and under them, to the right, those of their lanes."""
    asked, room = timeline.settings, HEADING - 24
    for stream in timeline.layout.streams:
        if asked.head is not None:
            yield path(line(MARGIN, y, to_x=RIGHT), stroke=LINE)
            yield text(shorten(stream.group.label, 13, room), MARGIN, y + 26, font_size=13, font_weight=600)
        below = y + (18 if asked.head is not None else 0)
        for lane in stream.lanes:
            if asked.sub is not None:
                yield path(line(LEFT, y, to_x=RIGHT), stroke=FAINT)
                yield text(shorten(lane.group.label, FONT, room), MARGIN, max(y, below) + 26, fill=MUTED)
            y += lane.height
            below = y


def _bars(timeline: Timeline, y: float) -> Iterable[str]:
    plain = PLAIN_COLOUR if timeline.settings.colour is None else 0
    for stream in timeline.layout.streams:
        for lane in stream.lanes:
            yield from _of_lane(lane, y, timeline, plain)
            y += lane.height


def _of_lane(lane: Lane, y: float, timeline: Timeline, plain: int) -> Iterable[str]:
    for mark in lane.marks:
        lost = bool(timeline.items[mark.entry.id].reason)
        colours = COLOURS[mark.colour or plain]
        draw = _point if mark.is_point else _bar
        yield from _ghost(mark, y + mark.y)
        yield from draw(mark, y + mark.y, colours, lost=lost)
        yield _text(mark, y + mark.y + BAR / 2 + 4.5, colours[1])


def _ghost(mark: Mark, y: float) -> Iterable[str]:
    """As `timeline_bars` draws it on the page."""
    was, ghost, top = mark.entry.was, mark.ghost, y + BELOW
    if was is not None and was.is_new:
        yield _new_sign(mark.left, y + 30)
    if ghost is not None:
        yield _ghost_outline(ghost.left, top, ghost.width)
        yield path(line(ghost.way_from, top + HEIGHT / 2, to_x=ghost.way_to), stroke=MUTED)
        yield path(line(ghost.way_to, top - 1, to_y=top + HEIGHT + 1), stroke=MUTED)


def _ghost_outline(x: float, y: float, width: float) -> str:
    return element(
        "rect", x=x, y=y, width=width, height=HEIGHT, rx=2.5, fill=PAPER, stroke=MUTED, stroke_dasharray="3 2"
    )


def _new_sign(x: float, y: float) -> str:
    return path(f"M{x + 1:.2f} {y}h6M{x + 4:.2f} {y - 3}v6", stroke=INK, stroke_width=1.5)


def _point(mark: Mark, y: float, colours: Colours, *, lost: bool) -> Iterable[str]:
    x, solid = (mark.left + mark.right) / 2, colours[2]
    dashes, fill = ("3 2", PAPER) if lost else (None, solid)
    yield element("circle", cx=x, cy=y + BAR / 2, r=6, fill=fill, stroke=solid, stroke_dasharray=dashes)


def _bar(mark: Mark, y: float, colours: Colours, *, lost: bool) -> Iterable[str]:
    ground, _, solid = colours
    left = -OVERHANG if mark.goes_before else mark.left
    right = PICTURE_WIDTH + OVERHANG if mark.goes_on else mark.right
    fill = ground if mark.place == "in" else _half(solid)
    yield element(
        "rect",
        x=left,
        y=y,
        width=right - left,
        height=BAR,
        rx=2.5 if mark.width < SMALL_BAR else 6,
        fill=PAPER if lost else fill,
        stroke=solid if lost else _half(solid),
        stroke_dasharray="4 3" if lost else None,
    )
    yield from _inside(mark, y, colours, lost=lost)


def _inside(mark: Mark, y: float, colours: Colours, *, lost: bool) -> Iterable[str]:
    """The mark at the left of a text, and the hooks of a bar that goes on outside."""
    _, ink, solid = colours
    middle = y + BAR / 2
    if mark.width < SMALL_BAR:
        return
    if mark.goes_before:
        yield path(f"M{mark.left + 9:.2f} {middle - 4:.2f}l-4 4l4 4", fill="none", stroke=ink, stroke_width=1.5)
    elif mark.place == "in" and not lost:
        yield element("rect", x=mark.left + 5, y=y + 6, width=3, height=BAR - 12, rx=1.5, fill=solid)
    if mark.goes_on:
        yield path(f"M{mark.right - 9:.2f} {middle - 4:.2f}l4 4l-4 4", fill="none", stroke=ink, stroke_width=1.5)


def _text(mark: Mark, y: float, ink: str) -> str:
    """In the bar, or beside it on a ground that keeps the lines of the axis from crossing it."""
    taken = text_width(mark.text, FONT)
    if mark.place != "in":
        x = mark.right + TEXT_BESIDE if mark.place == "out" else mark.left - TEXT_BESIDE - taken
        ground = element("rect", x=x - 2, y=y - 12, width=taken + 4, height=16, fill=PAPER, fill_opacity=0.85)
        anchor, at = (None, x) if mark.place == "out" else ("end", mark.left - TEXT_BESIDE)
        return (ground if mark.text else "") + text(mark.text, at, y, text_anchor=anchor)
    inset = TEXT_INSIDE + (2 if mark.goes_before else 0)
    room = mark.width - inset - INSIDE_SPARE - (8 if mark.goes_on else 0)
    return text(shorten(mark.text, FONT, room), mark.left + inset, y, fill=ink)


def _half(colour: str) -> str:
    """Half way to the paper, as the page mixes it."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part * HALF + 255 * (1 - HALF)):02x}" for part in parts)


def _legend(timeline: Timeline, y: float) -> tuple[list[str], float]:
    """The colours that are used, in as many lines as they need, and where the last one is."""
    drawn: list[str] = []
    if timeline.settings.colour is not None:
        name = shorten(timeline.settings.colour.label, FONT, HEADING - 24)
        drawn.append(text(name, MARGIN, y + 4.5, font_weight=600))
    x = float(LEFT)
    for each in timeline.layout.legend:
        label = shorten(each.label, FONT, 220)
        taken = text_width(label, FONT) + 40
        if x + taken > RIGHT and x > LEFT:
            x, y = float(LEFT), y + LEGEND_LINE
        drawn.append(element("circle", cx=x + 6, cy=y, r=5, fill=COLOURS[each.colour][2]))
        drawn.append(text(label, x + 18, y + 4.5, fill=MUTED))
        x += taken
    return drawn, y


def _compared(told: Comparison, y: float) -> Iterable[str]:
    """What the outlines mean, and what they say together."""
    yield text("Compared", MARGIN, y + 4.5, font_weight=600)
    was, new = f"Where it stood on {show_day(told.since.day)}", "New since"
    yield _ghost_outline(LEFT, y - HEIGHT / 2, 24)
    yield text(was, LEFT + 34, y + 4.5, fill=MUTED)
    x = LEFT + 34 + text_width(was, FONT) + 24
    yield _new_sign(x, y)
    yield text(new, x + 14, y + 4.5, fill=MUTED)
    yield text(told.words, RIGHT, y + 4.5, text_anchor="end", fill=MUTED)

"""The Timeline as its page needs it: lengths as shares of the width, words for links, and what they can do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from roadmaps.timeline import INSIDE_SPARE, TEXT_INSIDE, Group, Lane, Layout, Mark, Stream
from roadmaps.timeline_axis import Tick
from roadmaps.timeline_days import Day
from roadmaps.timeline_ghosts import OVERHANG, Ghost
from roadmaps.timeline_items import Drawn, Timeline, show_day

#: The least width of the chart, in pixels: what is left of a window of 1280 beside the sidebar and the headings.
WIDTH = 760
#: Colour of bars where no field gives them one.
PLAIN_COLOUR = 1
MILESTONE_ROW = 22
#: Narrower bars have smaller corners, and no room to say that they go on.
SMALL_BAR = 14


@dataclass(frozen=True, slots=True)
class Outline:
    """Where a bar stood before, and the way to where it stands now, in shares of the chart."""

    x: str
    width: str
    way_from: str
    way_to: str


class Shape(NamedTuple):
    """A bar or a point on the page. Lengths with a % are shares of the chart."""

    mark: Mark
    colour: int
    x: str
    width: str
    seen_x: str
    seen_width: str
    end_x: str
    fades: bool
    small: bool
    ghost: Outline | None = None


class Bar(NamedTuple):
    """One item on the page."""

    drawn: Drawn
    shape: Shape
    title: str


@dataclass(frozen=True, slots=True)
class PageLane:
    """A lane of the page; `label` is what its list is called for those who hear it."""

    group: Group
    height: int
    bars: tuple[Bar, ...]
    label: str


@dataclass(frozen=True, slots=True)
class PageStream:
    """A stream of the page."""

    group: Group
    count: int
    lanes: tuple[PageLane, ...]


@dataclass(frozen=True, slots=True)
class PageTick:
    """A tick of the page: where it begins and where its label stands."""

    x: str
    middle: str
    label: str
    line: bool


@dataclass(frozen=True, slots=True)
class PageDay:
    """A milestone of the page, in its row."""

    day: Day
    x: str
    y: int
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the page draws: the axis, and the streams under it."""

    majors: tuple[PageTick, ...]
    minors: tuple[PageTick, ...]
    milestones: tuple[PageDay, ...]
    milestones_height: int
    today: str
    period: str
    head: str = ""
    sub: str = ""
    streams: tuple[PageStream, ...] = ()
    legend: tuple[Group, ...] = ()


def make_chart(timeline: Timeline) -> Chart:
    """Put a laid out Timeline into the words and shares of its page."""
    layout, settings = timeline.layout, timeline.settings
    plain = PLAIN_COLOUR if settings.colour is None else 0
    return replace(
        make_axis(layout),
        streams=tuple(_stream(stream, timeline, plain) for stream in layout.streams),
        legend=layout.legend,
        head=settings.head.label if settings.head else "",
        sub=settings.sub.label if settings.sub else "",
    )


def make_axis(layout: Layout) -> Chart:
    """The axis alone, with its milestones and today."""
    return Chart(
        majors=tuple(_ticks(layout.axis.majors)),
        minors=tuple(_ticks(layout.axis.minors)),
        milestones=tuple(_day(day) for day in layout.milestones),
        milestones_height=layout.milestone_rows * MILESTONE_ROW,
        today=share(layout.today) if layout.today is not None else "",
        period=period(layout),
    )


def period(layout: Layout) -> str:
    """The window in words, the last day included."""
    return f"{show_day(layout.window.start)} – {show_day(layout.window.last)}"


def share(x: float) -> str:
    """A length as a share of the chart's width."""
    return f"{x / WIDTH * 100:.3f}%"


def _stream(stream: Stream, timeline: Timeline, plain: int) -> PageStream:
    lanes = (_lane(lane, stream, timeline, plain) for lane in stream.lanes)
    return PageStream(stream.group, stream.count, tuple(lanes))


def _lane(lane: Lane, stream: Stream, timeline: Timeline, plain: int) -> PageLane:
    bars = (_bar(mark, timeline.items[mark.entry.id], plain) for mark in lane.marks)
    names = [stream.group.label, lane.group.label]
    return PageLane(lane.group, lane.height, tuple(bars), ", ".join(filter(None, names)) or "Items")


def _bar(mark: Mark, drawn: Drawn, plain: int) -> Bar:
    return Bar(drawn, make_shape(mark, plain), title(drawn))


def make_shape(mark: Mark, plain: int) -> Shape:
    """A mark in shares of the chart; `plain` is its colour where no field gives it one."""
    left = -OVERHANG if mark.goes_before else mark.left
    right = WIDTH + OVERHANG if mark.goes_on else mark.right
    is_whole = not (mark.goes_before or mark.goes_on)
    x, width, seen = share(left), share(right - left), mark.right - mark.left
    return Shape(
        mark=mark,
        colour=mark.colour or plain,
        x=x,
        width=width,
        seen_x=x if is_whole else share(mark.left),
        seen_width=width if is_whole else share(seen),
        end_x=share(mark.right),
        fades=TEXT_INSIDE + mark.needed + INSIDE_SPARE > seen,
        small=seen < SMALL_BAR,
        ghost=_outline(mark.ghost) if mark.ghost else None,
    )


def _outline(ghost: Ghost) -> Outline:
    return Outline(share(ghost.left), share(ghost.width), share(ghost.way_from), share(ghost.way_to))


def title(drawn: Drawn) -> str:
    """All that a bar can't say by itself: name, dates, what it is coloured and sorted by, and why it is lost."""
    lost = f"No longer updated: {drawn.reason[0].lower()}{drawn.reason[1:]}" if drawn.reason else ""
    return "\n".join(filter(None, (drawn.item.name[:300], drawn.dates, drawn.moved, drawn.facts, lost)))


def _ticks(ticks: Iterable[Tick]) -> Iterable[PageTick]:
    for tick in ticks:
        yield PageTick(share(tick.x), share(tick.x + tick.width / 2), tick.label, tick.line)


def _day(day: Day) -> PageDay:
    middle = day.row * MILESTONE_ROW + MILESTONE_ROW // 2
    return PageDay(day, share(day.x), middle, f"{day.name}\n{show_day(day.date)}")

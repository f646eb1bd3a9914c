"""The Timeline's arithmetic: entries with dates become streams of lanes, whose bars are packed into tracks.

Pure: no ORM, no clock, no network. A layout is made for one width in pixels. On a page that is the least width, and
lengths are written as shares of it: what does not overlap there does not overlap on any wider screen either.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import heappop, heappush
from typing import NamedTuple

from roadmaps.timeline_axis import Axis, Window, axis
from roadmaps.timeline_days import Day, stagger
from roadmaps.timeline_ghosts import Ghost, Was, place_ghost
from roadmaps.timeline_text import fit, text_width

#: Pixels. A track holds a bar and the room below it; a lane pads its tracks.
TRACK, BAR, LANE_PADDING = 34, 26, 10
POINT = 14
FONT = 12.5
#: The least room between two things of one track.
GAP = 10
#: Left of the text in a bar there is its mark; right of a bar begins the text that did not fit in.
TEXT_INSIDE, TEXT_BESIDE = 14, 7
INSIDE_SPARE = 8
#: A text beside its bar is promised so much room, and takes more where its track is empty there.
MAX_BESIDE, MOST_BESIDE = 170, 440
#: A bar this wide keeps its text inside, however long that is.
WIDE_BAR = 120
#: A bar of one day on a scale of years can still be seen.
MIN_BAR = 5
NO_COLOUR = 0
_DAY = timedelta(days=1)


class Entry(NamedTuple):
    """Something with a date or two. `stream`, `lane` and `colour` are keys of the `Group`s that it belongs to.

    `was` is what it is compared with, None where that is the same or nothing is compared.
    """

    id: int
    text: str
    start: date | None
    end: date | None
    stream: Hashable = None
    lane: Hashable = None
    colour: Hashable = None
    was: Was | None = None

    @property
    def first(self) -> date | None:
        return self.start or self.end

    @property
    def last(self) -> date | None:
        return self.end or self.start


@dataclass(frozen=True, slots=True)
class Group:
    """A value of the header, sub-header or colour field, in its place among the others."""

    key: Hashable
    label: str
    colour: int = NO_COLOUR


@dataclass(slots=True)
class Mark:
    """A bar or a point, and its text: "in" the bar, "out" to the right of it, or "before" it.

    `left` and `right` are where one sees it; `from_` and `to` what it takes of its track together with its text. A bar
    that `goes_before` or `goes_on` is cut off by the window's edge there. A layout makes many, and writes into them
    until it is done.
    """

    entry: Entry
    is_point: bool
    left: float
    right: float
    goes_before: bool
    goes_on: bool
    place: str
    text: str
    from_: float
    to: float
    colour: int = NO_COLOUR
    track: int = 0
    #: What the whole text is wide.
    needed: float = 0
    #: Where it stood before; it takes room of the track too.
    ghost: Ghost | None = None

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def y(self) -> float:
        return LANE_PADDING / 2 + self.track * TRACK + (TRACK - BAR) / 2


@dataclass(frozen=True, slots=True)
class Lane:
    """The entries of one sub-header value in a stream, in the order of their dates."""

    group: Group
    marks: tuple[Mark, ...]
    tracks: int

    @property
    def height(self) -> int:
        return self.tracks * TRACK + LANE_PADDING


@dataclass(frozen=True, slots=True)
class Stream:
    """The entries of one header value."""

    group: Group
    lanes: tuple[Lane, ...]

    @property
    def count(self) -> int:
        return sum(len(lane.marks) for lane in self.lanes)

    @property
    def height(self) -> int:
        return sum(lane.height for lane in self.lanes)


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that a picture of the Timeline shows."""

    window: Window
    width: float
    axis: Axis
    streams: tuple[Stream, ...]
    milestones: tuple[Day, ...]
    milestone_rows: int
    legend: tuple[Group, ...]
    #: Where the middle of today is; None outside of the window.
    today: float | None
    without_dates: int
    outside: int

    @property
    def drawn(self) -> int:
        return sum(stream.count for stream in self.streams)

    @property
    def height(self) -> int:
        return sum(stream.height for stream in self.streams)


def lay_out(
    entries: Iterable[Entry],
    window: Window,
    *,
    width: float,
    streams: Sequence[Group] = (),
    lanes: Sequence[Group] = (),
    colours: Sequence[Group] = (),
    milestones: Iterable[Day] = (),
    today: date | None = None,
) -> Layout:
    """Draw each entry with a date in the window once: in the stream and the lane of its keys, in their order."""
    shown, without, outside = _sort_out(entries, window)
    by_key = {group.key: group.colour for group in colours}
    marks = [place_mark(entry, window, width, by_key.get(entry.colour, NO_COLOUR)) for entry in shown]
    used = {entry.colour for entry in shown}
    now = window.x(today, width) + width / window.days / 2 if today and window.start <= today < window.end else None
    days, rows = stagger([day for day in milestones if window.start <= day.date < window.end], window, width, now)
    return Layout(
        window=window,
        width=width,
        axis=axis(window, width),
        streams=tuple(_streams(marks, streams, lanes, width)),
        milestones=days,
        milestone_rows=rows,
        legend=tuple(group for group in colours if group.key in used),
        today=now,
        without_dates=without,
        outside=outside,
    )


def _sort_out(entries: Iterable[Entry], window: Window) -> tuple[list[Entry], int, int]:
    """Those in the window, and how many have no date or are outside of it."""
    shown: list[Entry] = []
    without = outside = 0
    for entry in entries:
        first, last = entry.first, entry.last
        if first is None or last is None:
            without += 1
        elif first < window.end and last >= window.start:
            shown.append(entry)
        else:
            outside += 1
    return shown, without, outside


def place_mark(entry: Entry, window: Window, width: float, colour: int = NO_COLOUR) -> Mark:
    """Where the entry's bar or point is, and where its text has room. The entry has a date in the window."""
    first, last = entry.first, entry.last
    assert first is not None and last is not None  # noqa: S101 - the caller sorted those out
    is_point = entry.start is None or entry.end is None
    left, right = window.x(first, width), window.x(last + _DAY, width)
    if is_point:
        middle = min(max((left + right) / 2, POINT / 2), width - POINT / 2)
        left, right = middle - POINT / 2, middle + POINT / 2
    goes_before, goes_on = left < 0 and not is_point, right > width and not is_point
    left, right = max(0.0, left), min(width, right)
    if right - left < MIN_BAR:
        left = min(left, width - MIN_BAR)
        right = left + MIN_BAR
    mark = Mark(entry, is_point, left, right, goes_before, goes_on, "in", entry.text, left, right, colour)
    _place_text(mark, width)
    if entry.was is not None:
        _place_ghost(mark, entry.was, window, width)
    return mark


def _place_ghost(mark: Mark, was: Was, window: Window, width: float) -> None:
    mark.ghost = place_ghost(was, mark.entry.end, mark.left, mark.right, window, width)
    if mark.ghost is not None:
        mark.from_ = min(mark.from_, max(0, mark.ghost.left))
        mark.to = max(mark.to, min(width, mark.ghost.right))


def _place_text(mark: Mark, width: float) -> None:
    """Inside where it fits or the bar is wide, else behind the bar, else before it, wherever there is more room."""
    needed = mark.needed = text_width(mark.text, FONT)
    if not mark.is_point and (TEXT_INSIDE + needed + INSIDE_SPARE <= mark.width or mark.width >= WIDE_BAR):
        return
    behind, before = width - mark.right - TEXT_BESIDE, mark.left - TEXT_BESIDE
    wanted = min(needed, MAX_BESIDE)
    mark.place = "out" if wanted <= behind or behind >= before else "before"
    mark.text, taken = fit(mark.text, FONT, min(wanted, behind if mark.place == "out" else before))
    taken = min(taken, MAX_BESIDE) + TEXT_BESIDE if mark.text else 0
    if mark.place == "out":
        mark.to = mark.right + taken
    else:
        mark.from_ = mark.left - taken


def _streams(marks: Sequence[Mark], streams: Sequence[Group], lanes: Sequence[Group], width: float) -> Iterable[Stream]:
    for stream, of_stream in _grouped(marks, streams, lambda mark: mark.entry.stream):
        parts = _grouped(of_stream, lanes, lambda mark: mark.entry.lane)
        yield Stream(stream, tuple(_lane(group, members, width) for group, members in parts))


def _grouped(
    marks: Sequence[Mark], groups: Sequence[Group], key_of: Callable[[Mark], Hashable]
) -> list[tuple[Group, list[Mark]]]:
    """The marks by group, in the groups' order; what belongs to none of them comes last, together."""
    rest = Group(None, "")
    if not groups:
        return [(rest, list(marks))] if marks else []
    known = {group.key: group for group in groups}
    found: dict[Hashable, list[Mark]] = {}
    for mark in marks:
        key = key_of(mark)
        found.setdefault(key if key in known else None, []).append(mark)
    ordered = list(known.values()) if None in known else [*known.values(), rest]
    return [(group, found[group.key]) for group in ordered if group.key in found]


def _lane(group: Group, marks: Sequence[Mark], width: float) -> Lane:
    """Pack by where they begin, into the first track with room: no packing needs fewer tracks."""
    tracks: list[list[Mark]] = []
    taken: list[tuple[float, int]] = []  # until where, by what is free again first
    free: list[int] = []
    for mark in sorted(marks, key=lambda mark: (mark.from_, mark.to, mark.entry.id)):
        while taken and taken[0][0] <= mark.from_:
            heappush(free, heappop(taken)[1])
        if not free:
            free.append(len(tracks))
            tracks.append([])
        mark.track = heappop(free)
        tracks[mark.track].append(mark)
        heappush(taken, (mark.to + GAP, mark.track))
    for track in tracks:
        _spread(track, width)
    return Lane(group, tuple(sorted(marks, key=_in_time)), len(tracks))


def _spread(track: Sequence[Mark], width: float) -> None:
    """Let texts beside their bars reach as far as their neighbours in the track leave room."""
    end = -float(GAP)
    for mark, following in zip(track, [*track[1:], None], strict=True):
        limit = following.from_ - GAP if following else width
        if mark.place != "in":
            room = min(MOST_BESIDE, limit - mark.right if mark.place == "out" else mark.left - end - GAP)
            mark.text, taken = fit(mark.entry.text, FONT, room - TEXT_BESIDE)
            taken = taken + TEXT_BESIDE if mark.text else 0
            if mark.place == "out":
                mark.to = max(mark.to, mark.right + taken)
            else:
                mark.from_ = min(mark.from_, mark.left - taken)
        end = mark.to


def _in_time(mark: Mark) -> tuple[date, date, int]:
    first, last = mark.entry.first, mark.entry.last
    assert first is not None and last is not None  # noqa: S101 - only such entries have marks
    return first, last, mark.entry.id

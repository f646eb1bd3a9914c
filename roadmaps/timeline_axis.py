"""The Timeline's axis: which days a window shows, and the two rows of ticks above them.

Pure: no ORM, no clock, no network. A window ends before its `end`; lengths are in pixels of a drawing of a given width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from roadmaps import fields
from roadmaps.timeline_text import text_width

#: The last day that can stand in a window is a year after the last that a date field takes.
FIRST_DAY, LAST_DAY = fields.MIN_DATE, date(fields.MAX_DATE.year + 1, 12, 31)
#: A window that fits a single day still shows its surroundings.
MIN_FIT_DAYS = 28
TICK_FONT = 12


@dataclass(frozen=True, slots=True)
class Window:
    """The days from `start` up to, not including, `end`."""

    start: date
    end: date
    days: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", (self.end - self.start).days)

    @property
    def last(self) -> date:
        return self.end - timedelta(days=1)

    def x(self, day: date, width: float) -> float:
        """Where the day begins in a drawing of that width."""
        return (day - self.start).days / self.days * width


@dataclass(frozen=True, slots=True)
class Scale:
    """How much time a window shows. A window keeps its middle when the scale changes, so `days` is nominal."""

    name: str
    label: str
    unit: str
    months: int
    days: int
    #: How far "earlier" and "later" go, in months; weeks go by four weeks.
    step: int


FIT = "fit"
SCALES = {
    scale.name: scale
    for scale in (
        Scale("weeks", "Weeks", "week", 0, 91, 0),
        Scale("months", "Months", "month", 12, 365, 3),
        Scale("quarters", "Quarters", "quarter", 24, 731, 6),
        Scale("years", "Years", "year", 60, 1826, 12),
    )
}


@dataclass(frozen=True, slots=True)
class Tick:
    """A stretch of the axis. `label` is empty where there is no room for it; `line` is false at the window's edge."""

    x: float
    width: float
    label: str
    line: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """The two rows of ticks, the coarser first, and the unit that the finer one counts."""

    majors: tuple[Tick, ...]
    minors: tuple[Tick, ...]
    unit: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A stretch of the calendar: `floor` finds the start of the one that a day lies in."""

    name: str
    days: float
    #: What one of them needs on the axis at least.
    room: float
    major: str
    floor: Callable[[date], date]
    following: Callable[[date], date]
    #: How it is called, the best first; the first that fits is taken.
    labels: Callable[[date], tuple[str, ...]]


def add_months(day: date, count: int) -> date:
    """The same day so many months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")  # pragma: no cover


def shift(day: date, unit: str, count: int) -> date:
    """The day moved by so many units of a scale, as far as dates go."""
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit, 12 if unit.startswith("years") else 0)
    bounded = max(-2400, min(2400, count))
    try:
        moved = add_months(day, months * bounded) if months else day + timedelta(weeks=bounded)
    except (OverflowError, ValueError):
        moved = FIRST_DAY if count < 0 else fields.MAX_DATE
    return max(FIRST_DAY, min(fields.MAX_DATE, moved))


def window_from(scale: Scale, start: date) -> Window:
    """The window of that scale which begins near the day: at a Monday, or at the start of a month."""
    start = max(FIRST_DAY, min(fields.MAX_DATE, start))
    if scale.months == 0:
        monday = start - timedelta(days=start.weekday())
        return Window(monday, monday + timedelta(days=scale.days))
    first = start.replace(day=1) if start.day < 16 else add_months(start.replace(day=1), 1)
    return Window(first, add_months(first, scale.months))


def start_around(scale: Scale, middle: date) -> date:
    """Where a window of that scale must begin to have the day in its middle."""
    return max(FIRST_DAY, middle - timedelta(days=scale.days // 2)) if middle > FIRST_DAY else FIRST_DAY


def middle_of(scale: Scale, start: date) -> date:
    """The inverse of `start_around`."""
    return start + timedelta(days=scale.days // 2)


def fit(first: date, last: date, width: float) -> Window:
    """The whole units in which those days lie; at least a few weeks."""
    days = (last - first).days + 1
    spare = max(0, MIN_FIT_DAYS - days)
    first = max(FIRST_DAY, first - timedelta(days=spare // 2)) if spare else first
    last = max(last, first + timedelta(days=min(spare, MIN_FIT_DAYS) - 1)) if spare else last
    unit = finest_unit((last - first).days + 1, width)
    start, end = unit.floor(first), unit.following(unit.floor(last))
    return Window(max(date(FIRST_DAY.year, 1, 1), start), min(LAST_DAY, end))


def finest_unit(days: int, width: float) -> Unit:
    """The finest unit of which each has room for its name."""
    return next((unit for unit in UNITS if width / days * unit.days >= unit.room), UNITS[-1])


def axis(window: Window, width: float) -> Axis:
    """Two rows of ticks that fill the window without gaps."""
    minor = finest_unit(window.days, width)
    major = next(unit for unit in UNITS if unit.name == minor.major)
    return Axis(_ticks(window, major, width), _ticks(window, minor, width, brief=True), minor.name)


def _ticks(window: Window, unit: Unit, width: float, *, brief: bool = False) -> tuple[Tick, ...]:
    """The ticks of one row, all labelled in one style: the longest that fits each whole one."""
    stretches = list(_stretches(window, unit, width))
    styles = range(len(unit.labels(window.start)))
    whole = [(unit.labels(day), room) for day, _, room, is_whole in stretches if is_whole]
    fitting = (style for style in styles if all(_fits(labels[style], room) for labels, room in whole))
    style = styles[-1] if brief else next(fitting, styles[-1])
    return tuple(
        Tick(left, room, next((text for text in unit.labels(day)[style:] if _fits(text, room)), ""), left > 0)
        for day, left, room, _ in stretches
    )


def _fits(text: str, room: float) -> bool:
    return text_width(text, TICK_FONT) + 8 <= room


def _stretches(window: Window, unit: Unit, width: float) -> Iterator[tuple[date, float, float, bool]]:
    """Each unit's first day, where it begins, how wide it is, and whether all of it is in the window."""
    day = unit.floor(window.start)
    while day < window.end:
        following = unit.following(day)
        left, right = max(0.0, window.x(day, width)), min(width, window.x(following, width))
        yield day, left, right - left, day >= window.start and following <= window.end
        day = following


def _years(count: int) -> Unit:
    def floor(day: date) -> date:
        return date(max(1, day.year - day.year % count), 1, 1)

    def labels(day: date) -> tuple[str, ...]:
        return (str(day.year),) if count < 10 else (f"{day.year}–{day.year + count - 1}", str(day.year))

    name = "year" if count == 1 else f"years{count}"
    major = {1: "years10", 5: "years50", 10: "years50"}.get(count, "years50")
    return Unit(name, 365.25 * count, 44, major, floor, lambda day: date(day.year + count, 1, 1), labels)


def _month_start(day: date) -> date:
    return day.replace(day=1)


def _quarter_start(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _quarter(day: date) -> str:
    return f"Q{(day.month + 2) // 3}"


UNITS = (
    Unit(
        "week",
        7,
        38,
        "month",
        lambda day: day - timedelta(days=day.weekday()),
        lambda day: day + timedelta(days=7),
        lambda day: (str(day.day),),
    ),
    Unit(
        "month",
        30.44,
        33,
        "quarter",
        _month_start,
        lambda day: add_months(day, 1),
        lambda day: (f"{day:%B %Y}", f"{day:%b %Y}", f"{day:%b}"),
    ),
    Unit(
        "quarter",
        91.31,
        34,
        "year",
        _quarter_start,
        lambda day: add_months(day, 3),
        lambda day: (f"{_quarter(day)} {day.year}", _quarter(day)),
    ),
    _years(1),
    _years(5),
    _years(10),
    _years(50),
)

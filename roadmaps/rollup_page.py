"""The Roll-up as its page needs it: a row for each bar, the items under the one that is open, and their axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from roadmaps import cells, query_sql, rollup_settings, rollup_sql, timeline_items, timeline_zoom
from roadmaps.models import Item
from roadmaps.query import Query
from roadmaps.rollup import Bar, Part, write_number
from roadmaps.rollup_settings import Settings
from roadmaps.scope import Scope
from roadmaps.timeline import NO_COLOUR, Entry, Group, Layout, Mark, lay_out
from roadmaps.timeline_axis import Window, fit
from roadmaps.timeline_items import Counts, show_day
from roadmaps.timeline_page import PLAIN_COLOUR, WIDTH, Chart, Shape, make_axis, make_shape, share

#: Bars on a page, and items under the one that is open; the Items Table has all of them.
MAX_BARS, MAX_ITEMS = 100, 50


@dataclass(frozen=True, slots=True)
class Story:
    """An item under its bar: what it is in words, and its own bar, None where it has no day in the window."""

    item: Item
    is_done: bool
    facts: str
    dates: str
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Row:
    """A bar: what it says in words, and its shape, None where it has no day in the window; then `aside` says so.

    `toggle` is the address that opens or closes it, and `asked` what asks the table for all of its items.
    """

    bar: Bar
    dates: str
    done: str
    points: str
    lacks: str
    shape: Shape | None
    #: How much of the shape is filled, as a share of the chart; "" for nothing.
    filled: str
    aside: str
    toggle: str
    asked: str
    is_open: bool
    stories: Sequence[Story] = ()

    @property
    def title(self) -> str:
        """All that it says, for those who point at its bar."""
        return "\n".join(filter(None, (self.bar.label, self.dates, self.done, self.points, self.lacks)))

    @property
    def more(self) -> int:
        """How many of its items are not among `stories`."""
        return self.bar.count - len(self.stories)


@dataclass(frozen=True, slots=True)
class Rollup:
    """One window of a roadmap's Roll-up."""

    settings: Settings
    layout: Layout
    chart: Chart
    counts: Counts
    rows: Sequence[Row]
    page: Page[Bar]

    @property
    def summary(self) -> str:
        """How many items there are, beside the window's days."""
        return f"{self.counts.total:,} item{'' if self.counts.total == 1 else 's'}"


def build(scope: Scope, query: Query, *, today: date) -> Rollup | None:
    """Add up and lay out what the address asks for, in three queries; in four where a bar is open.

    None where there is no list to make bars of.
    """
    known = scope.columns
    settings = rollup_settings.read(query, known)
    if settings is None:
        return None
    items = query_sql.apply(query, scope.items(), known)
    counts = timeline_items.count(items)
    page = Paginator(rollup_sql.add_up(items, settings, known), MAX_BARS).get_page(query.page)
    window = timeline_zoom.window_of(settings.zoom, today) or fit(counts.first or today, counts.last or today, WIDTH)
    layout = _lay_out(list(page), settings, window, scope, today)
    shapes = _shapes(layout)
    rows = [_row(bar, shapes.get(place), settings, query, window) for place, bar in enumerate(page)]
    chart = replace(make_axis(layout), head=settings.by.label)
    if (place := next((place for place, row in enumerate(rows) if row.is_open), None)) is not None:
        stories = _fetch(items, rows[place].bar, settings, query, scope)
        drawn = _lay_out_stories(stories, settings, window)
        plain = NO_COLOUR if settings.state else PLAIN_COLOUR
        rows[place] = replace(rows[place], stories=_stories(stories, settings, _shapes(drawn, plain)))
        chart = replace(chart, legend=drawn.legend)
    return Rollup(settings, layout, chart, counts, rows, page)


def _lay_out(bars: Sequence[Bar], settings: Settings, window: Window, scope: Scope, today: date) -> Layout:
    """Each bar in a stream of its own, with the roadmap's milestones."""
    return lay_out(
        [
            Entry(place, _percent(_measure(bar, settings)), bar.first, bar.last, stream=place, colour=bar.key)
            for place, bar in enumerate(bars)
        ],
        window,
        width=WIDTH,
        streams=[Group(place, bar.label) for place, bar in enumerate(bars)],
        colours=[Group(bar.key, bar.label, bar.colour) for bar in bars],
        milestones=timeline_items.days_of(timeline_items.milestones_of(scope.roadmap)),
        today=today,
    )


def _lay_out_stories(found: Sequence[tuple[Item, bool]], settings: Settings, window: Window) -> Layout:
    """Each item in a stream of its own; its name stands in front of it."""
    return lay_out(
        [
            Entry(
                item.pk,
                "",
                item.start_date,
                item.end_date,
                stream=item.pk,
                colour=timeline_items.key_of(item, settings.state),
            )
            for item, _ in found
        ],
        window,
        width=WIDTH,
        streams=[Group(item.pk, "") for item, _ in found],
        colours=timeline_items.groups_of(settings.state),
    )


def _shapes(layout: Layout, plain: int = NO_COLOUR) -> dict[int, Shape]:
    """The shape of each entry that is in the window, by the entry's id."""
    marks = (mark for stream in layout.streams for lane in stream.lanes for mark in lane.marks)
    return {mark.entry.id: make_shape(mark, plain) for mark in marks}


def _row(bar: Bar, shape: Shape | None, settings: Settings, query: Query, window: Window) -> Row:
    is_open = query.opened == bar.name
    narrowed = (*query.filters, rollup_sql.filter_of(bar, settings.by))
    measure = _measure(bar, settings)
    return Row(
        bar=bar,
        dates=f"{show_day(bar.first)} – {show_day(bar.last)}" if bar.first else "",
        done=_done(bar, settings),
        points=_points(bar, settings),
        lacks=_lacks(bar, settings),
        shape=shape,
        filled=_filled(shape.mark, measure, window) if shape and measure else "",
        aside="" if shape else _aside(bar, window),
        toggle=replace(query, opened="" if is_open else bar.name).address(),
        asked=replace(query, filters=tuple(dict.fromkeys(narrowed)), page=1, opened="").address(),
        is_open=is_open,
    )


def _measure(bar: Bar, settings: Settings) -> Part | None:
    """What fills the bar: points where there are any, else items; None where nothing tells what is done."""
    if settings.is_done is None:
        return None
    return bar.points if settings.points and bar.points.whole > 0 else bar.items


def _percent(part: Part | None) -> str:
    return "" if part is None or part.percent is None else f"{part.percent} %"


def _filled(mark: Mark, part: Part, window: Window) -> str:
    """The share of the whole bar, also where the window shows only a piece of it."""
    first, last = mark.entry.first, mark.entry.last
    if first is None or last is None or not part.share:
        return ""
    if not (mark.goes_before or mark.goes_on):
        return share(mark.width * part.share)
    left, right = window.x(first, WIDTH), window.x(last + timedelta(days=1), WIDTH)
    until = min(left + (right - left) * part.share, mark.right)
    return share(until - mark.left) if until > mark.left else ""


def _done(bar: Bar, settings: Settings) -> str:
    items = f"{bar.count:,} item{'' if bar.count == 1 else 's'}"
    if settings.is_done is None:
        return items
    return f"{write_number(bar.items.done)} of {items} done, {_percent(bar.items)}"


def _points(bar: Bar, settings: Settings) -> str:
    if settings.points is None:
        return ""
    whole = f"{settings.points.label}: "
    if settings.is_done is None:
        return whole + write_number(bar.points.whole)
    told = f"{write_number(bar.points.done)} of {write_number(bar.points.whole)} done"
    return whole + ", ".join(filter(None, (told, _percent(bar.points))))


def _lacks(bar: Bar, settings: Settings) -> str:
    """What the figures leave out."""
    found = [f"{bar.without_dates:,} without dates"] if bar.without_dates else []
    if settings.points and bar.unsized:
        found.append(f"{bar.unsized:,} without {settings.points.label}")
    return ", ".join(found)


def _aside(bar: Bar, window: Window) -> str:
    """Why there is no bar."""
    if bar.first is None or bar.last is None:
        return "No dates"
    return f"Ended {show_day(bar.last)}" if bar.last < window.start else f"Begins {show_day(bar.first)}"


def _fetch(items: QuerySet[Item], bar: Bar, settings: Settings, query: Query, scope: Scope) -> list[tuple[Item, bool]]:
    found = rollup_sql.items_of(items, bar, settings, query, scope.columns, limit=MAX_ITEMS)
    return [(scope.bring_home(item), is_done) for item, is_done in found]


def _stories(found: Sequence[tuple[Item, bool]], settings: Settings, shapes: dict[int, Shape]) -> tuple[Story, ...]:
    return tuple(
        Story(
            item,
            is_done,
            facts=_facts(item, settings),
            dates=timeline_items.dates_of(item) if item.start_date or item.end_date else "No dates",
            shape=shapes.get(item.pk),
        )
        for item, is_done in found
    )


def _facts(item: Item, settings: Settings) -> str:
    state, points = settings.state, settings.points
    told = [timeline_items.words(cells.make_cell(item, state))] if state and state != settings.by else []
    if points and (size := timeline_items.words(cells.make_cell(item, points))):
        told.append(f"{points.label}: {size}")
    return " · ".join(filter(None, told))

"""What the address of a table asks for: search, filters, order, columns and page, parsed and written back.

Pure: no ORM, no clock, no network. An address is typed, mailed and cut off by strangers, so nothing in it is an
error: a part that makes no sense is left out, with a sentence about it in `notes`.

    q=wallet  sort=-start_date,f12  f12__is=3,4  end_date__between=2026-01-01..2026-03-31  cols=name,f12
    archived=1  page=2  open=3
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlencode

from roadmaps import fields
from roadmaps.columns import Column

Params = Mapping[str, Sequence[str]]

MAX_FILTERS = 20
MAX_SORTS = 5
MAX_VALUES = 50
MAX_SEARCH = 200
MAX_PAGE = 1_000_000
MAX_NOTES = 5
#: What the layouts read from an address for themselves; it stays in every address that is made from it. For the table
#: `group` and `widths`; for the Timeline `head`, `sub`, `colour`, `label`, `scale`, `from` and `since`; for the
#: Swimlane `lanes`, `rows` and `card`; for the Roll-up `by`, `points`, `state` and `done`, and the Timeline's time.
LAYOUT_PARAMS = (
    *("group", "widths", "head", "sub", "colour", "label", "scale", "from", "since", "lanes", "rows", "card"),
    *("by", "points", "state", "done"),
)
MAX_LAYOUT_TEXT = 400
MAX_OPENED = 20

_EMPTY = {"empty": "is empty", "filled": "is not empty"}
_TEXT = {"contains": "contains", "lacks": "does not contain", "is": "is", "not": "is not"} | _EMPTY
#: What can be asked of each type, and how it is called; the first is the one that a new filter starts with.
OPERATORS: Mapping[str, Mapping[str, str]] = {
    "text": _TEXT,
    "link": _TEXT,
    "number": {
        "is": "is",
        "not": "is not",
        "before": "is less than",
        "after": "is more than",
        "between": "is between",
    }
    | _EMPTY,
    "date": {
        "between": "is between",
        "before": "is before",
        "after": "is after",
        "is": "is",
        "not": "is not",
    }
    | _EMPTY,
    "checkbox": {"is": "is"} | _EMPTY,
    "choice": {"is": "is any of", "not": "is none of"} | _EMPTY,
    "choices": {"is": "has any of", "contains": "has all of", "not": "has none of"} | _EMPTY,
    "source": {"is": "is any of", "not": "is none of"},
}
#: What the source of an item can have said last; "own" is made by hand, "lost" any of the last five.
SOURCE_STATES: Mapping[str, str] = {
    "own": "Made by hand",
    "current": "Up to date",
    "lost": "No longer updated, for any reason",
    "deleted": "Deleted at the source",
    "moved": "Moved to another project",
    "out_of_filter": "No longer matches the filter",
    "hidden": "No longer visible to the credential",
    "undone": "Its sync was undone",
}


@dataclass(frozen=True, slots=True)
class Sort:
    """A column to sort by."""

    column: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.column}" if self.descending else self.column


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a column. `values` are as `fields` stores them; option ids are integers."""

    column: str
    operator: str
    values: tuple[str | int | float | bool, ...] = ()

    @property
    def parameter(self) -> tuple[str, str]:
        """The name and the value that stand for it in an address."""
        text = ".." if self.operator == "between" else ","
        return f"{self.column}__{self.operator}", text.join(write(value) for value in self.values) or "1"


@dataclass(frozen=True, slots=True)
class Query:
    """A validated question to a roadmap's items."""

    search: str = ""
    filters: tuple[Filter, ...] = ()
    sorts: tuple[Sort, ...] = ()
    #: Names of the chosen columns; empty: those that are shown by default.
    columns: tuple[str, ...] = ()
    archived: bool = False
    page: int = 1
    #: The name of the group whose items are shown, on a layout that shows groups; no view keeps it.
    opened: str = ""
    #: What a layout reads for itself, by LAYOUT_PARAMS.
    layout: tuple[tuple[str, str], ...] = ()
    #: The view that this came from, as an address names it; "" for the first one, if that asks for nothing.
    view: str = ""
    #: Whether that view asks for something, so that asking for nothing must be said.
    saved_something: bool = False
    #: Sentences about what could not be understood.
    notes: tuple[str, ...] = ()

    @property
    def is_narrowed(self) -> bool:
        """Whether items are left out because of what was asked."""
        return bool(self.search or self.filters)

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters of the address, without what is the default."""
        parts = [("q", self.search)] if self.search else []
        parts += [each.parameter for each in self.filters]
        if self.sorts:
            parts.append(("sort", ",".join(map(str, self.sorts))))
        if self.columns:
            parts.append(("cols", ",".join(self.columns)))
        if self.archived:
            parts.append(("archived", "1"))
        parts += self.layout
        if self.view:
            mark = [("edited", "1")] if self.saved_something and not parts else []
            parts = [("view", self.view), *parts, *mark]
        if self.page > 1:
            parts.append(("page", str(self.page)))
        if self.opened:
            parts.append(("open", self.opened))
        return parts

    def laid_out(self, name: str) -> str:
        """What a layout's own parameter says; "" where the address does not say it."""
        return dict(self.layout).get(name, "")

    def laying_out(self, **params: str) -> Query:
        """The same question with other parameters of a layout; "" takes one away."""
        now = {**dict(self.layout), **params}
        return replace(self, layout=tuple((name, now[name]) for name in LAYOUT_PARAMS if now.get(name)))

    def address(self) -> str:
        """ "?" and the parameters; a bare "?" where everything is the default, so that it works as a link."""
        return "?" + "&".join([_encode(name, value) for name, value in self.pairs()])

    def without_filter(self, index: int) -> Query:
        """The same question with one condition less, on its first page."""
        return replace(self, filters=self.filters[:index] + self.filters[index + 1 :], page=1)

    def replacing(self, index: int, new: Filter) -> Query:
        """The same question with another condition in that place."""
        return replace(self, filters=(*self.filters[:index], new, *self.filters[index + 1 :]))

    def sorted_by(self, column: str) -> Query:
        """What a click on a column's head asks for: up, then down, then not at all; older orders break ties."""
        rest = tuple(each for each in self.sorts if each.column != column)
        now = next((each for each in self.sorts if each.column == column), None)
        if now and now == self.sorts[0]:
            first = () if now.descending else (Sort(column, descending=True),)
        else:
            first = (Sort(column),)
        return replace(self, sorts=(first + rest)[:3], page=1)


def parse(params: Params, columns: Sequence[Column]) -> Query:
    """Read an address against the columns that there are."""
    known = {column.name: column for column in columns}
    notes: list[str] = []
    search = fields.clean_text(_first(params, "q")[:MAX_SEARCH])
    return Query(
        search=search,
        filters=tuple(_filters(params, known, notes)),
        sorts=tuple(_sorts(params, known, notes)),
        columns=tuple(_columns(params, known, notes)),
        archived=_first(params, "archived") == "1",
        page=_page(_first(params, "page")),
        opened=fields.clean_text(_first(params, "open")[:MAX_OPENED]),
        layout=tuple(_layout(params)),
        notes=tuple(dict.fromkeys(notes))[:MAX_NOTES],
    )


def make_filter(column: Column, operator: str, texts: Sequence[str]) -> Filter:
    """A condition as a form or an address wrote it. Raises `fields.InvalidValue` with a sentence."""
    if operator not in OPERATORS[column.type]:
        raise fields.InvalidValue(f"“{column.label}” can't be filtered that way.")
    if operator in _EMPTY:
        return Filter(column.name, operator)
    given = [text for text in texts if text.strip()]
    if operator == "between":
        if len(given) != 2:
            raise fields.InvalidValue("Enter both ends.")
        return Filter(column.name, operator, tuple(sorted(_value(column, text) for text in given)))
    if not given:
        raise fields.InvalidValue("Enter a value." if not _takes_several(column) else "Choose at least one.")
    if not _takes_several(column):
        return Filter(column.name, operator, (_value(column, given[0]),))
    chosen = dict.fromkeys(_value(column, text) for text in given[:MAX_VALUES])
    return Filter(column.name, operator, tuple(chosen))


def _takes_several(column: Column) -> bool:
    return column.is_list or column.type == "source"


def _value(column: Column, text: str) -> str | int | float | bool:
    """One operand. Raises InvalidValue."""
    match column.type:
        case "number":
            return fields.parse_number(text)
        case "date":
            return fields.parse_date(text).isoformat()
        case "checkbox":
            return fields.parse_checkbox(text)
        case "choice" | "choices":
            return fields.parse_choices([text], {pk: each.label for pk, each in column.options.items()})[0]
        case "source":
            if text not in SOURCE_STATES:
                raise fields.InvalidValue("Choose from the list.")
            return text
        case _:
            return fields.clean_text(text, limit=MAX_SEARCH)


def _filters(params: Params, known: Mapping[str, Column], notes: list[str]) -> Iterator[Filter]:
    asked = [(name, texts) for name, texts in params.items() if "__" in name]
    wanted = [(name, text) for name, texts in asked for text in texts]
    if len(wanted) > MAX_FILTERS:
        notes.append(f"Only the first {MAX_FILTERS} filters are used.")
    for name, text in wanted[:MAX_FILTERS]:
        column_name, _, operator = name.rpartition("__")
        column = known.get(column_name)
        if column is None:
            notes.append(f"A filter was left out: there is no column “{_brief(column_name)}” here.")
            continue
        try:
            yield make_filter(column, operator, _split(column, operator, text))
        except fields.InvalidValue as problem:
            notes.append(f"A filter on “{_brief(column.label)}” was left out: {problem}")


def _split(column: Column, operator: str, text: str) -> list[str]:
    if operator == "between":
        return text.split("..", maxsplit=2)
    return text.split(",") if _takes_several(column) else [text]


def _sorts(params: Params, known: Mapping[str, Column], notes: list[str]) -> Iterator[Sort]:
    asked = [name for name in _first(params, "sort").split(",", maxsplit=100)[:100] if name]
    if len(asked) > MAX_SORTS:
        notes.append(f"Only the first {MAX_SORTS} columns to sort by are used.")
    seen: set[str] = set()
    for text in asked[:MAX_SORTS]:
        name = text.removeprefix("-")
        if name not in known or not known[name].in_table:
            notes.append(f"Can't sort by “{_brief(name)}”: there is no such column here.")
        elif name not in seen:
            seen.add(name)
            yield Sort(name, descending=text.startswith("-"))


def _columns(params: Params, known: Mapping[str, Column], notes: list[str]) -> Iterator[str]:
    """The name always comes first; a form repeats `cols`, a link separates by commas."""
    asked = [name for text in params.get("cols", ())[:200] for name in text.split(",", maxsplit=200) if name]
    if asked:
        yield "name"
    for name in dict.fromkeys(asked[:200]):
        if name not in known or not known[name].in_table:
            notes.append(f"There is no column “{_brief(name)}” here.")
        elif name != "name":
            yield name


def _layout(params: Params) -> Iterator[tuple[str, str]]:
    """As it came, but clean and not endless: the layout itself knows what makes sense. A form repeats, a link joins."""
    for name in LAYOUT_PARAMS:
        given = params.get(name, ())[:50]
        text = fields.clean_text(",".join(filter(None, given))[:MAX_LAYOUT_TEXT]) if given else ""
        if text:
            yield name, text


def _page(text: str) -> int:
    """The page's number; whatever is none means the first."""
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        return 1
    return min(max(int(text), 1), MAX_PAGE)


def _first(params: Params, name: str) -> str:
    texts = params.get(name, ())
    return texts[0] if texts else ""


@lru_cache(maxsize=1000)
def _encode(name: str, value: str) -> str:
    """Heads and menus have the same parts in forty addresses of a page."""
    return urlencode([(name, value)], safe=",:-")


def _brief(text: str) -> str:
    cleaned = text.replace("\x00", "")
    return cleaned if len(cleaned) <= 40 else f"{cleaned[:40]}…"


def write(value: str | int | float | bool) -> str:
    """An operand as it stands in an address."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

"""What a page of a roadmap is asked: by its address, or, where that says nothing, by the view that it names.

An address names its view by `view`: a number, or "all" for "All Data"; without it, the roadmap's first view is meant.
An address that says more is a whole question, however much of it came from the view: so it can be mailed, and means the
same after somebody changed the view.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode

from roadmaps import query, scope
from roadmaps.columns import Column
from roadmaps.models import Roadmap, View
from roadmaps.query import Params, Query
from roadmaps.scope import Scope

ALL_DATA = "all"
#: Parameters that ask nothing of the items: with these alone, the view decides.
_BESIDES = frozenset({"view", "page", "open", "filter", "change"})

#: By hand, as every page of a roadmap asks it: it took Django twice as long to write it as PostgreSQL to answer.
_VIEWS = """
SELECT id, account_id, roadmap_id, name, layout, query, position, created_at FROM roadmaps_view
WHERE account_id = %s AND roadmap_id = %s ORDER BY position, id
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question, what it is asked of, the view that it came from (None: "All Data"), and whether it was edited."""

    query: Query
    scope: Scope
    views: Sequence[View]
    view: View | None
    #: Whether it says something else than the view by now.
    edited: bool

    @property
    def columns(self) -> Sequence[Column]:
        return self.scope.columns

    @property
    def address(self) -> str:
        """What asks the same on the page of any layout: the view's name where that says it all. Without the page."""
        if self.edited:
            return replace(self.query, page=1, opened="").address()
        return self.saved_address

    @property
    def saved_address(self) -> str:
        """What asks for the view as it is saved."""
        return f"?view={self.query.view}" if self.query.view else "?"


def ask(roadmap: Roadmap, params: Params) -> Asked:
    """Read the address of a page of that roadmap, in two queries; of a portfolio in three."""
    views = list(View.objects.raw(_VIEWS, [roadmap.account_id, roadmap.pk]))
    shown = scope.of(roadmap)
    known = shown.columns
    view = find(views, next(iter(params.get("view", ())), ""))
    saved = _read(view.query if view else "", known)
    told = params.keys() - _BESIDES
    asked = query.parse(params, known)
    if not told:
        asked = replace(saved, page=asked.page, opened=asked.opened)
    named = str(view.pk) if view else ALL_DATA
    is_plain = view == next(iter(views), None) and not saved.pairs()
    asked = replace(asked, view="" if is_plain else named, saved_something=bool(saved.pairs()))
    return Asked(asked, shown, views, view, edited=to_save(asked) != to_save(saved))


def find(views: Sequence[View], name: str) -> View | None:
    """The view of that number; None for "All Data". A number that is none of them means the first."""
    if name == ALL_DATA:
        return None
    return next((view for view in views if str(view.pk) == name), views[0] if views else None)


def to_save(asked: Query) -> str:
    """The question as a view keeps it."""
    return urlencode(replace(asked, view="", page=1, opened="").pairs(), safe=",:-")


def _read(saved: str, known: Sequence[Column]) -> Query:
    return query.parse(parse_qs(saved, keep_blank_values=True), known)

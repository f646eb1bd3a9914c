"""Saved views of a roadmap: made, saved over, renamed, copied, moved and deleted (D25).

Whoever changes a roadmap's views holds its row meanwhile, so that two people can't both delete the last but one. That a
name is there once, the database says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.audit import quoted
from accounts.errors import Refused
from accounts.models import AuditArea, Membership
from roadmaps import fields
from roadmaps.access import visible_to
from roadmaps.models import Roadmap, View
from roadmaps.names import listed
from roadmaps.services import ordering
from roadmaps.services.sources import portfolios_showing

NAME_LENGTH = 80
QUERY_LENGTH = 4000
MAX_VIEWS = 50
TAKEN = "There is a view of that name already. Choose another name."
TOO_LONG = (
    "This is more than a view can keep. Take a few filters or columns away, then save again; nothing was changed."
)


def create_view(*, roadmap: Roadmap, by: Membership, name: str, query: str, layout: str) -> View:
    """Keep a question under a new name, as the last view. Raises ValidationError, Refused."""
    made = View(account_id=roadmap.account_id, roadmap=roadmap, created_by=by, name=_clean_name(name))
    _ask(made, query, layout)
    with _views_of(roadmap) as views:
        _refuse_another(views)
        _save(made)
        ordering.number([*views, made])
    return made


def save_view(*, view: View, query: str, layout: str, by: Membership) -> None:
    """Let the view ask this from now on, and open on that layout. Raises Refused.

    Where a portfolio shows through it, other people may see other items from now on.
    """
    _ask(view, query, layout)
    with _views_of(view.roadmap) as views:
        before = next((each.query for each in views if each == view), "")
        view.save(update_fields=["query", "layout"])
        portfolios = portfolios_showing(view) if query != before else {}
        if portfolios:
            names = audit.first_few([quoted(name) for name in portfolios.values()])
            what = f"Changed what the view {quoted(view)} of {quoted(view.roadmap)} finds, which is shown in {names}."
            audit.record(by, AuditArea.SHARING, what)


def rename_view(*, view: View, name: str) -> None:
    """Call the view something else. Raises ValidationError."""
    view.name = _clean_name(name)
    with transaction.atomic():
        _save(view)


def duplicate_view(*, view: View, by: Membership) -> View:
    """A copy right behind the view. Raises Refused."""
    made = View(account_id=view.account_id, roadmap=view.roadmap, created_by=by, layout=view.layout, query=view.query)
    with _views_of(view.roadmap) as views:
        _refuse_another(views)
        made.name = _copy_name(view.name, {each.name.casefold() for each in views})
        _save(made)
        place = next((place for place, each in enumerate(views, 1) if each == view), len(views))
        ordering.number([*views[:place], made, *views[place:]])
    return made


def move_view(*, view: View, step: int) -> None:
    """Move the view one place to the left (-1) or to the right (1); at the end it stays where it is."""
    with _views_of(view.roadmap) as views:
        ordering.move(views, view, step=step)


def delete_view(*, view: View, by: Membership) -> None:
    """Delete the view; the items stay as they are.

    Raises Refused for a roadmap's only one, and for one that a portfolio shows, naming those that the member can see.
    """
    with _views_of(view.roadmap) as views:
        if len(views) < 2:
            raise Refused(f"“{view}” is the only view of this roadmap, and a roadmap keeps at least one.")
        if portfolios := portfolios_showing(view):
            seen = set(visible_to(by).filter(pk__in=portfolios).values_list("pk", flat=True))
            names = listed([name for pk, name in portfolios.items() if pk in seen], hidden=len(portfolios) - len(seen))
            raise Refused(
                f"“{view}” is in use: it is what a portfolio shows of this roadmap. Nothing was changed. "
                f"Choose another view there first: {names}."
            )
        view.delete()


@contextmanager
def _views_of(roadmap: Roadmap) -> Iterator[list[View]]:
    """The roadmap's views in order, which nobody else adds, moves or deletes meanwhile."""
    with transaction.atomic():
        Roadmap.objects.select_for_update(no_key=True).get(pk=roadmap.pk)
        yield list(View.objects.filter(account_id=roadmap.account_id, roadmap=roadmap))


def _refuse_another(views: Sequence[View]) -> None:
    if len(views) >= MAX_VIEWS:
        raise Refused(f"This roadmap has {MAX_VIEWS} views already, which is the most. Delete one that nobody needs.")


def _ask(view: View, query: str, layout: str) -> None:
    if layout not in View.Layout.values:
        raise Refused("That is no way to look at a roadmap. Nothing was changed.")
    if len(query) > QUERY_LENGTH:
        raise Refused(TOO_LONG)
    view.query, view.layout = query, layout


def _clean_name(name: str) -> str:
    try:
        cleaned = " ".join(fields.clean_text(name, limit=NAME_LENGTH).split())
    except fields.InvalidValue as problem:
        raise ValidationError({"name": str(problem)}) from None
    if not cleaned:
        raise ValidationError({"name": "Enter a name."})
    return cleaned


def _copy_name(name: str, taken: set[str]) -> str:
    for number in range(1, MAX_VIEWS + 2):
        end = " copy" if number == 1 else f" copy {number}"
        made = name[: NAME_LENGTH - len(end)].rstrip() + end
        if made.casefold() not in taken:
            return made
    raise Refused("There are too many copies of this view. Rename one of them first.")


def _save(view: View) -> None:
    """Save inside a transaction; the unique constraint of names has the last word."""
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise ValidationError({"name": TAKEN}) from None

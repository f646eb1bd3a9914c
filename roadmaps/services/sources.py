"""Which roadmaps a portfolio shows, through which view, and in which order (S32, D28).

Whoever changes the sources of a portfolio holds its row meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.audit import quoted
from accounts.errors import Refused
from accounts.models import AuditArea, Membership
from roadmaps import access
from roadmaps.models import Roadmap, Source, View
from roadmaps.services import ordering

MAX_SOURCES = 50
#: Stands for "All Data" where a view is chosen.
ALL_DATA = "all"
NOT_YOURS = "That roadmap isn’t shared with you, so what is shown of it stays as it is."
NO_VIEW = "That view is gone. Choose another one; nothing was changed."


def may_be_added(portfolio: Roadmap, member: Membership) -> QuerySet[Roadmap]:
    """The roadmaps that the member could add: both they and the owner of the portfolio may see them."""
    seen = access.visible_to(member).filter(archived_at=None, kind=Roadmap.Kind.STANDARD)
    by_owner = access.visible_to(portfolio.owner).values("pk")
    taken = Source.objects.filter(account_id=portfolio.account_id, portfolio=portfolio)
    return seen.filter(pk__in=by_owner).exclude(pk__in=taken.values("roadmap")).order_by("name", "pk")


def add_source(*, portfolio: Roadmap, roadmap_id: int, by: Membership) -> Source:
    """Show "All Data" of one more roadmap, as the last. Raises Refused."""
    if not portfolio.is_portfolio:
        raise Refused("Only portfolios have sources.")
    with _sources_of(portfolio) as sources:
        if len(sources) >= MAX_SOURCES:
            raise Refused(f"A portfolio has at most {MAX_SOURCES} sources. Remove one first.")
        roadmap = may_be_added(portfolio, by).filter(pk=roadmap_id).first()
        if roadmap is None:
            raise Refused(
                "That roadmap can’t be added: it is here already, in the archive, or not shared with both you and "
                f"the portfolio’s owner, {portfolio.owner}."
            )
        audit.record(by, AuditArea.SHARING, f"Showed {quoted(roadmap)} in the portfolio {quoted(portfolio)}.")
        return Source.objects.create(
            account_id=portfolio.account_id, portfolio=portfolio, roadmap=roadmap, position=len(sources)
        )


def show_through(*, source: Source, view: str, by: Membership) -> None:
    """Show what that view finds from now on; ALL_DATA: everything. Raises Refused.

    The roadmap's row is held, so that the view can't be deleted meanwhile.
    """
    if not access.visible_to(by).filter(pk=source.roadmap_id).exists():
        raise Refused(NOT_YOURS)
    with transaction.atomic():
        Roadmap.objects.select_for_update(no_key=True).get(pk=source.roadmap_id)
        source.view = None if view == ALL_DATA else _find_view(source, view)
        source.save(update_fields=["view"])
        through = f"through {quoted(source.view or 'All Data')}"
        audit.record(by, AuditArea.SHARING, f"Showed {quoted(source.roadmap)} {through} in {quoted(source.portfolio)}.")


def move_source(*, source: Source, step: int, by: Membership) -> None:
    """Move the source one place up (-1) or down (1); at the end it stays where it is."""
    with _sources_of(source.portfolio) as sources:
        if ordering.move(sources, source, step=step):
            way = "up" if step < 0 else "down"
            done = f"Moved {quoted(source.roadmap)} {way} in the portfolio {quoted(source.portfolio)}."
            audit.record(by, AuditArea.SHARING, done)


def remove_source(*, source: Source, by: Membership) -> None:
    """Show nothing of that roadmap any more; the roadmap and its items stay as they are."""
    with _sources_of(source.portfolio) as sources:
        ordering.number([each for each in sources if each != source])
        source.delete()
        done = f"Took {quoted(source.roadmap)} out of the portfolio {quoted(source.portfolio)}."
        audit.record(by, AuditArea.SHARING, done)


def portfolios_showing(view: View) -> dict[int, str]:
    """The names of the portfolios that show this view, by their ids."""
    found = Source.objects.filter(account_id=view.account_id, view=view).order_by("portfolio__name")
    return dict(found.values_list("portfolio", "portfolio__name"))


def _find_view(source: Source, text: str) -> View:
    views = View.objects.filter(account_id=source.account_id, roadmap=source.roadmap_id)
    pk = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    found = views.filter(pk=pk).first()
    if found is None:
        raise Refused(NO_VIEW)
    return found


@contextmanager
def _sources_of(portfolio: Roadmap) -> Iterator[list[Source]]:
    """The portfolio's sources in order, which nobody else adds, moves or removes meanwhile."""
    with transaction.atomic():
        Roadmap.objects.select_for_update(no_key=True).get(pk=portfolio.pk)
        yield list(Source.objects.filter(account_id=portfolio.account_id, portfolio=portfolio))

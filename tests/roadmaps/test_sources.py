"""Choosing the sources of a portfolio (S32, D28), and the rules that the database keeps."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from roadmaps import services
from roadmaps.models import Roadmap, Source
from roadmaps.services import sources
from tests import factories

SignIn = Callable[[Membership], Client]


@pytest.fixture
def made(olga: Membership) -> Roadmap:
    return factories.make_portfolio(olga, "All")


def names(portfolio: Roadmap) -> list[str]:
    return [source.roadmap.name for source in Source.objects.filter(portfolio=portfolio)]


def test_a_portfolio_is_made_like_a_roadmap_and_leads_to_its_sources(olga: Membership, signed_in: SignIn) -> None:
    where = reverse("roadmaps:new", args=[olga.account.slug])
    response = signed_in(olga).post(where, {"name": "Everything", "kind": "portfolio"})
    found = Roadmap.objects.get(name="Everything")
    assert found.is_portfolio
    assert response["Location"] == reverse("roadmaps:sources", args=[olga.account.slug, found.pk])
    signed_in(olga).post(where, {"name": "Plain"})
    assert not Roadmap.objects.get(name="Plain").is_portfolio


def test_sources_are_added_moved_and_removed(made: Roadmap, olga: Membership) -> None:
    added = [
        services.add_source(portfolio=made, roadmap_id=factories.make_roadmap(olga, name).pk, by=olga)
        for name in ("A", "B", "C")
    ]
    services.move_source(source=added[2], step=-1, by=olga)
    assert names(made) == ["A", "C", "B"]
    services.move_source(source=added[0], step=-1, by=olga)
    services.move_source(source=added[1], step=1, by=olga)
    assert names(made) == ["A", "C", "B"]
    services.remove_source(source=added[0], by=olga)
    assert names(made) == ["C", "B"]
    assert Roadmap.objects.filter(name="A").exists()


def test_only_what_both_the_member_and_the_owner_see_is_added(
    made: Roadmap, olga: Membership, alice: Membership, mallory: Membership
) -> None:
    hers = factories.make_roadmap(alice, "Hers")
    other = factories.make_portfolio(olga, "Other")
    old = factories.make_roadmap(olga, "Old", archived_at=timezone.now())
    foreign = factories.make_roadmap(mallory, "Foreign")
    for roadmap, by in ((hers, alice), (hers, olga), (other, olga), (old, olga), (foreign, olga), (made, olga)):
        with pytest.raises(services.Refused, match="can’t be added"):
            services.add_source(portfolio=made, roadmap_id=roadmap.pk, by=by)
    factories.make_share(hers, olga)
    services.add_source(portfolio=made, roadmap_id=hers.pk, by=olga)
    with pytest.raises(services.Refused, match="here already"):
        services.add_source(portfolio=made, roadmap_id=hers.pk, by=olga)


def test_there_are_only_so_many_sources(made: Roadmap, olga: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_SOURCES", 1)
    services.add_source(portfolio=made, roadmap_id=factories.make_roadmap(olga, "A").pk, by=olga)
    with pytest.raises(services.Refused, match="at most 1"):
        services.add_source(portfolio=made, roadmap_id=factories.make_roadmap(olga, "B").pk, by=olga)


def test_a_view_is_chosen_by_those_who_see_the_source(made: Roadmap, olga: Membership) -> None:
    roadmap = factories.make_roadmap(olga, "A")
    source = factories.make_source(made, roadmap)
    view = roadmap.views.get()
    services.show_through(source=source, view=str(view.pk), by=olga)
    assert Source.objects.get().view == view
    editor = factories.make_member(made.account, name="Edda")
    with pytest.raises(services.Refused, match="isn’t shared with you"):
        services.show_through(source=source, view="all", by=editor)
    with pytest.raises(services.Refused, match="is gone"):
        services.show_through(source=source, view=str(made.views.get().pk), by=olga)
    services.show_through(source=source, view="all", by=olga)
    assert Source.objects.get().view is None


def test_a_view_that_a_portfolio_shows_is_not_deleted(made: Roadmap, olga: Membership) -> None:
    roadmap = factories.make_roadmap(olga, "A")
    view = factories.make_view(roadmap, "Shown")
    source = factories.make_source(made, roadmap, view)
    editor = factories.make_member(made.account, name="Edda")
    with pytest.raises(services.Refused, match="“All”"):
        services.delete_view(view=view, by=olga)
    with pytest.raises(services.Refused, match="first: 1 that you can’t see"):
        services.delete_view(view=view, by=editor)
    services.show_through(source=source, view="all", by=olga)
    services.delete_view(view=view, by=editor)


def test_a_deleted_roadmap_takes_its_sources_along(made: Roadmap, olga: Membership) -> None:
    roadmap = factories.make_roadmap(olga, "A")
    factories.make_source(made, roadmap, roadmap.views.get())
    services.archive(roadmap=roadmap, by=olga)
    services.delete(roadmap=roadmap, by=olga)
    assert names(made) == []
    services.archive(roadmap=made, by=olga)
    services.delete(roadmap=made, by=olga)
    assert not Roadmap.objects.exists()


def test_items_are_not_added_to_a_portfolio(made: Roadmap, olga: Membership) -> None:
    with pytest.raises(services.Refused, match="Add the item on one of those"):
        services.create_item(roadmap=made, texts={"name": ["Pay"]}, by=olga)


def test_the_database_keeps_the_rules(made: Roadmap, olga: Membership) -> None:
    roadmap, other = factories.make_roadmap(olga, "A"), factories.make_roadmap(olga, "B")
    wrong: list[tuple[str, Callable[[], object]]] = [
        ("source_of_a_portfolio", lambda: factories.make_source(roadmap, other)),
        ("source_is_no_portfolio", lambda: factories.make_source(made, factories.make_portfolio(olga, "P"))),
        ("source_view_of_its_roadmap", lambda: factories.make_source(made, roadmap, other.views.get())),
        ("roadmap_kind_is_fixed", lambda: Roadmap.objects.filter(pk=made.pk).update(kind="standard")),
        ("roadmap_portfolio_is_not_fed", lambda: Roadmap.objects.filter(pk=made.pk).update(source_label="T")),
    ]
    for name, act in wrong:
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            act()
        assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]  # the driver's error
    factories.make_source(made, roadmap)
    with pytest.raises(IntegrityError, match="source_once_in_portfolio"), transaction.atomic():
        factories.make_source(made, roadmap)


def test_sources_never_cross_accounts(made: Roadmap, mallory: Membership) -> None:
    foreign = factories.make_roadmap(mallory, "Foreign")
    with pytest.raises(IntegrityError, match="source_roadmap_account"), transaction.atomic():
        factories.make_source(made, foreign)
    connection.check_constraints()


def test_the_page_shows_each_source_and_why_it_gives_nothing(
    made: Roadmap, olga: Membership, alice: Membership, signed_in: SignIn
) -> None:
    hers = factories.make_roadmap(alice, "Hers")
    factories.make_view(hers, "Between us")
    factories.make_source(made, hers)
    factories.make_source(made, factories.make_roadmap(olga, "Old", archived_at=timezone.now()))
    where = reverse("roadmaps:sources", args=[made.account.slug, made.pk])
    page = signed_in(olga).get(where).content.decode()
    assert "isn’t shared with the owner" in page and "is in the archive" in page
    client = signed_in(olga)
    client.post(where, {"roadmap": factories.make_roadmap(olga, "New").pk})
    assert names(made) == ["Hers", "Old", "New"]
    assert "can’t be added" in client.post(where, {"roadmap": hers.pk}, follow=True).content.decode()


def test_a_roadmap_that_is_not_shared_any_more_is_not_named(
    made: Roadmap, olga: Membership, alice: Membership, signed_in: SignIn
) -> None:
    """W3: neither it nor what was shown of it, under the names that they have by now."""
    hers = factories.make_roadmap(alice, "Secret hiring")
    source = factories.make_source(made, hers, factories.make_view(hers, "Between us"))
    client, args = signed_in(olga), [made.account.slug, made.pk]
    pages = {
        name: client.get(reverse(f"roadmaps:{name}", args=args)) for name in ("sources", "items-table", "timeline")
    }
    told = {name: page.content for name, page in pages.items()}
    told["ages"] = client.get(reverse("roadmaps:portfolio-state", args=args)).content
    exported = client.get(reverse("roadmaps:export-xlsx", args=args))
    with zipfile.ZipFile(io.BytesIO(b"".join(exported))) as book:
        told["export"] = b"".join(book.read(name) for name in book.namelist())
    assert b"isn\xe2\x80\x99t shared" in told["export"]
    for name, text in told.items():
        assert not any(word in text for word in (b"Secret hiring", b"Between us")), name
    assert "A roadmap that isn’t shared" in client.get(reverse("roadmaps:sources", args=args)).content.decode()
    gone = client.post(reverse("roadmaps:source-remove", args=[*args, source.pk]), follow=True).content.decode()
    assert "no longer shown here" in gone and "Secret hiring" not in gone

"""W1: the first wall alone. Every view asks for its own account's rows, also where the database would show all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.db.models import Model
from django.db.models.signals import post_init

from accounts import walls
from accounts.models import Membership
from accounts.tenancy import OwnedByAccount
from tests.browser.every_page import ARGUMENTS, PAGES
from tests.matrix.asking import address_of, ask, filled, foreign_and_missing
from tests.matrix.site import FAR, Site, count_on_from
from tests.matrix.table import TABLE
from tests.matrix.test_matrix import alike, named_elsewhere

pytestmark = pytest.mark.django_db

#: By their names in the table of pages.
PEOPLE = {"olga": "owner", "alice": "admin"}


@pytest.fixture
def second_wall_down(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Who enters an account is let in to the rows of all of them."""
    monkeypatch.setattr(walls, "entered", all_entered)
    return monkeypatch


def all_entered(account_id: int) -> AbstractContextManager[None]:
    return walls.every_account(walls.Across.OPERATOR)


@contextmanager
def read_of_others(site: Site, who: str) -> Iterator[set[str]]:
    """The models of which rows of another account are read in the block. One's own memberships lie in all of them."""
    found: set[str] = set()

    def note(sender: type[Model], instance: Model, **_: object) -> None:
        mine = isinstance(instance, Membership) and instance.__dict__.get("user_id") == site.people[who].user_id
        told = instance.__dict__.get("account_id", site.account.pk)  # an account itself has none, nor a part of a row
        if isinstance(instance, OwnedByAccount) and told not in (site.account.pk, None) and not mine:
            found.add(sender.__name__)

    post_init.connect(note)
    try:
        yield found
    finally:
        post_init.disconnect(note)


def test_things_of_another_account_are_not_found(site: Site, second_wall_down: pytest.MonkeyPatch) -> None:
    """Nor even read, by who is let in furthest: each thing by itself in the path, in a question, or posted."""
    named, wrong = named_elsewhere(site), []
    for name, row in TABLE.items():
        who = "owner" if "owner" in row.may else "admin"
        own = address_of(name, row, site.things).partition("?")[0]
        for method, *pair in foreign_and_missing(name, row, site, thorough=True):
            if method == "GET" and row.post and pair[0][0].partition("?")[0] != own:
                continue  # found as for the post, which does more
            with read_of_others(site, who) as read:
                foreign, missing = (ask(site, who, method, *sent) for sent in pair)
            if read:
                wrong.append(f"{method} {pair}: read {read}")
            if not alike(foreign, missing, named) or foreign.watched.written != missing.watched.written:
                wrong.append(f"{method} {pair}: {foreign.status}, {missing.status}; wrote {foreign.watched.written}")
    assert wrong == []


@pytest.mark.parametrize("who", ["reviewer", "owner", "admin"])
def test_pages_show_and_forms_write_what_they_do_behind_both_walls(
    who: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of another account appears in a list or a count, and not one row more is written."""
    wrong = []
    for method, address, body in asked_by(who, site):
        for _ in range(2):  # again, where a second passed between the two
            count_on_from(2 * FAR)  # so that what is new has the same id
            both = ask(site, who, method, address, body)
            count_on_from(2 * FAR)
            with monkeypatch.context() as patch, read_of_others(site, who) as read:
                patch.setattr(walls, "entered", all_entered)
                alone = ask(site, who, method, address, body)
            if same := (both.same, both.watched.written) == (alone.same, alone.watched.written):
                break
        if not same or read:
            wrong.append(f"{method} {address}: {alone.status}, wrote {alone.watched.written}, read {read}")
    assert wrong == []


def asked_by(who: str, site: Site) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each page of an account in each of its states, each question about its own things, and each good post."""
    for (_, person), visits in PAGES.items():
        if PEOPLE.get(person) == who:
            for visit in visits:
                if "account_slug" in ARGUMENTS[visit.name]:
                    yield "GET", visit.address(site.things), {}
    for name, row in TABLE.items():
        if who in row.may and "account_slug" in ARGUMENTS[name]:
            address = address_of(name, row, site.things)
            if row.get:
                yield "GET", address, {}
                for question in row.asks:
                    yield "GET", address.partition("?")[0] + question.format(**site.things), {}
            if row.post and not row.enters_own:  # which is meant to write in all accounts of the person
                yield "POST", address, filled(row, site.things)

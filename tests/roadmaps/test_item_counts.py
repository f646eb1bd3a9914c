"""The number of a roadmap's items is kept while they come and go, exactly, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import cursor as Cursor

from accounts import walls
from accounts.models import Membership
from roadmaps import item_counts, services
from roadmaps.models import Item, ItemCount, Roadmap
from tests import factories
from tests.another_connection import another_connection

SignIn = Callable[[Membership], Client]

ADD = (
    "INSERT INTO roadmaps_item (account_id, roadmap_id, name, values)"
    " SELECT %s, %s, 'One', '{}' FROM generate_series(1, %s)"
)


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


def counted(roadmap: Roadmap) -> tuple[int, int]:
    """All items and those that are not archived, after a look that they are counted rightly."""
    items = Item.objects.filter(roadmap=roadmap)
    found = item_counts.of(roadmap, archived=True), item_counts.of(roadmap, archived=False)
    assert found == (items.count(), items.filter(archived_at=None).count())
    return found


def test_items_are_counted_as_they_come_are_archived_and_go(roadmap: Roadmap) -> None:
    assert counted(roadmap) == (0, 0)
    one, two, _ = (factories.make_item(roadmap) for _ in range(3))
    assert counted(roadmap) == (3, 3)
    Item.objects.filter(pk=one.pk).update(archived_at=timezone.now())
    assert counted(roadmap) == (3, 2)
    Item.objects.filter(pk__in=[one.pk, two.pk]).delete()
    assert counted(roadmap) == (1, 1)


def test_what_is_not_inserted_is_not_counted(roadmap: Roadmap) -> None:
    factories.make_item(roadmap, external_id="4711")
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.make_item(roadmap, external_id="4711")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO roadmaps_item (account_id, roadmap_id, name, values, origin, external_id)"
            " SELECT %s, %s, 'One', '{}', 'kind', unnest(ARRAY['4711', '4712']) ON CONFLICT DO NOTHING",
            [roadmap.account_id, roadmap.pk],
        )
    assert counted(roadmap) == (2, 2)


#: The roadmap, what happens, and to how many items.
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1), st.sampled_from(["add", "archive", "bring back", "delete", "undo"]), st.integers(0, 4)
    ),
    max_size=12,
)


@given(steps=STEPS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_number_is_right_whatever_happens(roadmap: Roadmap, steps: list[tuple[int, str, int]]) -> None:
    with transaction.atomic():
        roadmaps = [roadmap, factories.make_roadmap(roadmap.owner)]
        for place, what, number in steps:
            point = transaction.savepoint()
            _do("add" if what == "undo" else what, roadmaps[place], number)
            if what == "undo":
                transaction.savepoint_rollback(point)
            for each in roadmaps:
                counted(each)
        transaction.set_rollback(True)


def _do(what: str, roadmap: Roadmap, number: int) -> None:
    chosen = Item.objects.filter(pk__in=Item.objects.filter(roadmap=roadmap).values("pk")[:number])
    if what == "add":
        Item.objects.bulk_create(
            Item(account_id=roadmap.account_id, roadmap=roadmap, name="One") for _ in range(number)
        )
    elif what == "delete":
        chosen.delete()
    else:
        chosen.update(archived_at=timezone.now() if what == "archive" else None)


def test_deleting_a_roadmap_or_an_account_leaves_no_count(roadmap: Roadmap) -> None:
    other = factories.make_roadmap(roadmap.owner)
    for each in (roadmap, other):
        factories.make_item(each)
    services.archive(roadmap=roadmap, by=roadmap.owner)
    services.delete(roadmap=roadmap, by=roadmap.owner)
    assert [part.roadmap_id for part in ItemCount.objects.all()] == [other.pk]
    other.account.delete()
    assert not ItemCount.objects.exists()


def test_an_item_stays_on_its_roadmap_even_by_sql(roadmap: Roadmap) -> None:
    """Else neither would know how many it has."""
    item, other = factories.make_item(roadmap), factories.make_roadmap(roadmap.owner)
    with pytest.raises(IntegrityError, match="stays on its roadmap"), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(roadmap=other)
    assert counted(roadmap) == (1, 1)


@contextmanager
def another_writer() -> Iterator[Cursor]:
    """A transaction of somebody else, who waits for nothing longer than a moment."""
    with another_connection() as other, other.cursor() as cursor:
        cursor.execute(f"SET {walls.SETTING} = '{walls.EVERY}'; SET lock_timeout = 500")
        yield cursor


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ends", ["COMMIT", "ROLLBACK"])
def test_who_adds_an_item_does_not_wait_for_who_adds_thousands(roadmap: Roadmap, ends: str) -> None:
    """Neither of them for the other, also where the count has begun; and what is given up is not counted."""
    factories.make_item(roadmap)
    with another_writer() as pull, another_writer() as person:
        pull.execute(ADD, [roadmap.account_id, roadmap.pk, 1000])
        person.execute(ADD, [roadmap.account_id, roadmap.pk, 1])
        assert counted(roadmap) == (1, 1)
        person.execute("COMMIT")
        assert counted(roadmap) == (2, 2)
        pull.execute("DELETE FROM roadmaps_item WHERE roadmap_id = %s", [roadmap.pk])
        pull.execute(ends)
    assert counted(roadmap) == ((0, 0) if ends == "COMMIT" else (2, 2))


@pytest.mark.django_db(transaction=True)
def test_the_parts_of_a_count_do_not_grow_with_its_changes(roadmap: Roadmap) -> None:
    for _ in range(20):
        factories.make_item(roadmap)
    assert ItemCount.objects.get().items == 20


def test_a_whole_table_is_not_counted_for_its_page(roadmap: Roadmap, olga: Membership, signed_in: SignIn) -> None:
    """P2: the page of a hundred thousand items spent a third of its time on that."""
    for archived in (None, None, timezone.now()):
        factories.make_item(roadmap, archived_at=archived)
    address = reverse("roadmaps:items-table", args=[roadmap.account.slug, roadmap.pk])
    client = signed_in(olga)
    for query, number, asks in (("", 2, False), ("?archived=1", 3, False), ("?q=Item", 2, True)):
        with CaptureQueriesContext(connection) as queries:
            page = client.get(address + query).context["table"].page
        assert page.paginator.count == number
        counts = [each["sql"] for each in queries if 'COUNT(*) AS "__count" FROM "roadmaps_item"' in each["sql"]]
        assert bool(counts) is asks

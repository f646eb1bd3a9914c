"""Many items changed or deleted at once: the same rules as for one, one transaction, few queries (D10, D25)."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from roadmaps import columns, services
from roadmaps.columns import Column, Option
from roadmaps.models import Field, Item, ItemEdit, Roadmap
from roadmaps.services import BulkReport, bulk
from tests import factories


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo", source_label="Pivotal Tracker", synced_columns=["name", "start_date"])


@pytest.fixture
def teams(roadmap: Roadmap) -> Field:
    return factories.make_field(roadmap.account, "Teams", "choices", options=["Blue", "Red", "Green"])


def change(roadmap: Roadmap, column: str, way: str, *texts: str, by: Membership | None = None) -> BulkReport:
    """On all items of the roadmap."""
    known = next(each for each in columns.load(roadmap) if each.name == column)
    items = Item.objects.filter(roadmap=roadmap)
    return services.change_items(
        roadmap=roadmap, items=items, column=known, way=way, texts=texts, by=by or roadmap.owner
    )


def values(roadmap: Roadmap, column: str) -> dict[str, object]:
    return {item.name: item.values.get(column) for item in Item.objects.filter(roadmap=roadmap)}


def edits() -> dict[str, object]:
    return {edit.item.name: edit.changes for edit in ItemEdit.objects.select_related("item")}


def test_a_value_is_set_on_all_and_what_changed_is_written_down(roadmap: Roadmap, alice: Membership) -> None:
    cost = factories.make_field(roadmap.account, "Cost", "number")
    factories.make_item(roadmap, "A", values={cost.column: 1, "f999": "stays"})
    factories.make_item(roadmap, "B")
    factories.make_item(roadmap, "C", values={cost.column: 2.5})
    assert change(roadmap, cost.column, "set", "2,5", by=alice) == BulkReport(changed=2, same=1)
    assert values(roadmap, cost.column) == {"A": 2.5, "B": 2.5, "C": 2.5}
    assert Item.objects.get(name="A").values["f999"] == "stays"
    assert edits() == {"A": {cost.column: [1, 2.5]}, "B": {cost.column: [None, 2.5]}}
    assert set(ItemEdit.objects.values_list("kind", "member")) == {("changed", alice.pk)}
    assert Item.objects.get(name="A").updated_at > Item.objects.get(name="C").updated_at


def test_values_of_a_list_are_added_taken_away_and_cleared_in_the_order_of_the_list(
    roadmap: Roadmap, teams: Field
) -> None:
    blue, red, green = (option.pk for option in teams.options.all())
    name = teams.column
    factories.make_item(roadmap, "A", values={name: [green]})
    factories.make_item(roadmap, "B", values={name: [blue, red]})
    factories.make_item(roadmap, "C")
    assert change(roadmap, name, "add", str(blue), str(red)) == BulkReport(changed=2, same=1)
    assert values(roadmap, name) == {"A": [blue, red, green], "B": [blue, red], "C": [blue, red]}
    assert change(roadmap, name, "remove", str(blue), str(red)).changed == 3
    assert values(roadmap, name) == {"A": [green], "B": None, "C": None}
    assert change(roadmap, name, "clear") == BulkReport(changed=1, same=2)
    assert all(name not in item.values for item in Item.objects.all())
    assert change(roadmap, name, "set", str(red)).changed == 3
    assert values(roadmap, name) == {"A": [red], "B": [red], "C": [red]}


def test_what_a_source_keeps_stays_and_is_counted(roadmap: Roadmap) -> None:
    """D10: also on items that the source lost."""
    factories.make_item(roadmap, "A")
    factories.make_item(roadmap, "B", external_id="1")
    factories.make_item(roadmap, "C", external_id="2", source_state="deleted")
    report = change(roadmap, "start_date", "set", "2026-02-01")
    assert report == BulkReport(changed=1, locked=2)
    assert report.sentence("Pivotal Tracker") == (
        "1 item changed, 2 are synced from Pivotal Tracker and stayed as they are."
    )
    assert list(Item.objects.exclude(start_date=None).values_list("name", flat=True)) == ["A"]
    assert edits() == {"A": {"start_date": [None, "2026-02-01"]}}


def test_own_columns_of_synced_items_can_be_changed(roadmap: Roadmap) -> None:
    factories.make_item(roadmap, "A", external_id="1")
    assert change(roadmap, "notes", "set", "Ask Vera") == BulkReport(changed=1)
    assert change(roadmap, "notes", "clear") == BulkReport(changed=1)
    assert change(roadmap, "notes", "clear") == BulkReport(same=1)
    assert Item.objects.get().notes == ""
    assert [edit.changes for edit in ItemEdit.objects.all()] == [
        {"notes": ["Ask Vera", None]},
        {"notes": [None, "Ask Vera"]},
    ]


def test_an_item_that_would_end_before_its_start_stays(roadmap: Roadmap) -> None:
    factories.make_item(roadmap, "A", start_date="2026-03-01", end_date="2026-03-05")
    factories.make_item(roadmap, "B", start_date="2026-01-01")
    report = change(roadmap, "end_date", "set", "2026-02-01")
    assert report == BulkReport(changed=1, askew=1)
    assert str(Item.objects.get(name="A").end_date) == "2026-03-05"
    assert report.sentence("") == "1 item changed, 1 would end before the start and stayed as before."


@pytest.mark.parametrize(
    ("column", "way", "texts", "sentence"),
    [
        ("name", "set", ["  "], "Enter a name."),
        ("name", "clear", [], "That can't be changed for many items at once."),
        ("external_id", "set", ["7"], "That can't be changed for many items at once."),
        ("end_date", "set", ["soon"], "Enter a date as year-month-day, such as 2026-03-31."),
        ("end_date", "set", [""], "Enter a value, or choose “Clear”."),
        ("end_date", "add", ["2026-01-01"], "That can't be changed for many items at once."),
        ("end_date", "", ["2026-01-01"], "That can't be changed for many items at once."),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_changes(
    roadmap: Roadmap, column: str, way: str, texts: list[str], sentence: str
) -> None:
    factories.make_item(roadmap, "A")
    with pytest.raises(ValidationError) as problem:
        change(roadmap, column, way, *texts)
    assert problem.value.message_dict == {column: [sentence]}
    assert not ItemEdit.objects.exists()


def test_an_archived_value_can_be_taken_away_but_not_given(roadmap: Roadmap, teams: Field) -> None:
    blue = teams.options.get(label="Blue").pk
    factories.make_item(roadmap, "A", values={teams.column: [blue]})
    services.archive_option(field=teams, option_id=str(blue), by=roadmap.owner)
    for way in ("set", "add"):
        with pytest.raises(ValidationError):
            change(roadmap, teams.column, way, str(blue))
    assert change(roadmap, teams.column, "remove", str(blue)) == BulkReport(changed=1)


def test_items_of_other_roadmaps_are_out_of_reach(roadmap: Roadmap, olga: Membership, mallory: Membership) -> None:
    """S33: whatever set of items somebody hands in."""
    others = [factories.make_roadmap(olga, "Other"), factories.make_roadmap(mallory, "Evil")]
    for other in others:
        factories.make_item(other, "Theirs")
    known = next(each for each in columns.load(roadmap) if each.name == "notes")
    report = services.change_items(
        roadmap=roadmap, items=Item.objects.all(), column=known, way="set", texts=["Mine"], by=olga
    )
    assert report == BulkReport()
    assert services.delete_items(roadmap=roadmap, items=Item.objects.all()) == 0
    assert set(Item.objects.values_list("name", "notes")) == {("Theirs", "")}


def test_only_items_made_by_hand_are_deleted(roadmap: Roadmap, olga: Membership) -> None:
    factories.make_item(roadmap, "A")
    kept = factories.make_item(roadmap, "B", external_id="1", source_state="deleted")
    services.create_item(roadmap=roadmap, texts={"name": ["C"]}, by=olga)
    assert services.delete_items(roadmap=roadmap, items=Item.objects.all()) == 2
    assert Item.objects.get() == kept


def test_too_many_items_are_refused_whole(roadmap: Roadmap, olga: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MAX_ITEMS", 2)
    for name in "ABC":
        factories.make_item(roadmap, name)
    with pytest.raises(services.Refused, match="Nothing was changed"):
        change(roadmap, "notes", "set", "x")
    with pytest.raises(services.Refused):
        services.delete_items(roadmap=roadmap, items=Item.objects.all())
    assert Item.objects.filter(notes="").count() == 3


@pytest.mark.parametrize("count", [3, 300])
def test_the_number_of_queries_does_not_grow_with_the_items(
    roadmap: Roadmap, teams: Field, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Savepoint, lock and read, write, trail, release."""
    red = teams.options.get(label="Red").pk
    Item.objects.bulk_create(
        Item(account_id=roadmap.account_id, roadmap=roadmap, name=f"Item {n}", values={teams.column: [red][: n % 2]})
        for n in range(count)
    )
    known = {each.name: each for each in columns.load(roadmap)}
    items = Item.objects.filter(roadmap=roadmap)
    for name, way, text in (
        (teams.column, "add", str(teams.options.get(label="Blue").pk)),
        ("notes", "set", "Hello"),
    ):
        with django_assert_num_queries(6):
            report = services.change_items(
                roadmap=roadmap, items=items, column=known[name], way=way, texts=[text], by=roadmap.owner
            )
        assert report.changed == count
    assert ItemEdit.objects.count() == 2 * count


def test_deleting_takes_the_same_queries_for_a_page_of_items(roadmap: Roadmap) -> None:
    """One for each kind of row that goes with an item; Django sends the items themselves in hundreds."""
    taken = []
    for count in (2, 90):
        for _ in range(count):
            services.create_item(roadmap=roadmap, texts={"name": ["x"]}, by=roadmap.owner)
        with CaptureQueriesContext(connection) as queries:
            assert services.delete_items(roadmap=roadmap, items=Item.objects.filter(roadmap=roadmap)) == count
        taken.append(len(queries))
    assert taken[0] == taken[1] < 12


OPTIONS = {pk: Option(f"Option {pk}", 1) for pk in (3, 1, 2)}
CHOSEN = st.one_of(st.none(), st.lists(st.sampled_from([3, 1, 2]), unique=True, min_size=1))


@given(CHOSEN, CHOSEN)
def test_adding_and_taking_away_are_what_sets_do(old: list[int] | None, given_: list[int] | None) -> None:
    column = Column("f1", "Teams", "choices", OPTIONS)
    added = bulk.changed_value(column, old, bulk.ADD, given_) or []
    taken = bulk.changed_value(column, old, bulk.REMOVE, given_) or []
    assert isinstance(added, list)
    assert isinstance(taken, list)
    assert set(added) == {*(old or []), *(given_ or [])}
    assert set(taken) == {*(old or [])} - {*(given_ or [])}
    for result in (added, taken):
        assert result == [pk for pk in OPTIONS if pk in result]


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (
            BulkReport(changed=12, locked=3),
            "12 items changed, 3 are synced from Pivotal Tracker and stayed as they are.",
        ),
        (BulkReport(changed=1200, same=1), "1,200 items changed, 1 had that already."),
        (BulkReport(locked=1), "No item changed, 1 is synced from Pivotal Tracker and stayed as it is."),
    ],
)
def test_a_report_is_a_sentence(report: BulkReport, sentence: str) -> None:
    assert report.sentence("Pivotal Tracker") == sentence

"""Two fields become one: what moves, what stays, and what is never touched (S23, D10, D14)."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Membership
from roadmaps import services
from roadmaps.models import Field, Item, ItemEdit, Roadmap, View
from roadmaps.services.merging import Plan, may_merge, plan_merge
from roadmaps.services.merging_views import renamed
from tests import factories


@pytest.fixture
def roadmap(olga: Membership) -> Roadmap:
    return factories.make_roadmap(olga, "Apollo")


def synced(roadmap: Roadmap, name: str = "State", type_: str = "text") -> Field:
    """A field that the roadmap pulls."""
    made = factories.make_field(
        roadmap.account,
        name,
        type_,
        source_kind="pivotal_tracker",
        source_key=name.lower(),
        source_label="Pivotal Tracker",
    )
    roadmap.synced_columns = [*roadmap.synced_columns, made.column]
    roadmap.save()
    return made


def values(item: Item) -> dict[str, object]:
    item.refresh_from_db()
    return item.values


def test_values_move_and_the_empty_field_is_archived(roadmap: Roadmap, alice: Membership) -> None:
    lose = factories.make_field(roadmap.account, "Teams", roadmap=roadmap)
    keep = factories.make_field(roadmap.account, "Team")
    cost = factories.make_field(roadmap.account, "Cost", "number")
    item = factories.make_item(roadmap, values={lose.column: "Red", cost.column: 3})
    archived = factories.make_item(roadmap, values={lose.column: "Blue"}, archived_at=timezone.now())
    plan = services.merge_fields(lose=lose, keep=keep, by=alice)
    assert (plan.moved, plan.both) == (2, 0)
    assert values(item) == {keep.column: "Red", cost.column: 3}
    assert values(archived) == {keep.column: "Blue"}
    lose.refresh_from_db()
    assert lose.archived_at
    assert not ItemEdit.objects.exists()


def test_where_both_have_a_value_the_one_that_stays_is_kept_and_the_other_noted(
    roadmap: Roadmap, alice: Membership
) -> None:
    lose, keep = (factories.make_field(roadmap.account, name) for name in ("Teams", "Team"))
    item = factories.make_item(roadmap, values={lose.column: "Red", keep.column: "Blue"})
    plan = services.merge_fields(lose=lose, keep=keep, by=alice)
    assert (plan.moved, plan.both) == (0, 1)
    assert values(item) == {keep.column: "Blue"}
    edit = ItemEdit.objects.get()
    assert (edit.item, edit.member, edit.changes) == (item, alice, {lose.column: ["Red", None]})


def test_list_values_are_matched_by_what_they_are_called(roadmap: Roadmap, alice: Membership) -> None:
    lose = factories.make_field(roadmap.account, "Teams", "choice", options=["RED", "Blue"])
    keep = factories.make_field(roadmap.account, "Team", "choice", options=["Green", "red"])
    red, blue = lose.options.all()
    items = [factories.make_item(roadmap, values={lose.column: option.pk}) for option in (red, blue)]
    plan = services.merge_fields(lose=lose, keep=keep, by=alice)
    assert (plan.matched, plan.added) == (1, 1)
    labels = dict(keep.options.values_list("pk", "label"))
    assert list(labels.values()) == ["Green", "red", "Blue"]
    assert [labels[values(item)[keep.column]] for item in items] == ["red", "Blue"]  # type: ignore[index]


def test_several_list_values_stand_in_the_order_of_the_list_that_stays(roadmap: Roadmap, alice: Membership) -> None:
    lose = factories.make_field(roadmap.account, "Teams", "choices", options=["Red", "Blue", "New"])
    keep = factories.make_field(roadmap.account, "Team", "choices", options=["Blue", "Red"])
    item = factories.make_item(roadmap, values={lose.column: list(lose.options.values_list("pk", flat=True))})
    services.merge_fields(lose=lose, keep=keep, by=alice)
    assert values(item) == {keep.column: list(keep.options.values_list("pk", flat=True))}
    assert list(keep.options.values_list("label", flat=True)) == ["Blue", "Red", "New"]


def test_a_value_that_is_offered_by_one_of_them_is_offered(roadmap: Roadmap, alice: Membership) -> None:
    lose = factories.make_field(roadmap.account, "Teams", "choice", options=["Red"])
    keep = factories.make_field(roadmap.account, "Team", "choice")
    factories.make_option(keep, "red", archived_at=timezone.now())
    factories.make_option(lose, "Old", archived_at=timezone.now())
    services.merge_fields(lose=lose, keep=keep, by=alice)
    assert {option.label: option.archived_at is None for option in keep.options.all()} == {"red": True, "Old": False}


def test_a_list_does_not_grow_beyond_its_end(
    roadmap: Roadmap, alice: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roadmaps.services.merging_options.MAX_OPTIONS", 1)
    lose = factories.make_field(roadmap.account, "Teams", "choice", options=["Red"])
    keep = factories.make_field(roadmap.account, "Team", "choice", options=["Blue"])
    with pytest.raises(services.Refused, match="more than 1 values"):
        services.merge_fields(lose=lose, keep=keep, by=alice)
    assert not Field.objects.exclude(archived_at=None).exists()


# --- Synced cells


def test_a_locked_cell_is_never_written(roadmap: Roadmap, alice: Membership) -> None:
    """D10: neither an empty one nor a filled one; the merge is refused as a whole."""
    keep = synced(roadmap)
    lose = factories.make_field(roadmap.account, "States")
    mine = factories.make_item(roadmap, values={lose.column: "begun"})
    theirs = factories.make_item(roadmap, external_id="1", values={lose.column: "begun", keep.column: "started"})
    assert plan_merge(lose=lose, keep=keep) == Plan(moved=1, both=1, locked=1, unseen=0, matched=0, added=0)
    with pytest.raises(services.Refused, match="1 item gets its “State” from Pivotal Tracker"):
        services.merge_fields(lose=lose, keep=keep, by=alice)
    assert values(mine) == {lose.column: "begun"}
    assert values(theirs) == {lose.column: "begun", keep.column: "started"}
    lose.refresh_from_db()
    assert lose.archived_at is None


def test_items_made_by_hand_beside_a_sync_take_part(roadmap: Roadmap, alice: Membership) -> None:
    """D24."""
    keep = synced(roadmap)
    lose = factories.make_field(roadmap.account, "States")
    mine = factories.make_item(roadmap, values={lose.column: "begun"})
    factories.make_item(roadmap, external_id="1", values={keep.column: "started"})
    services.merge_fields(lose=lose, keep=keep, by=alice)
    assert values(mine) == {keep.column: "begun"}


def test_no_value_goes_where_nobody_would_see_it(roadmap: Roadmap, alice: Membership) -> None:
    """A synced field is a column only of roadmaps that pull it."""
    keep = synced(roadmap)
    lose = factories.make_field(roadmap.account, "States")
    factories.make_item(factories.make_roadmap(roadmap.owner, "Other"), values={lose.column: "begun"})
    with pytest.raises(services.Refused, match="out of sight"):
        services.merge_fields(lose=lose, keep=keep, by=alice)


# --- What fits


def test_which_fields_fit_each_other(roadmap: Roadmap, mallory: Membership) -> None:
    account, other = roadmap.account, factories.make_roadmap(roadmap.owner, "Other")
    shared, second = (factories.make_field(account, name) for name in ("A", "B"))
    own, own_too = (factories.make_field(account, name, roadmap=roadmap) for name in ("A", "B"))
    elsewhere = factories.make_field(account, "A", roadmap=other)
    pulled = synced(roadmap)
    gone = factories.make_field(account, "C", archived_at=timezone.now())
    number = factories.make_field(account, "D", "number")
    theirs = factories.make_field(mallory.account, "A")
    every = {
        "shared": shared,
        "second": second,
        "own": own,
        "own_too": own_too,
        "elsewhere": elsewhere,
        "pulled": pulled,
        "gone": gone,
        "number": number,
        "theirs": theirs,
    }
    fits = {(a, b) for a, lose in every.items() for b, keep in every.items() if may_merge(lose=lose, keep=keep)}
    assert fits == {
        ("shared", "second"),
        ("shared", "pulled"),
        ("second", "shared"),
        ("second", "pulled"),
        ("own", "shared"),
        ("own", "second"),
        ("own", "own_too"),
        ("own", "pulled"),
        ("own_too", "shared"),
        ("own_too", "second"),
        ("own_too", "own"),
        ("own_too", "pulled"),
        ("elsewhere", "shared"),
        ("elsewhere", "second"),
        ("elsewhere", "pulled"),
    }


def test_what_does_not_fit_is_refused(roadmap: Roadmap, alice: Membership) -> None:
    """D14: a merge is no way to another type."""
    text, number = factories.make_field(roadmap.account, "A"), factories.make_field(roadmap.account, "B", "number")
    with pytest.raises(services.Refused, match="can’t become one field"):
        services.merge_fields(lose=number, keep=text, by=alice)


def test_other_accounts_are_not_touched(roadmap: Roadmap, alice: Membership, mallory: Membership) -> None:
    """S33: not even where somebody wrote the same key into their items."""
    lose, keep = (factories.make_field(roadmap.account, name) for name in ("Teams", "Team"))
    theirs = factories.make_item(factories.make_roadmap(mallory, "Evil"), values={lose.column: "Red"})
    assert plan_merge(lose=lose, keep=keep).items == 0
    services.merge_fields(lose=lose, keep=keep, by=alice)
    assert values(theirs) == {lose.column: "Red"}


# --- Saved views


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("f1__is=3,4&sort=-f1,name&cols=name,f1", "f2__is=30,4&sort=-f2,name&cols=name,f2"),
        ("q=f1&f11__is=3&group=f1", "q=f1&f11__is=3&group=f2"),
        ("head=f1&sub=f12&widths=f1:200,f2:90", "head=f2&sub=f12&widths=f2:200,f2:90"),
        ("f1__empty=1", "f2__empty=1"),
        ("", ""),
    ],
)
def test_a_view_asks_for_the_field_that_stays(query: str, expected: str) -> None:
    assert renamed(query, "f1", "f2", {3: 30}) == expected


def test_saved_views_follow_the_values(roadmap: Roadmap, alice: Membership, mallory: Membership) -> None:
    lose = factories.make_field(roadmap.account, "Teams", "choice", options=["Red"])
    keep = factories.make_field(roadmap.account, "Team", "choice", options=["Red"])
    query = f"{lose.column}__is={lose.options.get().pk}"
    mine = factories.make_view(roadmap, "Red ones", query)
    theirs = factories.make_view(factories.make_roadmap(mallory, "Evil"), "Red ones", query)
    services.merge_fields(lose=lose, keep=keep, by=alice)
    assert View.objects.get(pk=mine.pk).query == f"{keep.column}__is={keep.options.get().pk}"
    assert View.objects.get(pk=theirs.pk).query == query


# --- Whatever there is

CHOSEN = st.lists(st.integers(0, 3), unique=True, max_size=3)
#: Whether the source keeps the item, and what it has in both fields, as places in their lists.
ITEMS = st.lists(st.tuples(st.booleans(), CHOSEN, CHOSEN), max_size=8)
LABELS = st.lists(st.sampled_from(["Red", "red ", "Blue", "GREEN", "green", "Grey", "Pink"]), min_size=4, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(items=ITEMS, lost=LABELS, kept=LABELS, pulled=st.booleans(), type_=st.sampled_from(["choice", "choices"]))
def test_no_value_is_lost_and_no_locked_cell_changes(
    roadmap: Roadmap,
    alice: Membership,
    items: list[tuple[bool, list[int], list[int]]],
    lost: list[str],
    kept: list[str],
    pulled: bool,
    type_: str,
) -> None:
    with transaction.atomic():
        lose = services.create_field(account=roadmap.account, name="Teams", type_=type_, labels=lost, by=alice)
        keep = factories.make_field(roadmap.account, "Team", type_)
        if pulled:
            Field.objects.filter(pk=keep.pk).update(source_kind="x", source_key="team", source_label="X")
        for label in dict.fromkeys(label.strip().casefold() for label in kept):
            factories.make_option(keep, label)
        Roadmap.objects.filter(pk=roadmap.pk).update(synced_columns=[keep.column] if pulled else [])
        made = [_make(roadmap, number, each, lose, keep) for number, each in enumerate(items)]
        _merge_and_check(lose, keep, made, alice, pulled=pulled)
        transaction.set_rollback(True)


def _make(roadmap: Roadmap, number: int, item: tuple[bool, list[int], list[int]], lose: Field, keep: Field) -> Item:
    from_source, *chosen = item
    found = {}
    for field, places in zip((lose, keep), chosen, strict=True):
        ids = list(field.options.values_list("pk", flat=True))
        picked = sorted({ids[place % len(ids)] for place in places})
        if picked:
            found[field.column] = picked if field.type == "choices" else picked[0]
    return factories.make_item(roadmap, values=found, external_id=str(number) if from_source else None)


def _labels(item: Item, field: Field) -> set[str]:
    value = item.values.get(field.column, [])
    return {field.options.get(pk=pk).key for pk in (value if isinstance(value, list) else [value])}


def _merge_and_check(lose: Field, keep: Field, made: list[Item], by: Membership, *, pulled: bool) -> None:
    before = {item.pk: (_labels(item, lose), _labels(item, keep), item.values) for item in made}
    locked = [item for item in made if pulled and item.origin and lose.column in item.values]
    lose.refresh_from_db()
    keep.refresh_from_db()
    if locked:
        with pytest.raises(services.Refused):
            services.merge_fields(lose=lose, keep=keep, by=by)
        assert {item.pk: values(item) for item in made} == {pk: was for pk, (*_, was) in before.items()}
        return
    plan = services.merge_fields(lose=lose, keep=keep, by=by)
    assert plan.items == sum(bool(gone) for gone, *_ in before.values())
    for item in made:
        gone, stayed, _ = before[item.pk]
        assert lose.column not in values(item)
        assert _labels(item, keep) == (stayed or gone)

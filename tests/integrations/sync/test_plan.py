"""Known items against a snapshot."""

from __future__ import annotations

from datetime import UTC

from integrations.records import Fate, Record
from integrations.sync.mapping import Rules, map_record
from integrations.sync.plan import Known, Plan, make_plan, settle
from integrations.sync.snapshot import Snapshot
from tests.integrations.sync.fakes import record

RULES = Rules(zone=UTC, start=("started",), end=None, fields=())


def known(found: Record, state: str = "") -> Known:
    """The item that an earlier run made of a record."""
    return Known(int(found.id), found.id, map_record(found, RULES)[0].hash, state)


def plan_for(snapshot: Snapshot, *items: Known) -> Plan:
    return make_plan(snapshot, {item.external_id: item for item in items}, RULES)


def holding(*records: Record, **more: object) -> Snapshot:
    return Snapshot(records={found.id: found for found in records}, **more)  # type: ignore[arg-type]  # test data


def test_new_changed_and_equal_records_are_told_apart() -> None:
    one, two, three = record("1"), record("2"), record("3")
    plan = plan_for(holding(one, record("2", "Renamed"), three), known(two), known(three))
    assert [row.external_id for row in plan.create] == ["1"]
    assert [row.name for _, row in plan.update] == ["Renamed"]
    assert plan.unchanged == 1


def test_a_record_that_matches_again_revives_its_item() -> None:
    """D11"""
    plan = plan_for(holding(record("1")), known(record("1"), "deleted"))
    assert [item.item_id for item, _ in plan.revive] == [1]
    assert not plan.create
    assert not plan.update


def test_a_record_outside_the_filter_is_flagged_without_asking() -> None:
    """B9"""
    plan = plan_for(Snapshot(passed_over={"1": "accepted"}), known(record("1")))
    assert [(flag.item.item_id, flag.reason) for flag in plan.flag] == [(1, "out_of_filter")]
    assert not plan.missing


def test_what_a_complete_listing_no_longer_holds_is_missing() -> None:
    assert [item.item_id for item in plan_for(Snapshot(), known(record("1"))).missing] == [1]


def test_an_incomplete_listing_proves_nothing_missing() -> None:
    plan = plan_for(Snapshot(complete=False), known(record("1")))
    assert not plan.missing
    assert plan.unchanged == 1


def test_an_unreadable_record_leaves_its_item_alone() -> None:
    plan = plan_for(Snapshot(set_aside=frozenset({"1"})), known(record("1")))
    assert not plan.missing
    assert not plan.flag


def test_a_settled_fate_is_not_asked_for_again() -> None:
    gone = [known(record("1"), "deleted"), known(record("2"), "moved"), known(record("3"), "hidden")]
    assert not plan_for(Snapshot(), *gone).missing


def test_an_item_that_left_the_filter_and_is_then_deleted_gets_the_new_reason() -> None:
    plan = plan_for(Snapshot(), known(record("1"), "out_of_filter"))
    settled = settle(plan, {"1": Fate("deleted")})
    assert [flag.reason for flag in settled.flag] == ["deleted"]


def test_a_record_that_is_there_after_all_is_left_alone() -> None:
    plan = settle(plan_for(Snapshot(), known(record("1"))), {"1": Fate("present")})
    assert not plan.flag
    assert plan.unchanged == 1


def test_every_known_item_is_counted_once() -> None:
    one, two, three, four = (record(str(number)) for number in range(1, 5))
    plan = plan_for(
        holding(one, record("2", "New name")),
        known(one),
        known(two),
        known(three),
        known(four, "deleted"),
    )
    settled = settle(plan, {"3": Fate("moved")})
    assert settled.unchanged + len(settled.update) + len(settled.revive) + len(settled.flag) == 4

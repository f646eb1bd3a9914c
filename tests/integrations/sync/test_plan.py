"""Known items against a snapshot."""

from __future__ import annotations

from datetime import UTC

from integrations.records import Fate, Problem, Record
from integrations.sync.mapping import Rules, map_record
from integrations.sync.plan import Known, Plan, Step, make_plan, settle
from integrations.sync.snapshot import Snapshot
from tests.integrations.sync.fakes import record

RULES = Rules(zone=UTC, start=("started",), end=None, fields=())


def known(found: Record, state: str = "") -> Known:
    """The item that an earlier run made of a record."""
    return Known(int(found.id), found.id, map_record(found, RULES)[0].hash, state)


def plan_for(snapshot: Snapshot, *items: Known) -> Plan:
    return make_plan(snapshot, {item.external_id: item for item in items}, RULES)


def holding(*records: Record, **more: object) -> Snapshot:
    states = {found.id: found.state for found in records}
    return Snapshot(pages=(records,), states=states, **more)  # type: ignore[arg-type]  # test data


def steps(plan: Plan) -> list[Step]:
    return list(plan.steps([]))


def test_new_changed_and_equal_records_are_told_apart() -> None:
    one, two, three = record("1"), record("2"), record("3")
    plan = plan_for(holding(one, record("2", "Renamed"), three), known(two), known(three))
    assert [(known is None, row.name) for known, row in steps(plan)] == [(True, "Story 1"), (False, "Renamed")]


def test_a_record_that_matches_again_revives_its_item() -> None:
    """D11"""
    plan = plan_for(holding(record("1")), known(record("1"), "deleted"))
    assert [known.item_id for known, _ in steps(plan) if known] == [1]


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
    assert not steps(plan)


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
    assert not plan.missing
    assert not steps(plan)


def test_what_could_not_be_taken_is_told_with_the_steps() -> None:
    bad = Problem(record_id="1", field="estimate", message="The number is negative or too large.")
    lost = Problem(record_id="2", field="", message="No usable name.")
    problems: list[Problem] = []
    assert len(list(plan_for(holding(record("1", problems=(bad,)), problems=(lost,))).steps(problems))) == 1
    assert problems == [lost, bad]


def test_every_known_item_has_one_lot() -> None:
    one, two, three, four = (record(str(number)) for number in range(1, 5))
    plan = plan_for(
        holding(one, record("2", "New name")),
        known(one),
        known(two),
        known(three),
        known(four, "deleted"),
    )
    settled = settle(plan, {"3": Fate("moved")})
    assert [known.external_id for known, _ in steps(settled) if known] == ["2"]
    assert [flag.item.external_id for flag in settled.flag] == ["3"]

"""One poisoned story never costs its page, one bad value never its story (R19, R20)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.pivotal_tracker.wire import Iteration, Me, Story, read_code, read_many, read_one
from integrations.errors import UnexpectedResponse
from tests.connectors.scripted import story

GOOD = [json.dumps(story(number)) for number in range(1, 500)]


def read_with(poison: str) -> tuple[list[int], list[tuple[str, str]], dict[str, list[str]]]:
    """Ids, what was lost, and the faults by id of a page of 499 good stories with one other in the middle."""
    body = "[" + ",".join([*GOOD[:250], poison, *GOOD[250:]]) + "]"
    listing = read_many(body.encode(), Story)
    faults = {story_id: [fault.member for fault in found] for story_id, found in listing.faults.items()}
    assert listing.size == 500
    return [one.id for one in listing.entries], [(fault.id, fault.member) for fault in listing.lost], faults


@pytest.mark.parametrize(
    "story_id",
    ["true", '"1"', "1.0", "-1", "0", str(2**63), str(2**70), "9" * 5000, "null", "[]", "1e3", "NaN", "1e999"],
)
def test_a_story_without_a_usable_id_is_set_aside(story_id: str) -> None:
    ids, lost, faults = read_with(f'{{"id": {story_id}, "name": "x"}}')
    assert ids == list(range(1, 500))
    assert lost == [("", "id")]
    assert faults == {}


@pytest.mark.parametrize("poison", ["null", "3", '"story"', "[]", "true"])
def test_what_is_no_story_at_all_is_set_aside(poison: str) -> None:
    ids, lost, _ = read_with(poison)
    assert len(ids) == 499
    assert lost == [("", "")]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("estimate", '"3"'),
        ("estimate", "[1]"),
        ("name", "7"),
        ("description", "{}"),
        ("labels", '"a"'),
        ("labels", "[7]"),
        ("owner_ids", "[1, true]"),
        ("owner_ids", '["1"]'),
        ("created_at", '"2014-02-30T00:00:00Z"'),
        ("created_at", '""'),
        ("created_at", '"yesterday"'),
        ("created_at", "1e12"),
        ("created_at", '"2014-06-30T23:59:60Z"'),
        ("transitions", '[{"occurred_at": 1.5}]'),
        ("cycle_time_details", "[]"),
        ("current_state", "3"),
    ],
)
def test_a_member_of_the_wrong_kind_costs_only_itself(member: str, value: str) -> None:
    ids, lost, faults = read_with(f'{{"id": 777, "story_type": "bug", "{member}": {value}}}')
    assert len(ids) == 500
    assert (lost, faults) == ([], {"777": [member]})


@pytest.mark.parametrize(
    "members",
    ['"name": "\\ud800"', '"estimate": NaN', '"estimate": Infinity', '"estimate": 1e999', '"new_member": {"a": [1]}'],
)
def test_what_can_be_judged_later_comes_through(members: str) -> None:
    ids, lost, faults = read_with(f'{{"id": 777, {members}}}')
    assert 777 in ids
    assert (lost, faults) == ([], {})


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"{}", b"3", b"<html>", b"\xef\xbb\xbf[]", b'["\xe9"]', b"[" * 100_000, b'[{"id": 1}'],
    ids=["empty", "null", "object", "number", "page", "byte order mark", "latin-1", "nested", "cut off"],
)
def test_what_is_no_list_is_an_unexpected_answer(body: bytes) -> None:
    with pytest.raises(UnexpectedResponse):
        read_many(body, Story)


def test_deep_nesting_is_an_unexpected_answer() -> None:
    with pytest.raises(UnexpectedResponse):
        read_many(b'[{"id": 1, "x": ' + b"[" * 3000 + b"]" * 3000 + b"}]", Story)


def test_the_last_of_two_equal_keys_wins_and_null_is_no_value() -> None:
    listing = read_many(b'[{"id": 1, "name": "a", "name": "b", "estimate": null}]', Story)
    assert (listing.entries[0].name, listing.entries[0].estimate) == ("b", None)


def test_an_iteration_without_number_is_lost_and_the_others_are_not() -> None:
    listing = read_many(b'[{"number": 1}, {"start": "2014-01-01T00:00:00Z"}, {"number": 3}]', Iteration)
    assert [one.number for one in listing.entries] == [1, 3]


def test_the_token_in_the_answer_about_me_is_left_there() -> None:
    """W4."""
    me = read_one(b'{"id": 1, "name": "Al", "api_token": "canary"}', Me)
    assert "canary" not in repr(me)
    assert not hasattr(me, "api_token")


@pytest.mark.parametrize(
    ("body", "code"),
    [(b'{"code": "unfound_resource"}', "unfound_resource"), (b"{}", ""), (b"<html>", None), (b"", None), (b"[]", None)],
)
def test_the_code_of_a_refusal_is_read_from_the_apis_own_body_only(body: bytes, code: str | None) -> None:
    assert read_code(body) == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(members=st.dictionaries(st.sampled_from(Story.__struct_fields__), json_values, max_size=8))
def test_any_value_in_any_member_is_taken_or_named(members: dict[str, object]) -> None:
    """R20: no crash, and a story with a good id is never lost."""
    listing = read_many(json.dumps([{**members, "id": 7}]).encode(), Story)
    assert [one.id for one in listing.entries] == [7]
    taken = listing.entries[0]
    faulty = {fault.member for fault in listing.faults.get("7", ())}
    for member in members.keys() - {"id"}:
        assert (getattr(taken, member) is None) == (members[member] is None or member in faulty)


def full_page(*, objects: int, others: int, words: int) -> bytes:
    """500 stories with so much in each of them."""
    story = {
        "labels": [{"id": number + 1, "name": f"Länge {number}"} for number in range(objects)],
        "comment_ids": [10**9 + number for number in range(others)],
        "description": "👍 " + "Größe, " * words,
    }
    return json.dumps([{"id": number + 1, **story} for number in range(500)], ensure_ascii=False).encode()


def test_the_fullest_page_that_people_make_is_read() -> None:
    """N5 refuses what is made to fill memory, and nothing else."""
    body = full_page(objects=40, others=200, words=800)
    assert len(body) > 5_000_000
    assert len(read_many(body, Story).entries) == 500


def test_a_bad_entry_costs_no_full_page() -> None:
    body = full_page(objects=20, others=100, words=400)
    assert len(body) > 1_000_000
    listing = read_many(body[:-1] + b", 0]", Story)
    assert (len(listing.entries), len(listing.lost)) == (500, 1)


def test_a_refusal_that_holds_too_much_has_no_code() -> None:
    assert read_code(b'{"code": "unfound_resource", "x": [' + b"{}," * 400_000 + b"0]}") is None

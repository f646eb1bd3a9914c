"""What every connector does over real HTTP, with a tracker that lives, lies and breaks (contract 1-6, 8, 9, 11, 12)."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from itertools import product

import pytest

from integrations import registry
from integrations.connectors.base import Auth
from integrations.errors import (
    CredentialRejected,
    ProjectUnavailable,
    PullError,
    PullRefused,
    RateLimited,
    TrackerUnavailable,
    UnexpectedResponse,
)
from integrations.records import Cursor, Page, Query, Record
from tests.connectors.pivotal_stage import pivotal_stage
from tests.connectors.stage import Stage, Truth

#: One stage for each connector. The contract fails for a connector that has none.
STAGES: Mapping[str, Callable[[], AbstractContextManager[Stage]]] = {"pivotal_tracker": pivotal_stage}


@pytest.fixture(params=registry.all_kinds())
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with STAGES[request.param]() as prepared:
        yield prepared


def pull(stage: Stage, query: Query, cursor: Cursor | None = None, *, auth: Auth | None = None) -> list[Page]:
    return list(stage.connector.pull(auth or stage.auth(), query, cursor))


def records_of(pages: list[Page]) -> dict[str, Record]:
    found = [record for page in pages for record in page.records]
    assert len({record.id for record in found}) == len(found)
    return {record.id: record for record in found}


def told(pages: list[Page]) -> list[Page]:
    """The pages with their records made, and without their cursors, which may tell when they were read."""
    return [replace(page, records=list(page.records), cursor=None) for page in pages]


def check(record: Record, truth: Truth) -> None:
    """Equal in all that the truth knows; and what the truth does not have, the record has not either."""
    assert (record.name, record.description, record.state) == (truth.name, truth.description, truth.state)
    assert {key: value for key, value in record.values.items() if key in truth.values} == dict(truth.values)
    assert {key: value for key, value in record.dates.items() if key in truth.dates} == dict(truth.dates)
    assert record.problems == ()


# -- 1. secrets


def test_a_good_secret_is_accepted_with_its_owner(stage: Stage) -> None:
    """D7."""
    identity = stage.connector.verify(stage.auth())
    assert identity.id
    assert identity.name
    assert identity.projects == len(stage.projects())


def test_every_other_secret_is_refused(stage: Stage) -> None:
    for secret in stage.bad_secrets():
        with pytest.raises(CredentialRejected) as caught:
            stage.connector.verify(stage.auth(secret))
        assert not secret or secret not in str(caught.value)


def test_a_revoked_secret_stops_everything_after_two_more_requests(stage: Stage) -> None:
    """S11, N6."""
    query = stage.query()
    stage.revoke_secret()
    before = len(stage.asked())
    with pytest.raises(CredentialRejected):
        pull(stage, query)
    assert len(stage.asked()) - before <= 2
    for ask in (stage.connector.verify, stage.connector.list_projects):
        with pytest.raises(CredentialRejected):
            ask(stage.auth())
    with pytest.raises(CredentialRejected):
        stage.connector.describe(stage.auth(), stage.project_id)
    with pytest.raises(CredentialRejected):
        stage.connector.lookup(stage.auth(), query, ["1"])


# -- 2. projects


def test_all_projects_are_listed_by_name(stage: Stage) -> None:
    """S16."""
    refs = stage.connector.list_projects(stage.auth())
    assert [ref.name for ref in refs] == sorted(stage.projects(), key=str.casefold)
    assert stage.project_id in {ref.id for ref in refs}


def test_a_thousand_projects_are_listed_at_once(stage: Stage) -> None:
    stage.add_projects(1_000)
    auth = stage.auth()
    refs = stage.connector.list_projects(auth)
    assert len(refs) == len({ref.id for ref in refs}) == len(stage.projects()) > 1_000
    assert auth.http.requests <= 2
    assert stage.connector.verify(stage.auth()).projects == len(refs)


def test_who_sees_no_project_is_told_so(stage: Stage) -> None:
    stage.leave_all_projects()
    assert stage.connector.list_projects(stage.auth()) == []
    assert stage.connector.verify(stage.auth()).projects == 0


def test_a_project_out_of_use_is_not_offered(stage: Stage) -> None:
    name = stage.archive_other_project()
    assert name not in {ref.name for ref in stage.connector.list_projects(stage.auth())}


# -- 3. description


def test_a_description_is_stable_and_sound(stage: Stage) -> None:
    """S17 to S19, D15."""
    described = stage.connector.describe(stage.auth(), stage.project_id)
    assert described == stage.connector.describe(stage.auth(), stage.project_id)
    states = [state.key for state in described.states]
    fields, dates = [spec.key for spec in described.fields], [spec.key for spec in described.dates]
    for keys in (states, [*fields, *dates]):
        assert len(set(keys)) == len(keys)
    assert all(spec.label for spec in (*described.states, *described.fields, *described.dates))
    assert set(described.suggested_states) <= set(states)
    assert set(described.suggested_fields) <= set(fields)
    assert stage.connector.type_key in (*fields, "")
    assert {*described.suggested_start, *described.suggested_end} <= set(dates)
    assert all(set(spec.colours) <= set(spec.options) for spec in described.fields)


def test_what_adds_up_into_progress_is_among_its_fields(stage: Stage) -> None:
    """B15: a Roll-up is right without a click where the connector says by what."""
    told = stage.connector.progress
    if told is None:
        return
    described = stage.connector.describe(stage.auth(), stage.project_id)
    specs = {spec.key: spec for spec in described.fields}
    assert specs[told.by].type in ("choice", "choices")
    assert specs[told.points].type == "number"
    assert specs[told.state].type in ("choice", "choices")
    assert {told.by, told.points, told.state} <= set(described.suggested_fields)
    labels = {state.label for state in described.states if state.category == "done"}
    assert set(told.done) == labels <= set(specs[told.state].options)


def test_each_value_is_of_the_type_that_its_field_promises(stage: Stage) -> None:
    described = stage.connector.describe(stage.auth(), stage.project_id)
    types = {spec.key: (spec.type, spec.options) for spec in described.fields}
    for record in records_of(pull(stage, stage.query())).values():
        for key, value in record.values.items():
            kind, options = types[key]
            sorts = {"number": (int, float), "choices": (tuple,), "checkbox": (bool,), "date": (date,)}
            assert type(value) in sorts.get(kind, (str,))
            assert not options or value in options
            assert value not in ("", ())


# -- 4, 5, 9. the whole listing


def test_a_full_pull_equals_the_truth(stage: Stage) -> None:
    truth, pages = stage.truth(), pull(stage, stage.query())
    records = records_of(pages)
    assert records.keys() == truth.keys()
    for record_id, record in records.items():
        check(record, truth[record_id])
    assert Counter(record.state for record in records.values()) == Counter(one.state for one in truth.values())
    assert {page.announced for page in pages} - {None} == {len(truth)}
    assert len({page.stamp for page in pages}) == 1
    assert all(page.complete and not page.unchanged and not page.set_aside for page in pages)


def test_two_full_pulls_are_equal(stage: Stage) -> None:
    query = stage.query()
    assert told(pull(stage, query)) == told(pull(stage, query))


def test_a_page_tells_its_records_beforehand_and_makes_them_more_than_once(stage: Stage) -> None:
    for page in pull(stage, stage.query()):
        records = list(page.records)
        assert list(page.records) == records
        assert page.states is None or list(page.states) == [(record.id, record.state) for record in records]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_is_outside_the_chosen_states_is_passed_over_and_counted(stage: Stage, count: int) -> None:
    """S17."""
    truth = stage.truth()
    chosen = frozenset(sorted({one.state for one in truth.values()} - {"unstarted"})[:count])
    pages = pull(stage, replace(stage.query(), states=chosen))
    records = records_of(pages)
    assert set(records) == {record_id for record_id, one in truth.items() if one.state in chosen}
    passed = {record_id: state for page in pages for record_id, state in page.passed_over.items()}
    assert passed == {record_id: one.state for record_id, one in truth.items() if one.state not in chosen}


def test_only_wanted_keys_arrive(stage: Stage) -> None:
    described = stage.connector.describe(stage.auth(), stage.project_id)
    for spec in (*described.fields, *described.dates):
        query = replace(stage.query(), wanted=frozenset({spec.key}))
        for record in records_of(pull(stage, query)).values():
            assert {*record.values, *record.dates} <= {spec.key}


# -- 6, 8. the cursor


def test_after_nothing_comes_nothing_for_one_request(stage: Stage) -> None:
    """B7."""
    query = stage.query()
    cursor = pull(stage, query)[-1].cursor
    assert cursor is not None
    auth = stage.auth()
    pages = pull(stage, query, json.loads(json.dumps(cursor)), auth=auth)
    assert [(page.unchanged, list(page.records)) for page in pages] == [(True, [])]
    assert auth.http.requests == 1


def test_after_one_change_comes_that_change(stage: Stage) -> None:
    query = stage.query()
    cursor = pull(stage, query)[-1].cursor
    changed = stage.change_record()
    records = records_of(pull(stage, query, cursor))
    check(records[changed], stage.truth()[changed])


def test_after_one_change_nothing_else_is_read_where_nothing_else_can_differ(stage: Stage) -> None:
    """B7: of the names and states alone."""
    query = replace(stage.query(), wanted=frozenset[str]())
    cursor = pull(stage, query)[-1].cursor
    changed, deleted = stage.change_record(), stage.delete_record()
    auth = stage.auth()
    pages = pull(stage, query, cursor, auth=auth)
    assert set(records_of(pages)) == {changed}
    assert {gone for page in pages for gone in page.gone} == {deleted}
    assert not pages[-1].complete
    assert auth.http.requests <= 6


def test_a_cursor_that_was_tampered_with_hides_no_change(stage: Stage) -> None:
    query = stage.query()
    cursor = pull(stage, query)[-1].cursor
    assert cursor is not None
    changed = stage.change_record()
    name = stage.truth()[changed].name
    for key, value in product(cursor, (None, "", "x", -1, 10**12, [], {}, "2999-01-01T00:00:00Z")):
        records = records_of(pull(stage, query, {**cursor, key: value}))
        assert records[changed].name == name, (key, value)


def test_only_the_last_page_has_a_cursor(stage: Stage) -> None:
    assert [page.cursor is None for page in pull(stage, stage.query())][::-1].index(True) == 1


def test_a_strange_cursor_loses_nothing(stage: Stage) -> None:
    query = stage.query()
    cursor = pull(stage, query)[-1].cursor
    assert cursor is not None
    strange: list[Cursor] = [{}, {"page": 3}, {**cursor, "project": "1"}, {**cursor, "version": "99999999"}]
    strange.append({**cursor, "version": 10**9})
    for one in strange:
        pages = pull(stage, query, one)
        assert records_of(pages).keys() == stage.truth().keys()
        assert pages[-1].complete


def test_a_change_between_two_answers_shows_in_their_stamps(stage: Stage) -> None:
    """R13: whoever collects the pages can see that they do not belong together."""
    stage.change_between_pages(after=1)
    query = stage.query()
    stamps = [page.stamp for page in pull(stage, query)]
    assert len(set(stamps)) == 2


# -- what became of a record


def test_each_fate_is_told(stage: Stage) -> None:
    """D11, B9."""
    query = stage.query()
    gone = {
        stage.delete_record(): "deleted",
        stage.move_record(): "moved",
        stage.hide_record(): "hidden",
        "999999999999": "deleted",
    }
    kept = [record_id for record_id in stage.truth() if record_id not in gone][:3]
    fates = stage.connector.lookup(stage.auth(), query, [*gone, *kept])
    assert {record_id: fates[record_id].kind for record_id in gone} == gone
    for record_id in kept:
        record = fates[record_id].record
        assert fates[record_id].kind == "present"
        assert record is not None
        check(record, stage.truth()[record_id])


def test_a_record_outside_the_chosen_states_is_told_with_its_state(stage: Stage) -> None:
    truth = stage.truth()
    record_id, one = next(iter(truth.items()))
    fates = stage.connector.lookup(stage.auth(), replace(stage.query(), states=frozenset()), [record_id])
    assert (fates[record_id].kind, fates[record_id].state) == ("out_of_filter", one.state)


# -- 11. faults

AT_ONCE = [
    "too_many_requests",
    "internal_error",
    "bad_gateway",
    "maintenance",
    "sign_in_page",
    "cut_off",
    "truncated_json",
    "wrong_length",
    "bad_gzip",
    "broken_chunk",
]
SLOW = ["hang", "drip", "hang_after_headers"]
LASTING = {
    "too_many_requests": RateLimited,
    "internal_error": TrackerUnavailable,
    "bad_gateway": TrackerUnavailable,
    "maintenance": TrackerUnavailable,
    "hang": TrackerUnavailable,
    "drip": TrackerUnavailable,
    "hang_after_headers": TrackerUnavailable,
    "sign_in_page": UnexpectedResponse,
    "cut_off": UnexpectedResponse,
    "truncated_json": UnexpectedResponse,
    "wrong_length": UnexpectedResponse,
    "bad_gzip": UnexpectedResponse,
    "broken_chunk": UnexpectedResponse,
    "huge": UnexpectedResponse,
    "gzip_bomb": UnexpectedResponse,
    "nested": UnexpectedResponse,
    "redirect": UnexpectedResponse,
    "unauthorized": TrackerUnavailable,
    "canned": ProjectUnavailable,
}


@pytest.mark.parametrize("kind", [*AT_ONCE, *SLOW])
def test_a_fault_that_passes_changes_nothing_and_costs_one_request(stage: Stage, kind: str) -> None:
    """N1 to N4, at each request in turn; of those that take a second, at the first two."""
    query, auth = stage.query(), stage.auth()
    expected = told(pull(stage, query, auth=auth))
    requests = auth.http.requests
    for after in range(2 if kind in SLOW else requests):
        stage.break_request(kind, after=after, times=1)
        auth = stage.auth(impatient=True)
        # The cursor tells when it was read, and a fault takes time.
        assert told(pull(stage, query, auth=auth)) == expected
        assert auth.http.requests == requests + 1


@pytest.mark.parametrize("kind", LASTING)
def test_a_fault_that_lasts_is_an_error_of_its_class_in_time_and_without_secrets(stage: Stage, kind: str) -> None:
    """N1 to N6: at whichever request, with a sentence, and with no more than two tries for each."""
    query = stage.query()
    stage.break_request(kind, after=1, times=None)
    auth = stage.auth(impatient=True)
    began = time.monotonic()
    with pytest.raises(PullError) as caught:
        pull(stage, query, auth=auth)
    assert type(caught.value) is LASTING[kind]
    assert time.monotonic() - began < 4
    assert auth.http.requests <= 4
    shown = "".join(traceback.format_exception(caught.value))
    assert auth.secret not in shown
    assert "<" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("kind", ["internal_error", "truncated_json", "too_many_requests"])
def test_a_fault_is_an_error_of_its_class_whatever_is_asked(stage: Stage, kind: str) -> None:
    query = stage.query()
    ids = list(stage.truth())[:3]
    asks: list[Callable[[Auth], object]] = [
        lambda auth: stage.connector.describe(auth, stage.project_id),
        lambda auth: stage.connector.lookup(auth, query, ids),
        lambda auth: pull(stage, query, auth=auth),
    ]
    stage.break_request(kind, after=0, times=None)
    for ask in asks:
        auth = stage.auth(impatient=True)
        with pytest.raises(LASTING[kind]):
            ask(auth)
        assert auth.http.requests <= 2


def test_no_log_line_holds_the_secret(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """W4: also not at the finest level, with a fault on the way."""
    query, auth = stage.query(), stage.auth(impatient=True)
    stage.break_request("broken_chunk", after=0, times=1)
    with caplog.at_level(logging.DEBUG):
        pull(stage, query, auth=auth)
        stage.connector.verify(auth)
    assert "GET" in caplog.text
    assert auth.secret not in caplog.text


def test_a_lost_project_is_no_dead_secret(stage: Stage) -> None:
    """N6."""
    query = stage.query()
    stage.lose_project()
    asks = [
        lambda: pull(stage, query),
        lambda: stage.connector.describe(stage.auth(), stage.project_id),
        lambda: stage.connector.lookup(stage.auth(), query, ["1"]),
    ]
    for ask in asks:
        with pytest.raises(ProjectUnavailable):
            ask()
    assert stage.connector.verify(stage.auth())


@pytest.mark.parametrize("project_id", ["", "0", "../me", "1?fields=x", "%31", "١", "1\n"])
def test_a_project_id_can_lead_nowhere_else(stage: Stage, project_id: str) -> None:
    """W7, 12."""
    query = replace(stage.query(), project_id=project_id)
    before = len(stage.asked())
    for ask in (
        lambda: pull(stage, query),
        lambda: stage.connector.describe(stage.auth(), project_id),
        lambda: stage.connector.lookup(stage.auth(), query, ["1"]),
    ):
        with pytest.raises((ProjectUnavailable, PullRefused)):
            ask()
    assert len(stage.asked()) == before

"""Each value of a story as a roadmap gets it: cleaned, typed, and never guessed (section 6 of bad input, D17)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.pivotal_tracker import catalog, values
from integrations.connectors.pivotal_tracker.stories import LONGEST_DESCRIPTION, LONGEST_NAME, NO_NAME, make_record
from integrations.connectors.pivotal_tracker.values import BadValue, Lookups, clean_text, read_moment, read_number
from integrations.connectors.pivotal_tracker.wire import Iteration, Story
from integrations.records import Record
from tracker_sandbox.stories import STORY

EVERYTHING = catalog.select(frozenset(row.spec.key for row in (*catalog.FIELDS, *catalog.DATES)))
LOOKUPS = Lookups(
    epics={2: "Epic of checkout"},
    people={4: "Olga Olsen", 5: "Vera Voss"},
    iterations={
        7: Iteration(number=3, start=datetime(2026, 1, 5, tzinfo=UTC), finish=datetime(2026, 1, 12, tzinfo=UTC))
    },
    project="Shop",
)


def record_of(**members: object) -> Record:
    story = msgspec.convert({"id": 7, "name": "A story", "current_state": "started", **members}, Story)
    return make_record(story, selection=EVERYTHING, lookups=LOOKUPS)


def test_every_value_of_a_rich_story() -> None:
    """S19: each field of a story as its type."""
    record = record_of(
        description="**Bold**",
        url="https://tracker.test/story/show/7",
        story_type="release",
        story_priority="p1",
        estimate=0.5,
        labels=[{"id": 1, "name": "shop"}, {"id": 2, "name": "checkout"}],
        owner_ids=[5, 4, 99],
        requested_by_id=4,
        follower_ids=[98, 4],
        external_id=" ABC-1 ",
        integration_id=12,
        before_id=8,
        after_id=6,
        tasks=[{"id": 1, "complete": True}, {"id": 2}],
        comment_ids=[1, 2, 3],
        blockers=[{"id": 1, "resolved": True}, {"id": 2, "resolved": False}],
        blocked_story_ids=[],
        reviews=[{"id": 1, "status": "in_review", "review_type": {"id": 2, "name": "Design"}}, {"id": 3}],
        pull_request_ids=[1],
        branch_ids=[1, 2],
        cicd_event_ids=[],
        cycle_time_details={"total_cycle_time": 129_600_000, "rejected_count": 2, "started_time": 0},
        points_accepted=3,
        points_total=5.5,
        counts_accepted=1,
        counts_total=2,
        created_at="2026-01-02T03:04:05Z",
        updated_at=1_767_323_045_000,
        accepted_at="2026-01-09T00:00:00+02:00",
        deadline="2026-02-01T12:00:00Z",
        projected_completion="2026-01-30T00:00:00Z",
        transitions=[
            {"state": "rejected", "occurred_at": "2026-01-03T00:00:00Z"},
            {"state": "started", "occurred_at": "2026-01-06T00:00:00Z"},
            {"state": "started", "occurred_at": 1_767_571_200_000},
        ],
    )
    assert record.problems == ()
    assert (record.id, record.name, record.description, record.state) == ("7", "A story", "**Bold**", "started")
    assert record.url == "https://tracker.test/story/show/7"
    assert record.values == {
        "type": "Release",
        "state": "Started",
        "priority": "High",
        "estimate": 0.5,
        "labels": ("checkout", "shop"),
        "epics": ("Epic of checkout",),
        "owners": ("Vera Voss", "Olga Olsen", "Former member (99)"),
        "requester": "Olga Olsen",
        "followers": ("Former member (98)", "Olga Olsen"),
        "project": "Shop",
        "iteration": 3,
        "url": "https://tracker.test/story/show/7",
        "external_id": "ABC-1",
        "integration": "12",
        "tasks": "1/2",
        "comments": 3,
        "blockers": 1,
        "blocks": 0,
        "reviews": ("Design: in review", "Review: unstarted"),
        "pull_requests": 1,
        "branches": 2,
        "builds": 0,
        "ranked_before": "#8",
        "ranked_after": "#6",
        "cycle_time": 1.5,
        "time_started": 0,
        "rejections": 2,
        "points_accepted": 3,
        "points_total": 5.5,
        "counts_accepted": 1,
        "counts_total": 2,
    }
    assert record.dates == {
        "created": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "started": datetime(2026, 1, 5, tzinfo=UTC),
        "accepted": datetime(2026, 1, 8, 22, tzinfo=UTC),
        "deadline": datetime(2026, 2, 1, 12, tzinfo=UTC),
        "projected": datetime(2026, 1, 30, tzinfo=UTC),
        "iteration_start": datetime(2026, 1, 5, tzinfo=UTC),
        "iteration_finish": datetime(2026, 1, 12, tzinfo=UTC),
        "updated": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    }


def test_a_bare_story_has_no_values() -> None:
    """Absent means no value, not an empty one."""
    story = msgspec.convert({"id": 8, "name": "Bare", "current_state": "unscheduled"}, Story)
    record = make_record(story, selection=EVERYTHING, lookups=Lookups())
    assert (record.values, record.dates, record.url) == ({"state": "Unscheduled"}, {}, "")


def test_empty_lists_and_no_priority_are_no_value() -> None:
    record = record_of(labels=[], owner_ids=[], tasks=[], story_priority="none", external_id=" ")
    assert not record.values.keys() & {"labels", "epics", "owners", "tasks", "priority", "external_id"}


def test_unknown_states_types_and_priorities_are_shown_as_they_are() -> None:
    """R20."""
    record = record_of(current_state="parked", story_type="spike", story_priority="p9")
    assert (record.state, record.values["state"]) == ("parked", "parked")
    assert (record.values["type"], record.values["priority"]) == ("spike", "p9")


def test_labels_that_differ_in_case_form_or_blanks_are_one() -> None:
    labels = [{"id": 1, "name": "Café"}, {"id": 2, "name": "cafe\u0301"}, {"id": 3, "name": " CAFÉ "}, "café"]
    assert record_of(labels=labels).values["labels"] == ("Café",)


def test_a_label_keeps_its_commas_quotes_and_slashes() -> None:
    """Section 6: none of them parts a name in two or goes missing, also where two names differ in nothing else."""
    names = ["a / b", "a, b", 'a "b"', "a 'b'", "a b", "a/b", "a\\b", "a;b|c"]
    record = record_of(labels=[{"id": number, "name": name} for number, name in enumerate(names, 10)])
    found = record.values["labels"]
    assert isinstance(found, tuple) and sorted(found) == sorted(names)
    assert record.problems == ()


def test_an_epic_is_found_by_its_very_label_and_not_by_a_twin_of_its_name() -> None:
    """D17."""
    assert record_of(labels=[{"id": 2, "name": "Checkout"}]).values["epics"] == ("Epic of checkout",)
    assert "epics" not in record_of(labels=[{"id": 9, "name": "checkout"}]).values


def test_litetracker_calls_a_name_title_and_nests_its_people() -> None:
    people = {"owners": [{"id": 1, "name": "Al"}, {"id": 2, "username": "bo"}, {"id": 3}], "requested_by": {"id": 9}}
    record = record_of(name=None, title="Named otherwise", **people)
    assert (record.name, record.values["owners"]) == ("Named otherwise", ("Al", "bo", "Person 3"))
    assert record.values["requester"] == "Person 9"


def test_an_old_story_with_a_single_owner_has_that_one() -> None:
    assert record_of(owned_by_id=4).values["owners"] == ("Olga Olsen",)


@pytest.mark.parametrize("name", ["", "   ", "\0", None])
def test_a_story_without_name_gets_a_placeholder_and_a_problem(name: str | None) -> None:
    record = record_of(name=name)
    assert record.name == NO_NAME
    assert [(problem.record_id, problem.field) for problem in record.problems] == [("7", "name")]


def test_texts_that_are_too_long_are_cut_with_a_mark_and_a_problem() -> None:
    record = record_of(name="x" * 5_001, description="y" * 200_000)
    assert (len(record.name), len(record.description)) == (LONGEST_NAME, LONGEST_DESCRIPTION)
    assert record.name.endswith("(cut)")
    assert [problem.field for problem in record.problems] == ["name", "description"]
    longest = record_of(name="x" * LONGEST_NAME, description="y" * LONGEST_DESCRIPTION)
    assert longest.problems == ()


@pytest.mark.parametrize(
    ("text", "clean"), [("a\0b", "ab"), ("a\ud800b", "a\ufffdb"), ("😀", "😀"), ("e\u0301", "e\u0301"), ("", "")]
)
def test_text_is_cleaned_of_what_no_database_takes(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(text=st.text(alphabet=st.characters(codec=None), max_size=40))
def test_cleaned_text_can_always_be_stored(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert "\0" not in cleaned
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1, -0.5, 10**13])
def test_a_number_that_is_none_is_a_problem_and_no_value(number: float) -> None:
    record = record_of(estimate=number)
    assert "estimate" not in record.values
    assert [problem.field for problem in record.problems] == ["estimate"]


@given(number=st.integers(0, 10**12) | st.floats(0, 10**12))
def test_numbers_stay_what_they_are(number: float) -> None:
    assert read_number(number) == number


@pytest.mark.parametrize(
    ("given_moment", "moment"),
    [
        (datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 12, tzinfo=UTC)),
        (datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=14))), datetime(2025, 12, 31, 22, tzinfo=UTC)),
        (1_000_000_000_000, datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_brought_to_utc(given_moment: datetime | int, moment: datetime) -> None:
    assert read_moment(given_moment) == moment


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05z", "2026-01-02t03:04:05z", "2026-01-02T03:04:05Z"])
def test_a_date_may_be_written_in_small_letters(text: str) -> None:
    """Section 6: RFC 3339 allows them."""
    record = record_of(created_at=text)
    assert record.problems == ()
    assert record.dates["created"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=10))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-10))),
        datetime(1899, 12, 31, tzinfo=UTC),
        datetime(2201, 1, 1, tzinfo=UTC),
        10**18,
        -(10**18),
        10**40,
    ],
)
def test_a_moment_out_of_bounds_is_refused(moment: datetime | int) -> None:
    with pytest.raises(BadValue):
        read_moment(moment)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        " https://a.test",
        "https://a.test/\n",
        "https://a.test/ b",
        'https://a.test/"onclick=',
        "//a.test",
        "ftp://a.test",
        "https://",
        "\0https://a.test",
    ],
)
def test_only_plain_web_addresses_become_links(address: str) -> None:
    """W10, D18."""
    record = record_of(url=address)
    assert record.url == ""
    assert "url" not in record.values


def test_old_addresses_without_tls_stay() -> None:
    assert values.safe_url("http://www.pivotaltracker.com/story/show/1") == "http://www.pivotaltracker.com/story/show/1"


def test_only_what_is_wanted_is_asked_for() -> None:
    """Expensive members cost nothing where nobody wants them."""
    assert catalog.select(frozenset()).ask == "name,description,current_state,url"
    asked = catalog.select(frozenset({"labels", "epics", "started", "nonsense"}))
    assert asked.ask == "name,description,current_state,url,labels(name),transitions(state,occurred_at)"
    assert asked.needs == {"epics"}


def test_keys_and_labels_of_the_catalogue_are_unique() -> None:
    specs = [row.spec for row in (*catalog.FIELDS, *catalog.DATES)]
    assert len({spec.key for spec in specs}) == len({spec.label for spec in specs}) == len(specs)


def test_each_member_of_a_story_can_be_pulled_or_is_left_out_on_purpose() -> None:
    """S19: a new member of the typed story must be offered, or be named here."""
    offered = {row.ask.partition("(")[0] for row in (*catalog.FIELDS, *catalog.DATES)}
    used_otherwise = {"id", "project_id", "name", "title", "description"}
    other_spellings = {"owned_by_id", "owners", "requested_by"}
    assert set(Story.__struct_fields__) == (offered - {""}) | used_otherwise | other_spellings


def test_planned_is_offered_only_where_a_project_plans_by_hand() -> None:
    by_hand = [one.key for one in catalog.states(automatic_planning=False)]
    assert len(by_hand) == 8
    assert [one.key for one in catalog.states(automatic_planning=True)] == [one for one in by_hand if one != "planned"]


#: Members of a story that no field or date asks for: shown elsewhere, or the same in another spelling.
LEFT_OUT = {
    "kind": "always story",
    "id": "the column External ID",
    "project_id": "the link",
    "owned_by": "the first of owner_ids",
    "owned_by_id": "the first of owner_ids",
    "owners": "owner_ids",
    "requested_by": "requested_by_id",
    "label_ids": "labels",
    "task_ids": "tasks",
    "comments": "comment_ids",
    "followers": "follower_ids",
    "blocker_ids": "blockers",
    "review_ids": "reviews",
    "pull_requests": "pull_request_ids",
    "branches": "branch_ids",
}


def test_each_member_of_a_story_is_taken_or_left_out_on_purpose() -> None:
    """Contract 10."""
    asked = EVERYTHING.keys_of_members.keys() - {"", "title"}
    assert STORY.names - asked == LEFT_OUT.keys()
    assert asked <= STORY.names

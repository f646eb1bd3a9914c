"""Every stored answer of the real service is read without a fault, and bent answers are survived (contract 10, R20)."""

from __future__ import annotations

import json
import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from integrations.connectors.base import Auth
from integrations.connectors.pivotal_tracker import catalog, connector, wire
from integrations.connectors.pivotal_tracker.stories import make_record
from integrations.connectors.pivotal_tracker.values import Lookups
from integrations.http import Answer, Http
from integrations.records import Query, Record
from tests.connectors.recordings import Recording, recordings
from tests.connectors.scripted import TOKEN, story

EVERYTHING = frozenset(row.spec.key for row in (*catalog.FIELDS, *catalog.DATES))

#: What an answer holds, by its path. A release is a story; so is what a release lists.
SHAPES: list[tuple[str, type[msgspec.Struct]]] = [
    (r"/me", wire.Me),
    (r"/projects", wire.Project),
    (r"/projects/\d+", wire.Project),
    (r"(/projects/\d+)?/stories(/\d+)?", wire.Story),
    (r"/projects/\d+/releases(/\d+/stories)?", wire.Story),
    (r"(/projects/\d+)?/epics(/\d+)?", wire.Epic),
    (r"/projects/\d+/iterations", wire.Iteration),
    (r"/projects/\d+/labels", wire.Named),
    (r"/projects/\d+/stories/\d+/owners", wire.Person),
    (r"/projects/\d+/stories/\d+/reviews", wire.Review),
    (r"/projects/\d+/stories/\d+/transitions", wire.Transition),
    (r"/projects/\d+/iterations/\d+/analytics/cycle_time_details", wire.CycleTime),
]
#: What a pull never asks for.
NEVER_ASKED = re.compile(
    r"/my/.*|.*/activity|.*/comments(/\d+)?|/projects/\d+/search|/projects/\d+/history/.*|/projects//.*"
)


def shape_of(recording: Recording) -> type[msgspec.Struct] | None:
    return next((shape for pattern, shape in SHAPES if re.fullmatch(pattern, recording.path)), None)


def listing_of(recording: Recording, shape: type[msgspec.Struct]) -> wire.Listing[msgspec.Struct]:
    body = recording.answer.body
    return wire.read_many(body, shape) if body.startswith(b"[") else wire.read_story(body, shape)


def stories() -> list[wire.Story]:
    found: list[wire.Story] = []
    for recording in recordings():
        if shape_of(recording) is wire.Story:
            found += [one for one in listing_of(recording, wire.Story).entries if isinstance(one, wire.Story)]
    return found


def test_every_stored_answer_is_read_without_a_fault() -> None:
    for recording in recordings():
        shape = shape_of(recording)
        if shape is None:
            assert NEVER_ASKED.fullmatch(recording.path), f"Add {recording.path} to the shapes"
            continue
        listing = listing_of(recording, shape)
        assert (recording.name, listing.lost, listing.faults) == (recording.name, (), {})
        raw = json.loads(recording.answer.body)
        assert listing.size == (len(raw) if isinstance(raw, list) else 1)


def test_what_was_read_is_what_was_sent() -> None:
    """No member of ours silently stays empty where Tracker sent one."""
    for recording in recordings():
        shape = shape_of(recording)
        if shape is None:
            continue
        raw = json.loads(recording.answer.body)
        for sent, read in zip(
            raw if isinstance(raw, list) else [raw], listing_of(recording, shape).entries, strict=True
        ):
            for name in read.__struct_fields__:
                assert (getattr(read, name) is None) <= (sent.get(name) is None), f"{recording.name}: {name}"


def test_every_stored_story_becomes_a_record_without_a_problem() -> None:
    selection = catalog.select(EVERYTHING)
    for one in stories():
        record = make_record(one, selection=selection, lookups=Lookups())
        assert (record.id, record.problems) == (str(one.id), ())
        assert record.name == (one.name or "").strip()
        assert record.url == (one.url or "")


def test_the_refusals_of_the_service_are_understood() -> None:
    for recording in recordings():
        if recording.answer.status == 404:
            assert wire.read_code(recording.answer.body) in {"unfound_resource", "route_not_found"}


class Replay(Http):
    """Answers with the recorded pages of one listing under one version."""

    def __init__(self, pages: dict[int, Recording]) -> None:
        super().__init__("https://tracker.test", user_agent="Tests")
        self._pages = pages

    def get(self, path: str, params: object = None, headers: object = None, *, first: object = None) -> Answer:
        assert isinstance(params, dict)
        self.requests += 1
        return self._pages[params["offset"]].answer


def listings() -> dict[tuple[str | None, str], dict[int, Recording]]:
    """The pages of each recorded listing of all stories, by version and limit, and by offset."""
    found: dict[tuple[str | None, str], dict[int, Recording]] = {}
    for recording in recordings():
        if recording.path.endswith("/projects/1027488/stories") and "with_state" not in recording.query:
            key = recording.version, recording.query["limit"]
            found.setdefault(key, {})[int(recording.query.get("offset", 0))] = recording
    return found


def pull_of(pages: dict[int, Recording]) -> tuple[list[Record], dict[str, str]]:
    query = Query("1027488", frozenset({"started", "unstarted", "accepted"}), EVERYTHING_WITHOUT_REFERENCES)
    pulled = list(connector.pull(Auth(TOKEN, Replay(pages)), query, None))
    passed = {story_id: state for page in pulled for story_id, state in page.passed_over.items()}
    return [record for page in pulled for record in page.records], passed


EVERYTHING_WITHOUT_REFERENCES = frozenset(
    row.spec.key for row in (*catalog.FIELDS, *catalog.DATES) if row.needs is None
)


def test_recorded_pages_of_seven_give_the_same_as_the_recorded_whole() -> None:
    """R15: the service's own headers lead the client through its own pages."""
    whole, in_pages = {}, {}
    for (version, limit), pages in listings().items():
        total = int(pages[0].answer.headers["X-Tracker-Pagination-Total"])
        if set(pages) != set(range(0, total, int(limit))):
            continue
        records, passed = pull_of(pages)
        assert len(records) + len(passed) == total
        assert not any(record.problems for record in records)
        (whole if len(pages) == 1 else in_pages)[version] = sorted(record.id for record in records), passed.keys()
    for version in whole.keys() & in_pages.keys():
        assert whole[version] == in_pages[version]
    assert bool(whole) == bool(in_pages) == bool(recordings())


bent = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()) | st.just({})


@given(data=st.data())
def test_a_bent_story_is_survived(data: st.DataObject) -> None:
    """R20: members added, dropped and retyped."""
    samples = [one for r in recordings() if shape_of(r) is wire.Story for one in _raw(r)] or [story(1, labels=[])]
    sent = dict(data.draw(st.sampled_from(samples)))
    for name in data.draw(st.lists(st.sampled_from([*sent, "new_member", *wire.Story.__struct_fields__]), max_size=4)):
        if data.draw(st.booleans()):
            sent.pop(name, None)
        else:
            sent[name] = data.draw(bent)
    sent["id"] = 7
    listing = wire.read_many(json.dumps([sent]).encode(), wire.Story)
    selection = catalog.select(EVERYTHING)
    record = make_record(listing.entries[0], selection=selection, lookups=Lookups(), faults=listing.faults.get("7", ()))
    assert record.id == "7"
    json.dumps([record.name, record.description, record.url]).encode()


def _raw(recording: Recording) -> list[dict[str, object]]:
    raw = json.loads(recording.answer.body)
    return raw if isinstance(raw, list) else [raw]

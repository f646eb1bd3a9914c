"""A tracker that misbehaves, at each request of a pull in turn (N1 to N5, R13, R14, R17).

Once, it is asked again and the pull lands. For good, the run fails under the right name and changes nothing, and the
next one heals it.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from integrations.models import SyncRun
from tests.faults import times
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site, soon
from tests.histories import steps

LATER = {"rate_limited"}
AWAY = {"tracker_unavailable"}
NONSENSE = {"unexpected_response"}
#: Its kind in the sandbox, how it is made, and under which names a run may fail by it.
FAULTS: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "429": ("too_many_requests", {"retry_after": "1"}, LATER),
    "429 without a time": ("too_many_requests", {}, LATER),
    "500": ("internal_error", {}, AWAY),
    "502 with HTML": ("bad_gateway", {}, AWAY),
    "503 with HTML": ("maintenance", {}, AWAY),
    "200 with HTML": ("sign_in_page", {}, NONSENSE),
    "cut off": ("cut_off", {}, NONSENSE),
    "half of the JSON": ("truncated_json", {}, NONSENSE),
    "garbled": ("bad_gzip", {}, NONSENSE),
    "broken chunks": ("broken_chunk", {}, NONSENSE),
    "wrong JSON": ("canned", {"body": '{"kind": "surprise"}'}, NONSENSE),
    "nested JSON": ("nested", {}, NONSENSE),
    "endless": ("huge", {"megabytes": 100_000}, NONSENSE | AWAY),
    "slow by the byte": ("drip", {"seconds": 0.3}, AWAY),
    "silent": ("hang", {"seconds": 3.0}, AWAY),
    "silent after headers": ("hang_after_headers", {"seconds": 3.0}, AWAY | NONSENSE),
    "same page twice": ("same_page_twice", {"path": "offset="}, NONSENSE | {"inconsistent"}),
    "a total that lies": ("total_lies", {"excess": 5}, NONSENSE | {"inconsistent"}),
    "moving": ("version_change", {}, {"inconsistent"}),
}
#: What is believed at once, so that a run fails although the next answer would be right.
BELIEVED = {"wrong JSON", "nested JSON", "endless", "same page twice"}
#: Five tries of one request, as slow as they may be, and the next run.
TARGET = 5 * times.TRY_SECONDS + 10 * times.FIRST_WAIT_SECONDS + times.DISPATCH_SECONDS + 5
IN_CI = [("502 with HTML", 1), ("cut off", 4)]


@pytest.mark.parametrize(("name", "request_number"), IN_CI)
def test_a_request_fails(name: str, request_number: int, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    assert fails_once(name, request_number, site, roadmap, measure)
    assert fails_for_good(name, request_number, site, roadmap, measure)


@pytest.mark.faults_all
@pytest.mark.parametrize("name", FAULTS)
def test_each_request_fails_once(name: str, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    numbers = itertools.count(1)
    while fails_once(name, number := next(numbers), site, roadmap, measure):
        pass
    assert number > 3


@pytest.mark.faults_all
@pytest.mark.parametrize("name", FAULTS)
def test_each_request_fails_for_good(name: str, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> None:
    numbers = itertools.count(1)
    while fails_for_good(name, number := next(numbers), site, roadmap, measure):
        pass
    assert number > 3


def fails_once(name: str, number: int, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> bool:
    """One answer is bad; says whether there was such a request at all."""
    kind, how, codes = FAULTS[name]
    fault = site.sandbox.faults.add(kind, after=number - 1, times=1, **how)
    change(roadmap, number)
    measure("N", roadmap.heals(), target=TARGET)
    assert all(run.error_code in codes for run in roadmap.runs()[:-1])
    assert name in BELIEVED or len(roadmap.runs()) == 1, [run.error for run in roadmap.runs()]
    site.sandbox.faults.clear()
    return fault.hits > 0


def fails_for_good(name: str, number: int, site: Site, roadmap: LinkedRoadmap, measure: Measure) -> bool:
    """From that request on, every answer is bad, until the run came to nothing."""
    kind, how, codes = FAULTS[name]
    fault = site.sandbox.faults.add(kind, after=number - 1, times=None, **how)
    change(roadmap, number)
    soon(lambda: any(not run.is_live for run in roadmap.runs()), seconds=60, why=site.last_words)
    first = roadmap.runs()[0]
    if first.state == SyncRun.State.FAILED:
        assert first.error_code in codes, (first.error_code, first.error)
        assert "Traceback" not in first.error and "<" not in first.error
        assert roadmap.stage.items() == roadmap.before
    site.sandbox.faults.clear()
    measure("N", roadmap.heals(), target=TARGET)
    return fault.hits > 0


def change(roadmap: LinkedRoadmap, number: int) -> None:
    roadmap.changes(
        [
            steps.Create(f"Idea {number}", state="started", estimate=1.0),
            steps.Edit(0, "name", f"Renamed before request {number}"),
            steps.Reorder(number, 0),
        ]
    )

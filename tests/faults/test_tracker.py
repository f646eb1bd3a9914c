"""A tracker that misbehaves, at each request of a pull in turn (N1 to N5, R14, R17).

Once, it is asked again, and the pull lands; for good, the run fails under the right name and changes nothing, and the
next one heals it.
"""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import SyncRun
from tests.faults import times
from tests.faults.measure import Measure
from tests.faults.roadmap import LinkedRoadmap
from tests.faults.site import Site, soon

#: Kind, how it is made, and the names of errors under which a run may fail by it.
FAULTS: dict[str, tuple[str, dict[str, Any], set[str]]] = {
    "429": ("too_many_requests", {"retry_after": "1"}, {"rate_limited"}),
    "429 without a time": ("too_many_requests", {}, {"rate_limited"}),
    "500": ("internal_error", {}, {"tracker_unavailable"}),
    "502 with HTML": ("bad_gateway", {}, {"tracker_unavailable"}),
    "503 with HTML": ("maintenance", {}, {"tracker_unavailable"}),
    "200 with HTML": ("sign_in_page", {}, {"unexpected_response"}),
    "cut off": ("cut_off", {}, {"unexpected_response"}),
    "half of its JSON": ("truncated_json", {}, {"unexpected_response"}),
    "garbled": ("bad_gzip", {}, {"unexpected_response"}),
    "broken chunks": ("broken_chunk", {}, {"unexpected_response"}),
    "wrong JSON": ("canned", {"body": '{"kind": "surprise"}'}, {"unexpected_response", "inconsistent"}),
    "nested JSON": ("nested", {}, {"unexpected_response"}),
    "endless": ("huge", {"megabytes": 400}, {"unexpected_response"}),
    "slow by the byte": ("drip", {"seconds": 0.3}, {"tracker_unavailable"}),
    "silent": ("hang", {"seconds": 5.0}, {"tracker_unavailable"}),
}
#: Not tried again in place: asking again would give the same.
AT_ONCE = {"wrong JSON", "nested JSON", "endless"}
#: As many as the pull of `changes` makes, and one more, which must not come.
REQUESTS = range(1, 16)
IN_CI = {("429", 1), ("502 with HTML", 3), ("cut off", 4), ("slow by the byte", 5)}


def cases() -> list[Any]:
    every = [(name, request) for name in FAULTS for request in REQUESTS]
    return [case if case in IN_CI else pytest.param(*case, marks=pytest.mark.faults_all) for case in every]

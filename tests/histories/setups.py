"""What histories pull: each setup leads the connector another way.

Left out is what the sandbox has not (integrations, pull requests, branches, builds), and cycle times: they grow by the
hour without a change that could be noticed, and are as they were when the story was read.
"""

from __future__ import annotations

from typing import Final

from integrations.connectors.pivotal_tracker import catalog
from tests.histories.truth import DATES, VALUES, Setup

SETUPS: Final = {
    # What the wizard suggests: iterations are read with every pull.
    "suggested": Setup(
        frozenset(catalog.SUGGESTED_STATES),
        catalog.SUGGESTED_START,
        catalog.SUGGESTED_END,
        catalog.SUGGESTED_FIELDS,
    ),
    # Nothing but stories.
    "stories": Setup(
        frozenset({"started", "unstarted", "accepted"}),
        ("started", "created"),
        ("deadline",),
        ("state", "estimate", "labels", "tasks", "comments", "blockers", "reviews", "updated"),
    ),
    # Names that live elsewhere.
    "names": Setup(
        frozenset({"unscheduled", "unstarted", "started", "accepted"}),
        (),
        ("accepted",),
        ("type", "priority", "epics", "owners", "requester", "followers", "project", "url", "external_id"),
    ),
    # Values of releases, which follow the stories before them.
    "releases": Setup(
        frozenset({"unscheduled", "unstarted", "accepted"}),
        ("created",),
        ("projected",),
        ("type", "points_accepted", "points_total", "counts_accepted", "counts_total"),
    ),
    # Everything, with what only a whole listing tells.
    "everything": Setup(
        frozenset({"unscheduled", "unstarted", "started", "finished", "delivered", "rejected", "accepted"}),
        ("iteration_start",),
        ("iteration_finish",),
        (*VALUES, *DATES),
    ),
    # A server without versions, iterations, epics and half of the members.
    "litetracker": Setup(
        frozenset({"unscheduled", "unstarted", "started", "accepted"}),
        ("created",),
        ("accepted",),
        (*VALUES, *DATES),
        lite=True,
    ),
}

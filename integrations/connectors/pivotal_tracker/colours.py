"""Which colours the values of Tracker's closed lists begin with: grey waits, blue and cyan are at work, green is done,
red needs somebody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from integrations.records import Colour

TYPES: Final[Mapping[str, Colour]] = {"Feature": "amber", "Bug": "red", "Chore": "grey", "Release": "indigo"}
STATES: Final[Mapping[str, Colour]] = {
    "Unscheduled": "grey",
    "Unstarted": "violet",
    "Planned": "indigo",
    "Started": "blue",
    "Finished": "cyan",
    "Delivered": "orange",
    "Rejected": "red",
    "Accepted": "green",
}
PRIORITIES: Final[Mapping[str, Colour]] = {"Critical": "red", "High": "orange", "Medium": "amber", "Low": "grey"}

"""What differs between servers that speak the v5 API: probed from their answers, never configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

VERSION_HEADER: Final = "X-Tracker-Project-Version"


@dataclass(frozen=True, slots=True)
class Profile:
    """How a server behaves."""

    name: Literal["tracker", "litetracker"]
    #: Every answer about a project carries the project's version, and a listing without paging headers is whole.
    #: Otherwise a listing ends with an empty page, and listings besides the stories may be missing altogether.
    announces: bool
    #: The most stories on one page.
    page_size: int


TRACKER: Final = Profile("tracker", announces=True, page_size=500)
LITETRACKER: Final = Profile("litetracker", announces=False, page_size=50)


def probe(headers: Mapping[str, str]) -> Profile:
    """The profile of the server that sent these headers with a good answer about a project."""
    return TRACKER if VERSION_HEADER in headers else LITETRACKER

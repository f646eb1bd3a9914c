"""Where the next page of a listing begins. Pure.

Tracker lowers a limit that is too large without a word, so the step is the header's limit, never ours; and its total
can be more than can be had, so a listing ends at the total or with an empty page, whichever comes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

_COUNT: Final = re.compile(r"[0-9]+", re.ASCII)
#: Stands for every count that is longer: it is far more than can be had, and its digits tell no more than that.
_TOO_MANY: Final = 10**9
_PREFIX: Final = "X-Tracker-Pagination-"


@dataclass(frozen=True, slots=True)
class Pagination:
    """What the headers of a page say; None where they say nothing usable."""

    total: int | None
    limit: int | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self:
        """Read the headers of an answer."""
        return cls(total=_count(headers.get(_PREFIX + "Total")), limit=_count(headers.get(_PREFIX + "Limit")))

    def next_offset(self, offset: int, *, returned: int, whole: bool) -> int | None:
        """Where the next page begins, None after the last one.

        `returned` is how many entries this page held. `whole` says that a page without headers is the whole listing.
        """
        if returned == 0 or (self.total is None and whole):
            return None
        following = offset + (self.limit or returned)
        return None if self.total is not None and following >= self.total else following

    def offsets_from(self, offset: int) -> range:
        """Where this page and the ones after it begin, as far as the headers foresee it."""
        if self.total is None or not self.limit:
            return range(0)
        return range(offset, self.total, self.limit)


def _count(value: str | None) -> int | None:
    text = (value or "").strip()
    if not _COUNT.fullmatch(text):
        return None
    return int(text) if len(text) < len(str(_TOO_MANY)) else _TOO_MANY

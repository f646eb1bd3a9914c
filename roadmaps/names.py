"""Names that somebody is told of: not of what they may not see."""

from __future__ import annotations

from collections.abc import Sequence

#: Names in one sentence.
TOLD = 10


def listed(names: Sequence[str], *, hidden: int) -> str:
    """The first of the names in quotes, and how many more there are, `hidden` ones besides."""
    shown = [f"“{name}”" for name in names[:TOLD]]
    more = len(names) - len(shown)
    shown += [f"{more} more"] if more else []
    shown += [f"{hidden} that you can’t see"] if hidden else []
    return ", ".join(shown)

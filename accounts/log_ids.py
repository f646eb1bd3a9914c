"""What a log line is about: ids of the request, account, run or task at work. Set where known, read by the formatter.

Ids alone, so that a log holds no name, no address and no secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_ids: ContextVar[dict[str, int | str] | None] = ContextVar("ids of log lines", default=None)


@contextmanager
def about(**ids: int | str) -> Iterator[None]:
    """Every line that is logged in the block carries these ids too."""
    token = _ids.set({**current(), **ids})
    try:
        yield
    finally:
        _ids.reset(token)


def add(**ids: int | str) -> None:
    """The lines from here to the end of the block of `about` carry these ids too; outside of one, none do."""
    known = _ids.get()
    if known is not None:
        known.update(ids)


def current() -> Mapping[str, int | str]:
    """The ids of what is at work here and now."""
    return _ids.get() or {}

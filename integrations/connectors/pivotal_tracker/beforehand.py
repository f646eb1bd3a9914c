"""Asks for the pages of a listing beforehand, a few at a time, as far as it is known where they begin.

Each is asked for once. Whoever takes a page whose answer was no good asks again, alone and with patience: a server in
trouble is not met by several of us at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from types import TracebackType
from typing import Self

from integrations.http import Answer, Failure

Try = Answer | Failure


class Beforehand:
    """The pages that were asked for and not taken yet, by their offset."""

    def __init__(self, ask: Callable[[int], Try], *, at_once: int) -> None:
        """`ask` sends one request, from any thread; with `at_once` 1 nothing is asked beforehand."""
        self._ask, self._at_once = ask, at_once
        self._pool: ThreadPoolExecutor | None = None
        self._asked: dict[int, Future[Try]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def expect(self, offsets: Iterable[int]) -> None:
        """These pages come next, in this order: ask for the first of them."""
        if self._at_once < 2:
            return
        self._pool = self._pool or ThreadPoolExecutor(self._at_once, thread_name_prefix="page")
        for offset in islice(offsets, self._at_once):
            if offset not in self._asked:
                self._asked[offset] = self._pool.submit(self._ask, offset)

    def take(self, offset: int) -> Try | None:
        """The answer for that page, as soon as it is there; None where nobody asked. Raises what asking raised."""
        future = self._asked.pop(offset, None)
        if future is None:
            return None
        answer = future.result()
        if isinstance(answer, Failure):
            self.stop()
            self._at_once = 1
        return answer

    def stop(self) -> None:
        """Forget what was asked for; what is under way comes to its end first."""
        self._asked.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
